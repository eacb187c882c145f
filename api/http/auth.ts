/** Who may: a bearer token or the cookie of a session, everywhere but where it says otherwise, with a scope that is enough. */
import type { FastifyRequest, RouteOptions } from 'fastify'
import type { SessionRecord } from '../../src/redis/sessions.ts'
import { digestOf, sameDigest, type Scope, scopes } from '../../src/redis/tokens.ts'
import type { App } from '../app.ts'
import { pathOf, Problem } from './problems.ts'
import type { Rates } from './protection.ts'
import { type Principal, Who, type WhoWorld } from './who.ts'

export type { Principal } from './who.ts'

/** Of a person who is signed in. */
export interface Session {
  /** What the cookie holds. */
  readonly secret: string
  readonly record: SessionRecord
}

export interface GuardedRoute {
  readonly method: string
  readonly route: RouteOptions
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Open to everybody, on purpose; test/fixtures/routes.txt lists them. */
    readonly open?: boolean
    /** What a token needs to be let in; every route has it, or is open. */
    readonly scope?: Scope
    /** Concerns the whole instance: no owner's token is let in. */
    readonly instance?: boolean
    /** False: what it changes is not the gateway's, and not kept in the audit log. */
    readonly audited?: false
  }
  interface FastifyInstance {
    /** Every one, as Fastify has it. */
    readonly routes: readonly GuardedRoute[]
  }
  interface FastifyRequest {
    /** Of routes that are not open. */
    principal: Principal
    /** Of who came with a cookie. */
    session: Session | undefined
  }
}

/** `__Host-`: a browser takes it over HTTPS alone, and from no other host (RFC 6265bis section 4.1.3.2). */
export function cookieName({ protocol }: FastifyRequest): string {
  return protocol === 'https' ? '__Host-tributary' : 'tributary'
}

/** Told to whoever has the cookie, and by no way back to it: a page of others can send the cookie, and not read this. */
export function csrfOf({ secret }: Session): string {
  return digestOf(`csrf ${secret}`)
}

export function addAuth(app: App, world: WhoWorld, rates: Rates): void {
  const routes: GuardedRoute[] = []
  app.decorate('routes', routes)
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) if (method !== 'HEAD') routes.push({ method, route })
  })
  // Not at once: a plugin's routes are marked as open on their way.
  app.addHook('onReady', async () => {
    for (const { method, route } of routes)
      if (route.config?.open !== true && route.config?.scope === undefined)
        throw new Error(`${method} ${route.url} is neither open nor says which scope it needs`)
  })

  const who = new Who(world)

  const byToken = async (text: string): Promise<Principal> => {
    const known = await who.holding(text)
    if (known === 'unknown') throw unauthenticated('This token is not known, or was revoked')
    if ('principal' in known) return known.principal
    const { id, expiresAtMs } = known.expired
    throw unauthenticated(`The token ${id} expired at ${new Date(expiresAtMs ?? 0).toISOString()}`)
  }

  const byCookie = async (request: FastifyRequest, secret: string): Promise<Principal> => {
    const record = await world.sessions.get(secret)
    const principal = record === undefined ? undefined : await who.signedIn(record)
    if (record === undefined || principal === undefined) throw unauthenticated('This session has ended')
    request.session = { secret, record }
    const { [csrfHeader]: csrf } = request.headers
    if (!readingMethods.includes(request.method) && !sameDigest(String(csrf), csrfOf(request.session)))
      throw new Problem('csrf', 'A change by cookie needs the header x-csrf-token; GET /api/v1/session tells it.')
    return principal
  }

  const whoAsks = async (request: FastifyRequest): Promise<Principal> => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const cookie = request.cookies[cookieName(request)]
    if (token !== undefined) return await byToken(token)
    if (cookie !== undefined) return await byCookie(request, cookie)
    throw unauthenticated(`${request.method} ${pathOf(request)} needs a token`)
  }

  app.addHook('onRequest', async (request) => {
    const { open, scope, instance } = request.routeOptions.config
    if (open === true) return await rates.stranger(request)
    try {
      // What does not exist is told apart only to those who may know.
      request.principal = await whoAsks(request)
    } catch (error) {
      await rates.stranger(request)
      throw error
    }
    await rates.principal(request)

    const { name, scope: has, destinationId } = request.principal
    if (scope !== undefined && scopes.indexOf(has) < scopes.indexOf(scope))
      throw new Problem('scope', `This needs the scope ${scope}, and ${name} has ${has}.`)
    if (instance === true && destinationId !== undefined)
      throw new Problem(
        'instance',
        `This concerns the whole instance, and ${name} is bound to the destination ${destinationId}.`,
      )
  })
}

const csrfHeader = 'x-csrf-token'
const readingMethods = ['GET', 'HEAD']

function unauthenticated(what: string): Problem {
  const how = 'send "Authorization: Bearer TOKEN". The first token is in the file admin-token under TRIBUTARY_HOME'
  return new Problem('unauthenticated', `${what}: ${how}.`)
}
