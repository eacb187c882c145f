/** Stores the settings of the instance, a field each, so that a setting that nobody has changed follows the defaults of the running version. */
import type { Redis } from 'ioredis'
import {
  defaultInstanceSettings,
  merged,
  type InstanceSettings,
  type InstanceSettingsPatch,
} from '../account/instance-settings.ts'
import { gathered } from '../gathered.ts'
import { readable } from '../readable.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const replaceSettings = script<0 | 1>('replace-settings', 1)

export class InstanceSettingsStore {
  readonly #redis: Redis
  readonly #read = gathered<undefined, InstanceSettings>(async (asked) => {
    const settings = settingsIn(await this.#redis.hgetall(keys.settings))
    return asked.map(() => settings)
  })

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Whoever asks within the same turn gets the same answer. */
  async get(): Promise<InstanceSettings> {
    return await this.#read(undefined)
  }

  /** @param allow is given the settings as they stand, and may throw. */
  async change(
    patch: InstanceSettingsPatch,
    allow: (before: InstanceSettings) => void = () => {},
  ): Promise<InstanceSettings> {
    for (;;) {
      const set = await this.#redis.hgetall(keys.settings)
      const before = settingsIn(set)
      allow(before)
      const after = merged(before, patch)
      const names = Object.keys(patch) as (keyof InstanceSettings)[]
      if (names.length === 0) return after
      const changed = names.flatMap((name) => [name, JSON.stringify(after[name])])
      const args = [Object.keys(set).length, ...Object.entries(set).flat(), ...changed]
      if ((await replaceSettings(this.#redis, [keys.settings], args)) === 1) return after
    }
  }
}

function isLike(value: unknown, usual: unknown): boolean {
  return value !== null && typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual)
}

function settingsIn(set: Readonly<Record<string, string>>): InstanceSettings {
  const values = Object.entries(set).flatMap(([name, json]) => {
    // One that cannot be read is the default.
    const held = readable<{ readonly value: unknown }>(`{"value":${json}}`)
    return isLike(held?.value, defaultInstanceSettings[name as keyof InstanceSettings]) ? [[name, held?.value]] : []
  })
  return merged(defaultInstanceSettings, Object.fromEntries(values) as InstanceSettingsPatch)
}
