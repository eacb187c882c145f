/** `/tokens` on the wire. */
import { type Static, Type } from 'typebox'
import { scopes } from '../../src/redis/tokens.ts'
import { Page } from './requests.ts'
import { id, like, orNull, strict, text, time } from './vocabulary.ts'

export const TokenQuery = Type.Object(
  {
    ...Page.properties,
    destinationId: Type.Optional(Type.String({ description: 'only those of this destination’s owner' })),
  },
  strict,
)
export type TokenQuery = Static<typeof TokenQuery>

export const NewToken = Type.Object(
  {
    name: text(100, 'hosting panel'),
    scopes: Type.Array(Type.Enum([...scopes]), {
      minItems: 1,
      maxItems: scopes.length,
      description: 'one or more of read, operate, admin; each holds those before it',
    }),
    destinationId: Type.Optional(orNull(id, 'the destination of the owner that this token is for, or null')),
    expiresAt: Type.Optional(orNull(time, 'a time in ISO 8601, or null: it does not expire')),
  },
  strict,
)

export const Token = Type.Object({
  id,
  name: text(100, 'hosting panel'),
  scopes: NewToken.properties.scopes,
  destinationId: orNull(id),
  createdAt: time,
  expiresAt: orNull(time),
  lastUsedAt: orNull(time, 'known to the minute'),
})
export type Token = Static<typeof Token>

export const MadeToken = Type.Object({
  ...Token.properties,
  token: Type.String({
    description: 'what to send as `Authorization: Bearer TOKEN`; told this once',
    ...like('trib_01JDF3Q4ZK5W8T7R6P9N2M1H0G_3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B'),
  }),
})
export type MadeToken = Static<typeof MadeToken>
