/** `GET /oauth/metadata`: what an authorization server says of itself, before an application is registered there. */
import type { AuthorizationServers } from '../../src/oauth/authorization-servers.ts'
import { applicationMistakes, type OAuthApplication } from '../../src/oauth/application.ts'
import { OAuthFailed } from '../../src/oauth/oauth-failed.ts'
import { flowsIn, type ServerMetadata, shortcomingOf } from '../../src/oauth/server-metadata.ts'
import type { App } from '../app.ts'
import { badRequest } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import * as schemas from '../schemas/oauth-metadata.ts'

export interface OAuthMetadataWorld {
  readonly servers: AuthorizationServers
}

const readMetadata = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'readOAuthMetadata',
    summary: 'Ask an authorization server what it says of itself',
    description: 'RFC 8414 or OpenID Connect Discovery, under the issuer. Nothing is stored.',
    querystring: schemas.OAuthMetadataQuery,
    response: { 200: schemas.OAuthMetadata },
  },
)

export async function oauthMetadataRoutes(app: App, { servers }: OAuthMetadataWorld): Promise<void> {
  const read: HandlerOf<typeof readMetadata> = async ({ query: { issuer } }) => {
    const application = unregisteredAt(issuer)
    const secrets = { clientSecret: null, serviceAccount: null }
    const mistakes = applicationMistakes(application, secrets)
    if (mistakes.length > 0) throw badRequest(mistakes.map((mistake) => ({ ...mistake, in: 'query' as const })))
    try {
      const { configuration } = await servers.of({ application, ...secrets })
      return shown(configuration.serverMetadata())
    } catch (error) {
      if (!(error instanceof OAuthFailed)) throw error
      return { ok: false, issuer: null, flows: [], endpoints: none, failure: error.message }
    }
  }
  app.get('/oauth/metadata', readMetadata, read)
}

const none = { authorization: null, token: null, deviceAuthorization: null, revocation: null }

function shown(metadata: ServerMetadata): schemas.OAuthMetadata {
  const failure = shortcomingOf(metadata)
  return {
    ok: failure === null,
    issuer: metadata.issuer,
    flows: flowsIn(metadata),
    endpoints: {
      authorization: metadata.authorization_endpoint ?? null,
      token: metadata.token_endpoint ?? null,
      deviceAuthorization: metadata.device_authorization_endpoint ?? null,
      revocation: metadata.revocation_endpoint ?? null,
    },
    failure,
  }
}

/** Nobody is registered there yet: what a server says of itself is the same for everybody. */
export function unregisteredAt(issuer: string): OAuthApplication {
  return {
    id: '',
    provider: 'custom',
    clientId: 'nobody',
    tenant: null,
    issuer,
    scopes: null,
    addresses: [],
    hosts: [],
    serviceAccount: null,
    createdAtMs: 0,
  }
}
