/** `/oauth/providers` on the wire. */
import { type Static, Type } from 'typebox'
import { oauthFlows, oauthProviderIds } from '../../src/oauth/providers.ts'
import { like, orNull } from './vocabulary.ts'

const texts = (example: string) => Type.Array(Type.String(like(example)))
export const OAuthProviders = Type.Object({
  redirectUri: Type.String({
    description: 'to be registered at the provider',
    ...like('https://mail.example.net/api/v1/oauth/callback'),
  }),
  items: Type.Array(
    Type.Object({
      id: Type.Enum([...oauthProviderIds]),
      name: Type.String(like('Microsoft')),
      flows: Type.Array(Type.Enum([...oauthFlows]), { description: 'that give a token for mail there' }),
      secret: Type.Enum(['needed', 'possible', 'none'], { description: 'whether its applications have one' }),
      usualTenant: orNull(Type.String(like('common')), 'null: there are no tenants'),
      clouds: Type.Array(
        Type.Object({
          name: Type.String(like('worldwide')),
          issuer: Type.String({
            description: 'what an application of this cloud says',
            ...like('https://login.microsoftonline.us'),
          }),
          portal: Type.String({
            description: 'where an application is registered',
            ...like('https://portal.azure.us'),
          }),
          scopes: Type.Object({
            pop3: texts('https://outlook.office.com/POP.AccessAsUser.All'),
            imap: texts('https://outlook.office.com/IMAP.AccessAsUser.All'),
            smtp: texts('https://outlook.office.com/SMTP.Send'),
            identity: texts('offline_access'),
          }),
          hosts: Type.Array(Type.String(like('outlook.office365.com')), {
            description: 'the mail servers that may be given its tokens',
          }),
        }),
        { description: 'the usual one is the first; a custom provider has none' },
      ),
    }),
  ),
})
export type OAuthProviders = Static<typeof OAuthProviders>
