/** Settings as they are kept: a field each, so that what nobody has set follows the defaults of the day. */
import type { Redis } from 'ioredis'
import { defaultSettings, type Settings } from '../settings.ts'
import { keys } from './keys.ts'

export class SettingsStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async get(): Promise<Settings> {
    const set = await this.#redis.hgetall(keys.settings)
    const values = Object.entries(set).map(([name, json]) => [name, JSON.parse(json) as unknown])
    return { ...defaultSettings, ...(Object.fromEntries(values) as Partial<Settings>) }
  }

  async change(changed: Partial<Settings>): Promise<Settings> {
    const fields = Object.entries(changed).map(([name, value]) => [name, JSON.stringify(value)] as const)
    if (fields.length > 0) await this.#redis.hset(keys.settings, Object.fromEntries(fields))
    return await this.get()
  }
}
