/** The notice by e-mail as it is kept: its settings with the password sealed, how sending went, and what waits to be said. */
import type { Redis } from 'ioredis'
import type { News } from '../news/news.ts'
import { type BulletinSettings, type BulletinState, nothingSent } from '../news/bulletin.ts'
import { keys } from './key-names.ts'

/** What the password is sealed for: there is one notice. */
export const bulletinId = 'notice'

export interface BulletinRecord {
  readonly settings: BulletinSettings
  readonly sealedPassword: string | null
}

/** KEYS visits, notice, its news; ARGV how many items were said, and how many more, when the next are. */
const saidScript = `
redis.call('LTRIM', KEYS[3], ARGV[1], -1)
if ARGV[2] ~= '0' then redis.call('HINCRBY', KEYS[2], 'more', -ARGV[2]) end
if redis.call('LLEN', KEYS[3]) == 0 then redis.call('ZREM', KEYS[1], 'notice')
else redis.call('ZADD', KEYS[1], ARGV[3], 'notice') end
return 1`

export class Bulletins {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async get(): Promise<BulletinRecord | undefined> {
    const json = await this.#redis.hget(keys.notice, 'notice')
    return json === null ? undefined : (JSON.parse(json) as BulletinRecord)
  }

  /** What waits is tried at once. */
  async set(record: BulletinRecord, nowMs: number): Promise<void> {
    const all = this.#redis.multi().hset(keys.notice, 'notice', JSON.stringify(record)).hdel(keys.notice, 'state')
    if ((await this.#redis.llen(keys.noticeNews)) > 0) all.zadd(keys.visits, nowMs, bulletinId)
    await all.exec()
  }

  /** With what waits to be said. */
  async remove(): Promise<boolean> {
    const known = (await this.#redis.hexists(keys.notice, 'notice')) === 1
    await this.#redis.multi().unlink(keys.notice, keys.noticeNews).zrem(keys.visits, bulletinId).exec()
    return known
  }

  async state(): Promise<BulletinState> {
    const json = await this.#redis.hget(keys.notice, 'state')
    return json === null ? nothingSent : (JSON.parse(json) as BulletinState)
  }

  async setState(state: BulletinState): Promise<void> {
    await this.#redis.hset(keys.notice, 'state', JSON.stringify(state))
  }

  /** `more`: for which there was no room. */
  async waiting(): Promise<{ news: News[]; more: number }> {
    const [kept, more] = await Promise.all([
      this.#redis.lrange(keys.noticeNews, 0, -1),
      this.#redis.hget(keys.notice, 'more'),
    ])
    return { news: kept.map((json) => JSON.parse(json) as News), more: Number(more ?? 0) }
  }

  /** After a visit. @param nextMs when what has come meanwhile, or is left, is said. */
  async said(count: number, more: number, nextMs: number): Promise<void> {
    await this.#redis.eval(saidScript, 3, keys.visits, keys.notice, keys.noticeNews, count, more, Math.ceil(nextMs))
  }
}
