/** Who may: a bearer token, everywhere but where it says otherwise. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { App } from './app.ts'
import { pathOf, Problem } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Open to everybody, on purpose. test/api.test.ts holds the list. */
    readonly open?: boolean
  }
}

export function addAuth(app: App, adminToken: string): void {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const wanted = digest(adminToken)
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.open === true) return
    // What does not exist is told apart only to those who may know.
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) return
    const missing = given === undefined ? 'This needs a token' : 'This token is not known'
    throw new Problem(
      401,
      `${missing}: send "Authorization: Bearer TOKEN" to ${pathOf(request)}. The first token is in the file admin-token under TRIBUTARY_HOME.`,
    )
  })
}
