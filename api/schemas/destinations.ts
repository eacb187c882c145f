/** `/destinations` on the wire. */
import { type Static, Type } from 'typebox'
import { failure, pauseFailure, step } from './failure.ts'
import { loginFields, passwordUnlessSignedIn } from './logins.ts'
import { OAuthStatus } from './oauth.ts'
import { Page } from './requests.ts'
import {
  example,
  host,
  hostUnicode,
  importBytesPerHour,
  id,
  like,
  orNull,
  password,
  port,
  strict,
  time,
  tls,
  tlsFingerprint,
  tlsVerify,
  user,
  whole,
} from './vocabulary.ts'

const hosted = {
  kind: Type.Literal('hosted'),
  login: Type.String({
    pattern: '^[A-Za-z0-9._@-]{1,64}$',
    description: 'a-z 0-9 . _ - @; case folded',
    ...like('alice'),
  }),
}
const server = {
  host: host('imap.example.org'),
  port: port(993),
  tls,
  tlsVerify,
  tlsFingerprint,
  user,
  ...loginFields,
}
const changeable = { ...server, importBytesPerHour }
const condition = {
  status: Type.Enum(['ok', 'failing', 'paused'], {
    description:
      'failing: runs that had mail could store none of it there, and none was stored since; paused: no scheduled run goes there before pausedUntil; one that is asked for does, and ends it if it goes well',
  }),
  pausedUntil: orNull(time),
  failure: orNull(pauseFailure, 'what paused it or failed there last, until a run has gone well there again'),
}

/** This is one flat object and no union, so that every mistake can be named by its field. `kind` decides which fields belong to it. */
export const NewDestination = Type.Object(
  {
    kind: Type.Enum(['hosted', 'imap']),
    login: Type.Optional(hosted.login),
    ...Type.Partial(Type.Object(changeable)).properties,
    password: Type.Optional(password),
  },
  { ...strict, ...passwordUnlessSignedIn, ...like({ kind: 'hosted', login: 'alice', password: example.password }) },
)
export type NewDestination = Static<typeof NewDestination>

const presentPassword = Type.String({
  ...whole,
  maxLength: 1024,
  description:
    'of a hosted login: the one that it has now. With a new password it is required of everybody but an admin of the instance; wrong ones count as guesses at the login',
  ...like(example.password),
})
export const DestinationPatch = Type.Partial(Type.Object({ ...changeable, password, presentPassword }), {
  ...strict,
  ...like({ password: example.password }),
})
export type DestinationPatch = Static<typeof DestinationPatch>

const accounts = Type.Integer({ description: 'how many gather there', ...like(4) })
export const Destination = Type.Union([
  Type.Object({ id, ...hosted, ...condition, importBytesPerHour, accounts, createdAt: time }),
  Type.Object({
    id,
    kind: Type.Literal('imap'),
    ...server,
    oauth: orNull(OAuthStatus, 'the sign-in, with auth oauth2'),
    hostUnicode,
    ...condition,
    importBytesPerHour,
    accounts,
    createdAt: time,
  }),
])
export type Destination = Static<typeof Destination>

export const DestinationQuery = Type.Object(
  { ...Page.properties, q: Type.Optional(Type.String({ description: 'part of login, host or user' })) },
  strict,
)
export const Purge = Type.Object({ purge: Type.Boolean({ default: false }) }, strict)

export const DestinationExamination = Type.Object({
  ok: Type.Boolean(),
  messages: Type.Integer({ description: 'in INBOX', ...like(240) }),
  capabilities: Type.Array(Type.String(), like(['IMAP4REV1', 'UIDPLUS', 'MULTIAPPEND'])),
  tls: orNull(
    Type.Object({
      version: Type.String(like('TLSv1.3')),
      fingerprint: Type.String(like(example.fingerprint)),
      validTo: time,
    }),
    'null: nothing was encrypted, or the server was not let in',
  ),
  fingerprint: orNull(
    Type.String(like(example.fingerprint)),
    'of the certificate that the server has shown, be it the reason of the failure',
  ),
  failure: orNull(failure),
  step: Type.Optional(step),
})
export type DestinationExamination = Static<typeof DestinationExamination>
