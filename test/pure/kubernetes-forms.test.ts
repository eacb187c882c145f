/** deploy/kubernetes before an API server: every file is of Kubernetes' form, and what is not is found. */
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { homeOf } from '../../src/disk/home.ts'
import { blocksOf } from '../support/blocks.ts'
import { formFaults, isDataKey, schemaFaults } from '../support/kubernetes-forms.ts'
import { kustomization, type Manifest, manifests, type Volume, workloads } from '../support/kubernetes.ts'

test('every file is one that Kubernetes 1.36 takes', () => {
  for (const one of manifests)
    assert.deepEqual([...schemaFaults(one), ...formFaults(one)], [], `${one.kind} ${one.metadata.name}`)
  const generated = kustomization.secretGenerator
  for (const { name } of generated) assert.deepEqual(formFaults({ kind: 'Secret', metadata: { name } }), [])
  for (const file of generated.flatMap(({ files }) => files)) assert.ok(isDataKey(file.split('=')[0] ?? ''), file)
})

type Place = readonly (string | number)[]
const pod: Place = ['spec', 'template', 'spec']
const container: Place = [...pod, 'containers', 0]
const variable: Place = [...container, 'env', 1]
const mount: Place = [...container, 'volumeMounts', 0]

/** The manifest with another value at that place. */
function spoilt(name: string, place: Place, value: unknown): Manifest {
  const [kind, own] = name.split(' ')
  const one = structuredClone(manifests.find(({ kind: its, metadata }) => its === kind && metadata.name === own))
  let at = (one ?? assert.fail(name)) as unknown as Record<string | number, unknown>
  for (const key of place.slice(0, -1)) at = (at[key] ?? assert.fail(place.join('.'))) as typeof at
  at[place.at(-1) ?? ''] = value
  return one as Manifest
}

test('an unknown field, a value that is none of its enumeration, a wrong type and a missing field are found', () => {
  for (const [name, place, value, fault] of [
    ['Deployment api', [...pod, 'readOnly'], true, `/${pod.join('/')} additionalProperties`],
    ['Deployment api', [...container, 'imagePullPolicy'], 'Sometimes', `/${container.join('/')}/imagePullPolicy enum`],
    ['Deployment api', [...container, 'name'], undefined, `/${container.join('/')} required`],
    ['Deployment api', [...container, 'command'], 'node', `/${container.join('/')}/command type`],
    ['Deployment api', ['spec', 'strategy', 'type'], 'Recreated', '/spec/strategy/type enum'],
    ['Deployment api', ['apiVersion'], 'v1', '/apiVersion const'],
    ['Deployment worker', ['spec', 'replicas'], 1.5, '/spec/replicas type'],
    ['StatefulSet redis', ['spec', 'volumeClaimTemplates', 0, 'spec', 'accessModes', 0], 'RW', 'accessModes/0 enum'],
    ['Service dovecot', ['spec', 'externalTrafficPolicy'], 'local', '/spec/externalTrafficPolicy enum'],
    ['NetworkPolicy redis', ['spec', 'policyTypes', 0], 'ingress', '/spec/policyTypes/0 enum'],
    ['PersistentVolumeClaim mail', ['spec', 'accessModes', 0], 'ReadWriteMost', '/spec/accessModes/0 enum'],
    ['HorizontalPodAutoscaler worker', ['spec', 'metrics', 0, 'external', 'target', 'type'], 'Most', 'type enum'],
    ['ConfigMap settings', ['data', 'TRIBUTARY_LOG_LEVEL'], 5, '/data/TRIBUTARY_LOG_LEVEL type'],
  ] as const) {
    // As it is read from a file: what is undefined is not there.
    const faults = schemaFaults(JSON.parse(JSON.stringify(spoilt(name, place, value))) as Manifest)
    assert.ok(faults.length === 1 && faults[0]?.endsWith(fault), `${name} ${place.join('.')}: ${String(faults)}`)
  }
})

test('what has the right type and the wrong form is found', () => {
  for (const [name, place, value, fault] of [
    ['Service api', ['metadata', 'name'], 'The_API', 'name The_API'],
    ['Service api', ['metadata', 'name'], 'a'.repeat(64), `name ${'a'.repeat(64)}`],
    ['Deployment api', ['metadata', 'labels', 'a/b/c'], 'd', 'label a/b/c'],
    ['Deployment api', ['metadata', 'labels', 'a'], 'for people', 'value of a label for people'],
    ['Deployment api', ['spec', 'selector', 'matchLabels', 'app'], 'apis', 'selects app=apis, which its pods are not'],
    ['Deployment api', ['spec', 'strategy', 'rollingUpdate'], {}, 'rolls, and recreates'],
    ['Deployment api', [...container, 'ports', 0, 'name'], 'a-name-of-sixteen', 'port a-name-of-sixteen'],
    ['Deployment api', [...container, 'ports', 0, 'name'], '8420', 'port 8420'],
    ['Deployment api', [...container, 'ports', 0, 'name'], 'policy', 'two ports are policy'],
    ['Deployment api', [...container, 'ports', 0, 'containerPort'], 84_200, 'port 84200'],
    ['Deployment api', [...container, 'resources', 'requests', 'memory'], '256MB', 'quantity 256MB'],
    ['Deployment api', [...variable, 'name'], 'REDIS URL', 'variable REDIS URL'],
    ['Deployment api', [...variable, 'name'], 'POD_IP', 'two variables are POD_IP'],
    [
      'Deployment api',
      [...variable, 'value'],
      '$(HOST_IP)',
      'TRIBUTARY_REDIS_URL uses HOST_IP, which is not before it',
    ],
    [
      'Deployment api',
      [...variable, 'valueFrom'],
      { fieldRef: { fieldPath: 'status.podIP' } },
      'variable TRIBUTARY_REDIS_URL has two values, or none',
    ],
    ['Deployment api', [...mount, 'mountPath'], '/tmp', 'two mounts are /tmp'],
    ['Deployment api', [...mount, 'mountPath'], 'mail', 'path mail'],
    ['Deployment api', [...mount, 'subPath'], '../mail', 'part of a volume ../mail'],
    ['Deployment api', [...mount, 'name'], 'letters', 'no volume letters'],
    ['Deployment api', [...pod, 'volumes', 0, 'secret'], { secretName: 'a' }, 'sources of volume mail: 2'],
    ['Deployment api', [...container, 'readinessProbe', 'grpc'], { port: 1 }, 'ways of a probe: 2'],
    ['Service dovecot', ['spec', 'ports', 0, 'port'], 993, 'two ports are 993'],
    ['Service dovecot', ['spec', 'ports', 0, 'targetPort'], 'IMAP', 'port 143 to IMAP'],
    ['ConfigMap settings', ['data', 'log level'], 'info', 'key log level'],
    ['HorizontalPodAutoscaler worker', ['spec', 'minReplicas'], 9, 'from 9 to 8'],
    [
      'HorizontalPodAutoscaler worker',
      ['spec', 'metrics', 0, 'external', 'target', 'value'],
      '15s',
      'metric tributary_lateness_seconds',
    ],
  ] as const)
    assert.deepEqual(formFaults(spoilt(name, place, value)), [fault])
})

test('the volume that README shows for a certificate of one’s own takes the place of the claim', () => {
  const block = blocksOf('deploy/kubernetes/README.md').find(({ language }) => language === 'yaml')
  const [volume, ...others] = parse(block?.text ?? '') as Volume[]
  assert.deepEqual(others, [])
  const { certFile, keyFile } = homeOf('.')
  assert.deepEqual(
    volume?.secret?.items?.map(({ path }) => path),
    [certFile, keyFile].map((path) => basename(path)),
  )
  let places = 0
  for (const workload of workloads) {
    const { volumes } = workload.spec.template.spec
    const nth = volumes.findIndex(({ name }) => name === volume?.name)
    if (nth === -1) continue
    places += 1
    const other = spoilt(`${workload.kind} ${workload.metadata.name}`, [...pod, 'volumes', nth], volume)
    assert.deepEqual([...schemaFaults(other), ...formFaults(other)], [])
  }
  assert.equal(places, 2, 'Dovecot and the API')
})
