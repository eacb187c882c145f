/** Answers when something cannot be done (RFC 9457): each kind of failure has a `type`, and every mistake of a request is named at once. */
// This import declares `hide` of a schema.
import '@fastify/swagger'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type Mistake, mistakeRules } from '../../src/account/mistake.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describeAsked } from '../../src/failure/sentences.ts'
import { KeyUnsafe } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { wantedOf } from './text.ts'

/** The closed list of problems that a program can tell apart, each with what can be done about it. `type` on the wire is `/problems/NAME`, a page that shows these words. */
export const problemTypes = {
  validation: [
    400,
    'Values are wrong',
    'Each mistake is in `errors`, with where it is; correct them all and send again.',
  ],
  malformed: [400, 'The body cannot be read', 'It is not the JSON, or the file, that this route takes.'],
  unauthenticated: [401, 'No valid token', 'Send `Authorization: Bearer TOKEN`, or sign in with POST /api/v1/session.'],
  'sign-in-refused': [401, 'Signing in was refused', 'The password, or the login, is not right.'],
  scope: [403, 'The scope is too small', 'Ask for a token with the scope that `detail` names.'],
  instance: [
    403,
    'Not for owners',
    'It concerns the whole instance; a token that is bound to a destination is not let in.',
  ],
  csrf: [
    403,
    'The CSRF token is missing',
    'A change by cookie needs the header `x-csrf-token`: GET /api/v1/session tells it.',
  ],
  'not-found': [404, 'Not there', 'There is no such thing, or it is not yours.'],
  conflict: [409, 'Not as things stand', 'Something else must be done first; `detail` says what.'],
  taken: [409, 'Taken', 'There is one like it already.'],
  'in-use': [409, 'In use', 'Something still needs it; remove that first.'],
  quota: [409, 'More than an owner may have', '`detail` says which number, and who can raise it.'],
  busy: [409, 'At work', 'A run is under way; wait for its end and send again.'],
  unproven: [
    409,
    'Nothing proves where it is from',
    'An earlier version wrote the file, or somebody by hand; if you know where it is from, restore it without `proven`.',
  ],
  'another-key': [409, 'Sealed with another key', 'Put the secret key of then in place.'],
  gone: [410, 'Gone', 'It was there, and is no more.'],
  'precondition-failed': [
    412,
    'Changed meanwhile',
    'Read it again, and decide anew: `If-Match` names another version.',
  ],
  'key-used': [422, 'Key used before', 'Send a new `Idempotency-Key` with each new request.'],
  'too-large': [413, 'Too large', 'The body is larger than this route takes.'],
  'media-type': [415, 'Another media type', 'Send the media type that the route takes, mostly application/json.'],
  'too-many-requests': [429, 'Too many requests', 'Wait for as many seconds as `Retry-After` says.'],
  'not-sendable': [
    422,
    'The message cannot go out',
    '`detail` says why; a message goes out as an address of the mailbox alone, and as it is.',
  ],
  'outbox-full': [507, 'No room to send', 'Wait until messages have gone, or cancel some.'],
  internal: [500, 'Our mistake', 'The log of the API says what; please report it if it stays so.'],
  'redis-unavailable': [503, 'Redis does not answer', 'Try again in a moment; `Retry-After` says when.'],
  'store-unavailable': [503, 'The mail store does not answer', 'Try again in a moment.'],
  'provider-unavailable': [503, 'The provider does not answer', '`detail` says what it said, and what to do.'],
  'maildrop-in-use': [503, 'The maildrop is visited', 'Try again when the run has ended.'],
} as const satisfies Record<string, readonly [status: number, title: string, remedy: string]>
export type ProblemType = keyof typeof problemTypes

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly type: ProblemType
  readonly status: number
  readonly errors: readonly Wrong[]
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined

  /** @param detail says what happened, to which record, and what to do next. */
  constructor(type: ProblemType, detail: string, errors: readonly Wrong[] = [], retryAfterSeconds?: number) {
    super(detail)
    this.type = type
    this.status = problemTypes[type][0]
    this.errors = errors
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** A mistake, and the part of the request that contains it; without `in` that part is the body. */
export interface Wrong extends Mistake {
  readonly in?: (typeof requestParts)[number]
}
export const requestParts = ['body', 'query', 'path', 'header'] as const

export const badRequest = (errors: readonly Wrong[]) =>
  new Problem(
    'validation',
    `${errors.length === 1 ? 'One value is' : `${errors.length} values are`} wrong; see errors.`,
    errors,
  )
export const unknown = (what: string, id: string) => new Problem('not-found', `There is no ${what} ${id}.`)
export const conflict = (detail: string, errors: readonly Wrong[] = []) => new Problem('conflict', detail, errors)

/** The only error handler, for all scopes. */
export const problems = fp(async (app: App) => {
  app.setErrorHandler(async (error: FastifyError | Problem, request, reply) => {
    await send(reply, problemOf(error, request))
  })
})

/** Answers requests for paths that do not exist, behind the hooks of the scope in which it is registered. */
export const notFound = fp(async (app: App) => {
  app.setNotFoundHandler(async (request, reply) => {
    const detail = `There is nothing at ${request.method} ${requestPath(request)}; /api/v1/openapi.json lists what there is.`
    await send(reply, new Problem('not-found', detail))
  })
})

/** `/problems/:type` says what a type of problem means. */
export async function problemTypeRoutes(app: App): Promise<void> {
  app.get('/problems/:type', { config: { answers: 'asset' }, schema: { hide: true } }, async ({ params }) => {
    const { type } = params as { type: string }
    if (!Object.hasOwn(problemTypes, type)) throw unknown('type of problem', type)
    const [status, title, remedy] = problemTypes[type as ProblemType]
    return { type: `/problems/${type}`, title, status, remedy }
  })
}

/** Answers requests that Fastify could not even route, because the path is malformed. No hook has set the usual headers there. */
export function sendUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  })
  void send(reply, problemOf(error, request))
}

async function send(reply: FastifyReply, problem: Problem): Promise<void> {
  const { status, retryAfterSeconds } = problem
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  // The answer is sent as octets, because Fastify adds a charset to a text, and this media type has none (RFC 9457 section 6.1).
  await reply
    .code(status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problemView(problem))))
}

/** Gives the problem in its form on the wire. */
export function problemView({ type, message, errors }: Pick<Problem, 'type' | 'message' | 'errors'>) {
  const [status, title] = problemTypes[type]
  const mistakes = errors.length > 0 ? { errors: errors.map((wrong) => ({ in: 'body', ...wrong })) } : {}
  return { type: `/problems/${type}`, title, status, detail: message, ...mistakes }
}

export function problemOf(error: FastifyError | Error, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if ('validation' in error && error.validation !== undefined) return badRequest(wrongIn(request, error))
  if (error instanceof SessionFailed) {
    const side = error.failure.kind.startsWith('store') ? 'store' : 'provider'
    return new Problem(`${side}-unavailable`, describeAsked(error.failure))
  }
  if (error instanceof KeyUnsafe) {
    request.log.error({ event: 'keys unsafe', reason: error.message })
    return new Problem('conflict', error.message)
  }
  const status = ('statusCode' in error ? error.statusCode : undefined) ?? 500
  // Fastify itself refuses malformed JSON, other media types, bodies that are too large, and malformed paths.
  if (status < 500) {
    const type = status === 413 ? 'too-large' : status === 415 ? 'media-type' : 'malformed'
    const { bodyLimit } = request.routeOptions
    const more = status === 413 ? `: up to ${bodyLimit} octets are taken here` : ''
    return new Problem(type, `${error.message.replace(/\.$/, '')}${more}.`)
  }
  if (isRedisAway(error)) {
    request.log.error({ event: 'redis away', reason: error.message })
    return new Problem('redis-unavailable', 'Redis does not answer just now; try again in a moment.', [], 2)
  }
  request.log.error({ event: 'request broke', err: error })
  return new Problem('internal', 'Something we did not expect; the log of the API says what.')
}

function isRedisAway({ name, message }: Error): boolean {
  return (
    name === 'MaxRetriesPerRequestError' ||
    // The second line is what a fail-over brings, while a master is changed.
    /Connection is closed|Command timed out|ECONNREFUSED|LOADING/.test(message) ||
    /^(?:NOREPLICAS|READONLY|CLUSTERDOWN|MASTERDOWN|Command aborted|connect ETIMEDOUT|All sentinels are unreachable)/.test(
      message,
    )
  )
}

export interface SchemaMistake {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
  readonly parentSchema?: { readonly description?: string }
}

/** The parts in the order in which Fastify validates them. It stops at the first part that has mistakes; we go on with the others. */
const parts = [
  ['params', 'path'],
  ['body', 'body'],
  ['querystring', 'query'],
  ['headers', 'header'],
] as const

function wrongIn(request: FastifyRequest, { validation = [], validationContext }: FastifyError): Wrong[] {
  const failed = parts.findIndex(([part]) => part === validationContext)
  return parts.slice(Math.max(failed, 0)).flatMap(([part, name], nth) => {
    const validate = checkOfPart(request, part)
    const value = part === 'querystring' ? request.query : request[part]
    const found = nth === 0 ? validation : validate === undefined || validate(value) ? [] : validate.errors
    return mistakesOf(found as readonly SchemaMistake[]).map((mistake) => ({ ...mistake, in: name }))
  })
}

type Check = ((value: unknown) => boolean) & { readonly errors?: unknown }

/** A route that takes bodies of several media types has a check for each. */
function checkOfPart(request: FastifyRequest, part: (typeof parts)[number][0]): Check | undefined {
  const checks = request.getValidationFunction(part) as Check | Readonly<Record<string, Check>> | undefined
  if (typeof checks !== 'object') return checks
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  return Object.entries(checks).find(([of]) => of === type.trim().toLowerCase())?.[1]
}

/** Lists the mistakes. For a union it gives only one mistake, that none of the forms fits: otherwise each form would add the fields that it misses. */
export function mistakesOf(all: readonly SchemaMistake[]): Mistake[] {
  const unions = all.filter(({ keyword }) => keyword === 'anyOf')
  const within = (inner: SchemaMistake, union: SchemaMistake) =>
    inner !== union && `${inner.instancePath}/`.startsWith(`${union.instancePath}/`)
  // A condition (`if`) that does not hold brings a mistake of its own beside those behind it.
  const told = all.filter(({ keyword }) => keyword !== 'if')
  return told.filter((mistake) => !unions.some((union) => within(mistake, union))).map(mistakeOf)
}

function mistakeOf({ keyword, instancePath, message = 'is wrong', params, parentSchema }: SchemaMistake): Mistake {
  const missing = params['missingProperty']
  if (typeof missing === 'string')
    return { pointer: `${instancePath}/${missing}`, detail: 'is required', rule: 'required' }
  const extra = params['additionalProperty']
  if (typeof extra === 'string')
    return { pointer: `${instancePath}/${extra}`, detail: 'is no field of this request', rule: 'unexpected' }
  const allowed = params['allowedValues']
  if (Array.isArray(allowed))
    return { pointer: instancePath, detail: `must be one of ${allowed.join(', ')}`, rule: 'enum' }
  const text = keyword === 'format' ? wantedOf(params['format']) : undefined
  if (text !== undefined) return { pointer: instancePath, detail: text, rule: 'format' }
  // For these two keywords the schema says in words what it wants.
  const wanted = keyword === 'anyOf' || keyword === 'pattern' ? parentSchema?.description : undefined
  const { limit } = params
  const rule = keyword === 'anyOf' ? 'pattern' : mistakeRules.find((name) => name === keyword)
  return {
    pointer: instancePath,
    detail: wanted === undefined ? message : `must be ${wanted}`,
    ...(rule === undefined ? {} : { rule }),
    ...(typeof limit === 'number' ? { limit } : {}),
  }
}

export function requestPath({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? url
}
