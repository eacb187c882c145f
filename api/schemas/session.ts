/** `/session` on the wire. */
import { type Static, Type } from 'typebox'
import { scopes } from '../../src/redis/tokens.ts'
import { example, id, like, orNull, strict, text, time, whole } from './vocabulary.ts'

export const SignIn = Type.Object(
  {
    login: Type.Optional(text(64, 'alice')),
    password: Type.String({
      minLength: 1,
      maxLength: 1024,
      ...whole,
      description: 'of the login, else the admin’s or a token',
      ...like(example.password),
    }),
  },
  strict,
)
export const EnterByLink = Type.Object(
  { code: Type.String({ minLength: 1, maxLength: 100, ...like('3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B') }) },
  strict,
)
export const SignInLink = Type.Object({
  url: Type.String(like('http://127.0.0.1:8420/enter#3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B')),
  expiresAt: time,
})
export const SignInWays = Type.Object({
  first: Type.Boolean({ description: 'nobody has signed in here yet', ...like(true) }),
  tokenFile: orNull(
    Type.String(like('/srv/tributary/data/admin-token')),
    'the file of the first token; told on the machine itself alone, until somebody has signed in',
  ),
})
export type SignInWays = Static<typeof SignInWays>
export const AdminPassword = Type.Object(
  {
    password: Type.String({
      minLength: 12,
      maxLength: 1024,
      ...whole,
      description: 'a text of 12 characters or more',
      ...like(example.password),
    }),
  },
  strict,
)
export const AdminPasswordState = Type.Object({ set: Type.Boolean(like(true)) })
export const Session = Type.Object({
  name: Type.String(like('alice')),
  scope: Type.Enum([...scopes]),
  destinationId: orNull(id, 'whose owner this is; null: the whole instance’s'),
  csrf: orNull(
    Type.String(like('3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B')),
    'what changes by cookie need as the header x-csrf-token; null for a token',
  ),
})
export type Session = Static<typeof Session>
