/** A real worker in a process of its own that ends itself by SIGKILL whenever it meets a certain message: argv[2] says which. */
import { createClock } from '../../src/clock.ts'
import { createLog } from '../../src/log.ts'
import type { Window } from '../../src/message.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { createSeal } from '../../src/seal.ts'
import { startWorker } from '../../workers/worker.ts'
import type { PoisonedOptions } from './poisoned.ts'

const [, , options = '{}'] = process.argv
const { poison, redisUrl, store, secretKey, leaseMs } = JSON.parse(options) as PoisonedOptions

const retrieve: Pop3Session['retrieve'] = Reflect.get(Pop3Session.prototype, 'retrieve')
Pop3Session.prototype.retrieve = async function* poisoned(this: Pop3Session, ...args): AsyncIterable<Window> {
  for await (const window of retrieve.apply(this, args)) {
    if (window.retrieved.some(({ bytes }) => bytes.includes(poison))) process.kill(process.pid, 'SIGKILL')
    yield window
  }
}

const worker = await startWorker({
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
process.once('SIGTERM', () => {
  void worker.stop(5000).then(() => process.exit(0))
})
