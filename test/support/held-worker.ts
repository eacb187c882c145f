/** A real worker in a process of its own that stops at one place of a pull, says so, and goes on when it is told to. */
import { once } from 'node:events'
import { ImapFlow } from 'imapflow'
import { pino } from 'pino'
import { createClock } from '../../src/clock.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { limits } from '../../src/limits.ts'
import type { Store } from '../../src/ports.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import { createSeal } from '../../src/seal.ts'
import { startWorker } from '../../workers/worker.ts'
import type { HeldOptions } from './held.ts'

const [, , options = '{}'] = process.argv
const { place, redisUrl, store, secretKey, leaseMs } = JSON.parse(options) as HeldOptions
const [effect, nth] = place.split(' ')
const tell = (event: string) => process.send?.(event)
let times = 0

/** Holds before the effect's nth time. */
async function held<T>(name: string, run: () => Promise<T>): Promise<T> {
  if (name === effect && (times += 1) === Number(nth)) {
    const told = once(process, 'message')
    tell('held')
    await told
  }
  return await run()
}

// Each batch is delivered by itself, so that there is more than one delivery to be held.
Object.assign(limits, { deliveredTogether: limits.windowMessagesMax })
// A connection that lay idle while this was held is trusted all the same: the store's process may be stopped by now.
ImapFlow.prototype.noop = async () => {}
const record = Reflect.get(RedisLedger.prototype, 'record') as (
  ...args: readonly unknown[]
) => ReturnType<RedisLedger['record']>
RedisLedger.prototype.record = function recordOf(this: RedisLedger, ...args) {
  return held('record', () => record.apply(this, args))
}
const opened = Reflect.get(StorePool.prototype, 'store') as (...args: readonly unknown[]) => Promise<Store>
StorePool.prototype.store = async function storeOf(this: StorePool, ...args): Promise<Store> {
  const own = await opened.apply(this, args)
  return {
    ...own,
    append: (...batch) => held('append', () => own.append(...batch)),
    deliver: (...batch) => held('deliver', () => own.deliver(...batch)),
  }
}

await startWorker({
  redis: connectRedis(redisUrl, 'worker', () => {}),
  log: pino({ level: 'info' }, { write: (line: string) => void tell((JSON.parse(line) as { event: string }).event) }),
  store,
  seal: createSeal(Buffer.from(secretKey, 'hex')),
  clock: createClock(),
  publicName: 'gather.example.org',
  concurrency: 1,
  leaseMs,
  jobLockMs: leaseMs,
})
