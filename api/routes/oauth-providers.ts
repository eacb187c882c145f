/** `GET /oauth/providers`: where people can sign in, and what has to be registered there. */
import { oauthProviderIds, oauthProviders } from '../../src/oauth/providers.ts'
import type { App } from '../app.ts'
import { callbackOf } from '../sign-in-urls.ts'
import * as schemas from '../schemas/oauth-providers.ts'

export interface OAuthProvidersWorld {
  readonly publicUrl: string
}

export async function oauthProviderRoutes(app: App, { publicUrl }: OAuthProvidersWorld): Promise<void> {
  app.get(
    '/oauth/providers',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listOAuthProviders',
        summary: 'List the providers at which people can sign in, and what an application there needs',
        response: { 200: schemas.OAuthProviders },
      },
    },
    async () => ({ redirectUri: callbackOf(publicUrl), items: oauthProviderIds.map(shown) }),
  )
}

function shown(id: (typeof oauthProviderIds)[number]): schemas.OAuthProviders['items'][number] {
  if (id === 'custom')
    return {
      id,
      name: 'custom',
      flows: ['code', 'device', 'application'],
      secret: 'possible',
      usualTenant: null,
      clouds: [],
    }
  const { name, flows, secret, usualTenant, clouds } = oauthProviders[id]
  return {
    id,
    name,
    flows: [...flows],
    secret,
    usualTenant,
    clouds: clouds.map(({ name: cloud, origin, portal, hosts, scopes: { pop3, imap, smtp, identity } }) => ({
      name: cloud,
      issuer: origin,
      portal,
      hosts: [...hosts],
      scopes: { pop3: [...pop3], imap: [...imap], smtp: [...smtp], identity: [...identity] },
    })),
  }
}
