/** `/oauth/metadata` on the wire. */
import { type Static, Type } from 'typebox'
import { oauthFlows } from '../../src/oauth/providers.ts'
import { like, orNull, strict, text } from './vocabulary.ts'

export const OAuthMetadataQuery = Type.Object(
  {
    issuer: text(2048, 'https://login.example.net'),
  },
  strict,
)

const endpoint = (path: string) => orNull(Type.String(like(`https://login.example.net/${path}`)))
export const OAuthMetadata = Type.Object({
  ok: Type.Boolean({ description: 'whether people can sign in there' }),
  issuer: orNull(Type.String(like('https://login.example.net')), 'what it calls itself'),
  flows: Type.Array(Type.Enum([...oauthFlows]), { description: 'those that it says it knows', ...like(['code']) }),
  endpoints: Type.Object({
    authorization: endpoint('auth'),
    token: endpoint('token'),
    deviceAuthorization: endpoint('device'),
    revocation: endpoint('revoke'),
  }),
  failure: orNull(Type.String(), 'why nothing, or not enough, is known of it'),
})
export type OAuthMetadata = Static<typeof OAuthMetadata>
