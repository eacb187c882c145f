/** `/backup` and `/restore` on the wire. */
import { type Static, Type } from 'typebox'
import { orNull, strict, time } from './vocabulary.ts'

export const Restore = Type.Object(
  {
    replace: Type.Boolean({ default: false }),
    proven: Type.Boolean({
      default: false,
      description: 'true: refuse a file of which nothing proves that an instance with this secret key wrote it',
    }),
  },
  strict,
)
export type Restore = Static<typeof Restore>
export const Restored = Type.Object({
  createdAt: time,
  accounts: Type.Integer(),
  destinations: Type.Integer(),
  proven: Type.Boolean({
    description: 'an instance with this secret key wrote the file; false: an earlier version did, or somebody by hand',
  }),
  notice: orNull(Type.String(), 'of a file that is not proven: what it brought that is to be looked through'),
  before: orNull(Type.String(), 'the file in which what was replaced is, as a backup'),
})
export type Restored = Static<typeof Restored>
