/** A schedule without workers: a Redis in which a test registers accounts, claims visits and ends them by itself. */
import assert from 'node:assert/strict'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { Destinations } from '../../src/redis/destinations.ts'
import { DueAccounts, type Lesson } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Runs } from '../../src/redis/runs.ts'
import { checkTally } from '../../src/redis/tallies.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import { startRedis } from './redis.ts'
import { account as usual } from './world.ts'

export class Schedule {
  readonly redis: Redis
  readonly due: DueAccounts
  readonly accounts: Accounts
  readonly runs: Runs
  readonly #server: Awaited<ReturnType<typeof startRedis>>

  private constructor(server: Awaited<ReturnType<typeof startRedis>>) {
    this.#server = server
    this.redis = connectRedis(server.url, 'worker', () => {})
    this.due = new DueAccounts(this.redis)
    this.accounts = new Accounts(this.redis)
    this.runs = new Runs(this.redis)
  }

  static async start(): Promise<Schedule> {
    return new Schedule(await startRedis())
  }

  async stop(): Promise<void> {
    await this.runs.close()
    this.redis.disconnect()
    await this.#server.stop()
  }

  /** Forgets all accounts; then there are one destination `d0` and one worker. */
  async beginAnew(sessions: number): Promise<void> {
    await this.redis.flushall()
    const made = { id: 'd0', kind: 'hosted', login: 'd0' } as unknown as Parameters<
      Destinations['create']
    >[0]['destination']
    await new Destinations(this.redis).create({ destination: made, passwordHash: 'x', sealedPassword: null })
    await this.beat(sessions)
  }

  /** The worker is there, for some seconds. */
  async beat(sessions: number): Promise<void> {
    await new LiveWorkers(this.redis).beat('w', { sessions, lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
  }

  async account(host: string, paused = false): Promise<AccountId> {
    const id = ulid() as AccountId
    const account = { ...usual, id, host, user: id, paused, destinationId: 'd0' as DestinationId }
    assert.equal(await this.accounts.create({ account, sealedPassword: 'x' }), 'done')
    return id
  }

  async several(count: number, host: string): Promise<AccountId[]> {
    const made: AccountId[] = []
    for (let nth = 0; nth < count; nth += 1) made.push(await this.account(host))
    return made
  }

  async claimed(): Promise<AccountId[]> {
    return (await this.due.claim()).visits.map(({ accountId }) => accountId)
  }

  async end(accountId: AccountId, what: Lesson['what'], afterMs = 60_000, peer?: string): Promise<void> {
    const lesson = { what, slow: false, peer }
    await this.due.end([{ accountId, task: 'pull', lesson, afterMs }], checkTally([], Date.now()))
  }

  /** When it is due, from now on. */
  async dueInMs(id: AccountId): Promise<number> {
    const [seconds, micros] = await this.redis.time()
    return Number(await this.redis.zscore(keys.due, id)) - Number(seconds) * 1000 - Number(micros) / 1000
  }
}
