/** Runs a real worker in a process of its own that ends itself by SIGKILL at the place that its options name (doomed.ts). */
import type { AccountLedger } from '../../src/pull/ledger-ports.ts'
import type { Maildrop } from '../../src/pull/maildrop-ports.ts'
import type { Store } from '../../src/pull/store-ports.ts'
import type { RunPorts } from '../../workers/options.ts'
import type { DoomedOptions } from './doomed.ts'
import { givenOptions, startOwnWorker } from './own-worker.ts'
import { wrapped } from './wrapped.ts'

/** The verbs of each port that change something outside, and also `list`, before which nothing has happened. */
const maildropEffects: readonly (keyof Maildrop)[] = ['list', 'markDeleted', 'quit']
const ledgerEffects: readonly (keyof AccountLedger)[] = [
  'begin',
  'skip',
  'spool',
  'letGo',
  'intend',
  'record',
  'quarantine',
  'amend',
  'forget',
]
const storeEffects: readonly (keyof Store)[] = ['prepare', 'append', 'deliver', 'finish']

const options = givenOptions() as DoomedOptions
const { places, windowMessages } = options
const awaited = new Set(Object.keys(places))

/** Follows a run: it counts each kind of effect, and knows the place where the run ends. */
class Doom {
  readonly #accountId: string
  readonly #times = new Map<string, number>()
  #there = false

  constructor(accountId: string) {
    this.#accountId = accountId
  }

  /** Gives the same object, but its effects end the process at the wanted place. */
  on<T extends object>(own: T, effects: readonly (keyof T & string)[]): T {
    const verbs: Partial<Record<string, unknown>> = {}
    for (const name of effects) {
      const act: unknown = own[name]
      if (typeof act !== 'function') throw new Error(`there is no ${name}`)
      verbs[name] = (...args: unknown[]) => this.#run(name, () => Reflect.apply(act, own, args) as Promise<unknown>)
    }
    return wrapped(own, verbs as Partial<T>)
  }

  async #run<T>(effect: string, act: () => Promise<T>): Promise<T> {
    // Effects that run beside the one that ends the process end with it.
    if (this.#there) return await never()
    const times = (this.#times.get(effect) ?? 0) + 1
    this.#times.set(effect, times)
    if (awaited.size === 0) process.stdout.write(`${effect} ${times}\n`)
    const here = (moment: string) => places[this.#accountId] === `${moment} ${effect} ${times}`
    if (here('before')) return await this.#arrive()
    const acting = act()
    // At that moment the first bytes are on their way, and no answer has come.
    if (here('during')) setImmediate(() => void this.#arrive())
    const result = await acting
    if (here('after')) return await this.#arrive()
    return result
  }

  async #arrive(): Promise<never> {
    this.#there = true
    awaited.delete(this.#accountId)
    if (awaited.size === 0) process.kill(process.pid, 'SIGKILL')
    return await never()
  }
}

async function never(): Promise<never> {
  return await new Promise<never>(() => {})
}

/** Splits each retrieval into windows of this many messages. */
function inWindows(maildrop: Maildrop, messages: number): Maildrop {
  return wrapped(maildrop, {
    async *retrieve(listed, maxMessageOctets) {
      for (let from = 0; from < listed.length; from += messages)
        yield* maildrop.retrieve(listed.slice(from, from + messages), maxMessageOctets)
    },
  })
}

function doomed(accountId: string): RunPorts {
  const doom = new Doom(accountId)
  return {
    maildrop: (maildrop) =>
      doom.on(windowMessages === undefined ? maildrop : inWindows(maildrop, windowMessages), maildropEffects),
    ledger: (ledger) => doom.on(ledger, ledgerEffects),
    // This is a spread, because a run wraps the store once more, and a copy of the wrapper has all of its verbs.
    store: (store) => ({
      ...doom.on(store, storeEffects),
      ...(windowMessages !== undefined && {
        batch: { ...store.batch, messages: Math.min(store.batch.messages, windowMessages) },
        deliveredTogether: windowMessages,
      }),
    }),
  }
}

await startOwnWorker(options, {
  concurrency: Math.max(awaited.size, 1),
  heavyPlaces: Math.max(awaited.size, 1),
  lateCommitMs: 200,
  // A run that stands at its place keeps the lane, and where each follows one that was killed, the others would wait a minute for it.
  laneWaitMs: 200,
  between: doomed,
})
