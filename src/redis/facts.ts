/** Reads the facts from which an account's status is made, and the others that are shown, for a page of accounts at once. */
import type { Redis } from 'ioredis'
import { idleRowIn } from '../runs/idle-row.ts'
import { unpackRhythm } from '../runs/packed-rhythm.ts'
import type { Run } from '../runs/run.ts'
import { lastRunIn } from '../runs/run-record.ts'
import { type Scheduled, type ShownRhythm, shownRhythm } from '../runs/shown-rhythm.ts'
import { type AccountRecord, readableRecordIn } from './account-record.ts'
import { type AccountState, accountStateIn } from './accounts.ts'
import { keys, openField } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { Pauses } from './pauses.ts'
import { putOffVisits } from './put-off-visits.ts'
import { runsAt } from './run-history.ts'
import { type HeldSender, Senders } from './senders.ts'

export interface AccountFacts {
  readonly record: AccountRecord
  readonly state: AccountState
  /** If one run is at work and another waits, this is the one at work. */
  readonly openRun: Run | undefined
  /** How many messages of it are in quarantine. */
  readonly quarantined: number
  /** The run that ended last. */
  readonly lastRun: Run | null
  /** The end of the last run that stored mail of it, in the API's form. */
  readonly lastMailAt: string | null
  /** The end of its last visit, be it a run or one that found nothing to do; in the API's form. */
  readonly lastCheckedAt: string | null
  /** Milliseconds since 1970; null: the account is not due. A run that somebody asked for, and that must wait, is due then. */
  readonly dueMs: number | null
  /** It has been due for a while, and holds no place. */
  readonly isWaiting: boolean
  /** Why that is. */
  readonly rhythm: ShownRhythm
  /** What keeps it from sending; undefined: nothing does. */
  readonly heldSender: HeldSender | undefined
}

/** Reads in the order of the ids. Undefined: there is no such account. */
export async function factsOf(redis: Redis, ids: readonly string[]): Promise<(AccountFacts | undefined)[]> {
  if (ids.length === 0) return []
  // All questions are sent before the first is answered.
  const [records, states, pulls, rebuilds, last, mail, due, rhythms, checks, quiet, aside, senders] = await Promise.all(
    [
      redis.hmget(keys.accounts, ...ids),
      redis.hmget(keys.accountStates, ...ids),
      redis.hmget(keys.openRuns, ...ids.map((id) => openField(id, 'pull'))),
      redis.hmget(keys.openRuns, ...ids.map((id) => openField(id, 'rebuild'))),
      redis.hmget(keys.lastRuns, ...ids),
      redis.hmget(keys.lastMail, ...ids),
      redis.zmscore(keys.due, ...ids),
      redis.hmget(keys.rhythms, ...ids),
      redis.hmget(keys.checks, ...ids),
      redis.smismember(keys.quiet, ...ids),
      redis.hmget(keys.setAside, ...ids),
      new Senders(redis).held(ids),
    ],
  )
  const named = [pulls, rebuilds, last.map((value) => (isId(value) ? value : null))].flatMap((values) =>
    values.flatMap((id, nth) => (id === null ? [] : [{ id, accountId: ids[nth] ?? '' }])),
  )
  const runs = new Map((await runsAt(redis, named)).flatMap((run) => (run === null ? [] : [[run.id as string, run]])))

  const nowMs = Date.now()
  const waiting = await withoutPlace(
    redis,
    ids,
    (nth) => Number(due[nth] ?? Infinity) < nowMs - redisLimits.waitsForPlaceMs,
  )
  const facts = records.map((json, nth) => {
    if (json === null) return undefined
    const record = readableRecordIn(ids[nth] ?? '', json)
    if (record === undefined) return undefined
    const state = accountStateIn(states[nth])
    const lastRun = lastRunIn(last[nth], ids[nth] ?? '') ?? runs.get(last[nth] ?? '') ?? null
    const dueMs = due[nth] == null ? null : Number(due[nth])
    const visitedMs = visitedMsOf(lastRun, idleRowIn(checks[nth])?.lastMs)
    const scheduled: Scheduled = {
      account: record.account,
      state,
      rhythm: unpackRhythm(rhythms[nth]),
      dueMs,
      visitedMs,
      isDeferred: lastRun !== null && lastRun.deferred > 0,
      isDestinationPaused: false,
      putOff: undefined,
      isWaiting: waiting.has(ids[nth] ?? ''),
      hasMore: lastRun?.more === true,
      nowMs,
    }
    const open = [quiet[nth] === 1 ? null : pulls[nth], rebuilds[nth]].flatMap((id) => runs.get(id ?? '') ?? [])
    return {
      record,
      state,
      quarantined: Number(aside[nth] ?? 0),
      openRun: open.find((run) => run.state === 'running') ?? open.at(-1),
      isAsked: open.some((run) => run.task === 'pull' && run.state === 'queued'),
      lastRun,
      lastMailAt: lastRun !== null && lastRun.stored > 0 ? lastRun.finishedAt : timeIn(mail[nth]),
      lastCheckedAt: visitedMs === undefined ? null : new Date(visitedMs).toISOString(),
      dueMs,
      isWaiting: scheduled.isWaiting,
      heldSender: senders[nth],
      scheduled,
    }
  })
  return await withRhythms(redis, facts)
}

/** Those that are late, and whose visit has no place. */
async function withoutPlace(
  redis: Redis,
  ids: readonly string[],
  isLate: (nth: number) => boolean,
): Promise<Set<string>> {
  const late = ids.filter((_, nth) => isLate(nth))
  const places = late.length === 0 ? [] : await redis.zmscore(keys.places, ...late)
  return new Set(late.filter((_, nth) => places[nth] == null))
}

/** When the last visit ended, be it a run or an idle one. */
function visitedMsOf(lastRun: Run | null, checkedMs: number | undefined): number | undefined {
  const ms = Math.max(checkedMs ?? 0, lastRun?.finishedAt == null ? 0 : Date.parse(lastRun.finishedAt))
  return ms === 0 ? undefined : ms
}

type Unexplained = Omit<AccountFacts, 'rhythm'> & {
  readonly scheduled: Scheduled
  /** A pull of it is queued. */
  readonly isAsked: boolean
}
type Explained = AccountFacts & Unexplained

/** Few accounts are visited later than their rhythm says, or are asked for; only for these it is asked what they wait for. */
async function withRhythms(
  redis: Redis,
  all: readonly (Unexplained | undefined)[],
): Promise<(AccountFacts | undefined)[]> {
  const shown = all.map((facts) => facts && { ...facts, rhythm: shownRhythm(facts.scheduled) })
  const late = shown.filter((facts) => facts !== undefined).filter(isUnclear)
  if (late.length === 0) return shown
  const accounts = late.map(({ record }) => record.account)
  const [pauses, waits] = await Promise.all([
    new Pauses(redis).of(accounts.map(({ destinationId }) => destinationId)),
    putOffVisits(redis, accounts, Date.now()),
  ])
  const explained = new Map(
    late.map((facts, nth) => {
      const { scheduled, isAsked, dueMs } = facts
      const putOff = isAsked || (waits[nth]?.isByLoginDelay === true && dueMs !== null) ? waits[nth] : undefined
      const rhythm = shownRhythm({ ...scheduled, isDestinationPaused: pauses[nth] !== undefined, putOff })
      return [facts, { ...facts, rhythm, dueMs: putOff?.untilMs ?? dueMs }]
    }),
  )
  return shown.map((facts) => facts && (explained.get(facts) ?? facts))
}

function isUnclear({ rhythm, isAsked, dueMs }: Explained): boolean {
  const isNotYet = rhythm.code === 'due at once' && dueMs !== null && dueMs > Date.now()
  return isAsked || isNotYet || ['put off', 'throttled'].includes(rhythm.code)
}

/** An earlier version stored times as the API gives them. */
function timeIn(text: string | null | undefined): string | null {
  return text != null && /^\d+$/.test(text) ? new Date(Number(text)).toISOString() : (text ?? null)
}

/** An earlier version stored the id of the last run in place of its record. */
function isId(value: string | null): boolean {
  return value !== null && /^[0-9A-Z]{26}$/.test(value)
}
