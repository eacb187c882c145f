/** Lets callers in: every route that is not open needs a bearer token or the cookie of a session, and a scope that is large enough. */
import fp from 'fastify-plugin'
import type { FastifyRequest, RouteOptions } from 'fastify'
import type { SessionRecord, Sessions } from '../../src/redis/sessions.ts'
import { digestOf, sameDigest, type Scope, scopes } from '../../src/redis/tokens.ts'
import type { App } from '../app.ts'
import { requestPath, Problem } from './problems.ts'
import type { Rates } from './protection.ts'
import { type Principal, principalOf, type Who } from './who.ts'

/** The session of a person who is signed in. */
export interface Session {
  /** The secret that the cookie holds. */
  readonly secret: string
  readonly record: SessionRecord
}

export interface RegisteredRoute {
  readonly method: string
  readonly route: RouteOptions
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is open to everybody, on purpose; test/fixtures/routes.txt lists these routes. */
    readonly open?: boolean
    /** The scope that a token needs to be let in. Every route has one, or is open. */
    readonly scope?: Scope
    /** The route concerns the whole instance: no owner's token is let in. */
    readonly instance?: boolean
    /** False: the route changes nothing of the gateway's own, so the audit log does not keep it. */
    readonly audited?: false
  }
  interface FastifyInstance {
    /** All routes, as Fastify registers them. */
    readonly routes: readonly RegisteredRoute[]
  }
  interface FastifyRequest {
    /** Undefined on open routes; `principalOf` demands one. */
    principal: Principal | undefined
    /** Undefined unless the request came with the cookie of a session. */
    session: Session | undefined
  }
}

/**
 * With `__Host-` a browser takes the cookie over HTTPS alone, and from no other host (RFC 6265bis section 4.1.3.2). Such a cookie is for the
 * whole host; below a path of it there may be another instance: then it is `__Secure-`, for this path alone.
 */
export function cookieName(
  { protocol, server }: Pick<FastifyRequest, 'protocol' | 'server'>,
  what: 'tributary' | 'tributary-sign-in' = 'tributary',
): string {
  if (protocol !== 'https') return what
  return `${server.publicPath === '' ? '__Host-' : '__Secure-'}${what}`
}

export const cookiePath = ({ server }: Pick<FastifyRequest, 'server'>) => server.publicPath || '/'

/** Gives the value that proves a request to be no forgery. It does not lead back to the secret: another page can make a browser send the cookie, but cannot read this value. */
export function csrfOf({ secret }: Session): string {
  return digestOf(`csrf ${secret}`)
}

/** Lists all routes of the server, and lets it start only if each of them is in the open scope or behind `authentication`. */
export const routeTable = fp(async (app: App) => {
  const routes: RegisteredRoute[] = []
  app.decorate('routes', routes)
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) if (method !== 'HEAD') routes.push({ method, route })
  })
  // This runs at the end, because the hooks of the inner scopes complete a route's configuration.
  app.addHook('onReady', async () => {
    for (const { method, route } of routes)
      if (route.config?.open !== true && !authenticated.has(route))
        throw new Error(`${method} ${route.url} is registered outside of the open scope and of the authenticated one`)
  })
})

/** The routes that were registered behind `authentication`. */
const authenticated = new WeakSet<RouteOptions>()

export interface AuthenticationOptions {
  readonly who: Who
  readonly sessions: Sessions
  readonly rates: Rates
}

/** Guards the scope in which it is registered: the routes of that scope, and its answer to paths that do not exist. */
export const authentication = fp(async (app: App, { who, sessions, rates }: AuthenticationOptions) => {
  app.decorateRequest('principal', undefined)
  app.decorateRequest('session', undefined)
  app.addHook('onRoute', (route) => {
    if (route.config?.scope === undefined)
      throw new Error(`${String(route.method)} ${route.url} does not say which scope it needs`)
    authenticated.add(route)
  })
  const credentials = new Credentials(who, sessions)
  app.addHook('onRequest', async (request) => {
    try {
      // Callers who may not know are not even told which paths exist.
      request.principal = await credentials.holderOf(request)
    } catch (error) {
      await rates.stranger(request)
      throw error
    }
    await rates.principal(request)
    demandAccess(request)
  })
})

class Credentials {
  readonly #who: Who
  readonly #sessions: Sessions

  constructor(who: Who, sessions: Sessions) {
    this.#who = who
    this.#sessions = sessions
  }

  async holderOf(request: FastifyRequest): Promise<Principal> {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const cookie = request.cookies[cookieName(request)]
    if (token !== undefined) return await this.#holderOfToken(token)
    if (cookie !== undefined) return await this.#holderOfCookie(request, cookie)
    throw unauthenticated(`${request.method} ${requestPath(request)} needs a token`)
  }

  async #holderOfToken(text: string): Promise<Principal> {
    const holder = await this.#who.holding(text)
    if (holder === 'unknown') throw unauthenticated('This token is not known, or was revoked')
    if ('principal' in holder) return holder.principal
    const { id, expiresAtMs } = holder.expired
    throw unauthenticated(`The token ${id} expired at ${new Date(expiresAtMs ?? 0).toISOString()}`)
  }

  async #holderOfCookie(request: FastifyRequest, secret: string): Promise<Principal> {
    const record = await this.#sessions.get(secret)
    const principal = record === undefined ? undefined : await this.#who.signedIn(record)
    if (record === undefined || principal === undefined) throw unauthenticated('This session has ended')
    request.session = { secret, record }
    const { [csrfHeader]: csrf } = request.headers
    if (!readingMethods.includes(request.method) && !sameDigest(String(csrf), csrfOf(request.session)))
      throw new Problem('csrf', 'A change by cookie needs the header x-csrf-token; GET /api/v1/session tells it.')
    return principal
  }
}

function demandAccess(request: FastifyRequest): void {
  const { scope: needed, instance } = request.routeOptions.config
  const { name, scope, destinationId } = principalOf(request)
  if (needed !== undefined && scopes.indexOf(scope) < scopes.indexOf(needed))
    throw new Problem('scope', `This needs the scope ${needed}, and ${name} has ${scope}.`)
  if (instance === true && destinationId !== undefined)
    throw new Problem(
      'instance',
      `This concerns the whole instance, and ${name} is bound to the destination ${destinationId}.`,
    )
}

const csrfHeader = 'x-csrf-token'
const readingMethods = ['GET', 'HEAD']

function unauthenticated(what: string): Problem {
  const how = 'send "Authorization: Bearer TOKEN". The first token is in the file admin-token under TRIBUTARY_HOME'
  return new Problem('unauthenticated', `${what}: ${how}.`)
}
