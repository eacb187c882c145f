/** Stores the answers to requests that bear an idempotency key, sealed: an answer may hold a secret that is shown once. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { Seal } from '../seal.ts'
import { keys } from './key-names.ts'
import { pipelined } from './pipelined.ts'

export interface StoredAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What tells a body that passed as a stream from others. */
export interface BodyDigest {
  readonly octets: number
  readonly sha256: string
}

export interface FoundAnswer {
  readonly answer: StoredAnswer
  /** Of the body that it is the answer to, where that was a stream. */
  readonly body: BodyDigest | undefined
}

interface AnswerRecord {
  /** Distinguishes requests that have the same key. Where the body is a stream it is that of the rest alone. */
  readonly fingerprint: string
  readonly body?: BodyDigest
  /** Missing while the request is under way. */
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

  /** Looks whether the request was made before. `begun`: it was not. A client that sends it again from now on is told that it is under way. */
  async begin(
    name: string,
    fingerprint: string,
    awaitedMs: number = redisLimits.answerAwaitedMs,
  ): Promise<'begun' | 'under way' | 'another request' | FoundAnswer> {
    const mark: AnswerRecord = { fingerprint }
    const before = await this.#redis.set(keys.answer(name), JSON.stringify(mark), 'PX', awaitedMs, 'NX', 'GET')
    if (before === null) return 'begun'
    const record = JSON.parse(before) as AnswerRecord
    if (record.fingerprint !== fingerprint) return 'another request'
    if (record.sealedAnswer === undefined) return 'under way'
    const answer = JSON.parse(this.#seal.open(record.sealedAnswer, name, field)) as StoredAnswer
    return { answer, body: record.body }
  }

  async keep(name: string, fingerprint: string, { answer, body }: FoundAnswer): Promise<void> {
    const sealedAnswer = this.#seal.seal(JSON.stringify(answer), name, field)
    const record: AnswerRecord = { fingerprint, ...(body === undefined ? {} : { body }), sealedAnswer }
    await this.#redis.set(keys.answer(name), JSON.stringify(record), 'PX', redisLimits.answerKeptMs)
    const nowMs = Date.now()
    await this.#redis.zadd(keys.answers, nowMs, name)
    await this.#redis.zremrangebyscore(keys.answers, '-inf', nowMs - redisLimits.answerKeptMs)
    const over = (await this.#redis.zcard(keys.answers)) - redisLimits.answersKeptMax
    if (over <= 0) return
    // Names and scores in turn.
    const oldest = (await this.#redis.zpopmin(keys.answers, over)).filter((_name, nth) => nth % 2 === 0)
    await pipelined(this.#redis, oldest, (all, old) => all.unlink(keys.answer(old)))
  }

  /** Forgets the request, so that it may be made again. */
  async forget(name: string): Promise<void> {
    await this.#redis.unlink(keys.answer(name))
  }
}
