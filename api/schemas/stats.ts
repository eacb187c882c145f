/** `/stats` on the wire. */
import { type Static, Type } from 'typebox'
import { accountStatuses } from '../../src/runs/status.ts'
import { count, orNull, time } from './vocabulary.ts'

const tallies = (what: string) =>
  Type.Array(Type.Object({ at: time, messages: count, bytes: count, runs: count, failed: count }), {
    description: what,
  })
const health = Type.Object({ ok: Type.Boolean(), detail: orNull(Type.String(), 'what is wrong') })
export const Stats = Type.Object({
  accounts: Type.Object({
    total: count,
    overdue: Type.Integer({
      minimum: 0,
      description: 'due, and without a run for three of their longest intervals; of very many at least a thousand',
    }),
    byStatus: Type.Object(Object.fromEntries(accountStatuses.map((status) => [status, count]))),
  }),
  destinations: Type.Object({ total: count, paused: count }),
  runs: Type.Object({ running: count, waiting: count }),
  mail: Type.Object({ hours: tallies('48, the present one last'), days: tallies('30, the present one last') }),
  health: Type.Object({ redis: health, store: health, workers: count }),
})
export type Stats = Static<typeof Stats>
