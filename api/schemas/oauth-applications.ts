/** `/oauth/applications` on the wire (CONTRACT section 10). */
import { type Static, Type } from 'typebox'
import { oauthProviderIds } from '../../src/oauth/providers.ts'
import { host, id, like, orNull, strict, text, time, user, whole, wholeText } from './vocabulary.ts'

const clientSecret = Type.String({
  ...whole,
  minLength: 1,
  maxLength: 2048,
  description: 'never returned',
  ...like('GOCSPX-k3v'),
})
const serviceAccount = Type.Object(
  {
    client_email: text(320, 'mail@project.iam.gserviceaccount.com'),
    private_key: wholeText(16_384, '-----BEGIN PRIVATE KEY-----'),
  },
  { description: "Google's key object; its private key is never returned" },
)
const fields = {
  clientId: text(512, '1b730954-1685-4b74-9bfd-dac224a7b894'),
  tenant: orNull(text(253, 'contoso.onmicrosoft.com'), "Microsoft's; null: personal accounts and every organization"),
  scopes: orNull(
    Type.Array(text(512, 'https://mail.google.com/'), { maxItems: 32 }),
    "what it asks for; null: the provider's usual",
  ),
  addresses: Type.Array(user, {
    maxItems: 10_000,
    description: 'the mailboxes that it may open without anybody who signs in (flow application)',
  }),
  hosts: Type.Array(host('pop.example.net'), {
    maxItems: 32,
    description:
      "of a custom provider: the mail servers that may be given its tokens; none: those that an admin's accounts name",
  }),
}
const issuer = orNull(
  text(2048, 'https://login.example.net'),
  'of a custom provider; of the others it names a cloud. An https URL; http on a loopback address',
)
const secrets = {
  clientSecret: Type.Optional(orNull(clientSecret)),
  serviceAccount: Type.Optional(orNull(serviceAccount)),
}

export const NewOAuthApplication = Type.Object(
  {
    provider: Type.Enum([...oauthProviderIds]),
    clientId: fields.clientId,
    issuer: Type.Optional(issuer),
    tenant: Type.Optional(fields.tenant),
    scopes: Type.Optional(fields.scopes),
    addresses: Type.Optional(fields.addresses),
    hosts: Type.Optional(fields.hosts),
    ...secrets,
  },
  strict,
)
export type NewOAuthApplication = Static<typeof NewOAuthApplication>

export const OAuthApplicationPatch = Type.Partial(Type.Object({ ...fields, ...secrets }), strict)
export type OAuthApplicationPatch = Static<typeof OAuthApplicationPatch>

export const OAuthApplicationShape = Type.Object({
  id,
  provider: Type.Enum([...oauthProviderIds]),
  issuer,
  ...fields,
  hasClientSecret: Type.Boolean(),
  serviceAccount: orNull(text(320, 'mail@project.iam.gserviceaccount.com'), 'the name of its service account'),
  redirectUri: Type.String({
    description: 'to be registered at the provider',
    ...like('https://mail.example.net/api/v1/oauth/callback'),
  }),
  createdAt: time,
})
export type OAuthApplicationShape = Static<typeof OAuthApplicationShape>
