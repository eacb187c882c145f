/** Connects to Redis, and checks that Redis does not lose written data. */
import { Redis } from 'ioredis'
import { ConfigInvalid } from '../config.ts'

/**
 * @param url `redis://`, `rediss://`, or the path of a unix socket.
 * @param role `api` answers people and fails fast; `worker` waits for Redis to come back, as BullMQ asks for.
 */
export function connectRedis(url: string, role: 'api' | 'worker', onError: (reason: string) => void): Redis {
  const options =
    role === 'worker' ? { maxRetriesPerRequest: null } : { maxRetriesPerRequest: 2, commandTimeout: 10_000 }
  const redis = new Redis(url, { ...options, connectTimeout: 10_000 })
  redis.on('error', (error: Error) => onError(error.message))
  return redis
}

/**
 * Resolves if this Redis answers, and keeps what it is told. A worker waits here for a Redis that is away.
 *
 * @throws ConfigInvalid that says what must be changed. It shows the address, but no password.
 */
export async function demandReliable(redis: Redis): Promise<void> {
  let reason: string | undefined
  const onError = (error: Error) => {
    reason = error.message
  }
  redis.on('error', onError)
  try {
    const wrong = await wrongSettings(redis)
    if (wrong.length > 0) throw new ConfigInvalid(`This Redis would lose what it is told:\n${wrong.join('\n')}`)
  } catch (error) {
    if (error instanceof ConfigInvalid) throw error
    const { path, host, port } = redis.options
    // While a connection is tried again, the command's own error tells only how often.
    const words = reason ?? (error instanceof Error ? error.message : String(error))
    throw new ConfigInvalid(
      `No Redis can be used at ${path ?? `${host}:${port}`} (${words}). Start it, or correct TRIBUTARY_REDIS_URL and TRIBUTARY_REDIS_PASSWORD.`,
      { cause: error },
    )
  } finally {
    redis.off('error', onError)
  }
}

/** Says what must be changed before this Redis is reliable. An empty list: nothing. */
async function wrongSettings(redis: Redis): Promise<string[]> {
  const wrong: string[] = []
  const info = (await redis.info()).split('\r\n')
  const infoOf = (name: string) => info.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1)
  const valkey = infoOf('valkey_version')
  const version = valkey ?? infoOf('redis_version') ?? '0'
  const [name, least] = valkey === undefined ? ['Redis', 7] : ['Valkey', 8]
  if (Number.parseInt(version, 10) < least) wrong.push(`${name} ${version} is too old: ${least}.0 or newer is needed`)

  const wanted = {
    appendonly: 'yes',
    appendfsync: 'always',
    'no-appendfsync-on-rewrite': 'no',
    'maxmemory-policy': 'noeviction',
  } as const
  for (const [setting, value] of Object.entries(wanted)) {
    const now = await settingOf(redis, setting, infoOf)
    if (now !== undefined && now !== value)
      wrong.push(`${setting} is ${now}: in redis.conf write "${setting} ${value}"`)
  }
  return wrong
}

/** Reads a setting. Managed services forbid CONFIG; then INFO shows some settings, and the others are assumed to be right. */
async function settingOf(
  redis: Redis,
  setting: string,
  infoOf: (name: string) => string | undefined,
): Promise<string | undefined> {
  try {
    const answer: unknown = await redis.config('GET', setting)
    return Array.isArray(answer) ? (answer as string[])[1] : undefined
  } catch {
    if (setting === 'appendonly') return infoOf('aof_enabled') === '1' ? 'yes' : 'no'
    if (setting === 'maxmemory-policy') return infoOf('maxmemory_policy')
    return undefined
  }
}
