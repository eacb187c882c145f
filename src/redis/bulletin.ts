/** Stores the bulletin by e-mail: its settings with the password sealed, how sending went, and the waiting news. */
import type { Redis } from 'ioredis'
import type { News } from '../news/news.ts'
import { type BulletinSettings, type BulletinState, nothingSent } from '../news/bulletin.ts'
import { readable } from '../readable.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

/** The id for which the password is sealed: there is one bulletin. */
export const bulletinId = 'notice'

export interface BulletinRecord {
  readonly settings: BulletinSettings
  readonly sealedPassword: string | null
}

const settleBulletin = script<1>('settle-bulletin', 3)

export class Bulletins {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async get(): Promise<BulletinRecord | undefined> {
    const json = await this.#redis.hget(keys.notice, 'notice')
    return readable<BulletinRecord>(json, 'settings')
  }

  /** Writes the settings. Waiting news is sent at once. */
  async set(record: BulletinRecord, nowMs: number): Promise<void> {
    const all = this.#redis.multi().hset(keys.notice, 'notice', JSON.stringify(record)).hdel(keys.notice, 'state')
    if ((await this.#redis.llen(keys.noticeNews)) > 0) all.zadd(keys.visits, nowMs, bulletinId)
    await all.exec()
  }

  /** Removes the settings, and the waiting news. */
  async remove(): Promise<boolean> {
    const known = (await this.#redis.hexists(keys.notice, 'notice')) === 1
    await this.#redis.multi().unlink(keys.notice, keys.noticeNews).zrem(keys.visits, bulletinId).exec()
    return known
  }

  async state(): Promise<BulletinState> {
    const json = await this.#redis.hget(keys.notice, 'state')
    return { ...nothingSent, ...readable<BulletinState>(json) }
  }

  async setState(state: BulletinState): Promise<void> {
    await this.#redis.hset(keys.notice, 'state', JSON.stringify(state))
  }

  /** Gives the waiting news; `more` counts the news for which there was no room. */
  async waiting(): Promise<{ news: News[]; more: number }> {
    const [waiting, more] = await Promise.all([
      this.#redis.lrange(keys.noticeNews, 0, -1),
      this.#redis.hget(keys.notice, 'more'),
    ])
    return { news: waiting.flatMap((json) => readable<News>(json) ?? []), more: Number(more ?? 0) }
  }

  /**
   * Removes the news that a bulletin has contained.
   *
   * @param nextMs the time of the next bulletin, which contains the remaining news and any that came meanwhile.
   */
  async said(count: number, more: number, nextMs: number): Promise<void> {
    const names = [keys.visits, keys.notice, keys.noticeNews]
    await settleBulletin(this.#redis, names, [count, more, Math.ceil(nextMs)])
  }
}
