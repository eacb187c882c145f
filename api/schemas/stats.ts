/** `/stats` on the wire. */
import { type Static, Type } from 'typebox'
import { troubleReasons } from '../../src/failure/trouble-reason.ts'
import { recordKinds } from '../../src/redis/unreadable.ts'
import { accountStatuses } from '../../src/runs/status.ts'
import { count, example, hostUnicode, id, like, orNull, time } from './vocabulary.ts'

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
    needsPerson: Type.Integer({ minimum: 0, description: 'those whose trouble only somebody can mend' }),
    failingNeedsPerson: Type.Integer({
      minimum: 0,
      description: 'those of them with the status failing: they are still tried by themselves',
    }),
    byReason: Type.Object(Object.fromEntries(troubleReasons.map((kind) => [kind, count])), {
      description: 'those that fail, by why; paused ones are left out',
    }),
    byStatus: Type.Object(Object.fromEntries(accountStatuses.map((status) => [status, count]))),
  }),
  destinations: Type.Object({ total: count, paused: count }),
  runs: Type.Object({ running: count, waiting: count }),
  outbox: Type.Object(
    {
      needsPerson: count,
      destinations: Type.Array(id, { description: 'of those, or of some of very many' }),
    },
    {
      description:
        'what is to be sent and waits for a person: it is not known whether it arrived, or its account cannot log in',
    },
  ),
  quarantined: Type.Object({ accounts: count, messages: count }, { description: 'what is set aside' }),
  mail: Type.Object({ hours: tallies('48, the present one last'), days: tallies('30, the present one last') }),
  health: Type.Object({ redis: health, store: health, workers: count }),
  unreadable: Type.Array(Type.Object({ kind: Type.Enum([...recordKinds]), id: Type.String(like(example.id)) }), {
    description:
      'records that cannot be read, 100 at most, for an admin of the instance: they are in no list, and DELETE removes them. Looked for every ten minutes',
  }),
})
export type Stats = Static<typeof Stats>

/** Accounts that fail in one way at one server. */
export const FailingGroup = Type.Object({
  reason: Type.Enum([...troubleReasons]),
  host: Type.String(like('pop.example.net')),
  hostUnicode,
  accounts: count,
  needsPerson: Type.Integer({ minimum: 0, description: 'those of them whose trouble only somebody can mend' }),
})
export type FailingGroup = Static<typeof FailingGroup>

export const FailingGroups = Type.Object({
  items: Type.Array(FailingGroup, { description: 'the largest first' }),
  others: Type.Integer({ minimum: 0, description: 'accounts that fail and are in none of these' }),
})
export type FailingGroups = Static<typeof FailingGroups>
