/** Stores the runs: a record each, which expires, and a list of them for each account. Reports every change of a run. */
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import { redisLimits } from './limits.ts'
import type { Measured } from '../runs/measures.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import { noCounts, type Run, type RunCause, type RunTask, runTasks } from '../runs/run.ts'
import { pending, withDeadline } from '../deadline.ts'
import type { AccountRecord } from './accounts.ts'
import { Events, type LoggedEvent } from './events.ts'
import { keys, ofRun, openField } from './key-names.ts'
import { pipelined } from './pipelined.ts'
import { script } from './scripts.ts'
import { restating, statusKeys } from './statuses.ts'
import { tallyArgs, tallyKeys } from './tallies.ts'

const ulid = monotonicFactory()

const openRun = restating<0 | 1>('open-run', 0)
const tellRun = restating<0 | 1>('tell-run', 0)
const changeRun = script<0 | 1>('change-run', 1)
const endRun = restating<1>('end-run', 6)
const dropRun = restating<0 | 1>('drop-run', 0)

export class Runs {
  readonly #redis: Redis
  readonly #events: Events
  readonly #nowMs: () => number
  /** Emits every change of every run, by run id, once somebody waits for one. */
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #listening: Promise<void> | undefined

  /** @param nowMs the wall clock. */
  constructor(redis: Redis, events = new Events(redis), nowMs: () => number = Date.now) {
    this.#redis = redis
    this.#events = events
    this.#nowMs = nowMs
  }

  /** Gives the account's open run, or a new one: at most one of each task is open at a time. */
  async open(accountId: AccountId, cause: RunCause, task: RunTask = 'pull'): Promise<Run> {
    const field = openField(accountId, task)
    const id = ulid() as RunId
    const run: Run = {
      id,
      accountId,
      task,
      state: 'queued',
      cause,
      queuedAt: new Date(this.#nowMs()).toISOString(),
      startedAt: null,
      finishedAt: null,
      ...noCounts(),
      failure: null,
      fetched: null,
      secondsLeft: null,
      more: false,
      notices: [],
    }
    // The record is written first: an open run's id always leads to one.
    await this.#write(run)
    for (;;) {
      if ((await openRun(this.#redis, statusKeys, [accountId, field, id])) === 1) break
      const openId = await this.#redis.hget(keys.openRuns, field)
      const open = openId === null ? null : await this.get(openId)
      if (open !== null && open.finishedAt === null) {
        await this.#redis.del(keys.run(id))
        return open
      }
      // The run has ended, or its record has expired: no worker does it any more.
      if (open !== null) await this.#end(open)
      else if (openId !== null) await dropRun(this.#redis, statusKeys, [accountId, field, openId])
    }
    await Promise.all([this.#redis.zadd(keys.runs(accountId), 0, id), this.#tell(run)])
    return run
  }

  async get(id: string): Promise<Run | null> {
    return runIn(await this.#redis.get(keys.run(id)))
  }

  /**
   * Writes a change of an open run and notifies everybody who waits. A run that has ended does not change: a late change by a worker that
   * no longer holds it is dropped.
   */
  async change(run: Run): Promise<void> {
    const written = changeRun(this.#redis, [keys.run(run.id)], [JSON.stringify(run), redisLimits.runKeptMs])
    await Promise.all([written, this.#tell(run)])
  }

  /** Writes the run's end; the account may have a new one from then on. Keeps the newest `redisLimits.runsKeptPerAccount`. */
  async end(run: Run, measured?: Measured): Promise<void> {
    await this.#write(run)
    // Ids are ULIDs, all of one score: their order is that of time.
    const old = await this.#redis.zrange(keys.runs(run.accountId), '0', `-${redisLimits.runsKeptPerAccount + 1}`)
    if (old.length > 0) {
      await this.#redis.zrem(keys.runs(run.accountId), ...old)
      await pipelined(this.#redis, old, (all, id) => all.unlink(keys.run(id)))
      await this.#redis.unlink(old.flatMap((id) => ofRun(run.accountId, id)))
    }
    await this.#end(run, measured)
  }

  /** Gives the account's open run; if one is at work and another waits, it gives the one at work. */
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

  /** Reads a page, newest first. `before` is a run's id, and so is `next`, null at the end. */
  async page(
    accountId: string,
    { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<{ items: Run[]; next: string | null }> {
    const from = before === undefined ? '+' : `(${before}`
    const ids = await this.#redis.zrange(keys.runs(accountId), from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
    const runs = await runsOf(this.#redis, ids.slice(0, limit))
    return { items: runs.flatMap((run) => run ?? []), next: ids.length > limit ? (ids[limit - 1] ?? null) : null }
  }

  /** Gives the run when it has ended or the wait is over, whichever comes first. Null: there is no such run. */
  async waitForEnd(id: string, waitMs: number, signal?: AbortSignal): Promise<Run | null> {
    const untilMs = performance.now() + waitMs
    // It listens first and looks then, so that a change in between is not missed.
    await this.#listen()
    for (;;) {
      const changed = pending()
      this.#changes.once(id, changed.resolve)
      try {
        const run = await this.get(id)
        const waitMs = Math.min(untilMs - performance.now(), redisLimits.runLookedAtMs)
        if (run === null || run.finishedAt !== null || waitMs <= 0 || signal?.aborted) return run
        await withDeadline(changed.promise, { waitMs, signal, late: () => undefined }).catch(() => {})
      } finally {
        this.#changes.off(id, changed.resolve)
      }
    }
  }

  async close(): Promise<void> {
    await this.#events.close()
  }

  async #write(run: Run): Promise<void> {
    await this.#redis.set(keys.run(run.id), JSON.stringify(run), 'PX', redisLimits.runKeptMs)
  }

  async #tell(run: Run): Promise<void> {
    const args = [run.accountId, openField(run.accountId, run.task), run.id, JSON.stringify(run), run.state]
    await tellRun(this.#redis, statusKeys, args)
  }

  async #end(run: Run, measured?: Measured): Promise<void> {
    const json = await this.#redis.hget(keys.accounts, run.accountId)
    const account = json === null ? undefined : (JSON.parse(json) as AccountRecord).account
    const names = [...statusKeys, keys.lastRuns, keys.lastMail, ...tallyKeys(account)]
    const mailAt = run.stored > 0 ? (run.finishedAt ?? '') : ''
    const fixed = [run.accountId, openField(run.accountId, run.task), run.id, JSON.stringify(run), mailAt]
    const args = [...fixed, ...tallyArgs(run, account, measured)]
    await endRun(this.#redis, names, args)
  }

  async #listen(): Promise<void> {
    this.#listening ??= this.#events
      .listen((events) => this.#passOn(events))
      .catch((error: unknown) => {
        this.#listening = undefined
        throw error
      })
    await this.#listening
  }

  #passOn(events: readonly LoggedEvent[]): void {
    for (const { kind, json } of events) {
      if (kind !== 'run' || this.#changes.eventNames().length === 0) continue
      const { id } = JSON.parse(json) as Run
      this.#changes.emit(id)
    }
  }
}

/** Reads runs in the order of their ids. Null: the record has expired. */
export async function runsOf(redis: Redis, ids: readonly string[]): Promise<(Run | null)[]> {
  if (ids.length === 0) return []
  // Sends one GET for each, all at once: in a cluster the records lie in different slots, which MGET refuses.
  const answers = await pipelined(redis, ids, (all, id) => all.get(keys.run(id)))
  return answers.map((json) => runIn(json as string | null))
}

/** Reads a record. Older records lack some fields, and older failures do not say whether they pass. */
export function runIn(json: string | null): Run | null {
  if (json === null) return null
  const run = JSON.parse(json) as Omit<Run, 'task' | 'fetched' | 'notices' | 'deferred' | 'more' | 'secondsLeft'>
  const failure = run.failure === null ? null : { ...run.failure, passes: run.failure.passes ?? false }
  return { task: 'pull', fetched: null, notices: [], deferred: 0, more: false, secondsLeft: null, ...run, failure }
}
