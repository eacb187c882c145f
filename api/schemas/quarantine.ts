/** `/quarantine` and `/accounts/:id/quarantine` on the wire. */
import { type Static, Type } from 'typebox'
import { failure } from './failure.ts'
import { Id, Page } from './requests.ts'
import { address, id, like, orNull, strict, time } from './vocabulary.ts'

const entryFields = {
  id,
  uidl: orNull(Type.String(like('UID42-1700000000')), 'null where the provider has none for it'),
  size: Type.Integer(like(48_213)),
  firstSeenAt: time,
  attempts: Type.Integer({ description: 'how often it was retrieved, or tried to be', ...like(3) }),
  reason: failure,
  overLimit: Type.Boolean({
    description: 'it is larger than maxMessageBytes of its account: with a higher limit it is fetched',
    ...like(false),
  }),
  passes: Type.Boolean({ description: 'the reason may pass without anybody doing anything', ...like(false) }),
  nextAttemptAt: orNull(time, 'when it is tried again by itself; null: only by hand'),
  from: orNull(Type.String(like('Alice Example <alice@example.net>')), 'null where no header of it was seen'),
  subject: orNull(Type.String(like('The minutes of Tuesday'))),
}
export const QuarantineEntry = Type.Object(entryFields)
export type QuarantineEntry = Static<typeof QuarantineEntry>

/** An entry in the list of all accounts. */
export const AnyQuarantineEntry = Type.Object({
  ...entryFields,
  accountId: id,
  address,
  maxMessageBytes: Type.Integer({ description: 'how large a message its account takes', ...like(157_286_400) }),
})
export type AnyQuarantineEntry = Static<typeof AnyQuarantineEntry>

export const QuarantineQuery = Type.Object({ ...Page.properties, destinationId: Type.Optional(Type.String()) }, strict)

export const QuarantineId = Type.Object({ ...Id.properties, entry: Type.String() })
