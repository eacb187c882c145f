/** Signing in for an account or a destination, on the wire (CONTRACT section 10). */
import { type Static, Type } from 'typebox'
import { oauthFlows, oauthProviderIds } from '../../src/oauth/providers.ts'
import { oauthWarningCodes } from '../../src/oauth/grant.ts'
import { example, like, orNull, strict, time } from './vocabulary.ts'

export const oauthStates = ['signed out', 'waiting', 'signed in', 'refused'] as const

export const SignInWanted = Type.Object(
  {
    flow: Type.Enum([...oauthFlows], {
      description:
        'code: in a browser; device: by a code that is entered elsewhere; application: without anybody, by an admin of the instance, for addresses that the application lists',
      ...like('code'),
    }),
  },
  strict,
)

const warning = orNull(
  Type.Object({ code: Type.Enum([...oauthWarningCodes]), at: time }),
  'what is known to go wrong, and when. google testing: the refresh token ends, since the application is in Testing; no refresh token: the access token ends; scopes missing: not all was agreed to; another audience: the token is not for mail servers',
)

/** How far it is. */
export const OAuthStatus = Type.Object({
  applicationId: Type.String(like(example.id)),
  provider: orNull(Type.Enum([...oauthProviderIds]), 'null: the application is gone'),
  signedInAs: orNull(Type.String(like('me@example.net')), 'null: nobody, or the provider does not say who'),
  state: Type.Enum([...oauthStates]),
  expiresAt: orNull(time, 'the end of the refresh token, where it is known'),
  warning,
  reason: orNull(
    Type.String(),
    'why the last sign-in was not taken: somebody else has signed in, or what the provider said',
  ),
})
export type OAuthStatus = Static<typeof OAuthStatus>

const feeds = Type.String({
  description: 'what the sign-in is for, to be shown to whoever signs in',
  ...like('Tributary will fetch the mail of me@example.net, and gather it in the mailbox alice.'),
})
export const BegunOAuth = Type.Object({
  ...Type.Partial(OAuthStatus).properties,
  url: Type.Optional(
    Type.String({ description: 'flow code: to be opened in a browser', ...like('https://login.example.net/auth?...') }),
  ),
  userCode: Type.Optional(Type.String(like('WDJB-MJHT'))),
  verificationUri: Type.Optional(Type.String(like('https://microsoft.com/devicelogin'))),
  expiresAt: Type.Optional(orNull(time)),
  feeds: Type.Optional(feeds),
  feeding: Type.Optional(
    Type.Object(
      { mailbox: Type.String(like('me@example.net')), into: orNull(Type.String(like('alice'))) },
      { description: 'the facts of `feeds`; `into` is null where mail is stored in that mailbox' },
    ),
  ),
})
export type BegunOAuth = Static<typeof BegunOAuth>

export const OAuthLink = Type.Object({
  url: Type.String(like('https://mail.example.net/api/v1/oauth/link?link=...')),
  expiresAt: time,
})
