/** A real worker in a process of its own that ends itself by SIGKILL whenever it meets a certain message: argv[2] says which. */
import { createLog } from '../../src/log.ts'
import type { Window } from '../../src/mail/message.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import type { PoisonedOptions } from './poisoned.ts'
import { startOwnWorker } from './own-worker.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as PoisonedOptions

const retrieve: Pop3Session['retrieve'] = Reflect.get(Pop3Session.prototype, 'retrieve')
Pop3Session.prototype.retrieve = async function* poisoned(this: Pop3Session, ...args): AsyncIterable<Window> {
  for await (const window of retrieve.apply(this, args)) {
    if (window.retrieved.some(({ bytes }) => bytes.includes(options.poison))) process.kill(process.pid, 'SIGKILL')
    yield window
  }
}

const worker = await startOwnWorker(options, createLog('worker', 'silent'))
process.once('SIGTERM', () => {
  void worker.stop(5000).then(() => process.exit(0))
})
