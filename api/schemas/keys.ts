/** `/keys` on the wire. */
import { type Static, Type } from 'typebox'
import { like, orNull, time } from './vocabulary.ts'

export const Keys = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String({ description: 'tells the key from others, and nothing of it', ...like('k7Jq2_xA') }),
      createdAt: orNull(time, 'null where nobody wrote it down'),
      state: Type.Enum(['sealing', 'opening', 'missing'], {
        description: 'missing: records are sealed with it, and it is not among the keys',
      }),
      records: Type.Integer({ description: 'that something is sealed in with it' }),
    }),
  ),
  resealing: Type.Boolean({ description: 'whether records are being sealed anew just now' }),
})
export type Keys = Static<typeof Keys>
