/** Opens a worker's POP3 sessions: what they share, and what is known of their servers. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import type { LoginGate } from '../src/account/login-gate.ts'
import { openedProxy, viaOf } from '../src/account/proxy.ts'
import { reachOf } from '../src/account/reach.ts'
import { hostPort, type LoginTrait, type ServerTrait } from '../src/account/server-traits.ts'
import type { OctetBudget } from '../src/budget.ts'
import { loginMask } from '../src/mask.ts'
import type { ListingRoom } from '../src/pop3/listing-room.ts'
import { openMaildrop, openQuickly } from '../src/pop3/open-maildrop.ts'
import type { Pulse } from '../src/pop3/pulse.ts'
import type { Pop3Session } from '../src/pop3/session.ts'
import { TlsSessions } from '../src/pop3/tls-sessions.ts'
import type { Maildrop, WindowPace } from '../src/pull/maildrop-ports.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { Accounts } from '../src/redis/accounts.ts'
import type { Headroom } from '../src/redis/headroom.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { loginGate } from '../src/redis/login-holds.ts'
import { ServerMemory } from '../src/redis/server-memory.ts'
import type { Transcript } from '../src/runs/transcript.ts'
import { ownTraits } from '../src/sasl/kept-traits.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import type { AccessTokens, TokenHolder, TokenWanted } from '../src/redis/oauth-tokens.ts'
import { workerLimits } from './limits.ts'
import type { LoginDelay } from './login-delay.ts'
import type { WorkerOptions } from './options.ts'

/** The run for which a maildrop is opened. */
export interface PullVisit {
  /** The known traits of the provider's server. This session adds those that it learns. */
  readonly traits: Set<ServerTrait>
  readonly pace: WindowPace
  readonly signal: AbortSignal
  readonly transcript?: Transcript | undefined
  /** Is told the address and port that were reached. */
  readonly reached?: ((peer: string) => void) | undefined
  readonly pulse?: Pulse | undefined
  /** What its server has said to earlier sessions of the visit. */
  readonly delay?: LoginDelay | undefined
  /** The room for its listing; undefined: it needs none. */
  readonly listingRoom?: ListingRoom | undefined
  /** The room for its messages, if it is not that of ordinary mail. */
  readonly budget?: Pick<OctetBudget, 'hold'>
}

/** For a run, which may be long. */
const runsWanted: TokenWanted = { neededMs: workerLimits.runMs }

interface Shared extends Pick<WorkerOptions, 'seal' | 'clock' | 'waits' | 'proxy' | 'afterTestMs'> {
  readonly redis: Redis
  readonly budget: OctetBudget
  readonly headroom: Headroom
  readonly settings: InstanceSettingsStore
  readonly accessTokens: AccessTokens
}

/** The password, or a token; that has an end, by performance.now(). */
interface LoginSecret {
  readonly password: string
  readonly tokenUntilMs?: number | undefined
}

export class Maildrops {
  readonly #shared: Shared
  readonly #tlsSessions = new TlsSessions()
  readonly #memory: ServerMemory

  constructor(shared: Shared) {
    this.#shared = shared
    this.#memory = new ServerMemory(shared.redis)
  }

  async open(record: AccountRecord, visit: PullVisit): Promise<Maildrop> {
    const options = await this.#optionsOf(record, visit, runsWanted)
    return await this.#withToken(record, options, async (secret) => {
      const own = { ...options, ...secret }
      return this.#noted(own, await this.#remembering(record, own, openMaildrop(own)))
    })
  }

  /** Opens the session of a visit that may find nothing to do, as `PullWorld` says. */
  async openQuickly(record: AccountRecord, visit: PullVisit): Promise<Maildrop> {
    const { account } = record
    const { clock } = this.#shared
    const { traits, capabilities } = await this.#memory.of(account, clock.nowMs())
    for (const trait of traits) visit.traits.add(trait)
    try {
      const options = await this.#optionsOf(record, visit, {})
      return await this.#withToken(record, options, async (secret) => {
        const own = { ...options, ...secret }
        const opening = openQuickly({ ...own, known: capabilities })
        return this.#noted(own, await this.#remembering(record, own, opening))
      })
    } catch (error) {
      if (capabilities !== undefined) await this.#memory.forget(account)
      throw error
    } finally {
      const learnt = [...visit.traits].filter((trait) => !traits.has(trait))
      if (learnt.length > 0) await this.#memory.learn(account, learnt, clock.nowMs())
    }
  }

  /** A token may have been taken back before its end: another one is asked for, once. */
  async #withToken<T>(
    record: AccountRecord,
    { password, tokenUntilMs }: LoginSecret,
    open: (secret: LoginSecret) => Promise<T>,
  ): Promise<T> {
    try {
      return await open({ password, tokenUntilMs })
    } catch (error) {
      const isRefused = error instanceof SessionFailed && error.failure.kind === 'credentials refused'
      if (!isRefused || record.account.auth !== 'oauth2') throw error
      const another = await this.#token(record, { refused: password })
      if (another.password === password) throw refusedByToken(error)
      return await open(another).catch((again: unknown) => {
        throw refusedByToken(again)
      })
    }
  }

  async #optionsOf(record: AccountRecord, visit: PullVisit, wanted: TokenWanted) {
    const { account, sealedPassword, guarded } = record
    const { budget, headroom, seal, settings, waits = {}, proxy } = this.#shared
    visit.delay?.demand(hostPort(account))
    await headroom.demand()
    const secret: LoginSecret =
      account.auth === 'oauth2'
        ? await this.#token(record, { ...wanted, signal: visit.signal })
        : { password: seal.open(sealedPassword, account.id, 'password') }
    const reach = reachOf(guarded === true, 'pop3', await settings.get())
    const shares = sharesOf(account)
    // What anybody may have said on the line is believed of this account alone.
    const own = ownTraits(account, record)
    const via = viaOf(account.host, openedProxy(account, record, seal), proxy)
    const gate = both(loginGate(this.#shared.redis, account, this.#shared.afterTestMs), visit.delay)
    const shared = { budget, shares, waits, tlsSessions: this.#tlsSessions, loginGate: gate }
    return { ...account, ...shared, ...visit, ...own, ...secret, reach, via }
  }

  async #token(record: AccountRecord, wanted: TokenWanted): Promise<LoginSecret> {
    const { text, untilMs } = await this.#shared.accessTokens.get(holderOf(record), wanted)
    return { password: text, tokenUntilMs: performance.now() + untilMs - this.#shared.clock.nowMs() }
  }

  /** Keeps what a login has taught of its account alone. */
  async #remembering(
    { account, loginTraits = [] }: AccountRecord,
    { loginTraits: learnt }: { readonly loginTraits?: ReadonlySet<LoginTrait> },
    opening: Promise<Pop3Session>,
  ): Promise<Pop3Session> {
    const session = await opening
    if (learnt === undefined || learnt.size === loginTraits.length) return session
    const change = (record: AccountRecord) => ({
      record: { ...record, loginTraits: [...learnt] },
      due: 'as before' as const,
    })
    await new Accounts(this.#shared.redis).update(account.id, change).catch(() => {})
    return session
  }

  /**
   * What CAPA said is written down for the next sessions. That neither fails nor waits: it only saves them time. A server that says a
   * password there is asked each time.
   */
  #noted(account: Account & { readonly password: string }, session: Pop3Session): Pop3Session {
    const { said } = session
    if (said === undefined) return session
    const mask = loginMask(account.user, account.password)
    if ([...said.before, ...said.after].every((line) => mask(line) === line))
      this.#memory.note(account, said, this.#shared.clock.nowMs()).catch(() => {})
    return session
  }
}

/** The names of those with whom an account shares the room of a worker. */
export function sharesOf({ host, port, destinationId }: Account): string[] {
  return [`host ${host}:${port}`, `destination ${destinationId}`]
}

function both(one: LoginGate, other: LoginGate | undefined): LoginGate {
  return {
    letIn(delayMs) {
      one.letIn(delayMs)
      other?.letIn(delayMs)
    },
    tooSoon(forMs) {
      one.tooSoon(forMs)
      other?.tooSoon(forMs)
    },
  }
}

function holderOf({ account, guarded }: AccountRecord): TokenHolder {
  return { kind: 'account', id: account.id, login: account, guarded: guarded === true }
}

/** It is no password that is wrong. */
function refusedByToken(error: unknown): unknown {
  if (!(error instanceof SessionFailed) || error.failure.kind !== 'credentials refused') return error
  return new SessionFailed({ ...error.failure, byToken: true }, error)
}
