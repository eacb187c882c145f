/** Stores the runs: those that are open have a record each, those that have ended a line in their account's history. Reports every change of a run. */
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import { redisLimits } from './limits.ts'
import type { Measured } from '../runs/measures.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import { noCounts, type Run, type RunCause, type RunTask, withRemarks } from '../runs/run.ts'
import { lastRunIn, packRun } from '../runs/run-record.ts'
import { pending, withDeadline } from '../deadline.ts'
import { accountRecordIn } from './account-record.ts'
import { Events, type LoggedEvent } from './events.ts'
import { keys, openField } from './key-names.ts'
import { keep, newestFirst, runAt, runsAt, runsOfAccounts } from './run-history.ts'
import { restating, statusKeys } from './statuses.ts'
import { tallyArgs, tallyKeys } from './tallies.ts'

const ulid = monotonicFactory()

const openRun = restating<string>('open-run', 2)
const changeRun = restating<0 | 1>('change-run', 1)
const endRun = restating<1>('end-run', 9)
const foldRun = restating<0 | 1>('fold-run', 9)
const dropRun = restating<0 | 1>('drop-run', 2)

/** What is written beside a run's end. */
export interface KeptWith {
  readonly measured?: Measured
  /** The number of last runs whose transcripts are kept; left out: as many as there are. */
  readonly transcriptsKept?: number | undefined
}

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

  /**
   * Gives the account's open run, or a new one: at most one of each task is open at a time.
   *
   * @param quietly nobody hears of a new one before it changes or ends.
   */
  async open(accountId: AccountId, cause: RunCause, task: RunTask = 'pull', quietly = false): Promise<Run> {
    const field = openField(accountId, task)
    const nowMs = this.#nowMs()
    const id = ulid(nowMs) as RunId
    const run: Run = {
      id,
      accountId,
      task,
      state: 'queued',
      cause,
      queuedAt: new Date(nowMs).toISOString(),
      startedAt: null,
      finishedAt: null,
      ...noCounts(),
      failure: null,
      fetched: null,
      secondsLeft: null,
      waitsUntil: null,
      more: false,
      checks: 1,
      notices: [],
    }
    const names = [...statusKeys, keys.openRecords, keys.runBuckets]
    for (;;) {
      const openId = await openRun(this.#redis, names, [accountId, field, id, JSON.stringify(run), quietly ? 1 : ''])
      if (openId === id) return run
      const open = await this.get(openId)
      if (open !== null && open.finishedAt === null) return open
      // The run has ended, or its record is gone: no worker does it any more.
      if (open !== null) await this.end(open)
      else await this.drop(accountId, task, openId)
    }
  }

  /** Closes an open run whose record is gone. */
  async drop(accountId: AccountId, task: RunTask, id: string): Promise<void> {
    const names = [...statusKeys, keys.openRecords, keys.runBuckets]
    await dropRun(this.#redis, names, [accountId, openField(accountId, task), id])
  }

  async get(id: string): Promise<Run | null> {
    return await runAt(this.#redis, id)
  }

  /**
   * Writes a change of an open run and notifies everybody who waits. A run that has ended does not change: a late change by a worker that
   * no longer holds it is dropped.
   */
  async change(run: Run): Promise<void> {
    const args = [
      run.accountId,
      openField(run.accountId, run.task),
      run.id,
      JSON.stringify(withRemarks(run)),
      run.state,
    ]
    await changeRun(this.#redis, [...statusKeys, keys.openRecords], args)
  }

  /**
   * Writes the run's end; the account may have a new one from then on. Keeps the newest `redisLimits.runsKeptPerAccount`. The history comes
   * first: whoever hears of the end finds the run there.
   */
  async end(run: Run, { measured, transcriptsKept }: KeptWith = {}): Promise<void> {
    const { accountId } = run
    const [json, row] = await Promise.all([
      this.#redis.hget(keys.accounts, accountId),
      this.#redis.hget(keys.checks, accountId),
    ])
    const account = json === null ? undefined : accountRecordIn(accountId, json).account
    const kept = { run, row: row ?? '', transcriptsKept, nowMs: this.#nowMs() }
    const dropped = await keep(this.#redis, kept)
    const own = [keys.openRecords, keys.runBuckets, keys.checks, keys.lastRuns, keys.lastMail]
    const hasMail = run.stored > 0 ? 1 : ''
    const named = [accountId, openField(accountId, run.task), run.id]
    const told = [JSON.stringify(withRemarks(run)), `${run.id} ${packRun(run)}`, hasMail, kept.row, dropped.join(' ')]
    await endRun(
      this.#redis,
      [...statusKeys, ...own, ...tallyKeys(account)],
      [...named, ...told, ...tallyArgs(run, account, measured)],
    )
  }

  /**
   * Ends a run that found nothing to do as one of the idle visits of its account: it is no record of its own, and the last run stays what it
   * was. Who has seen it open finds the row by its id for a while.
   *
   * @param told somebody has heard of it, and hears of its end.
   * @returns false: it is to end as other runs do, for somebody has asked for it.
   */
  async fold(run: Run, { measured, told }: { readonly measured: Measured; readonly told: boolean }): Promise<boolean> {
    const { accountId } = run
    const json = await this.#redis.hget(keys.accounts, accountId)
    const account = json === null ? undefined : accountRecordIn(accountId, json).account
    const own = [keys.openRecords, keys.runBuckets, keys.checks, keys.asked, keys.folded(run.id)]
    const args = [accountId, openField(accountId, run.task), run.id, msOf(run.startedAt), msOf(run.finishedAt)]
    return (
      (await foldRun(
        this.#redis,
        [...statusKeys, ...own, ...tallyKeys(account)],
        [...args, run.listed, told ? JSON.stringify(run) : '', ...tallyArgs(run, account, measured)],
      )) === 1
    )
  }

  /** The run that ended last; null: there was none. */
  async last(accountId: AccountId): Promise<Run | null> {
    return lastRunIn(await this.#redis.hget(keys.lastRuns, accountId), accountId) ?? null
  }

  /** Reads a page, newest first. `before` is a run's id, and so is `next`, null at the end. */
  async page(
    accountId: string,
    { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<{ items: Run[]; next: string | null }> {
    const places = (await runsOfAccounts(this.#redis, [accountId]))
      .filter(({ id }) => before === undefined || id < before)
      .toSorted(newestFirst)
    const page = places.slice(0, limit)
    const runs = await runsAt(this.#redis, page)
    return { items: runs.flatMap((run) => run ?? []), next: places.length > limit ? (page.at(-1)?.id ?? null) : null }
  }

  /**
   * Gives the run when it has ended or the wait is over, whichever comes first: also if it was erased since, with its account. Null: there is no
   * such run.
   */
  async waitForEnd(id: string, waitMs: number, signal?: AbortSignal): Promise<Run | null> {
    const untilMs = performance.now() + waitMs
    // It listens first and looks then, so that a change in between is not missed.
    await this.#listen()
    const ended: Run[] = []
    for (;;) {
      const changed = pending()
      const hear = (run: Run) => {
        if (run.finishedAt !== null) ended.push(run)
        changed.resolve()
      }
      this.#changes.on(id, hear)
      try {
        const run = (await this.get(id)) ?? ended[0] ?? null
        const waitMs = Math.min(untilMs - performance.now(), redisLimits.runLookedAtMs)
        if (run === null || run.finishedAt !== null || waitMs <= 0 || signal?.aborted) return run
        await withDeadline(changed.promise, { waitMs, signal, late: () => undefined }).catch(() => {})
      } finally {
        this.#changes.off(id, hear)
      }
    }
  }

  async close(): Promise<void> {
    await this.#events.close()
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
      const run = JSON.parse(json) as Run
      this.#changes.emit(run.id, run)
    }
  }
}

function msOf(time: string | null): number {
  return time === null ? 0 : Date.parse(time)
}
