/** `/audit`: every change that was made over the API, and every sign-in, including refused ones. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Audit, AuditEntry } from '../../src/redis/audit.ts'
import { type App, newId } from '../app.ts'
import type { Principal } from '../http/who.ts'
import { cursorOf, placeIn } from '../http/cursor.ts'
import { requestPath } from '../http/problems.ts'
import { listOf } from '../schemas/answers.ts'
import * as schemas from '../schemas/audit.ts'
import { timeIn } from '../http/time-in.ts'

export interface AuditWorld {
  readonly audit: Audit
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The names of the fields that the body and the query had before validation, because validation adds the fields with a default. */
    fieldNames: readonly string[] | undefined
    /** The address, login or name of what was added or removed: no secret, and no more of the body. */
    about: string | undefined
    /** The principal as whom the caller tries to sign in, whether that is refused or not. */
    claimant: Principal | undefined
  }
}

/** No body has more fields. */
const fieldsMax = 60

/** This is registered for all scopes, because the sign-in is open to everybody. */
export const auditTrail = fp(async (app: App, { audit }: AuditWorld) => {
  app.decorateRequest('fieldNames', undefined)
  app.decorateRequest('claimant', undefined)
  app.decorateRequest('about', undefined)
  app.addHook('preValidation', async (request) => {
    request.fieldNames = [...namesIn(request.body), ...namesIn(request.query)].slice(0, fieldsMax)
  })

  // The entry is written before the answer goes out, so that every answered request is in the log.
  app.addHook('onSend', async (request, reply) => {
    if (!isToBeKept(request, reply)) return
    const { id, name } = request.principal ?? request.claimant ?? { id: 'nobody', name: 'nobody' }
    const entry = {
      id: newId(),
      at: new Date().toISOString(),
      who: { id, name },
      from: request.ip,
      method: request.method,
      path: requestPath(request),
      status: reply.statusCode,
      about: aboutOf(request, reply),
      changed: request.fieldNames ?? [],
    }
    // The change has been made, so the answer says so even if its entry is lost.
    await audit.write(entry).catch((error: Error) => {
      request.log.error({ event: 'audit lost', reason: error.message, entry })
    })
  })
})

function isToBeKept({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (method === 'GET' || method === 'HEAD' || routeOptions.config.audited === false) return false
  // The only open route with a method other than GET is the sign-in.
  const refusedSignIn = routeOptions.config.open === true && (statusCode === 401 || statusCode === 429)
  return statusCode < 400 || refusedSignIn
}

/** A new account has an address, a destination a login, a token or an application a name. */
function aboutOf({ about, method, body, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): string | null {
  if (about !== undefined) return about
  if (method !== 'POST' || statusCode !== 201 || routeOptions.config.open === true) return null
  if (typeof body !== 'object' || body === null) return null
  const fields = body as Readonly<Record<string, unknown>>
  const name = fields['address'] ?? fields['login'] ?? fields['name']
  return typeof name === 'string' ? name.trim().slice(0, 320) : null
}

function namesIn(part: unknown): string[] {
  const isFields =
    typeof part === 'object' && part !== null && [Object.prototype, null].includes(Object.getPrototypeOf(part))
  return isFields ? Object.keys(part) : []
}

export async function auditRoutes(app: App, { audit }: AuditWorld): Promise<void> {
  app.get(
    '/audit',
    {
      config: { scope: 'read', instance: true },
      schema: {
        operationId: 'listChanges',
        summary: 'List changes, newest first',
        description:
          'Every change that went well, and every sign-in, refused ones too: who, when, from where, and which fields were sent; never what was in them. The newest 100,000 or so are kept. A backup does not hold them, and a restore leaves them.',
        querystring: schemas.AuditQuery,
        response: { 200: listOf(schemas.AuditEntry) },
      },
    },
    async ({ query: { limit, cursor, who, since } }) => {
      const before = placeIn(cursor, /^\d{1,20}-\d{1,20}$/)
      const sinceMs = since === undefined ? undefined : timeIn(since)
      const isWanted = (entry: AuditEntry) =>
        (who === undefined || [entry.who.id, entry.who.name].includes(who)) &&
        (sinceMs === undefined || Date.parse(entry.at) >= sinceMs)
      const isFiltered = who !== undefined || sinceMs !== undefined
      const { items, next } = await (isFiltered ? audit.pageOf(limit, before, isWanted) : audit.page(limit, before))
      const shown = items.map((entry) => ({ ...entry, about: entry.about ?? null, changed: [...entry.changed] }))
      return { items: shown, next: cursorOf(next) }
    },
  )
}
