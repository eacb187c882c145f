/** News on its way out: the outbox that runs write to, what people were told of each account, and who is to be visited when. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { type News, type ToldNews, noNewsTold } from '../news/news.ts'
import { deliveryOf } from '../news/webhook.ts'
import { keys } from './key-names.ts'

/** KEYS told, outbox; ARGV account id, what it was told or '', how many items are kept, then the items. */
const tellScript = `
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
for i = 4, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('LTRIM', KEYS[2], -ARGV[3], -1)
return 1`

/**
 * KEYS outbox, visits, notice, its news, then deliveries and their due times of each webhook; ARGV the oldest item as it is kept, its id,
 * the delivery, now, how many may wait for a webhook, when a notice is due or '', how many items a notice holds, the webhooks' ids.
 * Returns those for which too many wait; false where somebody else was quicker.
 */
const carryScript = `
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return false end
redis.call('LPOP', KEYS[1])
if ARGV[6] ~= '' then
  if redis.call('LLEN', KEYS[4]) < tonumber(ARGV[7]) then redis.call('RPUSH', KEYS[4], ARGV[1])
  else redis.call('HINCRBY', KEYS[3], 'more', 1) end
  redis.call('ZADD', KEYS[2], 'NX', ARGV[6], 'notice')
end
local full = {}
for i = 8, #ARGV do
  local deliveries, due = KEYS[5 + (i - 8) * 2], KEYS[6 + (i - 8) * 2]
  if redis.call('ZCARD', due) >= tonumber(ARGV[5]) then full[#full + 1] = ARGV[i]
  elseif redis.call('HSETNX', deliveries, ARGV[2], ARGV[3]) == 1 then
    redis.call('ZADD', due, ARGV[4], ARGV[2])
    redis.call('ZADD', KEYS[2], 'LT', ARGV[4], ARGV[i])
  end
end
return full`

/**
 * KEYS visits; ARGV now, until when they are held, the latest time that there can be. What is due, and what is due later than anything
 * can be: then the clock was set back.
 */
const claimScript = `
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[3], '+inf', 'LIMIT', 0, 1000)) do ids[#ids + 1] = id end
for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], ARGV[2], id) end
return ids`

export class Outbox {
  readonly #redis: Redis
  readonly #bulletinNewsMax: number

  /** @param bulletinNewsMax how many pieces of news wait for a bulletin at most; further ones are counted. */
  constructor(redis: Redis, bulletinNewsMax: number = redisLimits.bulletinNewsMax) {
    this.#redis = redis
    this.#bulletinNewsMax = bulletinNewsMax
  }

  async told(accountId: AccountId): Promise<ToldNews> {
    const json = await this.#redis.hget(keys.told, accountId)
    return json === null ? noNewsTold : (JSON.parse(json) as ToldNews)
  }

  /** The news, and that it is told, at once. */
  async tell(accountId: AccountId, news: readonly News[], { trouble, failedAtMs }: ToldNews): Promise<void> {
    const told = failedAtMs === null ? '' : JSON.stringify({ trouble, failedAtMs })
    const args = [accountId, told, redisLimits.outboxMax, ...news.map((one) => JSON.stringify(one))]
    await this.#redis.eval(tellScript, 2, keys.told, keys.outbox, ...args)
  }

  /** The oldest ones, as they are kept. */
  async head(count: number): Promise<string[]> {
    return await this.#redis.lrange(keys.outbox, 0, count - 1)
  }

  /**
   * Takes the oldest one out and hands it on, all at once.
   * @param bulletinAtMs when a notice by e-mail is to say it; undefined: none is.
   * @returns the webhooks for which so much waits that it was dropped; undefined: it was not the oldest one any more.
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
    return ((await this.#redis.eval(carryScript, names.length, ...names, ...args)) as string[] | null) ?? undefined
  }
}

/** Of webhooks, and of `notice`, whose time has come; they come again should nobody end the visit. */
export async function claimVisits(redis: Redis, nowMs: number): Promise<string[]> {
  const latestMs = nowMs + redisLimits.visitLatestMs
  return (await redis.eval(claimScript, 1, keys.visits, nowMs, nowMs + redisLimits.visitHoldMs, latestMs)) as string[]
}
