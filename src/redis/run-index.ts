/**
 * Lists the runs of all accounts, newest first: open ones, those that have ended, and rows of idle visits. The index names them by id and
 * account; it follows from the histories, and is in no backup.
 */
import type { Redis } from 'ioredis'
import type { Run, RunState } from '../runs/run.ts'
import { idleRowIn } from '../runs/idle-row.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { textsFrom } from './packed-order.ts'
import { pipelined } from './pipelined.ts'
import { lowestId, newestFirst, type RunPlace, runsAt, runsOfAccounts } from './run-history.ts'
import { script } from './scripts.ts'

const indexScript = script<1>('index-runs', 1)

export interface RunsWanted {
  readonly limit: number
  /** A run's id: only older ones. */
  readonly before?: string | undefined
  readonly state?: RunState | undefined
  readonly accountId?: string | undefined
  readonly destinationId?: string | undefined
  /** Only runs that were queued then or later. */
  readonly sinceMs?: number | undefined
}

export interface RunsPage {
  readonly items: Run[]
  /** A run's id; null at the end. */
  readonly next: string | null
}

/** Gives places older than one, newest first; fewer than were asked for: there are no more. */
type Walk = (before: string | undefined, count: number) => Promise<RunPlace[]>

/** Reads a page. It looks at a bounded number of runs, and may come short of its limit then. */
export async function runsPage(redis: Redis, wanted: RunsWanted): Promise<RunsPage> {
  const { limit, state, sinceMs = -Infinity, destinationId } = wanted
  const walk = await walkOf(redis, wanted)
  const items: Run[] = []
  let before = wanted.before
  for (let looked = 0; looked < redisLimits.runsLookedAtPerPage; ) {
    // One that is in few runs is looked for in more at a time.
    const count = state === undefined ? limit + 1 : Math.max(limit + 1, redisLimits.accountsMergedMax)
    const places = await walk(before, count)
    looked += places.length
    const within = destinationId === undefined ? places : await placesIn(redis, destinationId, places)
    for (const run of await runsAt(redis, within)) {
      if (run === null || (state !== undefined && run.state !== state) || Date.parse(run.queuedAt) < sinceMs) continue
      if (items.length === limit) return { items, next: items.at(-1)?.id ?? null }
      items.push(run)
    }
    before = places.at(-1)?.id
    if (places.length < count || before === undefined) return { items, next: null }
  }
  return { items, next: before ?? null }
}

/** Names the runs of these accounts in the index. */
export async function indexRuns(redis: Redis, accountIds: readonly string[]): Promise<void> {
  await writeIndex(redis, 'add', await runsOfAccounts(redis, accountIds))
}

/** Indexes the runs that an earlier version kept, or a process that broke off in this. */
export async function ensureRunsIndexed(redis: Redis): Promise<void> {
  if ((await redis.exists(keys.runsIndexed)) === 1) return
  for (let after = '-'; ; ) {
    const ids = await textsFrom(redis, keys.accountOrder, after, redisLimits.statusesPerTurn)
    const last = ids.at(-1)
    if (last === undefined) break
    await indexRuns(redis, ids)
    after = `(${last}`
  }
  await redis.set(keys.runsIndexed, '1')
}

/** Forgets the runs of an account that was removed. */
export async function forgetRuns(redis: Redis, accountId: string, runIds: readonly string[]): Promise<void> {
  await writeIndex(
    redis,
    'remove',
    runIds.map((id) => ({ id, accountId })),
  )
}

/**
 * Forgets runs that have expired: nobody drops them where their account has had no run since. A row of idle visits stays that is older, and
 * still grows.
 */
export async function tidyIndex(redis: Redis, nowMs: number): Promise<void> {
  const kept = lowestId(nowMs - redisLimits.runKeptMs)
  for (let after = '-'; ; ) {
    const range = [after, `(${kept}`, 'BYLEX', 'LIMIT', 0, redisLimits.runPiecesReadAtOnce] as const
    const pieces = await redis.zrange(keys.runBuckets, ...range)
    const last = pieces.at(-1)
    if (last === undefined) return
    const members = await pipelined(redis, pieces, (all, piece) =>
      all.zrange(keys.runIndex(piece), '-', `(${kept}`, 'BYLEX'),
    )
    const places = (members.flat() as string[]).map(placeIn)
    const rows = places.length === 0 ? [] : await redis.hmget(keys.checks, ...places.map(({ accountId }) => accountId))
    await writeIndex(
      redis,
      'remove',
      places.filter(({ id }, nth) => idleRowIn(rows[nth])?.id !== id),
    )
    after = `(${last}`
  }
}

async function writeIndex(redis: Redis, what: 'add' | 'remove', places: readonly RunPlace[]): Promise<void> {
  for (let from = 0; from < places.length; from += redisLimits.recordsPerCall) {
    const some = places.slice(from, from + redisLimits.recordsPerCall)
    await indexScript(redis, [keys.runBuckets], [what, ...some.flatMap(({ id, accountId }) => [id, accountId])])
  }
}

async function walkOf(redis: Redis, { accountId, destinationId, state, sinceMs }: RunsWanted): Promise<Walk> {
  if (accountId !== undefined) return walkList(await runsOfAccounts(redis, [accountId]))
  if (state === 'queued' || state === 'running') return walkList(await openPlaces(redis))
  if (destinationId !== undefined) {
    const ids = await redis.zrange(keys.accountsOf(destinationId), '0', String(redisLimits.accountsMergedMax))
    // The runs of few accounts lie far apart among those of all.
    if (ids.length <= redisLimits.accountsMergedMax) return walkList(await runsOfAccounts(redis, ids))
  }
  // A run's id was made when it was queued, but for the clock's own steps; a row's when its first visit had ended.
  return walkIndex(redis, sinceMs === undefined ? '' : lowestId(sinceMs - redisLimits.clockStepsMs))
}

function walkIndex(redis: Redis, lowest: string): Walk {
  return async (before, count) => {
    const places: RunPlace[] = []
    let atOnce = 2
    for (let from = before === undefined ? '+' : `[${before}`; places.length < count; ) {
      const pieces = await redis.zrange(keys.runBuckets, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, atOnce)
      const last = pieces.at(-1)
      if (last === undefined) break
      const upTo = before === undefined ? '+' : `(${before}`
      const members = await pipelined(redis, pieces, (all, piece) =>
        all.zrange(keys.runIndex(piece), upTo, '-', 'BYLEX', 'REV', 'LIMIT', 0, count),
      )
      places.push(...(members.flat() as string[]).map(placeIn).filter(({ id }) => id >= lowest))
      // Further pieces hold runs that are older still.
      if (last <= lowest) break
      from = `(${last}`
      atOnce = redisLimits.runPiecesReadAtOnce
    }
    return places.slice(0, count)
  }
}

function walkList(places: readonly RunPlace[]): Walk {
  const sorted = places.toSorted(newestFirst)
  return async (before, count) => {
    const from = before === undefined ? 0 : sorted.findIndex(({ id }) => id < before)
    return from < 0 ? [] : sorted.slice(from, from + count)
  }
}

async function openPlaces(redis: Redis): Promise<RunPlace[]> {
  const open = await redis.hgetall(keys.openRuns)
  return Object.entries(open).map(([field, id]) => ({ id, accountId: field.split(' ')[0] ?? '' }))
}

async function placesIn(redis: Redis, destinationId: string, places: readonly RunPlace[]): Promise<RunPlace[]> {
  if (places.length === 0) return []
  const own = await redis.zmscore(keys.accountsOf(destinationId), ...places.map(({ accountId }) => accountId))
  return places.filter((_place, nth) => own[nth] != null)
}

function placeIn(member: string): RunPlace {
  const [id = '', accountId = ''] = member.split(' ')
  return { id, accountId }
}
