/** Reads deploy/kubernetes: its files, and what each of its containers is given. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parse, parseAllDocuments } from 'yaml'
import type { Kind as Part } from '../../deploy/supervisor.ts'
import type { Started } from './containers.ts'

const folder = 'deploy/kubernetes'

export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
}

interface Container {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe: { readonly exec: { readonly command: readonly string[] } }
  readonly resources: { readonly requests: Readonly<Record<string, string>> }
  readonly securityContext: object
  readonly volumeMounts: readonly Mount[]
}
export interface Mount {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly?: boolean
}
export interface Volume {
  readonly name: string
  readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly path: string }[] }
  readonly persistentVolumeClaim?: { readonly claimName: string }
  readonly emptyDir?: object
}
export interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number
    readonly strategy?: { readonly type: string; readonly rollingUpdate?: object }
    readonly serviceName?: string
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> }
      readonly spec: {
        readonly containers: readonly [Container]
        readonly volumes: readonly Volume[]
        readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean }
        readonly shareProcessNamespace: boolean
        readonly terminationGracePeriodSeconds: number
      }
    }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}
export interface Service extends Manifest {
  readonly spec: {
    readonly type?: string
    readonly selector: Readonly<Record<string, string>>
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[]
  }
}
export interface Autoscaler extends Manifest {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string }
    readonly minReplicas: number
    readonly maxReplicas: number
    readonly metrics: readonly {
      readonly type: string
      readonly external: { readonly metric: { readonly name: string }; readonly target: { readonly value: string } }
    }[]
  }
}

export interface Kustomization {
  readonly namespace: string
  readonly resources: readonly string[]
  readonly images: readonly { readonly name: string; readonly newTag: string }[]
  readonly secretGenerator: readonly { readonly name: string; readonly files: readonly string[] }[]
}
export const kustomization = parse(readFileSync(`${folder}/kustomization.yaml`, 'utf8')) as Kustomization

export const manifests = kustomization.resources.flatMap((name) =>
  parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')).map((document) => {
    assert.deepEqual([document.errors, document.warnings], [[], []], name)
    return document.toJS() as Manifest
  }),
)
export const ofKind = <T extends Manifest>(...kinds: string[]) =>
  manifests.filter(({ kind }) => kinds.includes(kind)) as T[]

export const workloads = ofKind<Workload>('Deployment', 'StatefulSet')
export const services = ofKind<Service>('Service')
export const podOf = (part: Part) =>
  (workloads.find(({ metadata }) => metadata.name === part) ?? assert.fail(part)).spec.template.spec

export interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>
}
const settings = ofKind<ConfigMap>('ConfigMap')[0]?.data ?? {}

/** What its container is started with; `$(POD_IP)` is left as it is. */
export function startedOf(part: Part): Started {
  const [{ command, env, readinessProbe }] = podOf(part).containers
  const given = env.filter(({ value }) => value !== undefined).map(({ name, value = '' }) => [name, value])
  return {
    command,
    environment: { ...settings, ...(Object.fromEntries(given) as Record<string, string>) },
    healthcheck: { test: ['CMD', ...readinessProbe.exec.command] },
  }
}
