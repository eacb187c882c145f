/** What of a manifest an API server refuses: what Kubernetes' schema says, and what it checks beside that (apimachinery's util/validation). */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import type { Autoscaler, ConfigMap, Manifest, Service, Workload } from './kubernetes.ts'

const schema = JSON.parse(readFileSync('test/fixtures/kubernetes-1.36.schema.json', 'utf8')) as object
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true }).addSchema(schema, 'kubernetes')

/** @returns where it is not as the schema wants it, and what is wrong there. */
export function schemaFaults(one: Manifest): string[] {
  const valid = ajv.getSchema(`kubernetes#/definitions/${one.kind}`)
  if (valid === undefined) return [`${one.kind} is no kind`]
  return valid(one) === true ? [] : (valid.errors ?? []).map((fault) => `${fault.instancePath} ${fault.keyword}`)
}

/** RFC 1123 section 2.1, as Kubernetes has it. */
const isLabel = (text: string) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
/** RFC 6335 section 5.1. */
const isPortName = (text: string) =>
  /^[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/.test(text) && /[a-z]/.test(text) && !text.includes('--')
const isQuantity = (text: string) => /^(?:\d+(?:\.\d*)?|\.\d+)(?:[mkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(text)
const isLabelKey = (text: string) =>
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(text)
const isLabelValue = (text: string) => /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/.test(text)
export const isDataKey = (text: string) => /^[\w.-]{1,253}$/.test(text)
const isVariable = (text: string) => /^[A-Za-z_.-][\w.-]*$/.test(text)
const isPort = (port: number) => port > 0 && port < 65_536

function* twice(what: string, names: readonly string[]): Iterable<string> {
  for (const [nth, name] of names.entries()) if (names.indexOf(name) !== nth) yield `two ${what} are ${name}`
}

function* unless(isWell: (text: string) => boolean, what: string, texts: readonly string[]): Iterable<string> {
  for (const text of texts) if (!isWell(text)) yield `${what} ${text}`
}

function* labelFaults(labels: Readonly<Record<string, string>> = {}): Iterable<string> {
  yield* unless(isLabelKey, 'label', Object.keys(labels))
  yield* unless(isLabelValue, 'value of a label', Object.values(labels))
}

/** @returns what has the wrong form though it is of the right type. */
export function formFaults(one: Manifest): string[] {
  const faults = [...unless(isLabel, 'name', [one.metadata.name]), ...labelFaults(one.metadata.labels)]
  switch (one.kind) {
    case 'Deployment':
    case 'StatefulSet':
      return [...faults, ...workloadFaults(one as Workload)]
    case 'Service':
      return [...faults, ...serviceFaults(one as Service)]
    case 'ConfigMap':
      return [...faults, ...unless(isDataKey, 'key', Object.keys((one as ConfigMap).data))]
    case 'HorizontalPodAutoscaler':
      return [...faults, ...autoscalerFaults(one as Autoscaler)]
    default:
      return faults
  }
}

function* workloadFaults({ spec }: Workload): Iterable<string> {
  const { metadata, spec: pod } = spec.template
  yield* labelFaults(metadata.labels)
  for (const [key, value] of Object.entries(spec.selector.matchLabels))
    if (metadata.labels[key] !== value) yield `selects ${key}=${value}, which its pods are not`
  if (spec.strategy?.type === 'Recreate' && spec.strategy.rollingUpdate !== undefined) yield 'rolls, and recreates'
  const claims = spec.volumeClaimTemplates ?? []
  const volumes = [...pod.volumes, ...claims.map(({ metadata: claim }) => claim)].map(({ name }) => name)
  yield* unless(isLabel, 'volume', volumes)
  yield* twice('volumes', volumes)
  for (const { name, ...sources } of pod.volumes)
    if (Object.keys(sources).length !== 1) yield `sources of volume ${name}: ${Object.keys(sources).length}`
  for (const container of pod.containers) {
    yield* containerFaults(container)
    for (const { name } of container.volumeMounts) if (!volumes.includes(name)) yield `no volume ${name}`
  }
}

function* containerFaults(container: Workload['spec']['template']['spec']['containers'][0]): Iterable<string> {
  const { name, env, ports = [], readinessProbe, resources, volumeMounts } = container
  yield* unless(isLabel, 'container', [name])
  const variables = env.map((variable) => variable.name)
  yield* unless(isVariable, 'variable', variables)
  yield* twice('variables', variables)
  for (const [nth, { name: own, value, valueFrom }] of env.entries()) {
    if ((value === undefined) === (valueFrom === undefined)) yield `variable ${own} has two values, or none`
    // Of itself and what stands behind it Kubernetes leaves the reference as it is.
    for (const [, used = ''] of (value ?? '').matchAll(/(?<!\$)\$\(([^)]+)\)/g))
      if (!variables.slice(0, nth).includes(used)) yield `${own} uses ${used}, which is not before it`
  }
  const named = ports.map((port) => port.name)
  yield* unless(isPortName, 'port', named)
  yield* twice('ports', named)
  for (const { containerPort } of ports) if (!isPort(containerPort)) yield `port ${containerPort}`
  yield* unless(isQuantity, 'quantity', Object.values(resources.requests))
  const paths = volumeMounts.map(({ mountPath }) => mountPath)
  yield* unless((path) => path.startsWith('/') && !path.includes(':'), 'path', paths)
  yield* twice('mounts', paths)
  for (const { subPath = '' } of volumeMounts)
    if (subPath.startsWith('/') || subPath.split('/').includes('..')) yield `part of a volume ${subPath}`
  const handlers = ['exec', 'grpc', 'httpGet', 'tcpSocket'].filter((handler) => handler in readinessProbe)
  if (handlers.length !== 1) yield `ways of a probe: ${handlers.length}`
}

function* serviceFaults({ spec }: Service): Iterable<string> {
  yield* labelFaults(spec.selector)
  const named = spec.ports.map(({ name }) => name)
  yield* unless(isLabel, 'port', named)
  yield* twice('ports', named)
  yield* twice(
    'ports',
    spec.ports.map(({ port }) => String(port)),
  )
  for (const { port, targetPort } of spec.ports)
    if (!isPort(port) || !isPortName(targetPort)) yield `port ${port} to ${targetPort}`
}

function* autoscalerFaults({ spec }: Autoscaler): Iterable<string> {
  if (spec.minReplicas < 1 || spec.minReplicas > spec.maxReplicas)
    yield `from ${spec.minReplicas} to ${spec.maxReplicas}`
  for (const { type, external } of spec.metrics)
    if (type !== 'External' || !isQuantity(external.target.value)) yield `metric ${external.metric.name}`
}
