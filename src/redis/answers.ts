/** What was answered to a request with a key of its own, sealed: an answer may hold a secret that is shown once. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { Seal } from '../seal.ts'
import { keys } from './key-names.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Kept {
  /** Of the request. */
  readonly fingerprint: string
  /** There once it is answered. */
  readonly sealedAnswer?: string
}

const field = 'answer'

export class Answers {
  readonly #redis: Redis
  readonly #seal: Seal

  constructor(redis: Redis, seal: Seal) {
    this.#redis = redis
    this.#seal = seal
  }

  /** `begun`: nobody has asked so before, and whoever does from now on is told that it is under way. */
  async begin(name: string, fingerprint: string): Promise<'begun' | 'under way' | 'another request' | Answer> {
    const mark: Kept = { fingerprint }
    const there = await this.#redis.set(
      keys.answer(name),
      JSON.stringify(mark),
      'PX',
      redisLimits.answerAwaitedMs,
      'NX',
      'GET',
    )
    if (there === null) return 'begun'
    const kept = JSON.parse(there) as Kept
    if (kept.fingerprint !== fingerprint) return 'another request'
    if (kept.sealedAnswer === undefined) return 'under way'
    return JSON.parse(this.#seal.open(kept.sealedAnswer, name, field)) as Answer
  }

  async keep(name: string, fingerprint: string, answer: Answer): Promise<void> {
    const kept: Kept = { fingerprint, sealedAnswer: this.#seal.seal(JSON.stringify(answer), name, field) }
    await this.#redis.set(keys.answer(name), JSON.stringify(kept), 'PX', redisLimits.answerKeptMs)
    const nowMs = Date.now()
    await this.#redis.zadd(keys.answers, nowMs, name)
    await this.#redis.zremrangebyscore(keys.answers, '-inf', nowMs - redisLimits.answerKeptMs)
    const over = (await this.#redis.zcard(keys.answers)) - redisLimits.answersKeptMax
    if (over <= 0) return
    // Names and scores in turn.
    const oldest = await this.#redis.zpopmin(keys.answers, over)
    for (let nth = 0; nth < oldest.length; nth += 2) await this.#redis.unlink(keys.answer(oldest[nth] ?? ''))
  }

  /** It may be asked again. */
  async forget(name: string): Promise<void> {
    await this.#redis.unlink(keys.answer(name))
  }
}
