/** Runs a real worker in a process of its own that stops at one place of a pull, says so, and goes on when the parent says so. */
import { EventEmitter, once } from 'node:events'
import { pino } from 'pino'
import { pullLimits } from '../../src/pull/limits.ts'
import type { AccountLedger } from '../../src/pull/ledger-ports.ts'
import type { Store } from '../../src/pull/store-ports.ts'
import type { HeldOptions } from './held.ts'
import { givenOptions, startOwnWorker } from './own-worker.ts'
import { wrapped } from './wrapped.ts'

const options = givenOptions() as HeldOptions
const [effect, nth] = options.place.split(' ')
const tell = (event: string) => process.send?.(event)
let times = 0

/** Waits before the effect's nth time until the parent says `go`. */
async function held<T>(name: string, run: () => Promise<T>): Promise<T> {
  if (name === effect && (times += 1) === Number(nth)) {
    const goOn = once(process, 'message')
    tell('held')
    await goOn
  }
  return await run()
}

/** While a record is held, the next batch's intent is written. */
const heldLedger = (ledger: AccountLedger): AccountLedger => {
  let intents = 0
  const places = new EventEmitter()
  const comes = once(places, 'the record comes')
  const isIntended = once(places, 'the next intent is written')
  const isHeld = () => effect === 'record' && times + 1 === Number(nth)
  return wrapped(ledger, {
    async intend(intent) {
      intents += 1
      const isNext = effect === 'record' && intents === Number(nth) + 1
      if (isNext) await comes
      await ledger.intend(intent)
      if (isNext) places.emit('the next intent is written')
    },
    async record(...batch) {
      if (isHeld()) {
        places.emit('the record comes')
        await isIntended
      }
      return await held('record', () => ledger.record(...batch))
    },
  })
}

const heldStore = (store: Store): Store => ({
  ...store,
  // Each batch is delivered by itself, so that there is more than one delivery to be held.
  deliveredTogether: pullLimits.windowMessagesMax,
  append: (...batch) => held('append', () => store.append(...batch)),
  deliver: async (...batch) => {
    const delivered = await held('deliver', () => store.deliver(...batch))
    tell('delivered')
    return delivered
  },
})

const log = pino(
  { level: 'info' },
  { write: (line: string) => void tell((JSON.parse(line) as { event: string }).event) },
)
await startOwnWorker(options, {
  log,
  // A connection is trusted even if it was idle while this worker was held, because the store's process may be stopped by now.
  storeFreshMs: Number.POSITIVE_INFINITY,
  between: () => ({ ledger: heldLedger, store: heldStore }),
})
