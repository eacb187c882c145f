/** Checks whether Redis has room for the writes of a run. It checks before anything is retrieved, because later may be too late. */
import type { Redis } from 'ioredis'
import type { Failure } from '../failure/failure.ts'
import { redisLimits } from './limits.ts'
import { infoOfAll } from './nodes.ts'
import { SessionFailed } from '../failure/session-failed.ts'

export interface HeadroomOptions {
  /** The free octets on the disk that Redis writes to; undefined: they cannot be seen from here. */
  readonly freeOctets?: (() => Promise<number | undefined>) | undefined
  /** The shortest time between two checks. */
  readonly everyMs?: number | undefined
}

export class Headroom {
  readonly #redis: Redis
  readonly #freeOctets: () => Promise<number | undefined>
  readonly #everyMs: number
  #looked: { readonly atMs: number; readonly failure: Promise<Failure | undefined> } | undefined

  constructor(
    redis: Redis,
    { freeOctets = async () => undefined, everyMs = redisLimits.headroomEveryMs }: HeadroomOptions = {},
  ) {
    this.#redis = redis
    this.#freeOctets = freeOctets
    this.#everyMs = everyMs
  }

  /**
   * Checks at most every `everyMs`.
   *
   * @throws SessionFailed if there is no room.
   */
  async demand(): Promise<void> {
    const nowMs = performance.now()
    if (this.#looked === undefined || nowMs - this.#looked.atMs > this.#everyMs)
      this.#looked = { atMs: nowMs, failure: this.#look() }
    const failure = await this.#looked.failure
    if (failure !== undefined) throw new SessionFailed(failure)
  }

  async #look(): Promise<Failure | undefined> {
    try {
      const [nodes, free] = await Promise.all([infoOfAll(this.#redis, 'memory', 'persistence'), this.#freeOctets()])
      return nodes.map((info) => shortage(info, free)).find((failure) => failure !== undefined)
    } catch (error) {
      this.#looked = undefined
      throw error
    }
  }
}

const mb = (octets: number) => `${Math.round(octets / 1024 / 1024)} MB`
const wait = 'no mail is lost, and runs go on by themselves as soon as there is room'

/** @param info INFO memory and persistence. */
export function shortage(info: string, freeOctets: number | undefined): Failure | undefined {
  const infoOf = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const [used, most] = [Number(infoOf('used_memory') ?? 0), Number(infoOf('maxmemory') ?? 0)]
  const least = redisLimits.redisMemoryFreeOctets
  if (most > 0 && most - used < least) {
    const reason = `Redis has no room: it uses ${mb(used)} of ${mb(most)}, and ${mb(least)} must be free for a run`
    return { kind: 'internal', reason, remedy: `Raise its maxmemory; ${wait}` }
  }
  if (freeOctets !== undefined && freeOctets < redisLimits.redisDiskFreeOctets) {
    const reason = `The disk that Redis writes to is full: ${mb(freeOctets)} are left, and ${mb(redisLimits.redisDiskFreeOctets)} must be free for a run`
    return { kind: 'internal', reason, remedy: `Make room on it; ${wait}` }
  }
  if (infoOf('aof_last_write_status') === 'err') {
    const reason = 'Redis could not write its append-only file to its disk'
    return { kind: 'internal', reason, remedy: `See what Redis says of it, and make room there; ${wait}` }
  }
  return undefined
}

/** What Redis, or ioredis in its place, says when it cannot work for us, and what an operator can do. */
const refusals: readonly (readonly [RegExp, reason: string, remedy: string])[] = [
  [
    /^(?:Connection is closed|Stream isn't writeable|Reached the max retries|Command timed out|connect E[A-Z]+|Too many Cluster redirections|None of startup nodes|Failed to refresh slots|Cluster isn't ready|All sentinels are unreachable)|Command aborted/,
    'Redis did not answer',
    'See whether it runs, and what it says in its log; no mail is lost, and runs go on by themselves when it answers',
  ],
  [
    /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|UNBLOCKED|BUSY) /,
    'Redis is not ready: it loads its data, or changes its master',
    'Wait; no mail is lost, and runs go on by themselves when it is ready',
  ],
  [
    /^READONLY /,
    'Redis has become a replica, which takes no writes',
    'Point TRIBUTARY_REDIS_URL at the master; no mail is lost, and runs go on by themselves then',
  ],
  [
    /^(?:NOAUTH|WRONGPASS|NOPERM) /,
    'Redis refuses the user or password of TRIBUTARY_REDIS_URL, or one of the commands',
    'Put the URL right, or the rights of its user in Redis; no mail is lost',
  ],
]

/** Interprets a refusal of Redis. Undefined: the error is no such refusal. */
export function refusalOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined
  const known = refusals.find(([words]) => words.test(error.message))
  if (known !== undefined) return { kind: 'internal', reason: known[1], remedy: known[2] }
  if (error.message.startsWith('OOM '))
    return {
      kind: 'internal',
      reason: 'Redis has no room and takes no writes (OOM)',
      remedy: `Raise its maxmemory; ${wait}`,
    }
  if (error.message.startsWith('MISCONF ')) {
    const reason = 'Redis takes no writes, since it cannot write to its disk (MISCONF)'
    return { kind: 'internal', reason, remedy: `See what Redis says of it, and make room there; ${wait}` }
  }
  return undefined
}
