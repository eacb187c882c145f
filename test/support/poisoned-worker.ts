/** Runs a real worker in a process of its own that ends itself by SIGKILL whenever it meets the message that its options name. */
import type { Maildrop } from '../../src/pull/maildrop-ports.ts'
import { givenOptions, startOwnWorker } from './own-worker.ts'
import type { PoisonedOptions } from './poisoned.ts'
import { wrapped } from './wrapped.ts'

const options = givenOptions() as PoisonedOptions

const poisoned = (maildrop: Maildrop): Maildrop =>
  wrapped(maildrop, {
    async *retrieve(messages, maxMessageOctets) {
      for await (const window of maildrop.retrieve(messages, maxMessageOctets)) {
        if (window.retrieved.some(({ bytes }) => bytes.includes(options.poison))) process.kill(process.pid, 'SIGKILL')
        yield window
      }
    },
  })

const worker = await startOwnWorker(options, { between: () => ({ maildrop: poisoned }) })
process.once('SIGTERM', () => {
  void worker.stop(5000).then(() => process.exit(0))
})
