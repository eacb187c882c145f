/** Who may: a bearer token, everywhere but where it says otherwise; with a scope that is enough; owners, what is theirs. */
import type { RouteOptions } from 'fastify'
import type { DestinationId } from '../src/message.ts'
import { digestOf, sameDigest, type Scope, scopes, type TokenRecord, type Tokens } from '../src/redis/tokens.ts'
import type { App } from './app.ts'
import { pathOf, Problem } from './problems.ts'

/** Who asks. */
export interface Principal {
  /** For the audit log: the token's id, or what stands for it. */
  readonly id: string
  readonly name: string
  readonly scope: Scope
  /** An owner: sees and touches this destination and its accounts alone (owners.ts). */
  readonly destinationId: DestinationId | undefined
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Open to everybody, on purpose; test/golden/routes.txt lists them. */
    readonly open?: boolean
    /** What a token needs to be let in; every route has it, or is open. */
    readonly scope?: Scope
    /** Concerns the whole instance: no owner's token is let in. */
    readonly instance?: boolean
  }
  interface FastifyInstance {
    /** Every one, as Fastify has it. */
    readonly routes: readonly RouteOptions[]
  }
  interface FastifyRequest {
    /** Of routes that are not open. */
    principal: Principal
  }
}

export interface AuthWorld {
  readonly adminToken: string
  readonly tokens: Tokens
}

const firstToken: Principal = { id: 'admin-token', name: 'admin-token', scope: 'admin', destinationId: undefined }

export function addAuth(app: App, { adminToken, tokens }: AuthWorld): void {
  const routes: RouteOptions[] = []
  app.decorate('routes', routes)
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') routes.push(route)
  })
  // Not at once: a plugin's routes are marked as open on their way.
  app.addHook('onReady', async () => {
    for (const { method, url, config } of routes)
      if (config?.open !== true && config?.scope === undefined)
        throw new Error(`${String(method)} ${url} is neither open nor says which scope it needs`)
  })

  const firstDigest = digestOf(adminToken)

  const bearer = async (text: string): Promise<Principal> => {
    if (sameDigest(digestOf(text), firstDigest)) return firstToken
    const record = await tokens.holding(text)
    if (record === undefined) throw unauthenticated('This token is not known, or was revoked')
    const { id, expiresAtMs } = record
    const nowMs = Date.now()
    if (expiresAtMs !== null && expiresAtMs <= nowMs)
      throw unauthenticated(`The token ${id} expired at ${new Date(expiresAtMs).toISOString()}`)
    await tokens.used(id, nowMs)
    return principalOf(record)
  }

  app.addHook('onRequest', async (request) => {
    const { open, scope, instance } = request.routeOptions.config
    if (open === true) return
    // What does not exist is told apart only to those who may know.
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined) throw unauthenticated(`${request.method} ${pathOf(request)} needs a token`)
    request.principal = await bearer(given)
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

function principalOf({ id, name, scopes: has, destinationId }: TokenRecord): Principal {
  const scope = scopes.findLast((one) => has.includes(one)) ?? 'read'
  return { id, name, scope, destinationId: destinationId ?? undefined }
}

function unauthenticated(what: string): Problem {
  const how = 'send "Authorization: Bearer TOKEN". The first token is in the file admin-token under TRIBUTARY_HOME'
  return new Problem('unauthenticated', `${what}: ${how}.`)
}
