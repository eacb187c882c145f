/** `/accounts/:id/quarantine` on the wire. */
import { type Static, Type } from 'typebox'
import { failure } from './failure.ts'
import { Id } from './requests.ts'
import { id, like, orNull, time } from './vocabulary.ts'

export const QuarantineEntry = Type.Object({
  id,
  uidl: orNull(Type.String(like('UID42-1700000000')), 'null where the provider has none for it'),
  size: Type.Integer(like(48_213)),
  firstSeenAt: time,
  attempts: Type.Integer({ description: 'how often it was retrieved, or tried to be', ...like(3) }),
  reason: failure,
})
export type QuarantineEntry = Static<typeof QuarantineEntry>

export const QuarantineId = Type.Object({ ...Id.properties, entry: Type.String() })
