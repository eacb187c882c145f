/** Runs as they are kept: one record each with an end of its life, a list an account, and word of every change. */
import { EventEmitter, once } from 'node:events'
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import { limits } from '../limits.ts'
import type { AccountId, RunId } from '../message.ts'
import { noCounts, type Run, type RunCause, type RunTask, runTasks } from '../run.ts'
import { keys } from './keys.ts'

const ulid = monotonicFactory()

/** KEYS open runs, open accounts; ARGV field, run, account. 1 where none was open. */
const openScript = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], 0, ARGV[3])
return 1`

/** KEYS likewise; ARGV field, run, account, the account's other fields. */
const closeScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
for nth = 4, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[nth]) == 1 then return 1 end
end
redis.call('ZREM', KEYS[2], ARGV[3])
return 1`

export class Runs {
  readonly #redis: Redis
  /** Every change of every run, by run id; fed by the subscription. */
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #subscriber: Promise<Redis> | undefined

  constructor(redis: Redis) {
    this.#redis = redis
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
      notices: [],
    }
    // The record first: an open run's id always leads to one.
    await this.#write(run)
    for (;;) {
      if ((await this.#redis.eval(openScript, 2, keys.openRuns, keys.openAccounts, field, id, accountId)) === 1) break
      const openId = await this.#redis.hget(keys.openRuns, field)
      const open = openId === null ? null : await this.get(openId)
      if (open !== null && open.finishedAt === null) {
        await this.#redis.del(keys.run(id))
        return open
      }
      // It has ended, or its record has outlived its time: nobody runs it any more.
      if (openId !== null) await this.#close(accountId, task, openId)
    }
    await this.#redis.zadd(keys.runs(accountId), 0, id)
    await this.#announce(run)
    return run
  }

  async get(id: string): Promise<Run | null> {
    return runIn(await this.#redis.get(keys.run(id)))
  }

  /** Writes a change of an open run and tells whoever waits. */
  async change(run: Run): Promise<void> {
    await this.#write(run)
    await this.#announce(run)
  }

  /** Writes the run's end; the account may have a new one from then on. Keeps the newest `limits.runsKeptPerAccount`. */
  async end(run: Run): Promise<void> {
    await this.#write(run)
    await this.#redis.hset(keys.lastRuns, run.accountId, run.id)
    await this.#close(run.accountId, run.task, run.id)
    // Ids are ULIDs, all of one score: their order is that of time.
    const old = await this.#redis.zrange(keys.runs(run.accountId), '0', `-${limits.runsKeptPerAccount + 1}`)
    if (old.length > 0) {
      await this.#redis.zrem(keys.runs(run.accountId), ...old)
      for (const id of old) await this.#redis.del(keys.run(id))
    }
    await this.#announce(run)
  }

  /** Open runs, by account id: the running one, where another one waits. */
  async openRunOf(accountIds: readonly string[]): Promise<Map<string, Run>> {
    const open = await this.#named(
      keys.openRuns,
      runTasks.flatMap((task) => accountIds.map((id) => openField(id, task))),
    )
    const running = open.filter(({ state }) => state === 'running')
    return byAccount([...open, ...running])
  }

  /** The run that ended last, by account id. */
  async latest(accountIds: readonly string[]): Promise<Map<string, Run>> {
    return byAccount(await this.#named(keys.lastRuns, accountIds))
  }

  /** Newest first. `before`: a run's id; `next`: the id to go on from, null at the end. */
  async page(
    accountId: string,
    { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<{ items: Run[]; next: string | null }> {
    const from = before === undefined ? '+' : `(${before}`
    const ids = await this.#redis.zrange(keys.runs(accountId), from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
    const runs = await this.#records(ids.slice(0, limit))
    return { items: runs.flatMap((run) => run ?? []), next: ids.length > limit ? (ids[limit - 1] ?? null) : null }
  }

  /** The run as it stands when it has ended or the wait is over, whichever comes first. Null: no such run. */
  async waitForEnd(id: string, waitMs: number, signal?: AbortSignal): Promise<Run | null> {
    const end = AbortSignal.timeout(waitMs)
    const either = signal === undefined ? end : AbortSignal.any([end, signal])
    // First listen, then look: a change in between is not missed.
    await this.#listen()
    for (;;) {
      const turn = AbortSignal.any([either, AbortSignal.timeout(limits.runLookedAtMs)])
      const changed = once(this.#changes, id, { signal: turn }).catch(() => {})
      const run = await this.get(id)
      if (run === null || run.finishedAt !== null || either.aborted) return run
      await changed
    }
  }

  async close(): Promise<void> {
    const subscriber = await this.#subscriber?.catch(() => undefined)
    subscriber?.disconnect()
  }

  async #named(hash: string, fields: readonly string[]): Promise<Run[]> {
    if (fields.length === 0) return []
    const ids = await this.#redis.hmget(hash, ...fields)
    return (await this.#records(ids.flatMap((id) => id ?? []))).flatMap((run) => run ?? [])
  }

  async #records(ids: readonly string[]): Promise<(Run | null)[]> {
    if (ids.length === 0) return []
    // One GET each, in one go: in a cluster the records lie in different slots, which MGET refuses.
    const many = this.#redis.pipeline()
    for (const id of ids) many.get(keys.run(id))
    const answers = (await many.exec()) ?? []
    return answers.map(([error, json]) => {
      if (error !== null) throw error
      return runIn(json as string | null)
    })
  }

  async #write(run: Run): Promise<void> {
    await this.#redis.set(keys.run(run.id), JSON.stringify(run), 'PX', limits.runKeptMs)
  }

  async #close(accountId: string, task: RunTask, runId: string): Promise<void> {
    const others = runTasks.filter((other) => other !== task).map((other) => openField(accountId, other))
    const args = [openField(accountId, task), runId, accountId, ...others]
    await this.#redis.eval(closeScript, 2, keys.openRuns, keys.openAccounts, ...args)
  }

  async #announce(run: Run): Promise<void> {
    await this.#redis.publish(keys.runChanges, JSON.stringify(run))
  }

  async #listen(): Promise<void> {
    this.#subscriber ??= this.#subscribe().catch((error: unknown) => {
      this.#subscriber = undefined
      throw error
    })
    await this.#subscriber
  }

  async #subscribe(): Promise<Redis> {
    const subscriber = this.#redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null })
    // Lost connections are tried again by ioredis, which subscribes anew; without a listener the event ends the process.
    subscriber.on('error', () => {})
    subscriber.on('message', (_channel: string, json: string) => {
      const run = JSON.parse(json) as Run
      this.#changes.emit(run.id, run)
    })
    await subscriber.subscribe(keys.runChanges)
    return subscriber
  }
}

/** The oldest ones say nothing of their task, and have no notices. */
function runIn(json: string | null): Run | null {
  return json === null ? null : { task: 'pull', notices: [], ...(JSON.parse(json) as Omit<Run, 'task' | 'notices'>) }
}

/** Of the hash of open runs. A rebuild may wait beside a pull. */
function openField(accountId: string, task: RunTask): string {
  return task === 'pull' ? accountId : `${accountId} ${task}`
}

/** Of two of one account the later one. */
function byAccount(runs: readonly Run[]): Map<string, Run> {
  return new Map(runs.map((run) => [run.accountId, run]))
}
