/** A real worker, as it is started in a process of its own. */
import type { Logger } from '../../src/log.ts'
import { createClock } from '../../src/clock.ts'
import type { StoreEndpoint } from '../../src/config.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { createSeal } from '../../src/seal.ts'
import { startWorker } from '../../workers/worker.ts'

/** What it is told of where it works; by its parent, so as JSON. */
export interface OwnWorkerOptions {
  readonly redisUrl: string
  readonly store: StoreEndpoint
  /** Hex. */
  readonly secretKey: string
  readonly leaseMs: number
}

export async function startOwnWorker(
  { redisUrl, store, secretKey, leaseMs }: OwnWorkerOptions,
  log: Logger,
  concurrency = 1,
): ReturnType<typeof startWorker> {
  return await startWorker({
    redis: connectRedis(redisUrl, 'worker', () => {}),
    log,
    store,
    seal: createSeal(Buffer.from(secretKey, 'hex')),
    clock: createClock(),
    publicName: 'gather.example.org',
    concurrency,
    leaseMs,
    jobLockMs: leaseMs,
  })
}
