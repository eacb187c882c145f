/** `/audit`: every change that was made over the API, and every sign-in, refused ones too. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Audit } from '../../src/redis/audit.ts'
import { type App, newId } from '../app.ts'
import type { Principal } from '../http/auth.ts'
import { cursorOf, placeIn } from '../http/cursor.ts'
import { pathOf } from '../http/problems.ts'
import { listOf } from '../schemas/answers.ts'
import * as schemas from '../schemas/audit.ts'
import { Page } from '../schemas/requests.ts'

export interface AuditWorld {
  readonly audit: Audit
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Names of the fields of its body and query. */
    sent: readonly string[]
    /** As whom somebody tried to sign in, and was refused. */
    triedAs: Principal | undefined
  }
}

/** More than any body here has. */
const fieldsMax = 60

/** To be called before the routes. */
export function watchChanges(app: App, { audit }: AuditWorld): void {
  // Before validation, which adds what has a default.
  app.addHook('preValidation', async (request) => {
    request.sent = [...namesIn(request.body), ...namesIn(request.query)].slice(0, fieldsMax)
  })

  // Before the answer goes out: what was answered stands in the log.
  app.addHook('onSend', async (request, reply) => {
    if (!isToBeKept(request, reply)) return
    const { id, name } = request.principal ?? request.triedAs ?? { id: 'nobody', name: 'nobody' }
    const entry = {
      id: newId(),
      at: new Date().toISOString(),
      who: { id, name },
      from: request.ip,
      method: request.method,
      path: pathOf(request),
      status: reply.statusCode,
      changed: request.sent ?? [],
    }
    // What has been done has been done, and is answered for.
    await audit.write(entry).catch((error: Error) => {
      request.log.error({ event: 'audit lost', reason: error.message, entry })
    })
  })
}

function isToBeKept({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (method === 'GET' || method === 'HEAD' || routeOptions.config.audited === false) return false
  // What is open and no GET is a sign-in.
  const refusedSignIn = routeOptions.config.open === true && (statusCode === 401 || statusCode === 429)
  return statusCode < 400 || refusedSignIn
}

function namesIn(part: unknown): string[] {
  const isFields =
    typeof part === 'object' && part !== null && [Object.prototype, null].includes(Object.getPrototypeOf(part))
  return isFields ? Object.keys(part) : []
}

export function addAudit(app: App, { audit }: AuditWorld): void {
  app.get(
    '/audit',
    {
      config: { scope: 'read', instance: true },
      schema: {
        operationId: 'listChanges',
        summary: 'List changes, newest first',
        description:
          'Every change that went well, and every sign-in, refused ones too: who, when, from where, and which fields were sent; never what was in them. The newest 100,000 or so are kept. A backup does not hold them, and a restore leaves them.',
        querystring: Page,
        response: { 200: listOf(schemas.AuditEntry) },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const { items, next } = await audit.page(limit, placeIn(cursor, /^\d{1,20}-\d{1,20}$/))
      return { items: items.map((entry) => ({ ...entry, changed: [...entry.changed] })), next: cursorOf(next) }
    },
  )
}
