/** deploy/kubernetes without a cluster: its files fit together, and say the same as docker-compose.yml. Their form: kubernetes-forms.test.ts. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { compose, parts, readCompose, unset } from '../support/containers.ts'
import {
  type Autoscaler,
  kustomization,
  type Manifest,
  manifests,
  ofKind,
  podOf,
  services,
  startedOf,
  workloads,
} from '../support/kubernetes.ts'

const read = (path: string) => readFileSync(path, 'utf8')

test('kustomize names every file, and nothing twice', () => {
  const others = ['kustomization.yaml', 'prometheus-adapter.yaml']
  const files = readdirSync('deploy/kubernetes').filter((name) => name.endsWith('.yaml') && !others.includes(name))
  assert.deepEqual(files.toSorted(), kustomization.resources.toSorted())
  const named = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
  assert.equal(new Set(named).size, named.length)
})

test('each part has the command, check, environment and folders that docker-compose.yml gives it', () => {
  /** What compose's networks know by name, a pod knows as its own address; and the ports at which people come are the Services'. */
  const others: Record<string, Record<string, string>> = {
    redis: { TRIBUTARY_REDIS_URL: 'redis://$(POD_IP):6379' },
    dovecot: { TRIBUTARY_STORE_URL: 'imap://gateway@$(POD_IP):1144' },
    api: {
      TRIBUTARY_POLICY: '$(POD_IP):8421',
      TRIBUTARY_MAIL_HOST: '0.0.0.0',
      TRIBUTARY_IMAP_PORT: '143',
      TRIBUTARY_IMAPS_PORT: '993',
      TRIBUTARY_POP3_PORT: '110',
      TRIBUTARY_POP3S_PORT: '995',
    },
  }
  assert.deepEqual(workloads.map(({ metadata }) => metadata.name).toSorted(), parts.toSorted())
  for (const part of parts) {
    const { command, environment, healthcheck, volumes, stop_grace_period: grace } = compose.services[part]
    const started = startedOf(part)
    assert.deepEqual(started.command, [...command, ...(part === 'dovecot' ? ['relayed'] : [])], part)
    assert.deepEqual(started.healthcheck.test, healthcheck.test, part)
    const wanted = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, unset(value)]))
    assert.deepEqual(started.environment, { ...wanted, ...others[part] }, part)
    const pod = podOf(part)
    const mounts = pod.containers[0].volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      readOnly,
    }))
    const composed = volumes.map((volume) => {
      const [name = '', mountPath = '', mode] = unset(volume).split(':')
      // A Secret is only read.
      const readOnly = mode === 'ro' || name.endsWith('-secret') ? true : undefined
      return { name, mountPath, readOnly }
    })
    assert.deepEqual(mounts, [...composed, { name: 'tmp', mountPath: '/tmp', readOnly: undefined }], part)
    assert.ok(pod.terminationGracePeriodSeconds >= Number(grace.replace('s', '')), part)
    assert.ok(pod.terminationGracePeriodSeconds <= 30, part)
  }
})

test('every pod is as closed as compose’s services, and says what it needs', () => {
  for (const part of parts) {
    const pod = podOf(part)
    const [container] = pod.containers
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    })
    assert.deepEqual(container.securityContext, {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
    assert.equal(pod.shareProcessNamespace, true)
    assert.deepEqual(Object.keys(container.resources.requests), ['cpu', 'memory'])
  }
  assert.match(read('deploy/Dockerfile'), /useradd --uid 10001 /)
})

test('each volume, claim and secret that is named is there, and no other', () => {
  const claims = new Set(ofKind('PersistentVolumeClaim').map(({ metadata }) => metadata.name))
  const secrets = new Map(kustomization.secretGenerator.map(({ name, files }) => [name, files]))
  const used = { claims: new Set<string>(), secrets: new Set<string>() }
  for (const { metadata, spec } of workloads) {
    const { volumes, containers } = spec.template.spec
    const own = (spec.volumeClaimTemplates ?? []).map((one) => one.metadata.name)
    const mounted = containers[0].volumeMounts.map(({ name }) => name)
    assert.deepEqual([...volumes.map(({ name }) => name), ...own].toSorted(), mounted.toSorted(), metadata.name)
    for (const { name, secret, persistentVolumeClaim, emptyDir } of volumes) {
      if (secret !== undefined) used.secrets.add(secret.secretName)
      if (persistentVolumeClaim !== undefined) used.claims.add(persistentVolumeClaim.claimName)
      assert.equal(secret?.secretName ?? persistentVolumeClaim?.claimName ?? (emptyDir && 'tmp'), name)
    }
  }
  assert.deepEqual([used.claims, used.secrets], [claims, new Set(secrets.keys())])
  assert.deepEqual([...claims, 'redis', ...secrets.keys()].toSorted(), Object.keys(compose.volumes).toSorted())

  // The files are those of compose's own secrets, under the names that the environment has.
  const ownSecrets = readCompose('deploy/compose.secrets.yml').secrets ?? {}
  const files = [...secrets.values()].flat().map((file) => file.split('=') as [string, string])
  assert.deepEqual(
    files.map(([, path]) => path).toSorted(),
    Object.values(ownSecrets)
      .map(({ file }) => file.slice(2))
      .toSorted(),
  )
  for (const part of parts)
    for (const path of Object.values(startedOf(part).environment).filter((value) => value.includes('/secrets/'))) {
      const [folder = '', key = ''] = path.split('/').slice(-2)
      const { items } = podOf(part).volumes.find(({ name }) => name === `${folder}-secret`)?.secret ?? {}
      assert.ok(
        secrets.get(`${folder}-secret`)?.some((file) => file.startsWith(`${key}=`)),
        `${part}: ${path}`,
      )
      assert.ok(items === undefined || items.some((item) => item.path === key), `${part}: ${path}`)
    }
  for (const path of ['.gitignore', '.dockerignore']) assert.match(read(path), /^(?:deploy\/kubernetes\/)?secrets\/?$/m)
})

test('every host and port that is named leads to a pod that listens there', () => {
  const portsOf = (part: string) =>
    workloads.find(({ metadata }) => metadata.name === part)?.spec.template.spec.containers[0].ports ?? []
  const doors = new Map<string, number>()
  for (const { metadata, spec } of services) {
    for (const { port, targetPort } of spec.ports) {
      const target = portsOf(String(spec.selector['app'])).find(({ name }) => name === targetPort)
      assert.ok(target !== undefined, `${metadata.name}: ${targetPort}`)
      doors.set(`${metadata.name}:${port}`, target.containerPort)
    }
  }
  const named = parts.flatMap((part) =>
    Object.values(startedOf(part).environment).flatMap((value) => value.match(/\b(?:redis|store|policy):\d+$/) ?? []),
  )
  assert.deepEqual(new Set(named), new Set(['redis:6379', 'store:1144', 'policy:8421']))
  for (const door of named) assert.equal(doors.get(door), Number(door.split(':')[1]), door)
  assert.deepEqual(
    ['api:8420', 'submission:1465', 'submission:1587', 'dovecot:143', 'dovecot:993', 'dovecot:110', 'dovecot:995'].map(
      (door) => doors.get(door),
    ),
    [8420, 1465, 1587, 1143, 1993, 1110, 1995],
  )
  for (const { metadata, spec } of workloads) {
    const labels = spec.template.metadata.labels
    assert.deepEqual([spec.selector.matchLabels['app'], labels['app']], [metadata.name, metadata.name])
    if (spec.serviceName !== undefined) assert.ok(services.some((one) => one.metadata.name === spec.serviceName))
    assert.equal(spec.template.spec.containers[0].image, kustomization.images[0]?.name)
  }
  assert.equal(kustomization.images[0]?.newTag, (JSON.parse(read('package.json')) as { version: string }).version)
})

interface Policy extends Manifest {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: { readonly app: string } }
    readonly ingress: readonly {
      readonly from?: readonly { readonly podSelector: { readonly matchLabels: { readonly app: string } } }[]
      readonly ports: readonly { readonly port: string }[]
    }[]
  }
}

test('only api and worker get to Redis and to the gateway’s door, and only Dovecot asks about logins', () => {
  const ways = ofKind<Policy>('NetworkPolicy').flatMap(({ spec }) =>
    spec.ingress.flatMap(({ from, ports }) =>
      ports.map(({ port }) => {
        const who = from === undefined ? 'all' : from.map((one) => one.podSelector.matchLabels.app).join(' ')
        return [`${spec.podSelector.matchLabels.app} ${port}`, who] as const
      }),
    ),
  )
  assert.deepEqual(Object.fromEntries(ways), {
    'redis redis': 'api worker',
    'dovecot gateway': 'api worker',
    'api policy': 'dovecot',
    ...Object.fromEntries(
      [
        'dovecot imap',
        'dovecot imaps',
        'dovecot pop3',
        'dovecot pop3s',
        'api http',
        'api submissions',
        'api submission',
      ].map((door) => [door, 'all']),
    ),
  })
  const open = workloads.flatMap(({ metadata, spec }) =>
    (spec.template.spec.containers[0].ports ?? []).map(({ name }) => `${metadata.name} ${name}`),
  )
  assert.deepEqual(ways.map(([door]) => door).toSorted(), open.toSorted())
})

test('workers are scaled by a figure that the adapter has from figures that /metrics tells', () => {
  const [scaler] = ofKind<Autoscaler>('HorizontalPodAutoscaler')
  const { externalRules } = parse(read('deploy/kubernetes/prometheus-adapter.yaml')) as {
    externalRules: { seriesQuery: string; name: { as: string }; metricsQuery: string }[]
  }
  const [rule] = externalRules
  assert.ok(scaler !== undefined && rule !== undefined && externalRules.length === 1)
  const target = workloads.find(({ metadata }) => metadata.name === 'worker')
  assert.deepEqual([scaler.spec.scaleTargetRef.kind, scaler.spec.scaleTargetRef.name], [target?.kind, 'worker'])
  assert.equal(target?.spec.replicas, undefined, 'else each apply would undo what the autoscaler did')
  assert.deepEqual(
    scaler.spec.metrics.map(({ external }) => external.metric.name),
    [rule.name.as],
  )
  const told = ['src/runs/measures.ts', 'api/routes/metrics.ts'].map(read).join()
  const figures = `${rule.seriesQuery} ${rule.metricsQuery}`.match(/\btributary_\w+/g) ?? []
  assert.equal(figures.length, 3)
  for (const figure of figures) assert.match(told, new RegExp(`\\b${figure.replace(/_bucket$/, '')}\\b`))
})
