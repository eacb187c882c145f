/** News on its way out: the outbox that runs write to, and what people were told of each account. */
import type { Redis } from 'ioredis'
import { limits } from '../limits.ts'
import type { AccountId } from '../message.ts'
import { type News, type Told, toldNothing } from '../news.ts'
import { keys } from './keys.ts'

/** KEYS told, outbox; ARGV account id, what it was told or '', how many items are kept, then the items. */
const tellScript = `
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
for i = 4, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('LTRIM', KEYS[2], -ARGV[3], -1)
return 1`

export class Outbox {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async told(accountId: AccountId): Promise<Told> {
    const json = await this.#redis.hget(keys.told, accountId)
    return json === null ? toldNothing : (JSON.parse(json) as Told)
  }

  /** The news, and that it is told, at once. */
  async tell(accountId: AccountId, news: readonly News[], { trouble, failedAtMs }: Told): Promise<void> {
    const told = failedAtMs === null ? '' : JSON.stringify({ trouble, failedAtMs })
    const args = [accountId, told, limits.outboxMax, ...news.map((one) => JSON.stringify(one))]
    await this.#redis.eval(tellScript, 2, keys.told, keys.outbox, ...args)
  }

  /** The oldest ones, as they are kept. */
  async head(count: number): Promise<string[]> {
    return await this.#redis.lrange(keys.outbox, 0, count - 1)
  }
}
