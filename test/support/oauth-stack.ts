/** A stack, and an authorization server at which one application of it is registered. */
import { clientSecret, startAuthorizationServer, type TestAuthorizationServer } from './authorization-server.ts'
import { publicUrlOfTests, type Stack, startStack } from './stack.ts'

export const callback = `${publicUrlOfTests}/api/v1/oauth/callback`

export interface OAuthStack {
  readonly stack: Stack
  readonly server: TestAuthorizationServer
  /** The mailbox alice. */
  readonly destinationId: string
  readonly applicationId: string
  close(): Promise<void>
}

export async function startOAuthStack(): Promise<OAuthStack> {
  const [stack, server] = await Promise.all([startStack(), startAuthorizationServer(callback)])
  const application = { provider: 'custom', clientId: 'tributary', clientSecret, issuer: server.issuer }
  return {
    stack,
    server,
    destinationId: await stack.destination('alice'),
    applicationId: (await stack.call('POST', '/oauth/applications', application)).body.id,
    async close() {
      await Promise.all([stack.stop(), server.close()])
    },
  }
}
