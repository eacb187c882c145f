/** Stores news that is to be sent: the outbox that runs write to, what people were told of each account, and when each endpoint is to be visited. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { type News, type ToldNews, noNewsTold } from '../news/news.ts'
import { deliveryOf } from '../news/webhook.ts'
import { readable } from '../readable.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const tellNews = script<1>('tell-news', 3)
const carryNews = script<string[] | null>('carry-news', 'any number')
const claimDueVisits = script<string[]>('claim-visits', 1)

export class Outbox {
  readonly #redis: Redis
  readonly #bulletinNewsMax: number

  /** @param bulletinNewsMax the largest number of news that wait for a bulletin; further ones are counted. */
  constructor(redis: Redis, bulletinNewsMax: number = redisLimits.bulletinNewsMax) {
    this.#redis = redis
    this.#bulletinNewsMax = bulletinNewsMax
  }

  async told(accountId: AccountId): Promise<ToldNews> {
    const json = await this.#redis.hget(keys.told, accountId)
    return readable<ToldNews>(json) ?? noNewsTold
  }

  /** Writes the news, and the note that people are told, in one step. */
  async tell(accountId: AccountId, news: readonly News[], { trouble, failedAtMs }: ToldNews): Promise<void> {
    const told = failedAtMs === null ? '' : JSON.stringify({ trouble, failedAtMs })
    const args = [accountId, told, redisLimits.outboxMax, ...news.map((one) => JSON.stringify(one))]
    await tellNews(this.#redis, [keys.accounts, keys.told, keys.outbox], args)
  }

  /** Gives the oldest news, as JSON. */
  async head(count: number): Promise<string[]> {
    return await this.#redis.lrange(keys.outbox, 0, count - 1)
  }

  /**
   * Takes the oldest news out and hands it on, in one step.
   *
   * @param bulletinAtMs when a bulletin by e-mail is due; undefined: no bulletin contains it.
   * @returns the webhooks for which the news was dropped because too much waits; undefined: it was not the oldest news any more.
   */
  async carry(
    json: string,
    webhookIds: readonly string[],
    bulletinAtMs: number | undefined,
    nowMs: number,
  ): Promise<string[] | undefined> {
    const delivery = deliveryOf(JSON.parse(json) as News)
    const own = webhookIds.flatMap((id) => [keys.deliveries(id), keys.deliveriesDue(id)])
    const names = [keys.outbox, keys.visits, keys.notice, keys.noticeNews, ...own]
    const args = [
      json,
      delivery.id,
      JSON.stringify(delivery),
      nowMs,
      redisLimits.deliveriesWaitingMax,
      bulletinAtMs ?? '',
      this.#bulletinNewsMax,
      ...webhookIds,
    ]
    return (await carryNews(this.#redis, names, args)) ?? undefined
  }
}

/** Claims the webhooks, and `notice` for the bulletin, that are to be visited now. They are due again in case nobody ends the visit. */
export async function claimVisits(redis: Redis, nowMs: number): Promise<string[]> {
  const latestMs = nowMs + redisLimits.visitLatestMs
  return await claimDueVisits(redis, [keys.visits], [nowMs, nowMs + redisLimits.visitHoldMs, latestMs])
}
