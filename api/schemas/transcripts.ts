/** `/runs/:id/transcript` on the wire. */
import { type Static, Type } from 'typebox'
import { time } from './vocabulary.ts'

export const Transcript = Type.Object({
  lines: Type.Array(Type.Object({ at: time, side: Type.Enum(['client', 'server', 'note']), text: Type.String() })),
  truncated: Type.Boolean(),
})
export type Transcript = Static<typeof Transcript>
