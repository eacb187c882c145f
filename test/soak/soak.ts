/** The soak: accounts at providers and stores of every kind, mail all the time, faults by a seed; then peace, and everything is looked at. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { closeAll } from '../support/closing.ts'
import { Chance } from '../support/chance.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { familyOf } from '../support/family.ts'
import { commit, type Fault, isOwn, planFaults, type Reach } from './faults.ts'
import { Gateway } from './gateway.ts'
import { grown, type Sample } from './growth.ts'
import { Letters, realMail } from './letters.ts'
import { dovecotProvider, habitNames, scriptedProvider, type Provider } from './providers.ts'
import { settle } from './settling.ts'
import {
  dovecotStore,
  hostedStore,
  scriptedStore,
  storeHabits,
  type DestinationStore,
  storePassword,
} from './stores.ts'
import { type Gathered, judge } from './verdict.ts'

export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
  /** The time after the last fault in which everything has to be well again. */
  readonly settleSeconds: number
  /** An account that has not come back by itself after this part of that time is asked for, as a person would. */
  readonly patienceSeconds: number
  readonly say: (line: string) => void
}

export interface SoakResult {
  readonly wrong: readonly string[]
  readonly messages: number
  readonly stored: number
  readonly runs: number
  readonly failedRuns: number
  /** How often each kind of fault was carried out. */
  readonly faults: Readonly<Record<string, number>>
  /** The accounts that had to be asked for at the end. */
  readonly asked: readonly string[]
  /** What each part holds at the end: a line each. */
  readonly sizes: readonly string[]
  readonly settledSeconds: number
  /** The folder with the logs; it is left only if something is wrong. */
  readonly folder: string
}

/** What a store refuses for good is set aside within the time of the shortest soak. */
const setAsideAfterSeconds = 20
const dovecotAccounts = 6
const ownLogins = ['soak-a', 'soak-b', 'soak-c']
const elsewhere = 'elsewhere'
/** The letters that each account has at the beginning. */
const lettersAtFirst = 12

/** @returns what was found; nothing of it runs any more. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const folder = mkdtempSync('/tmp/tributary-soak-')
  const closers: Record<string, () => unknown> = {}
  const note = (line: string) => appendFileSync(join(folder, 'soak.log'), `${new Date().toISOString()} ${line}\n`)
  let result: SoakResult | undefined
  try {
    const stage = await build(folder, options, closers)
    const watch = new Watch(stage.gateway)
    closers['the watch'] = async () => await watch.end()
    const faults = await trouble(stage, options, note)
    options.say(`faults are over after ${options.seconds} s; everything has ${options.settleSeconds} s to become well`)
    result = { ...(await end(stage, watch, options, note)), messages: stage.letters.made, faults, folder }
  } finally {
    await closeAll(closers)
    if (result?.wrong.length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    else if (result === undefined) options.say(`the logs are in ${folder}`)
  }
  return result
}

interface Stage {
  readonly gateway: Gateway
  readonly accounts: readonly Gathered[]
  readonly stores: readonly DestinationStore[]
  readonly letters: Letters
  readonly dovecot: TestDovecot
}

async function build(folder: string, { seed }: SoakOptions, closers: Record<string, () => unknown>): Promise<Stage> {
  const chance = new Chance(seed)
  const gateway = await Gateway.start(folder)
  closers['the gateway'] = async () => await gateway.stop()
  const users = Array.from({ length: dovecotAccounts }, (_, nth) => `box${nth}`)
  const dovecot = await startDovecot(
    Object.fromEntries(users.map((user) => [user, 'secret'])),
    Object.fromEntries(users.map((user) => [user, []])),
  )
  closers['the provider'] = async () => await dovecot.stop()
  const foreign = await startDovecot({ [elsewhere]: storePassword })
  closers['the store elsewhere'] = async () => await foreign.stop()
  const providers: Provider[] = []
  for (const user of users) providers.push(await dovecotProvider(dovecot, user))
  for (const [nth, what] of habitNames.entries())
    providers.push(await scriptedProvider(what, `script${nth}`, new Chance(seed + 100 + nth)))
  closers['lines and scripts'] = async () =>
    await Promise.all(providers.map(async (provider) => await provider.close()))
  const stores = [
    ...ownLogins.map((login) => hostedStore(gateway.ports.imap, login)),
    await dovecotStore(foreign, elsewhere),
  ]
  for (const [nth, what] of Object.keys(storeHabits).entries())
    stores.push(await scriptedStore(what, new Chance(seed + 200 + nth)))
  closers['stores'] = async () => await Promise.all(stores.map(async (store) => await store.close()))
  const accounts = await register(gateway, chance.shuffled(providers), stores, chance)
  const letters = new Letters(new Chance(seed + 1), realMail())
  for (const account of accounts) for (let nth = 0; nth < lettersAtFirst; nth += 1) send(account, letters)
  return { gateway, accounts, stores, letters, dovecot }
}

async function register(
  gateway: Gateway,
  providers: readonly Provider[],
  stores: readonly DestinationStore[],
  chance: Chance,
): Promise<Gathered[]> {
  await gateway.call('PATCH', '/settings', { setAsideAfterSeconds })
  const destinations: string[] = []
  for (const { fields } of stores) destinations.push((await gateway.call('POST', '/destinations', fields)).id)
  const accounts: Gathered[] = []
  for (const [nth, provider] of providers.entries()) {
    const [store, destinationId] = [stores[nth % stores.length], destinations[nth % stores.length]]
    if (store === undefined) throw new Error('there is no store')
    const name = provider.user
    const retention = provider.retention ?? (chance.happens(0.5) ? 'delete' : 'keep')
    const { id } = await gateway.call('POST', '/accounts', {
      address: `${name}@example.net`,
      host: '127.0.0.1',
      port: provider.line.port,
      tls: 'none',
      user: provider.user,
      password: 'secret',
      destinationId,
      folder: name,
      retention: { mode: retention },
      interval: { minSeconds: 2, maxSeconds: 5 },
    })
    accounts.push({ id, name, provider, store, folder: name, retention, sent: [] })
  }
  return accounts
}

/** Three messages of each account of that store are refused by it for good, among the others. */
function send({ name, provider, store, sent }: Gathered, letters: Letters): void {
  const bad = store.what.endsWith('refuses some messages for good') && [3, 7, 15].includes(sent.length)
  const letter = bad ? letters.poison(name) : letters.next(name)
  sent.push(letter)
  provider.deliver(letter)
}

/** Lets mail come and faults happen until the time is over and every fault has ended. */
async function trouble(stage: Stage, { seconds, seed, say }: SoakOptions, note: (line: string) => void) {
  const { gateway, accounts, stores, letters, dovecot } = stage
  const lines = [...accounts.map(({ provider }) => provider.line), ...stores.flatMap(({ line }) => line ?? [])]
  const talkative = stores.filter((store) => 'hangUp' in store)
  const reach: Reach = {
    gateway,
    lines,
    hangUp: async (store, bye) => await talkative[store]?.hangUp?.(bye),
    async checkNow(account) {
      await gateway.call('POST', `/accounts/${accounts[account]?.id}/pull`)
    },
    freezeProvider: async (forMs) => await freeze(dovecot.pid(), forMs),
  }
  const scene = { forMs: seconds * 1000, accounts: accounts.length, lines: lines.length, stores: talkative.length }
  const plan = planFaults(new Chance(seed + 2), scene)
  const counts: Record<string, number> = {}
  let own: Promise<void> = Promise.resolve()
  const happen = async (fault: Fault) => {
    const what = 'part' in fault ? `${fault.kind} ${fault.part}` : fault.kind
    const done = await commit(fault, reach).catch((error: unknown) => {
      // While the API is away, nobody can ask it for a run.
      if (fault.kind === 'check now') return false
      throw error
    })
    if (done) counts[what] = (counts[what] ?? 0) + 1
  }
  const beganMs = performance.now()
  const leftMs = (untilMs: number) => Math.max(0, beganMs + untilMs - performance.now())
  const post = mailing(stage, new Chance(seed + 3), () => leftMs(scene.forMs) > 0)
  const begun: Promise<void>[] = []
  const begin = (fault: Fault) => {
    // A start in which a part is killed ends, as it should: the next fault of a part waits until this one is over.
    if (isOwn(fault)) own = own.then(async () => await happen(fault))
    begun.push(isOwn(fault) ? own : happen(fault))
    // Promise.all tells of it at the end.
    begun.at(-1)?.catch(() => {})
  }
  let saidMs = 0
  for (const { atMs, fault } of plan) {
    await delay(leftMs(atMs))
    note(JSON.stringify(fault))
    begin(fault)
    if (atMs - saidMs > 60_000) {
      saidMs = atMs
      say(`${Math.round(atMs / 1000)} s: ${letters.made} messages sent, ${begun.length} faults`)
    }
  }
  await Promise.all([delay(leftMs(scene.forMs)), post, ...begun])
  for (const line of lines) line.clear()
  for (const { provider } of accounts) provider.calm()
  return counts
}

async function mailing({ accounts, letters }: Stage, chance: Chance, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const account = chance.of(accounts)
    for (let nth = 1 + chance.below(4); nth > 0; nth -= 1) send(account, letters)
    await delay(100 + chance.below(500))
  }
}

async function freeze(pid: number, forMs: number): Promise<void> {
  const frozen = [pid, ...familyOf(pid)]
  const signal = (name: NodeJS.Signals) => {
    for (const one of frozen) {
      try {
        process.kill(one, name)
      } catch {
        // A session that has ended meanwhile.
      }
    }
  }
  signal('SIGSTOP')
  await delay(forMs)
  signal('SIGCONT')
}

async function end(
  { gateway, accounts, stores }: Stage,
  watch: Watch,
  { settleSeconds, patienceSeconds }: SoakOptions,
  note: (line: string) => void,
): Promise<Omit<SoakResult, 'messages' | 'faults' | 'folder'>> {
  const beganMs = performance.now()
  const look = async () => {
    const { wrong } = await judge(accounts, stores)
    note(`looked at: ${wrong.length} wrong: ${wrong[0] ?? ''}`)
    return wrong
  }
  const settled = await settle(gateway, accounts, { settleSeconds, patienceSeconds }, { look, note })
  const settledSeconds = Math.round((performance.now() - beganMs) / 1000)
  const samples = await watch.end()
  const sizes = sizesIn(samples.at(-1))
  // The hosted store is purged at this start.
  await gateway.stop()
  await gateway.begin()
  const { stored, wrong } = await judge(accounts, stores)
  const ended = { ...settled, stored, settledSeconds, sizes }
  return { ...ended, wrong: [...settled.wrong, ...wrong, ...gateway.surprises, ...grown(samples)] }
}

/** Looks every two seconds at what the gateway holds. */
class Watch {
  readonly #samples: Sample[] = []
  readonly #ended = new AbortController()
  readonly #work: Promise<void>

  constructor(gateway: Gateway) {
    this.#work = this.#watch(gateway)
    // It is awaited at the end, and tells of it there.
    this.#work.catch(() => {})
  }

  async end(): Promise<readonly Sample[]> {
    this.#ended.abort()
    await this.#work
    return this.#samples
  }

  async #watch(gateway: Gateway): Promise<void> {
    while (!this.#ended.signal.aborted) {
      this.#samples.push(await gateway.sample())
      await delay(2000, undefined, { signal: this.#ended.signal }).catch(() => {})
    }
  }
}

function sizesIn(sample: Sample | undefined): string[] {
  const sizes = Object.entries(sample?.parts ?? {}).map(
    ([part, { octets, files }]) => `${part} has ${Math.round(octets / 1e6)} MB and ${files} open files`,
  )
  return [...sizes, `redis has ${sample?.keys ?? 'an unknown number of'} keys that are not of runs`]
}
