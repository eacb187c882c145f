/**
 * Makes OpenAPI 3.1 from the declarations of the routes. The author of a route gives an operationId, a summary, and the problems that
 * only this route has (`problems`). Examples are put together from those of the fields (`like` in schemas/vocabulary.ts);
 * everything else follows from what the route demands.
 */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySchema, RouteOptions } from 'fastify'
import { type ProblemType, problemView, problemTypes } from './problems.ts'
import { File, ProblemShape } from '../schemas/answers.ts'
import { names } from '../schemas/names.ts'
import { programVersion } from '../../src/disk/version.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** Kinds of failure that only this route has, beside those that follow from what it demands. */
    readonly problems?: readonly ProblemType[]
  }
}

type Json = Readonly<Record<string, unknown>>

const tags = {
  accounts: 'POP3 accounts at providers, the sources; their runs, ledger and quarantine',
  quarantine: 'messages of all accounts that were set aside',
  destinations: 'IMAP logins that accounts are gathered into, hosted or external',
  outbox: 'What is sent, and where it is',
  runs: 'Visits to maildrops',
  discover: 'Where the mail of an address can be had',
  oauth: 'Signing in at providers',
  webhooks: 'Who is told of what happens',
  bulletin: 'The e-mail that tells an operator what happens',
  notice: 'The old path of the bulletin',
  stats: 'How it stands',
  events: 'What happens, as it happens',
  tokens: 'What programs and owners are let in with',
  session: 'People who sign in',
  audit: 'Who changed what',
  settings: 'What an admin sets while it runs',
  sample: 'An account to try Tributary with',
  keys: 'What secrets are sealed with',
  backup: 'Everything but the mail, as one file',
} as const

export const documentation: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Tributary',
      version: programVersion(),
      description: 'Gathers mail from POP3 accounts into one IMAP store.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Of POST /api/v1/tokens, or of the file admin-token.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'tributary',
          description:
            'Of POST /api/v1/session; over HTTPS it is __Host-tributary, or __Secure-tributary where TRIBUTARY_PUBLIC_URL has a path. Changes need x-csrf-token beside it.',
        },
      },
    },
    security: [{ token: [] }, { session: [] }],
  },
  transform: ({ url, route }) => {
    const { schema = {} } = route
    return { url, schema: schema.hide === true ? schema : described(schema, route) }
  },
  transformObject: (document) =>
    'openapiObject' in document ? withComponents(document.openapiObject) : document.swaggerObject,
}

function described(schema: FastifySchema, route: RouteOptions): FastifySchema {
  const { scope = 'read', open, instance } = route.config ?? {}
  const asks =
    open === true
      ? 'Open to everybody.'
      : `Needs the scope \`${scope}\`${instance === true ? ', of the whole instance' : ''}.`
  const answers = (schema.response ?? { 200: {} }) as Json
  // A body that is taken as a file, as it is, has no schema that could validate it.
  const body = schema.body ?? (schema.consumes === undefined ? undefined : File)
  const family = route.url.replace('/api/v1/', '').split('/')[0] ?? ''
  return {
    ...schema,
    tags: [family === 'restore' ? 'backup' : family],
    description: [schema.description, asks].filter(Boolean).join(' '),
    ...(open === true ? { security: [] } : {}),
    ...(body === undefined ? {} : { body: documentedBody(body as Json) }),
    response: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, documented(answer as Json)])),
      ...problemAnswers(problemsOf(schema, route)),
    },
  }
}

/** A body may be of several media types, each with a schema. */
function documentedBody(body: Json): Json {
  const { content } = body
  if (content === undefined) return documented(body)
  const each = Object.entries(content as Readonly<Record<string, { readonly schema: Json }>>)
  return { content: Object.fromEntries(each.map(([type, { schema }]) => [type, { schema: documented(schema) }])) }
}

/** Adds an example. If a shape has a name, this adds the name as well, so that withComponents finds it. */
function documented(schema: Json): Json {
  if (schema['type'] === 'null') return schema
  return { ...(named(schema) as Json), examples: [exampleOf(schema)] }
}

function named(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(named)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, named(value)]))
  const title = names.get(node)
  return title === undefined ? copy : { title, ...copy }
}

/** Makes a value that the schema lets through, from the examples in it. */
export function exampleOf(schema: Json): unknown {
  const { examples, type, properties, items, minimum } = schema
  if (Array.isArray(examples)) return examples[0]
  if (schema['default'] !== undefined) return schema['default']
  if (schema['const'] !== undefined) return schema['const']
  const first = [schema['enum'], schema['anyOf']].find(Array.isArray)?.[0] as unknown
  if (first !== undefined) return Array.isArray(schema['anyOf']) ? exampleOf(first as Json) : first
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((properties ?? {}) as Record<string, Json>).map(([name, property]) => [
          name,
          exampleOf(property),
        ]),
      )
    case 'array':
      return [exampleOf(items as Json)]
    case 'integer':
    case 'number':
      return minimum ?? 0
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return 'text'
  }
}

/** Lists the problems that a route may answer with. */
export function problemsOf(
  schema: FastifySchema,
  { url, method, config }: Pick<RouteOptions, 'url' | 'method' | 'config'>,
): ProblemType[] {
  const { scope, open, instance } = config ?? {}
  const changes = method !== 'GET'
  const takes = schema.body !== undefined || schema.params !== undefined || schema.querystring !== undefined
  const possible: (ProblemType | false)[] = [
    takes && 'validation',
    changes && 'malformed',
    open !== true && 'unauthenticated',
    open !== true && changes && 'csrf',
    scope !== undefined && scope !== 'read' && 'scope',
    instance === true && 'instance',
    url.includes('/:') && 'not-found',
    schema.headers !== undefined && changes && 'precondition-failed',
    changes && 'too-large',
    schema.body !== undefined && 'media-type',
    'too-many-requests',
    ...(schema.problems ?? []),
    'internal',
    'redis-unavailable',
  ]
  return [...new Set(possible.filter((type) => type !== false))]
}

function problemAnswers(types: readonly ProblemType[]): Json {
  const byStatus = new Map<number, ProblemType[]>()
  for (const type of types) {
    const [status] = problemTypes[type]
    byStatus.set(status, [...(byStatus.get(status) ?? []), type])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: some.map((type) => problemTypes[type][1]).join(', or: '),
        content: {
          'application/problem+json': {
            schema: named(ProblemShape),
            examples: Object.fromEntries(some.map((type) => [type, { value: problemExample(type) }])),
          },
        },
      },
    ]),
  )
}

function problemExample(type: ProblemType): object {
  const [, title, remedy] = problemTypes[type]
  const wrong = { in: 'body', pointer: '/port', detail: 'must be <= 65535', rule: 'maximum', limit: 65_535 } as const
  const message = type === 'validation' ? 'One value is wrong; see errors.' : `${title}. ${remedy}`
  return problemView({ type, message, errors: type === 'validation' ? [wrong] : [] })
}

/** Moves each named schema to `components`, so that it stands there once. */
function withComponents<T extends { components?: object; paths?: object }>(document: T): T {
  const found: Record<string, unknown> = {}
  const known = new Set(names.values())
  const hoisted = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(hoisted)
    if (typeof node !== 'object' || node === null) return node
    const { title } = node as Json
    const copy = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [
        key,
        key === 'example' || key === 'examples' ? value : hoisted(value),
      ]),
    )
    if (typeof title !== 'string' || !known.has(title)) return copy
    found[title] = copy
    return { $ref: `#/components/schemas/${title}` }
  }
  const paths = hoisted(document.paths)
  const sorted = Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => a.localeCompare(b, 'en')))
  return { ...document, paths, components: { ...document.components, schemas: sorted } }
}
