import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Type } from 'typebox'
import { checkOf, writerOf } from '../../api/http/compilers.ts'
import { problemTypes } from '../../api/http/problems.ts'
import { names } from '../../api/schemas/names.ts'
import { Pull } from '../../api/schemas/runs.ts'
import { NewToken } from '../../api/schemas/tokens.ts'
import { buildServer } from '../../api/server.ts'
import { type Stack, startStack } from '../support/stack.ts'

interface Media {
  readonly schema?: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}
interface Answer {
  readonly description: string
  readonly content?: Readonly<Record<string, Media>>
}
interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly requestBody?: Answer
  readonly responses: Readonly<Record<string, Answer>>
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly tags: readonly { readonly name: string }[]
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

let stack: Stack
let document: Document
let operations: readonly (readonly [name: string, operation: Operation])[]
before(async () => {
  stack = await startStack()
  document = (await stack.call('GET', '/openapi.json')).body as object as Document
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  )
})
after(async () => await stack.stop())

test('the page of the API has the name of what it tells about', async () => {
  const { body } = await stack.app.inject({ url: '/docs/' })
  assert.match(body, /<title>Tributary: the API<\/title>/)
})

/** A body, or an answer, of several media types has a schema for each. */
function ofMediaTypes(schema: unknown): readonly unknown[] {
  const { content } = schema as { readonly content?: Readonly<Record<string, Media>> }
  return content === undefined ? [schema] : Object.values(content).map((media) => media.schema)
}

test('each schema of each route can be made into what checks by it, or writes by it', () => {
  let made = 0
  for (const { method, route } of stack.app.routes)
    for (const [part, schema] of Object.entries(route.schema ?? {})) {
      const isOfRequest = ['body', 'querystring', 'params', 'headers'].includes(part)
      try {
        if (isOfRequest) for (const each of ofMediaTypes(schema)) checkOf({ schema: each, httpPart: part })
        if (part === 'response')
          for (const answer of Object.values(schema as object))
            for (const each of ofMediaTypes(answer)) writerOf({ schema: each })
      } catch (error) {
        assert.fail(`${method} ${route.url}, ${part}: ${String(error)}`)
      }
      made += 1
    }
  assert.ok(made > 300, String(made))
})

test('the document is OpenAPI 3.1, by its meta-schema', async () => {
  const { valid, errors } = await new Validator().validate(
    structuredClone(document) as object as Record<string, unknown>,
  )
  assert.ok(valid, JSON.stringify(errors))
})

test('every operation has a name of its own, a summary, a described tag, an answer, and says what may go wrong', () => {
  const seen = new Set<string>()
  for (const [name, { operationId = '', summary = '', tags = [], security, responses }] of operations) {
    assert.match(operationId, /^[a-z]+[A-Za-z]*$/, `${name}: give its schema an operationId`)
    assert.ok(!seen.has(operationId), operationId)
    seen.add(operationId)
    assert.ok(summary !== '', name)
    for (const tag of tags)
      assert.ok(
        document.tags.some((one) => one.name === tag),
        `${name}: describe the tag ${tag} in openapi.ts`,
      )
    assert.equal(tags.length, 1)
    assert.ok(
      Object.keys(responses).some((status) => status.startsWith('2')),
      `${name}: which answer, when it goes well?`,
    )
    for (const status of ['429', '500', '503', ...(security === undefined ? ['401'] : [])])
      assert.ok(responses[status] !== undefined, `${name} ${status}`)
  }
})

test('every body and every answer has an example, and each example is what its schema says', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>()
  const validatorOf = (schema: object) => {
    const key = JSON.stringify(schema)
    const validate = compiled.get(key) ?? ajv.compile({ ...schema, components: document.components })
    compiled.set(key, validate)
    return validate
  }
  let checked = 0
  for (const [name, { requestBody, responses }] of operations) {
    for (const [part, { content = {} }] of Object.entries({
      ...responses,
      ...(requestBody && { body: requestBody }),
    })) {
      for (const [type, { schema, example, examples = {} }] of Object.entries(content)) {
        const all = [...Object.values(examples).map(({ value }) => value), ...(example === undefined ? [] : [example])]
        const where = `${name} ${part} ${type}`
        assert.ok(schema !== undefined, where)
        assert.ok(all.length > 0, `${where} has no example`)
        const validate = validatorOf(schema)
        for (const one of all) {
          assert.ok(
            validate(one),
            `${where}: ${JSON.stringify(one)} ${JSON.stringify(validate.errors)}; give its fields examples`,
          )
          checked += 1
        }
      }
    }
  }
  assert.ok(checked > 200)
})

test('shapes that have a name stand once', () => {
  const { Account, Problem, Run } = document.components.schemas
  assert.ok(Account && Problem && Run)
  const account = document.paths['/api/v1/accounts/{id}']?.['get']?.responses['200']?.content?.['application/json']
  assert.deepEqual(account?.schema, { $ref: '#/components/schemas/Account' })
  // A shape that is written out wherever it is used would double that.
  const octets = JSON.stringify(document).length / operations.length
  assert.ok(octets < 6_000, `${octets} an operation`)
})

test('each shape of the files of shapes has a name', async () => {
  const files = readdirSync('api/schemas').filter((name) => name.endsWith('.ts'))
  assert.ok(files.length > 20)
  for (const file of files) {
    const shapes = (await import(`../../api/schemas/${file}`)) as object
    for (const [name, shape] of Object.entries(shapes).filter(([name]) => /^[A-Z]/.test(name)))
      assert.ok(names.has(shape), `${file}: ${name}: have it in names.ts`)
  }
})

test('each type of problem is explained where its name leads', async () => {
  for (const [name, [status, title]] of Object.entries(problemTypes)) {
    const { statusCode, body } = await stack.app.inject({ url: `/problems/${name}` })
    assert.equal(statusCode, 200)
    const { remedy, ...rest } = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual(rest, { type: `/problems/${name}`, title, status })
    assert.match(String(remedy), /\.$/)
  }
  for (const name of ['none', 'toString', '__proto__'])
    assert.equal((await stack.app.inject({ url: `/problems/${name}` })).statusCode, 404)
})

test('the mistakes of every part of a request are told at once, each with where it is', async () => {
  const app = await buildServer(stack.world)
  const schema = {
    params: Type.Object({ nth: Type.String({ pattern: '^\\d+$', description: 'a number' }) }),
    querystring: Pull,
    headers: Type.Object({ 'x-wanted': Type.String() }),
    body: NewToken,
  }
  app.post('/parts/:nth', { config: { open: true }, schema }, async () => ({}))
  // A body of several media types has a check for each.
  const content = { 'application/json': { schema: NewToken }, 'text/plain': { schema: Type.String() } }
  app.post('/types/:nth', { config: { open: true }, schema: { ...schema, body: { content } } }, async () => ({}))
  const payload = { scopes: ['root'], more: 1 }
  const response = await app.inject({ method: 'POST', url: '/parts/first?wait=long&colour=red', payload })
  const { detail, errors } = response.json<{
    detail: string
    errors: { in: string; pointer: string; rule?: string }[]
  }>()
  assert.equal(detail, '7 values are wrong; see errors.')
  const told = errors.map((one) => `${one.in} ${one.pointer}`)
  assert.deepEqual(told, [
    'path /nth',
    'body /name',
    'body /more',
    'body /scopes/0',
    'query /colour',
    'query /wait',
    'header /x-wanted',
  ])
  assert.deepEqual(
    errors.map(({ rule }) => rule),
    ['pattern', 'required', 'unexpected', 'enum', 'unexpected', 'type', 'required'],
  )
  const typed = await app.inject({ method: 'POST', url: '/types/first?wait=1', payload, headers: { 'x-wanted': 'x' } })
  const { errors: wrong } = typed.json<{ errors: { in: string; pointer: string }[] }>()
  assert.deepEqual(
    wrong.map((one) => `${one.in} ${one.pointer}`),
    ['path /nth', 'body /name', 'body /more', 'body /scopes/0'],
  )
  const unread = await app.inject({ method: 'POST', url: '/types/first?wait=1', headers: { 'x-wanted': 'x' } })
  assert.equal(unread.statusCode, 400)
  await app.close()
})
