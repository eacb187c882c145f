/** Connects to Redis: to one, to the master that Sentinels know, or to a Cluster. */
import { type Cluster, Redis } from 'ioredis'
import { ConfigInvalid } from '../config.ts'
import { redisPlaceOf } from '../redis-url.ts'
import { FollowedCluster } from './followed-cluster.ts'
import { redisLimits } from './limits.ts'
import { asConnection, clusterOf, clusterTrouble } from './nodes.ts'
import { Sentinels } from './sentinels.ts'

/**
 * @param url one of the forms of redis-url.ts.
 * @param role `api` answers people and fails fast; `worker` waits for Redis to come back, as BullMQ asks for.
 */
export function connectRedis(
  url: string,
  role: 'api' | 'worker',
  onError: (reason: string) => void,
  sentinelPassword?: string,
): Redis {
  const redis = connectionTo(url, role, sentinelPassword)
  const cluster = clusterOf(redis)
  if (cluster === undefined) redis.on('error', (error: Error) => onError(error.message))
  else cluster.on('error', (error: Error) => void tellTrouble(cluster, error, onError))
  return redis
}

async function tellTrouble(cluster: Cluster, error: Error, onError: (reason: string) => void): Promise<void> {
  onError((await clusterTrouble(cluster)) ?? error.message)
}

function connectionTo(url: string, role: 'api' | 'worker', sentinelPassword: string | undefined): Redis {
  const place = redisPlaceOf(url)
  if (place === undefined) throw new ConfigInvalid('TRIBUTARY_REDIS_URL is no URL of a Redis')
  const fast = role === 'api'
  const options = {
    connectTimeout: place.kind === 'one' ? redisLimits.redisConnectMs : redisLimits.nodeAnswersMs,
    socketTimeout: redisLimits.redisSilentMs,
    retryStrategy: retryAfterMs,
    ...(fast ? { maxRetriesPerRequest: 2, commandTimeout: 10_000 } : { maxRetriesPerRequest: null }),
  }
  if (place.kind === 'one') return new Redis(place.url, options)
  const { username, password, hosts } = place
  const login = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(place.tls ? { tls: {} } : {}),
  }
  if (place.kind === 'sentinel') {
    const { name, db, tls } = place
    return new Redis({
      ...options,
      ...login,
      ...(tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
      ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
      sentinels: [...hosts],
      Connector: Sentinels,
      name,
      db,
      // A Sentinel that is frozen accepts connections, and says nothing.
      sentinelCommandTimeout: redisLimits.nodeAnswersMs,
      // A master that is frozen, or cut off, closes no connection: the Sentinels say when another one has taken its place.
      failoverDetector: true,
      // A master that has become a replica is left, and the command is sent again to the new one.
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    })
  }
  return asConnection(
    new FollowedCluster([...hosts], {
      redisOptions: { ...options, ...login },
      // Before the nodes are known, a request of the API fails rather than waits.
      enableOfflineQueue: !fast,
      maxRedirections: fast ? redisLimits.clusterTriesOfApi : Number.POSITIVE_INFINITY,
      retryDelayOnFailover: redisLimits.clusterTryEveryMs,
      retryDelayOnClusterDown: redisLimits.clusterTryEveryMs,
      retryDelayOnTryAgain: redisLimits.clusterTryEveryMs,
      slotsRefreshTimeout: redisLimits.nodeAnswersMs,
      // It is asked of any master, without an end: of a frozen one, too. CLUSTERDOWN says as much, and is tried again.
      enableReadyCheck: false,
      clusterRetryStrategy: retryAfterMs,
      // A certificate names a host, not the address behind it.
      ...(place.tls ? { dnsLookup: (host, found) => found(null, host) } : {}),
    }),
  )
}

/** By itself ioredis waits for up to five seconds: whoever asks for a run then waits as long after Redis is back. @param times from 1 on. */
export function retryAfterMs(times: number): number {
  const { redisRetryMs } = redisLimits
  return Math.min(50 * 2 ** (times - 1), 0.8 * redisRetryMs) + 0.2 * redisRetryMs * Math.random()
}
