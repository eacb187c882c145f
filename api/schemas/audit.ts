/** `/audit` on the wire. */
import { type Static, Type } from 'typebox'
import { example, id, like, time } from './vocabulary.ts'

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
  changed: Type.Array(Type.String(), {
    description: 'names of the fields that were sent',
    ...like(['password', 'interval']),
  }),
})
export type AuditEntry = Static<typeof AuditEntry>
