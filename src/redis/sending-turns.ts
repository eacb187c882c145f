/**
 * Counts what an account sends in any minute, hour and day, over all workers: who would send a message takes a turn first, so that several
 * connections together keep to what the account's server takes. A worker that dies leaves its turn taken, which the time takes back.
 */
import type { Redis } from 'ioredis'
import { periodMs, type RatePeriod, ratePeriods } from '../send/provider-limits.ts'
import { day } from '../units.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const takeTurn = script<[nowMs: number, waitMs: number, ...counts: number[]]>('take-sending-turn', 1)

/** The parts of a period, as the script counts them. */
const parts = 12
const keptMs = 2 * day

export interface SendingTurn {
  readonly atMs: number
  /** Above 0: it was not taken, and there is room after so long. */
  readonly waitMs: number
  /** The messages of each period, this one among them. */
  readonly counts: Readonly<Record<RatePeriod, number>>
}

export class SendingTurns {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async take(
    accountId: string,
    rates: Readonly<Partial<Record<RatePeriod, number | undefined>>>,
  ): Promise<SendingTurn> {
    const wanted = ratePeriods.flatMap((period) => [period, partMs(period), rates[period] ?? ''])
    const answer = await takeTurn(this.#redis, [keys.sendingTurns(accountId)], [keptMs, ...wanted])
    const [atMs, waitMs, minute = 0, hour = 0, ofDay = 0] = answer
    return { atMs, waitMs, counts: { minute, hour, day: ofDay } }
  }

  /** Nothing was sent after all. */
  async giveBack(accountId: string, { atMs }: Pick<SendingTurn, 'atMs'>): Promise<void> {
    const all = this.#redis.multi()
    for (const period of ratePeriods)
      all.hincrby(keys.sendingTurns(accountId), `${period}:${Math.floor(atMs / partMs(period))}`, -1)
    await all.pexpire(keys.sendingTurns(accountId), keptMs).exec()
  }
}

const partMs = (period: RatePeriod) => periodMs[period] / parts
