/** `/backup` and `/restore` on the wire. */
import { type Static, Type } from 'typebox'
import { strict, time } from './vocabulary.ts'

export const Restore = Type.Object({ replace: Type.Boolean({ default: false }) }, strict)
export const Restored = Type.Object({ createdAt: time, accounts: Type.Integer(), destinations: Type.Integer() })
export type Restored = Static<typeof Restored>
