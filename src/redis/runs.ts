/** Runs as they are kept: one record each with an end of its life, a list an account, and word of every change. */
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import { redisLimits } from './limits.ts'
import type { Measured } from '../runs/measures.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import { noCounts, type Run, type RunCause, type RunTask, runTasks } from '../runs/run.ts'
import type { AccountRecord } from './accounts.ts'
import { Events, type LoggedEvent } from './events.ts'
import { keys, ofRun } from './key-names.ts'
import { restateLua, statusKeys } from './statuses.ts'
import { countLua, tallyArgs, tallyKeys } from './tallies.ts'

const ulid = monotonicFactory()

/** Of a field of open-runs. KEYS as `statusKeys`. */
const closeLua = `
local function close(field)
  redis.call('HDEL', KEYS[3], field)
  redis.call('SREM', KEYS[4], field)
end`

/** KEYS as `statusKeys`; ARGV account id, field of open-runs, run id. 1 where none was open. */
const openScript = `${restateLua}
if redis.call('HSETNX', KEYS[3], ARGV[2], ARGV[3]) == 0 then return 0 end
restate(ARGV[1])
return 1`

/** KEYS as `statusKeys`; ARGV account id, field of open-runs, run id, run as JSON, its state. */
const changeScript = `${restateLua}
if ARGV[5] == 'running' and redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[3] then redis.call('SADD', KEYS[4], ARGV[2]) end
tell(KEYS[6], 'run', restate(ARGV[1]), ARGV[4])
return 1`

/**
 * KEYS as `statusKeys`, last-runs, last-mail, as `tallyKeys`; ARGV account id, field of open-runs, run id, run as JSON, when it stored
 * mail or '', as `tallyArgs`. A run is closed, and counted, once; of an account that was removed meanwhile nothing is kept.
 */
const endScript = `${restateLua}${closeLua}${countLua}
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[${statusKeys.length + 1}], ARGV[1], ARGV[4])
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[${statusKeys.length + 2}], ARGV[1], ARGV[5]) end
end
if redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[3] then
  close(ARGV[2])
  count(${statusKeys.length + 3}, 6)
end
tell(KEYS[6], 'run', restate(ARGV[1]), ARGV[4])
return 1`

/** KEYS as `statusKeys`; ARGV account id, field of open-runs, run id. Its record has outlived its time. */
const dropScript = `${restateLua}${closeLua}
if redis.call('HGET', KEYS[3], ARGV[2]) ~= ARGV[3] then return 0 end
close(ARGV[2])
restate(ARGV[1])
return 1`

export class Runs {
  readonly #redis: Redis
  readonly #events: Events
  /** Every change of every run, by run id, once somebody waits for one. */
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #listening: Promise<void> | undefined

  constructor(redis: Redis, events = new Events(redis)) {
    this.#redis = redis
    this.#events = events
  }

  /** The account's open run, or a new one: at most one of each task is open at a time. */
  async open(accountId: AccountId, cause: RunCause, task: RunTask = 'pull'): Promise<Run> {
    const field = openField(accountId, task)
    const id = ulid() as RunId
    const run: Run = {
      id,
      accountId,
      task,
      state: 'queued',
      cause,
      queuedAt: new Date().toISOString(),
      startedAt: null,
      finishedAt: null,
      ...noCounts(),
      failure: null,
      fetched: null,
      notices: [],
    }
    // The record first: an open run's id always leads to one.
    await this.#write(run)
    for (;;) {
      if ((await this.#redis.eval(openScript, statusKeys.length, ...statusKeys, accountId, field, id)) === 1) break
      const openId = await this.#redis.hget(keys.openRuns, field)
      const open = openId === null ? null : await this.get(openId)
      if (open !== null && open.finishedAt === null) {
        await this.#redis.del(keys.run(id))
        return open
      }
      // It has ended, or its record has outlived its time: nobody runs it any more.
      if (open !== null) await this.#end(open)
      else if (openId !== null)
        await this.#redis.eval(dropScript, statusKeys.length, ...statusKeys, accountId, field, openId)
    }
    await Promise.all([this.#redis.zadd(keys.runs(accountId), 0, id), this.#tell(run)])
    return run
  }

  async get(id: string): Promise<Run | null> {
    return runIn(await this.#redis.get(keys.run(id)))
  }

  /** Writes a change of an open run and tells whoever waits. */
  async change(run: Run): Promise<void> {
    await Promise.all([this.#write(run), this.#tell(run)])
  }

  /** Writes the run's end; the account may have a new one from then on. Keeps the newest `redisLimits.runsKeptPerAccount`. */
  async end(run: Run, measured?: Measured): Promise<void> {
    await this.#write(run)
    // Ids are ULIDs, all of one score: their order is that of time.
    const old = await this.#redis.zrange(keys.runs(run.accountId), '0', `-${redisLimits.runsKeptPerAccount + 1}`)
    if (old.length > 0) {
      await this.#redis.zrem(keys.runs(run.accountId), ...old)
      for (const id of old) await this.#redis.del(keys.run(id))
      await this.#redis.unlink(old.flatMap((id) => ofRun(run.accountId, id)))
    }
    await this.#end(run, measured)
  }

  /** The running one, where another one waits. */
  async openRunOf(accountId: string): Promise<Run | undefined> {
    const ids = await this.#redis.hmget(keys.openRuns, ...runTasks.map((task) => openField(accountId, task)))
    const open = (
      await runsOf(
        this.#redis,
        ids.flatMap((id) => id ?? []),
      )
    ).flatMap((run) => run ?? [])
    return open.find(({ state }) => state === 'running') ?? open.at(-1)
  }

  /** Newest first. `before`: a run's id; `next`: the id to go on from, null at the end. */
  async page(
    accountId: string,
    { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<{ items: Run[]; next: string | null }> {
    const from = before === undefined ? '+' : `(${before}`
    const ids = await this.#redis.zrange(keys.runs(accountId), from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
    const runs = await runsOf(this.#redis, ids.slice(0, limit))
    return { items: runs.flatMap((run) => run ?? []), next: ids.length > limit ? (ids[limit - 1] ?? null) : null }
  }

  /** The run as it stands when it has ended or the wait is over, whichever comes first. Null: no such run. */
  async waitForEnd(id: string, waitMs: number, signal?: AbortSignal): Promise<Run | null> {
    const untilMs = performance.now() + waitMs
    // First listen, then look: a change in between is not missed.
    await this.#listen()
    for (;;) {
      const leftMs = untilMs - performance.now()
      const changed = this.#changed(id, Math.min(leftMs, redisLimits.runLookedAtMs), signal)
      const run = await this.get(id)
      if (run === null || run.finishedAt !== null || leftMs <= 0 || signal?.aborted) {
        changed.forget()
        return run
      }
      await changed.heard
    }
  }

  /** Not by `AbortSignal.any` of an `AbortSignal.timeout`: nothing else holds that one, so it is collected and never fires. */
  #changed(id: string, waitMs: number, signal: AbortSignal | undefined) {
    let forget = () => {}
    const heard = new Promise<void>((resolve) => {
      forget = () => {
        clearTimeout(timer)
        this.#changes.off(id, forget)
        signal?.removeEventListener('abort', forget)
        resolve()
      }
      const timer = setTimeout(() => forget(), waitMs)
      this.#changes.on(id, forget)
      signal?.addEventListener('abort', forget)
    })
    return { heard, forget: () => forget() }
  }

  async close(): Promise<void> {
    await this.#events.close()
  }

  async #write(run: Run): Promise<void> {
    await this.#redis.set(keys.run(run.id), JSON.stringify(run), 'PX', redisLimits.runKeptMs)
  }

  async #tell(run: Run): Promise<void> {
    const args = [run.accountId, openField(run.accountId, run.task), run.id, JSON.stringify(run), run.state]
    await this.#redis.eval(changeScript, statusKeys.length, ...statusKeys, ...args)
  }

  async #end(run: Run, measured?: Measured): Promise<void> {
    const json = await this.#redis.hget(keys.accounts, run.accountId)
    const account = json === null ? undefined : (JSON.parse(json) as AccountRecord).account
    const names = [...statusKeys, keys.lastRuns, keys.lastMail, ...tallyKeys(account)]
    const mailAt = run.stored > 0 ? (run.finishedAt ?? '') : ''
    const fixed = [run.accountId, openField(run.accountId, run.task), run.id, JSON.stringify(run), mailAt]
    const args = [...fixed, ...tallyArgs(run, account, measured)]
    await this.#redis.eval(endScript, names.length, ...names, ...args)
  }

  async #listen(): Promise<void> {
    this.#listening ??= this.#events
      .listen((told) => this.#heard(told))
      .catch((error: unknown) => {
        this.#listening = undefined
        throw error
      })
    await this.#listening
  }

  #heard(told: readonly LoggedEvent[]): void {
    for (const { kind, json } of told) {
      if (kind !== 'run' || this.#changes.eventNames().length === 0) continue
      const { id } = JSON.parse(json) as Run
      this.#changes.emit(id)
    }
  }
}

/** In the order of the ids; null: its record has outlived its time. */
export async function runsOf(redis: Redis, ids: readonly string[]): Promise<(Run | null)[]> {
  if (ids.length === 0) return []
  // One GET each, in one go: in a cluster the records lie in different slots, which MGET refuses.
  const many = redis.pipeline()
  for (const id of ids) many.get(keys.run(id))
  const answers = (await many.exec()) ?? []
  return answers.map(([error, json]) => {
    if (error !== null) throw error
    return runIn(json as string | null)
  })
}

/** The oldest ones say nothing of their task, and have no notices. */
export function runIn(json: string | null): Run | null {
  if (json === null) return null
  return {
    task: 'pull',
    fetched: null,
    notices: [],
    ...(JSON.parse(json) as Omit<Run, 'task' | 'fetched' | 'notices'>),
  }
}

/** Of the hash of open runs. A rebuild may wait beside a pull. */
export function openField(accountId: string, task: RunTask): string {
  return task === 'pull' ? accountId : `${accountId} ${task}`
}
