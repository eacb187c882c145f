/** What a command of kubectl that a page shows is given: whether all that it names is in deploy/kubernetes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { type Kustomization, kustomization, services, workloads } from './kubernetes.ts'

const isThere = (kind: string, name: string) =>
  workloads.some((one) => one.kind.toLowerCase() === kind && one.metadata.name === name)

/** As kustomize does: a file that is not there, or empty, is not made up for. */
function assertWhole(folder: string): void {
  const { resources, secretGenerator } = parse(
    readFileSync(join(folder, 'kustomization.yaml'), 'utf8'),
  ) as Kustomization
  const secrets = secretGenerator.flatMap(({ files }) => files.map((file) => file.split('=')[1] ?? ''))
  for (const name of [...resources, ...secrets]) assert.notEqual(readFileSync(join(folder, name), 'utf8').trim(), '')
}

const option = { type: 'string' } as const
const options = {
  namespace: option,
  kustomize: option,
  replicas: option,
  selector: option,
  for: option,
  timeout: option,
}

/** @throws if it would not do what the page says. */
export function assertTaken(args: readonly string[]): void {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
  const { namespace, kustomize, replicas, selector = '', timeout = '1s', for: awaited } = values
  const [verb = '', ...objects] = positionals
  assert.match(timeout, /^\d+[sm]$/)
  if (verb !== 'apply') assert.equal(namespace, kustomization.namespace)
  switch (verb) {
    case 'apply':
      assert.deepEqual(objects, [])
      assertWhole(kustomize ?? assert.fail('what is to be applied?'))
      break
    case 'rollout': {
      const [what = '', kinds = ''] = objects
      assert.match(what, /^(?:status|restart)$/)
      assert.deepEqual(
        kinds.split(',').toSorted(),
        [...new Set(workloads.map(({ kind }) => kind.toLowerCase()))].toSorted(),
      )
      break
    }
    case 'scale': {
      const [kind = '', ...names] = objects
      assert.match(replicas ?? '', /^\d$/)
      assert.ok(names.length > 0 && names.every((name) => isThere(kind, name)), positionals.join(' '))
      break
    }
    case 'wait': {
      // Of pods that are yet to come it says that there are none, and fails: it waits only for the end of some.
      assert.deepEqual([objects, awaited], [['pod'], 'delete'])
      const names = /^app in \(([\w, ]+)\)$/.exec(selector)?.[1]?.split(', ') ?? assert.fail(selector)
      for (const name of names)
        assert.ok(
          workloads.some(({ spec }) => spec.template.metadata.labels['app'] === name),
          name,
        )
      break
    }
    case 'port-forward': {
      const [name, port] = objects
      const service = services.find(({ metadata }) => `service/${metadata.name}` === name)
      assert.ok(
        service?.spec.ports.some((one) => String(one.port) === port),
        positionals.join(' '),
      )
      break
    }
    default:
      assert.fail(`no page says ${verb}`)
  }
}
