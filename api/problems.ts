/** What is said when something cannot be done: RFC 9457, with every mistake of a request at once. */
import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Mistake } from '../src/account.ts'
import { SessionFailed } from '../src/failure.ts'
import type { App } from './app.ts'

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly errors: readonly Mistake[]

  /** @param detail what happened, to whom, and what to do next. */
  constructor(status: number, detail: string, errors: readonly Mistake[] = []) {
    super(detail)
    this.status = status
    this.errors = errors
  }
}

export const badRequest = (errors: readonly Mistake[]) =>
  new Problem(400, `${errors.length === 1 ? 'One value is' : `${errors.length} values are`} wrong; see errors.`, errors)
export const unknown = (what: string, id: string) => new Problem(404, `There is no ${what} ${id}.`)
export const conflict = (detail: string, errors: readonly Mistake[] = []) => new Problem(409, detail, errors)

export function addProblems(app: App): void {
  app.setErrorHandler(async (error: FastifyError | Problem, request, reply) => {
    await send(reply, problemOf(error, request))
  })
  app.setNotFoundHandler(async (request, reply) => {
    await send(
      reply,
      new Problem(
        404,
        `There is nothing at ${request.method} ${pathOf(request)}; /api/v1/openapi.json lists what there is.`,
      ),
    )
  })
}

async function send(reply: FastifyReply, { status, message, errors }: Problem): Promise<void> {
  const title = STATUS_CODES[status] ?? 'Error'
  const body = { type: 'about:blank', title, status, detail: message, ...(errors.length > 0 ? { errors } : {}) }
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  // As octets: to a text Fastify adds a charset, which this media type has not (RFC 9457 section 6.1).
  await reply
    .code(status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(body)))
}

function problemOf(error: FastifyError | Problem, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) return badRequest(mistakesOf(error.validation))
  if (error instanceof SessionFailed) return new Problem(503, error.message)
  const status = error.statusCode ?? 500
  // Fastify's own refusals: malformed JSON, another media type, too large a body.
  if (status < 500) return new Problem(status, `${error.message.replace(/\.$/, '')}.`)
  if (isRedisAway(error)) {
    request.log.error({ event: 'redis away', reason: error.message })
    return new Problem(503, 'Redis does not answer just now; try again in a moment.')
  }
  request.log.error({ event: 'request broke', err: error })
  return new Problem(500, 'Something we did not expect; the log of the API says what.')
}

function isRedisAway({ name, message }: Error): boolean {
  return (
    name === 'MaxRetriesPerRequestError' || /Connection is closed|Command timed out|ECONNREFUSED|LOADING/.test(message)
  )
}

interface SchemaMistake {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
  readonly parentSchema?: { readonly description?: string }
}

/** Of a union only that none of its forms fits, in words: what each form lacks would be said once a form. */
function mistakesOf(all: readonly SchemaMistake[]): Mistake[] {
  const unions = all.filter(({ keyword }) => keyword === 'anyOf')
  const within = (inner: SchemaMistake, union: SchemaMistake) =>
    inner !== union && `${inner.instancePath}/`.startsWith(`${union.instancePath}/`)
  return all.filter((mistake) => !unions.some((union) => within(mistake, union))).map(mistakeOf)
}

function mistakeOf({ instancePath, message = 'is wrong', params, parentSchema }: SchemaMistake): Mistake {
  const missing = params['missingProperty']
  if (typeof missing === 'string') return { pointer: `${instancePath}/${missing}`, detail: 'is required' }
  const extra = params['additionalProperty']
  if (typeof extra === 'string') return { pointer: `${instancePath}/${extra}`, detail: 'is no field of this request' }
  const allowed = params['allowedValues']
  if (Array.isArray(allowed)) return { pointer: instancePath, detail: `must be one of ${allowed.join(', ')}` }
  const wanted = parentSchema?.description
  return { pointer: instancePath, detail: wanted === undefined ? message : `must be ${wanted}` }
}

export function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? url
}
