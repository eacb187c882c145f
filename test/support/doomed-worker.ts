/** A real worker in a process of its own that ends itself by SIGKILL where argv[2] says (doomed.ts). */
import { imapLimits } from '../../src/imap/limits.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { StorePool } from '../../src/imap/pool.ts'
import { createLog } from '../../src/log.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import type { AccountLedger } from '../../src/pull/ledger-ports.ts'
import type { Maildrop, Store } from '../../src/pull/ports.ts'
import { Lease } from '../../src/redis/lease.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import type { DoomedOptions } from './doomed.ts'
import { startOwnWorker } from './own-worker.ts'

/** Every verb of a port that changes something outside, and `list`, before which nothing has happened. */
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

const options = JSON.parse(process.argv[2] ?? '{}') as DoomedOptions
const { places, windowMessages } = options
const awaited = new Set(Object.keys(places))

/** A run, and how often it has had each effect. */
class Doom {
  readonly #accountId: string
  readonly #times = new Map<string, number>()
  #there = false

  constructor(accountId: string) {
    this.#accountId = accountId
  }

  async run<T>(effect: string, act: () => Promise<T>): Promise<T> {
    // What runs beside the effect that ends the process ends with it.
    if (this.#there) return await never()
    const times = (this.#times.get(effect) ?? 0) + 1
    this.#times.set(effect, times)
    if (awaited.size === 0) process.stdout.write(`${effect} ${times}\n`)
    const here = (moment: string) => places[this.#accountId] === `${moment} ${effect} ${times}`
    if (here('before')) return await this.#arrive()
    const acting = act()
    // By then its first bytes are on their way, and no answer has come.
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

const current = new AsyncLocalStorage<Doom>()
const take = Lease.take.bind(Lease)
Lease.take = (redis, accountId, ms) => {
  current.enterWith(new Doom(accountId))
  return take(redis, accountId, ms)
}

function doom(on: object, names: readonly string[]): void {
  for (const name of names) {
    const act: unknown = Reflect.get(on, name)
    if (typeof act !== 'function') throw new Error(`there is no ${name}`)
    Object.defineProperty(on, name, {
      value(this: unknown, ...args: unknown[]) {
        const run = () => Reflect.apply(act, this, args) as Promise<unknown>
        return current.getStore()?.run(name, run) ?? run()
      },
    })
  }
}

doom(Pop3Session.prototype, maildropEffects)
doom(RedisLedger.prototype, ledgerEffects)
const opened = Reflect.get(StorePool.prototype, 'store') as (...args: readonly unknown[]) => Promise<Store>
StorePool.prototype.store = async function storeOf(this: StorePool, ...args): Promise<Store> {
  const held = { ...(await opened.apply(this, args)) }
  doom(held, storeEffects)
  return held
}
if (windowMessages !== undefined) Object.assign(pullLimits, { windowMessagesMax: windowMessages })
Object.assign(imapLimits, { deliveredTogether: windowMessages })

await startOwnWorker(options, createLog('worker', 'silent'), Math.max(awaited.size, 1))
