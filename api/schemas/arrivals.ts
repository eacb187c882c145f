/** `/runs/:id/messages` on the wire. */
import { type Static, Type } from 'typebox'
import { orNull, time } from './vocabulary.ts'

export const Arrivals = Type.Object({
  items: Type.Array(
    Type.Object({
      storedAt: time,
      from: orNull(Type.String()),
      subject: orNull(Type.String()),
      date: orNull(time, 'as the message has it'),
      size: Type.Integer({ description: 'octets, as the provider sent it' }),
      folder: Type.String(),
      uid: orNull(Type.Integer(), 'in that folder, when it came there; null where the store does not tell'),
    }),
  ),
  next: orNull(Type.String()),
  omitted: Type.Integer({ description: 'older ones of this run, of which nothing is kept' }),
})
export type Arrivals = Static<typeof Arrivals>
