/** Reads what one Redis says of itself, and tells what must be changed before it keeps what it is told. */
import type { Redis } from 'ioredis'

export type InfoOf = (name: string) => string | undefined

export function infoIn(text: string): InfoOf {
  const lines = text.split('\r\n')
  return (name) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1)
}

/** Where it is; of a master that Sentinels know, where it was found. */
export function addressIn({ options: { path, host, port, sentinels }, stream }: Redis): string {
  if (sentinels != null) return `${stream.remoteAddress}:${stream.remotePort}`
  return path ?? `${host}:${port}`
}

const wanted = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
} as const

/** Says what must be changed before this Redis is reliable. An empty list: nothing. */
export async function wrongSettings(redis: Redis, infoOf: InfoOf): Promise<string[]> {
  const wrong: string[] = []
  // Valkey calls itself Redis 7.2.4 too, for the sake of older clients.
  const valkey = infoOf('valkey_version')
  const version = valkey ?? infoOf('redis_version') ?? '0'
  const [name, least] = valkey === undefined ? ['Redis', 7] : ['Valkey', 8]
  if (Number.parseInt(version, 10) < least) wrong.push(`${name} ${version} is too old: ${least}.0 or newer is needed`)
  for (const [setting, value] of Object.entries(wanted)) {
    const now = await settingOf(redis, setting, infoOf)
    if (now !== undefined && now !== value) wrong.push(`${setting} is ${now}: ${lineFor(setting, value)}`)
  }
  return wrong
}

export function lineFor(setting: string, value: string): string {
  return `in redis.conf write "${setting} ${value}"`
}

/** Reads a setting. Managed services forbid CONFIG; then INFO shows some settings, and the others are assumed to be right. */
export async function settingOf(redis: Redis, setting: string, infoOf: InfoOf): Promise<string | undefined> {
  try {
    const answer: unknown = await redis.config('GET', setting)
    return Array.isArray(answer) ? (answer as string[])[1] : undefined
  } catch (error) {
    if (!(error instanceof Error) || !/^(?:ERR|NOPERM)/.test(error.message)) throw error
    if (setting === 'appendonly') return infoOf('aof_enabled') === '1' ? 'yes' : 'no'
    if (setting === 'maxmemory-policy') return infoOf('maxmemory_policy')
    // INFO has the replicas that count only where some are demanded.
    if (setting === 'min-replicas-to-write') return infoOf('min_slaves_good_slaves') === undefined ? '0' : undefined
    return undefined
  }
}
