/**
 * What differs between one Redis, the master behind Sentinels, and a Cluster. Everywhere else a connection is a `Redis`: a Cluster takes
 * the same commands and sends each to the node that serves its keys, but for the few that have no key.
 */
import { Cluster, Command, Redis } from 'ioredis'
import { redisLimits } from './limits.ts'

/** A Cluster under the type of a connection: only this file knows that it is none. */
export function asConnection(cluster: Cluster): Redis {
  return cluster as unknown as Redis
}

export function clusterOf(redis: Redis): Cluster | undefined {
  const connection: unknown = redis
  return connection instanceof Cluster ? connection : undefined
}

/** Why the first of the nodes that were named cannot be used: of all of them ioredis says only that none could. Undefined: it can. */
export async function clusterTrouble(cluster: Cluster): Promise<string | undefined> {
  const [first] = cluster['startupNodes'] as readonly { readonly host: string; readonly port: number }[]
  const { username, password, tls } = cluster.options.redisOptions ?? {}
  const node = new Redis({
    ...first,
    ...(username == null ? {} : { username }),
    ...(password == null ? {} : { password }),
    ...(tls == null ? {} : { tls }),
    lazyConnect: true,
    connectTimeout: redisLimits.nodeAnswersMs,
    commandTimeout: redisLimits.nodeAnswersMs,
    retryStrategy: () => null,
  })
  let trouble: string | undefined
  node.on('error', (error: Error) => {
    trouble ??= error.message
  })
  await node.connect().catch(() => {})
  node.disconnect()
  return trouble
}

/** Whether another master may take the place of the one that is written to. */
export function failsOver(redis: Redis): boolean {
  return clusterOf(redis) !== undefined || redis.options.sentinels != null
}

/** Whether it waits for a Redis that is away, as those of workers do: nobody waits for their answer. */
export function isPatient(redis: Redis): boolean {
  const options = clusterOf(redis)?.options.redisOptions ?? redis.options
  return options.maxRetriesPerRequest === null
}

/** Every master: what has no key (INFO, CONFIG, SCAN) is asked of each. Resolves once the Cluster is known. */
export async function mastersOf(redis: Redis): Promise<Redis[]> {
  const cluster = clusterOf(redis)
  if (cluster === undefined) return [redis]
  // A command without a key waits until the nodes are known, as any command does.
  await cluster.ping()
  return cluster.nodes('master')
}

/** The master that serves this key, as far as is known; undefined while none does. */
export function masterOf(redis: Redis, key: string): Redis | undefined {
  const cluster = clusterOf(redis)
  if (cluster === undefined) return redis
  const [name] = cluster.slots[new Command('exists', [key]).getSlot()] ?? []
  return cluster.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === name)
}

interface DuplicateOptions {
  readonly maxRetriesPerRequest?: null
  readonly commandTimeout?: number
  readonly lazyConnect?: boolean
  readonly enableOfflineQueue?: true
}

/** A further connection to the same place. */
export function duplicateOf(redis: Redis, options: DuplicateOptions): Redis {
  const cluster = clusterOf(redis)
  if (cluster === undefined) return redis.duplicate(options)
  const { lazyConnect = false, enableOfflineQueue: _ofEach, ...redisOptions } = options
  return asConnection(
    cluster.duplicate([], {
      ...(redisOptions.maxRetriesPerRequest === null ? { maxRedirections: Number.POSITIVE_INFINITY } : {}),
      enableOfflineQueue: true,
      lazyConnect,
      redisOptions,
    }),
  )
}

/** The names of all keys of this form, of every master, some at a time. A name may come twice. */
export async function* keysLike(redis: Redis, pattern: string): AsyncGenerator<string[]> {
  for (const master of await mastersOf(redis)) {
    let cursor = '0'
    do {
      const [next, names] = await master.scan(cursor, 'MATCH', pattern, 'COUNT', 1000)
      cursor = next
      if (names.length > 0) yield names
    } while (cursor !== '0')
  }
}

/** INFO of every master. */
export async function infoOfAll(redis: Redis, ...sections: string[]): Promise<string[]> {
  return await Promise.all((await mastersOf(redis)).map(async (master) => await master.info(...sections)))
}
