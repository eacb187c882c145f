/** `/runs` on the wire. */
import { type Static, Type } from 'typebox'
import { type Remark, remarkCodes } from '../../src/runs/remark.ts'
import { runCauses, runStates, runTasks } from '../../src/runs/run.ts'
import { runFailure } from './failure.ts'
import { Page } from './requests.ts'
import { address, count, id, like, orNull, strict, time } from './vocabulary.ts'

const sinceShown = '2026-11-24T08:30:00.000Z'

export const RemarkShape = Type.Unsafe<Remark>(
  Type.Object(
    {
      code: Type.Enum([...remarkCodes]),
      messages: Type.Optional(count),
      listed: Type.Optional(count),
      changed: Type.Optional(Type.Integer({ description: 'of those, how many were stored once more' })),
      visits: Type.Optional(count),
      reply: Type.Optional(Type.String({ description: "a server's words" })),
      reason: Type.Optional(Type.String()),
      octets: Type.Optional(count),
      size: Type.Optional(Type.Integer({ description: 'as it is listed' })),
      of: Type.Optional(Type.Enum(['account', 'destination', 'provider'], { description: 'whose budget it is' })),
      octetsPerHour: Type.Optional(count),
      minutes: Type.Optional(count),
      flags: Type.Optional(Type.String()),
      host: Type.Optional(Type.String()),
      at: Type.Optional(time),
    },
    { title: 'Remark', ...like({ code: 'ids changed', messages: 50, listed: 60 }) },
  ),
)
export const Run = Type.Object({
  id,
  accountId: id,
  task: Type.Enum([...runTasks]),
  state: Type.Enum([...runStates]),
  cause: Type.Enum([...runCauses]),
  queuedAt: time,
  startedAt: orNull(time),
  finishedAt: orNull(time),
  listed: Type.Integer(like(240)),
  stored: Type.Integer(like(3)),
  bytes: Type.Integer(like(48_213)),
  recovered: Type.Integer(),
  deleted: Type.Integer(),
  quarantined: Type.Integer(),
  deferred: Type.Integer({
    description: 'messages that failed and are not set aside yet: they are tried again by themselves',
    ...like(0),
  }),
  fetched: orNull(
    Type.Object({ messages: Type.Integer(), of: Type.Integer() }),
    'while it runs: how many of the messages that it set out for have come; null before that is known',
  ),
  secondsLeft: orNull(
    Type.Integer(like(1200)),
    'how long the rest of what it set out for will take, by what has come so far and by what an import may bring in an hour: while it runs, and at its end if it leaves more; null: nobody knows',
  ),
  waitsUntil: orNull(
    time,
    'while it is queued and may not begin before: its server wants some time between two logins, or did not let it in a moment ago; notices say which',
  ),
  failure: orNull(runFailure),
  more: Type.Boolean({
    description: 'it ended by its time and not because all was done: the account is due again at once',
    ...like(false),
  }),
  checks: Type.Integer({
    description: 'how many visits in a row it stands for: only such as found nothing to do are put together',
    ...like(1),
  }),
  notices: Type.Array(Type.String(), {
    description: 'what people may want to know beside that, a sentence each',
    ...like([]),
  }),
  remarks: Type.Optional(
    Type.Array(orNull(RemarkShape), {
      description:
        'the notices as codes with their facts, in their order; null where there is no name for one. Not there without notices',
    }),
  ),
})
export type Run = Static<typeof Run>

/** A run in the list of all accounts. */
export const AnyRun = Type.Object({
  ...Run.properties,
  address: orNull(address, 'of its account; null: that is gone'),
})
export type AnyRun = Static<typeof AnyRun>

export const RunQuery = Type.Object(
  {
    ...Page.properties,
    state: Type.Optional(Type.Enum([...runStates])),
    accountId: Type.Optional(Type.String()),
    since: Type.Optional(
      Type.String({ description: 'a time (ISO 8601): only runs that were queued then or later', ...like(sinceShown) }),
    ),
  },
  strict,
)

export const Pull = Type.Object(
  {
    wait: Type.Integer({ minimum: 0, maximum: 600, default: 0, description: 'seconds to wait for the end of the run' }),
  },
  strict,
)
