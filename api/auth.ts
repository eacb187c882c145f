/** Who may: a bearer token, everywhere but where it says otherwise. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { DestinationId } from '../src/message.ts'
import type { App } from './app.ts'
import { pathOf, Problem } from './problems.ts'

/** Each holds those before it. `operate`: what makes Tributary do what it does anyway, now or not now. `admin`: what changes something. */
export const scopes = ['read', 'operate', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Who asks. */
export interface Principal {
  /** For the audit log: the token's id, or what stands for it. */
  readonly id: string
  readonly name: string
  readonly scope: Scope
  /** An owner: sees and touches this destination and its accounts alone. */
  readonly destinationId: DestinationId | undefined
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Open to everybody, on purpose. test/api.test.ts holds the list. */
    readonly open?: boolean
    /** What a token needs to be let in; every route has it, or is open. */
    readonly scope?: Scope
    /** Concerns the whole instance: no owner's token is let in. */
    readonly instance?: boolean
  }
  interface FastifyRequest {
    /** Of routes that are not open. */
    principal: Principal
  }
}

const firstToken: Principal = { id: 'admin-token', name: 'admin-token', scope: 'admin', destinationId: undefined }

export function addAuth(app: App, adminToken: string): void {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const wanted = digest(adminToken)
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.open === true) return
    // What does not exist is told apart only to those who may know.
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) {
      request.principal = firstToken
      return
    }
    const missing = given === undefined ? 'This needs a token' : 'This token is not known'
    throw new Problem(
      401,
      `${missing}: send "Authorization: Bearer TOKEN" to ${pathOf(request)}. The first token is in the file admin-token under TRIBUTARY_HOME.`,
    )
  })
}
