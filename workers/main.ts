/** A worker's process. Any number of them may share a Redis. */
import { setFlagsFromString } from 'node:v8'
import closeWithGrace from 'close-with-grace'
import { createClock } from '../src/clock.ts'
import { ConfigInvalid } from '../src/config.ts'
import { orElse } from '../src/deadline.ts'
import { homeOf } from '../src/disk/home.ts'
import { openKeyRing } from '../src/disk/key-ring.ts'
import { freeOctets } from '../src/disk/room.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import { programVersion } from '../src/disk/version.ts'
import { redisLimits } from '../src/redis/limits.ts'
import { workerLimits } from './limits.ts'
import { createLog } from '../src/log.ts'
import { connectRedis } from '../src/redis/connection.ts'
import { loggedOutage } from '../src/redis/outage.ts'
import { demandReliable } from '../src/redis/reliable.ts'
import { sealedRecords } from '../src/redis/sealed.ts'
import { runMain } from '../src/run-main.ts'
import { untilCarriedOver } from '../src/redis/format/carry-over.ts'
import { leaveToOthers, ownName, Presence } from '../src/redis/processes.ts'
import { createSeal } from '../src/seal.ts'
import { sessionsWithin } from './descriptors.ts'
import { logWorkerBroke, logWorkerReady, logWorkerStopped } from './worker-log.ts'
import { startWorker } from './worker.ts'

async function main(): Promise<void> {
  // By itself V8 lets garbage grow to three times the live memory: a maildrop of 100,000 then took 237 MiB, of which 50 MiB were live.
  setFlagsFromString('--heap-growing-percent=100')
  const config = readEnvironment(process.env)
  // Local mode, which may run several, gives each a name.
  const log = createLog(process.argv[2] ?? 'worker', config.logLevel)
  const { redisUrl, store } = config
  if (redisUrl === undefined || store === undefined) {
    throw new ConfigInvalid(
      'A worker alone needs TRIBUTARY_REDIS_URL, TRIBUTARY_STORE_URL and TRIBUTARY_STORE_USERS_FILE; npm start sets them by itself',
    )
  }
  const outage = loggedOutage(log)
  const redis = connectRedis(redisUrl, 'worker', (reason) => outage.failed(reason), config.redisSentinelPassword)
  outage.follow(redis)
  await demandReliable(redis)

  await untilCarriedOver(redis, programVersion(), () =>
    log.info(
      { event: 'data wait' },
      'The data have another format than this version writes; waiting for the API to carry them over',
    ),
  )
  const sessions = sessionsWithin(log, config.sessions)
  const presence = await Presence.begin(redis, 'worker', () => leaveToOthers(log))

  const ring = await openKeyRing(config, homeOf(config.home), async () => await sealedRecords(redis))
  const worker = await startWorker({
    redis,
    outage,
    log,
    store,
    seal: createSeal(ring),
    clock: createClock(),
    publicName: config.publicName,
    proxy: config.proxy,
    publicUrl: config.publicUrl,
    concurrency: sessions,
    outbox: homeOf(config.home).outbox,
    leaseMs: redisLimits.leaseMs,
    jobLockMs: workerLimits.jobLockMs,
    // A Redis behind a socket is on this machine, and it is ours if it stores its file there.
    ...(redisUrl.startsWith('/') ? { redisFree: async () => await freeOctets(homeOf(config.home).redis) } : {}),
  })
  logWorkerReady(log, { worker: ownName(), sessions })

  closeWithGrace({ delay: workerLimits.stopGraceMs + 3500 }, async ({ err }) => {
    if (err) logWorkerBroke(log, err)
    await worker.stop(workerLimits.stopGraceMs)
    // A Redis that is away is not waited for: the record of this process expires.
    await orElse(presence.end(), undefined, workerLimits.letGoMs)
    redis.disconnect()
    logWorkerStopped(log)
  })
}

runMain(main)
