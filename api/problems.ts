/** What is said when something cannot be done: RFC 9457, with every mistake of a request at once. */
import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Mistake } from '../src/account.ts'
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
  await reply.code(status).type('application/problem+json').send(JSON.stringify(body))
}

function problemOf(error: FastifyError | Problem, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) return badRequest(error.validation.map(mistakeOf))
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
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

function mistakeOf({ instancePath, message = 'is wrong', params }: SchemaMistake): Mistake {
  const missing = params['missingProperty']
  if (typeof missing === 'string') return { pointer: `${instancePath}/${missing}`, detail: 'is required' }
  const extra = params['additionalProperty']
  if (typeof extra === 'string') return { pointer: `${instancePath}/${extra}`, detail: 'is no field of this request' }
  const allowed = params['allowedValues']
  const detail = Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : message
  return { pointer: instancePath, detail }
}

export function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? url
}
