/** Starts a real worker in a process of its own. */
import { createClock } from '../../src/clock.ts'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import { createLog } from '../../src/log.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { createSeal } from '../../src/seal.ts'
import type { WorkerOptions } from '../../workers/options.ts'
import { type RunningWorker, startWorker } from '../../workers/worker.ts'

/** The options say where the worker works. Its parent passes them as JSON. */
export interface OwnWorkerOptions {
  readonly redisUrl: string
  readonly store: StoreEndpoint
  /** The key in hex. */
  readonly secretKey: string
  readonly leaseMs: number
}

/** The options that a parent has given to this process. */
export function givenOptions(): OwnWorkerOptions {
  return JSON.parse(process.argv[2] ?? '{}') as OwnWorkerOptions
}

/** @param other has the parts in which this worker differs from a usual one. */
export async function startOwnWorker(
  { redisUrl, store, secretKey, leaseMs }: OwnWorkerOptions,
  other: Partial<WorkerOptions>,
): Promise<RunningWorker> {
  return await startWorker({
    redis: connectRedis(redisUrl, 'worker', () => {}),
    outage: { covers: () => false },
    log: createLog('worker', 'silent'),
    store,
    seal: createSeal(Buffer.from(secretKey, 'hex')),
    clock: createClock(),
    publicName: 'gather.example.org',
    publicUrl: 'http://127.0.0.1:8420',
    concurrency: 1,
    leaseMs,
    jobLockMs: leaseMs,
    ...other,
  })
}
