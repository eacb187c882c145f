/**
 * Writes that count only once a replica has them: a fail-over forgets what the master alone has said (docs/decisions/0050). On one Redis
 * they are ordinary writes.
 *
 * Under Sentinel or in a Cluster they go over a connection of their own to the master that serves them, many together, with one WAIT behind
 * them. Such a connection is never made again by itself: after it a WAIT would be answered for writes that another master has taken. Whatever
 * was not confirmed is written once more, so each of these writes does no harm if it is sent twice.
 */
import type { Redis } from 'ioredis'
import { setTimeout as delay } from 'node:timers/promises'
import { withDeadline } from '../deadline.ts'
import { redisLimits } from './limits.ts'
import { type Assurance, demandAssurance } from './assurance.ts'
import { clusterOf, failsOver, isPatient, masterOf } from './nodes.ts'
import type { Script, ScriptArgument } from './scripts.ts'

/** Calls a script; resolves when what it wrote outlives a fail-over. */
export async function surely<Answer>(
  redis: Redis,
  write: Script<Answer>,
  keyNames: readonly string[],
  args: readonly ScriptArgument[],
): Promise<Answer> {
  if (!failsOver(redis)) return await write(redis, keyNames, args)
  const ways = waysOf.get(redis) ?? new Ways(redis)
  waysOf.set(redis, ways)
  return (await ways.write({ write, keyNames, args })) as Answer
}

interface Call {
  readonly write: Script<unknown>
  readonly keyNames: readonly string[]
  readonly args: readonly ScriptArgument[]
}

class Unconfirmed extends Error {
  override readonly name = 'Unconfirmed'

  constructor() {
    super('NOREPLICAS no replica has confirmed what was written')
  }
}

/** What passes while a master is changed, and whatever a connection fails of. */
const passing =
  /^(?:READONLY|MOVED|ASK|CLUSTERDOWN|TRYAGAIN|LOADING|MASTERDOWN|NOREPLICAS|UNBLOCKED|Connection is closed|Command aborted|Command timed out|connect E|read E|write E|Stream isn't writeable|All sentinels are unreachable)/

const waysOf = new WeakMap<Redis, Ways>()

/** The connections for the sure writes of one process, one to each master. */
class Ways {
  readonly #redis: Redis
  readonly #ways = new Map<string, Way>()

  constructor(redis: Redis) {
    this.#redis = redis
    redis.once('end', () => {
      for (const way of this.#ways.values()) way.end()
    })
  }

  async write(call: Call): Promise<unknown> {
    const untilMs = performance.now() + (isPatient(this.#redis) ? redisLimits.sureWithinMs : redisLimits.takenForApiMs)
    for (;;) {
      try {
        return await this.#wayTo(call.keyNames[0] ?? '').write(call)
      } catch (error) {
        const isOver = performance.now() > untilMs || this.#redis.status === 'end'
        if (isOver || !(error instanceof Error) || !passing.test(error.message)) throw error
        if (error.message.startsWith('MOVED')) clusterOf(this.#redis)?.refreshSlotsCache()
      }
      await delay(redisLimits.sureTriedEveryMs)
    }
  }

  #wayTo(key: string): Way {
    const master = masterOf(this.#redis, key)
    if (master === undefined) throw new Error('CLUSTERDOWN no master serves the key')
    const { host, port } = master.options
    const name = `${host}:${port}`
    const way = this.#ways.get(name) ?? new Way(master, () => this.#ways.delete(name))
    this.#ways.set(name, way)
    return way
  }
}

interface Waiting extends Call {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

/** One connection to one master, for as long as it lasts. */
class Way {
  readonly #redis: Redis
  readonly #assurance: Promise<Assurance>
  #waiting: Waiting[] = []
  #isSending = false

  constructor(master: Redis, ended: () => void) {
    this.#redis = master.duplicate({
      retryStrategy: () => null,
      sentinelRetryStrategy: () => null,
      reconnectOnError: () => false,
      // A master that is frozen lets the command time out.
      failoverDetector: false,
      enableOfflineQueue: true,
      lazyConnect: true,
      commandTimeout: 2 * redisLimits.confirmedWithinMs,
    })
    this.#redis.on('error', () => {})
    this.#redis.once('end', ended)
    this.#assurance = this.#begin()
    // A master that is refused is asked again by the next way to it.
    this.#assurance.catch(() => this.end())
  }

  async write(call: Call): Promise<unknown> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ ...call, resolve, reject })
      if (!this.#isSending) void this.#send()
    })
  }

  end(): void {
    this.#redis.disconnect()
  }

  async #begin(): Promise<Assurance> {
    const late = () => new Error('connect ETIMEDOUT')
    await withDeadline(this.#redis.connect(), { waitMs: redisLimits.sureConnectedMs, late })
    return await demandAssurance(this.#redis)
  }

  /** What comes while a WAIT is under way goes together with the next one. */
  async #send(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, redisLimits.pipelinedAtOnce)
      try {
        await this.#sendAll(some)
      } catch (error) {
        this.end()
        for (const { reject } of some) reject(error as Error)
      }
    }
    this.#isSending = false
  }

  async #sendAll(calls: readonly Waiting[]): Promise<void> {
    const assurance = await this.#assurance
    const pipeline = this.#redis.pipeline()
    for (const { write, keyNames, args } of calls) write(pipeline, keyNames, args)
    for (const question of questions[assurance]) pipeline.call(...question)
    const answers = (await pipeline.exec()) ?? []
    const [failed, confirmed] = answers.at(-1) ?? [new Unconfirmed()]
    const isSure = failed === null && confirms[assurance](confirmed)
    for (const [nth, { resolve, reject }] of calls.entries()) {
      const [error, answer] = answers[nth] ?? [new Unconfirmed()]
      if (error !== null) reject(error)
      else if (isSure) resolve(answer)
      else reject(failed ?? new Unconfirmed())
    }
    // A master that has got its first replica, or is none any more, or does not answer, is looked at anew.
    if (!isSure) this.end()
  }
}

const replicated = ['WAIT', '1', String(redisLimits.confirmedWithinMs)] as const

/**
 * What is asked behind the writes; the last answer counts. A replica that is asked for its disk answers by the state before its last sync, and
 * then by itself a second later: so it is asked once it has synced, which WAIT tells.
 */
const questions: Readonly<Record<Assurance, readonly (readonly [string, ...string[]])[]>> = {
  synced: [replicated, ['WAITAOF', '0', '1', String(redisLimits.syncedWithinMs)]],
  replicated: [replicated],
  alone: [['ROLE']],
}

/** Whether its answer says that they outlive a fail-over. */
const confirms: Readonly<Record<Assurance, (answer: unknown) => boolean>> = {
  synced: (answer) => Number((answer as readonly number[])[1]) >= 1,
  replicated: (answer) => Number(answer) >= 1,
  // Nothing can take the place of a master that has no replica.
  alone: (answer) =>
    (answer as readonly unknown[])[0] === 'master' && (answer as readonly unknown[][])[2]?.length === 0,
}
