/** A real worker in a process of its own that stops at one place of a pull, says so, and goes on when it is told to. */
import { once } from 'node:events'
import { ImapFlow } from 'imapflow'
import { pino } from 'pino'
import { StorePool } from '../../src/imap/pool.ts'
import { imapLimits } from '../../src/imap/limits.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Store } from '../../src/pull/ports.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import type { HeldOptions } from './held.ts'
import { startOwnWorker } from './own-worker.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as HeldOptions
const [effect, nth] = options.place.split(' ')
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
Object.assign(imapLimits, { deliveredTogether: pullLimits.windowMessagesMax })
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

const log = pino(
  { level: 'info' },
  { write: (line: string) => void tell((JSON.parse(line) as { event: string }).event) },
)
await startOwnWorker(options, log)
