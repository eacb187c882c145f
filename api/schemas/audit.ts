/** `/audit` on the wire. */
import { type Static, Type } from 'typebox'
import { Page } from './requests.ts'
import { example, id, like, orNull, strict, time } from './vocabulary.ts'

export const AuditEntry = Type.Object({
  id,
  at: time,
  who: Type.Object(
    { id: Type.String(like(example.id)), name: Type.String(like('hosting panel')) },
    { description: 'the token, login or admin; of a refused sign-in whose password was asked for, or nobody' },
  ),
  from: Type.String({ description: 'address', ...like('192.0.2.7') }),
  method: Type.String(like('PATCH')),
  path: Type.String(like('/api/v1/accounts/01JDF3Q4ZK5W8T7R6P9N2M1H0G')),
  status: Type.Integer(like(200)),
  about: orNull(
    Type.String(like('me@example.net')),
    'the address, login or name of what was added or removed; null: the path says it',
  ),
  changed: Type.Array(Type.String(), {
    description: 'names of the fields that were sent',
    ...like(['password', 'interval']),
  }),
})
export const AuditQuery = Type.Object(
  {
    ...Page.properties,
    who: Type.Optional(
      Type.String({
        description: 'only what this token, login or admin did: its name or id',
        ...like('hosting panel'),
      }),
    ),
    since: Type.Optional(
      Type.String({
        description: 'a time (ISO 8601): only what was done then or later',
        ...like('2026-11-24T08:30:00.000Z'),
      }),
    ),
  },
  strict,
)
export type AuditEntry = Static<typeof AuditEntry>
