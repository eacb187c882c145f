/** InstanceSettings as they are kept: a field each, so that what nobody has set follows the defaults of the day. */
import type { Redis } from 'ioredis'
import {
  defaultInstanceSettings,
  merged,
  type InstanceSettings,
  type InstanceSettingsPatch,
} from '../account/instance-settings.ts'
import { keys } from './key-names.ts'

/** KEYS settings; ARGV how many are set, name and value of each; name and value of what is to be set. */
const replaceScript = `
local set = tonumber(ARGV[1])
if redis.call('HLEN', KEYS[1]) ~= set then return 0 end
for at = 2, 2 * set, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) ~= ARGV[at + 1] then return 0 end
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2 * set + 2))
return 1`

export class InstanceSettingsStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async get(): Promise<InstanceSettings> {
    return settingsIn(await this.#redis.hgetall(keys.settings))
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
      if ((await this.#redis.eval(replaceScript, 1, keys.settings, ...args)) === 1) return after
    }
  }
}

function settingsIn(set: Readonly<Record<string, string>>): InstanceSettings {
  const values = Object.entries(set).map(([name, json]) => [name, JSON.parse(json) as unknown])
  return merged(defaultInstanceSettings, Object.fromEntries(values) as InstanceSettingsPatch)
}
