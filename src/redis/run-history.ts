/**
 * Keeps the runs of each account: its history holds those that have ended, and the rows of idle visits between them. An open run has a record
 * of its own, and the row that still grows has one. Runs that an earlier version kept are read where they lie until they expire.
 */
import type { Redis } from 'ioredis'
import { encodeTime } from 'ulid'
import type { AccountId } from '../mail/message.ts'
import { idleRowIn, runOfRow } from '../runs/idle-row.ts'
import { type Run, runTasks } from '../runs/run.ts'
import { packRun, runIn, unpackRun } from '../runs/run-record.ts'
import { keys, openField } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { textBeginning } from './packed-order.ts'
import { pipelined } from './pipelined.ts'
import { script } from './scripts.ts'

const keepRun = script<string[]>('keep-run', 2)

/** A run, by where it is found. */
export interface RunPlace {
  readonly id: string
  readonly accountId: string
}

export function newestFirst(one: RunPlace, other: RunPlace): number {
  return one.id < other.id ? 1 : -1
}

/** The lowest id of a run that was made then or later. */
export function lowestId(ms: number): string {
  return `${encodeTime(Math.max(0, Math.floor(ms)), 10)}${'0'.repeat(16)}`
}

export interface KeptRun {
  readonly run: Run
  /** The row of idle visits that the run has ended; '' for none. */
  readonly row: string
  /** The number of last runs whose transcripts are kept; undefined: as many as there are. */
  readonly transcriptsKept: number | undefined
  readonly nowMs: number
}

/** Writes a run that has ended, and the row before it. @returns the ids of runs that are not kept any longer. */
export async function keep(redis: Redis, { run, row, transcriptsKept, nowMs }: KeptRun): Promise<string[]> {
  const { id, accountId } = run
  const idle = idleRowIn(row)
  const args = [
    id,
    packRun(run),
    idle?.id ?? '',
    idle === undefined ? '' : packRun(runOfRow(accountId, idle), true),
    lowestId(nowMs - redisLimits.runKeptMs),
    transcriptsKept ?? '',
  ]
  return await keepRun(redis, [keys.history(accountId), keys.runs(accountId)], args)
}

/** The runs of these accounts, in no order. */
export async function runsOfAccounts(redis: Redis, accountIds: readonly string[]): Promise<RunPlace[]> {
  if (accountIds.length === 0) return []
  const fields = accountIds.flatMap((id) => runTasks.map((task) => openField(id, task)))
  const [histories, earlier, open, rows] = await Promise.all([
    pipelined(redis, accountIds, (all, id) => all.hkeys(keys.history(id))),
    pipelined(redis, accountIds, (all, id) => all.zrange(keys.runs(id), '0', '-1')),
    redis.hmget(keys.openRuns, ...fields),
    redis.hmget(keys.checks, ...accountIds),
  ])
  return accountIds.flatMap((accountId, nth) => {
    const ids = new Set([...(histories[nth] as string[]), ...(earlier[nth] as string[])])
    for (const id of open.slice(nth * runTasks.length, (nth + 1) * runTasks.length)) if (id !== null) ids.add(id)
    const row = idleRowIn(rows[nth])
    if (row !== undefined) ids.add(row.id)
    return [...ids].map((id) => ({ id, accountId }))
  })
}

/** Reads runs in the order of their places. Null: it is not kept any longer. */
export async function runsAt(redis: Redis, places: readonly RunPlace[]): Promise<(Run | null)[]> {
  if (places.length === 0) return []
  const [open, kept, rows] = await Promise.all([
    redis.hmget(keys.openRecords, ...places.map(({ id }) => id)),
    pipelined(redis, places, (all, { id, accountId }) => all.hget(keys.history(accountId), id)),
    redis.hmget(keys.checks, ...places.map(({ accountId }) => accountId)),
  ])
  const runs = places.map(({ id, accountId }, nth) => {
    // A row, and a run, is in the history while the script at the run's end has not gone through: the row may still grow, the run has ended.
    const row = idleRowIn(rows[nth])
    if (row?.id === id) return runOfRow(accountId as AccountId, row)
    return unpackRun((kept[nth] as string | null) ?? '', id, accountId) ?? runIn(open[nth] ?? null)
  })
  return await withEarlier(redis, places, runs)
}

/**
 * Reads a run, if nobody knows whose it is, as well: earlier versions kept it by its id alone. Of one that has become a part of a row of idle
 * visits a moment ago it gives the row, which has another id.
 */
export async function runAt(redis: Redis, id: string): Promise<Run | null> {
  const run = await ownRunAt(redis, id)
  if (run !== null) return run
  const [row, accountId] = (await redis.get(keys.folded(id)))?.split(' ') ?? []
  if (row === undefined || accountId === undefined) return null
  return (await runsAt(redis, [{ id: row, accountId }]))[0] ?? null
}

async function ownRunAt(redis: Redis, id: string): Promise<Run | null> {
  const member = await textBeginning(redis, keys.runBuckets, `${id} `)
  const [run = null] = await runsAt(redis, [{ id, accountId: member?.split(' ')[1] ?? '' }])
  return run
}

async function withEarlier(
  redis: Redis,
  places: readonly RunPlace[],
  runs: readonly (Run | null)[],
): Promise<(Run | null)[]> {
  const missing = places.filter((_place, nth) => runs[nth] === null).map(({ id }) => id)
  if (missing.length === 0) return [...runs]
  const found = await pipelined(redis, missing, (all, id) => all.get(keys.run(id)))
  const earlier = new Map(missing.map((id, nth) => [id, runIn(found[nth] as string | null)]))
  return runs.map((run, nth) => run ?? earlier.get(places[nth]?.id ?? '') ?? null)
}
