/** Checks that Redis does not lose what it is told: each master, when a process starts. */
import type { Redis } from 'ioredis'
import { ConfigInvalid } from '../config.ts'
import { clusterOf, mastersOf } from './nodes.ts'

/**
 * Resolves if this Redis answers, and keeps what it is told. A worker waits here for a Redis that is away.
 *
 * @throws ConfigInvalid that says what must be changed. It shows the address, but no password.
 */
export async function demandReliable(redis: Redis): Promise<void> {
  let reason: string | undefined
  const onError = (error: Error & { readonly lastNodeError?: Error }) => {
    reason = error.lastNodeError?.message ?? error.message
  }
  redis.on('error', onError)
  try {
    await untilKnown(redis)
    const masters = await mastersOf(redis)
    const wrong = (await Promise.all(masters.map(wrongSettings))).flatMap((lines, nth) =>
      masters.length === 1 ? lines : lines.map((line) => `${addressOf(masters[nth])}: ${line}`),
    )
    if (wrong.length > 0) throw new ConfigInvalid(`This Redis would lose what it is told:\n${wrong.join('\n')}`)
  } catch (error) {
    if (error instanceof ConfigInvalid) throw error
    // While a connection is tried again, the command's own error tells only how often.
    const words = reason ?? (error instanceof Error ? error.message : String(error))
    throw new ConfigInvalid(
      `No Redis can be used at ${placeOf(redis)} (${words}). Start it, or correct TRIBUTARY_REDIS_URL and TRIBUTARY_REDIS_PASSWORD.`,
      { cause: error },
    )
  } finally {
    redis.off('error', onError)
  }
}

/** Waits until the nodes of a Cluster are known, if its connection fails fast: it refuses every command before. */
async function untilKnown(redis: Redis): Promise<void> {
  const cluster = clusterOf(redis)
  if (cluster === undefined || cluster.options.enableOfflineQueue !== false || cluster.status === 'ready') return
  await new Promise<void>((resolve, reject) => {
    cluster.once('ready', resolve)
    cluster.once('close', () => reject(new Error('none of its nodes answers')))
  })
}

function placeOf(redis: Redis): string {
  const cluster = clusterOf(redis)
  if (cluster !== undefined) return 'any node of the Cluster'
  const { sentinels, name } = redis.options
  if (sentinels == null) return addressOf(redis)
  return `the Sentinels ${sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')}, as the master ${name}`
}

function addressOf(redis: Redis | undefined): string {
  const { path, host, port } = redis?.options ?? {}
  return path ?? `${host}:${port}`
}

/** Says what must be changed before this Redis is reliable. An empty list: nothing. */
async function wrongSettings(redis: Redis): Promise<string[]> {
  const wrong: string[] = []
  const info = (await redis.info()).split('\r\n')
  const infoOf = (name: string) => info.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1)
  // Valkey calls itself Redis 7.2.4 too, for the sake of older clients.
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
