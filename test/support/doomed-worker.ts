/** A real worker in a process of its own that ends itself by SIGKILL at one place of a pull: argv[2] says where. */
import { createClock } from '../../src/clock.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { createLog } from '../../src/log.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import type { Store } from '../../src/ports.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import { createSeal } from '../../src/seal.ts'
import { startWorker } from '../../workers/worker.ts'
import type { DoomedOptions } from './doomed.ts'

const [, , options = '{}'] = process.argv
const { place, redisUrl, store, secretKey, leaseMs } = JSON.parse(options) as DoomedOptions
const [moment, effect = '', nth] = place.split(' ')
let times = 0

/** Runs the effect, and ends the process before, during or after its nth time. */
async function doomed<T>(name: string, run: () => Promise<T>): Promise<T> {
  if (name === effect) times += 1
  const here = name === effect && times === Number(nth)
  if (here && moment === 'before') process.kill(process.pid, 'SIGKILL')
  const running = run()
  // By then its first bytes are on their way, and no answer has come.
  if (here && moment === 'during') setImmediate(() => process.kill(process.pid, 'SIGKILL'))
  const result = await running
  if (here && moment === 'after') process.kill(process.pid, 'SIGKILL')
  return result
}

function doom<Name extends string>(on: Record<Name, (...args: never[]) => Promise<unknown>>, name: Name): void {
  const run = on[name]
  Object.defineProperty(on, name, {
    value(this: unknown, ...args: unknown[]) {
      return doomed(name, () => Reflect.apply(run, this, args) as Promise<unknown>)
    },
  })
}

for (const name of ['list', 'markDeleted', 'quit'] as const) doom(Pop3Session.prototype, name)
for (const name of ['intend', 'record'] as const) doom(RedisLedger.prototype, name)
const opened = Reflect.get(StorePool.prototype, 'store') as (...args: readonly unknown[]) => Promise<Store>
StorePool.prototype.store = async function storeOf(this: StorePool, ...args): Promise<Store> {
  const held = await opened.apply(this, args)
  return { ...held, append: (...batch) => doomed('append', () => held.append(...batch)) }
}

await startWorker({
  redis: connectRedis(redisUrl, 'worker', () => {}),
  log: createLog('worker', 'silent'),
  store,
  seal: createSeal(Buffer.from(secretKey, 'hex')),
  clock: createClock(),
  publicName: 'gather.example.org',
  concurrency: 1,
  leaseMs,
  jobLockMs: leaseMs,
})
