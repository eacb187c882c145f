/** Opens a worker's POP3 sessions: what they share, and what is known of their servers. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { openedProxy, viaOf } from '../src/account/proxy.ts'
import { reachOf } from '../src/account/reach.ts'
import type { LoginTrait, ServerTrait } from '../src/account/server-traits.ts'
import type { OctetBudget } from '../src/budget.ts'
import { loginMask } from '../src/mask.ts'
import { openMaildrop, openQuickly } from '../src/pop3/open-maildrop.ts'
import type { Pulse } from '../src/pop3/pulse.ts'
import type { Pop3Session } from '../src/pop3/session.ts'
import { TlsSessions } from '../src/pop3/tls.ts'
import type { Maildrop, WindowPace } from '../src/pull/maildrop-ports.ts'
import { type AccountRecord, Accounts } from '../src/redis/accounts.ts'
import type { Headroom } from '../src/redis/headroom.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { ServerMemory } from '../src/redis/server-memory.ts'
import type { Transcript } from '../src/runs/transcript.ts'
import { isTrustedLine } from '../src/sasl/choice.ts'
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
  /** The room for its messages, if it is not that of ordinary mail. */
  readonly budget?: Pick<OctetBudget, 'hold'>
}

interface Shared extends Pick<WorkerOptions, 'seal' | 'clock' | 'waits' | 'proxy'> {
  readonly redis: Redis
  readonly budget: OctetBudget
  readonly headroom: Headroom
  readonly settings: InstanceSettingsStore
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
    const options = await this.#optionsOf(record, visit)
    return this.#noted(options, await this.#remembering(record, options, openMaildrop(options)))
  }

  /** Opens the session of a visit that may find nothing to do, as `PullWorld` says. */
  async openQuickly(record: AccountRecord, visit: PullVisit): Promise<Maildrop> {
    const { account } = record
    const { clock } = this.#shared
    const { traits, capabilities } = await this.#memory.of(account, clock.nowMs())
    for (const trait of traits) visit.traits.add(trait)
    try {
      const options = await this.#optionsOf(record, visit)
      const opening = openQuickly({ ...options, known: capabilities })
      return this.#noted(options, await this.#remembering(record, options, opening))
    } catch (error) {
      if (capabilities !== undefined) await this.#memory.forget(account)
      throw error
    } finally {
      const learnt = [...visit.traits].filter((trait) => !traits.has(trait))
      if (learnt.length > 0) await this.#memory.learn(account, learnt, clock.nowMs())
    }
  }

  async #optionsOf(record: AccountRecord, visit: PullVisit) {
    const { account, sealedPassword, guarded, loginTraits = [] } = record
    const { budget, headroom, seal, settings, waits = {}, proxy } = this.#shared
    await headroom.demand()
    const password = seal.open(sealedPassword, account.id, 'password')
    const reach = reachOf(guarded === true, 'pop3', await settings.get())
    const shares = [`host ${account.host}:${account.port}`, `destination ${account.destinationId}`]
    // What anybody may have said on the line is believed of this account alone.
    const own = isTrustedLine(account) ? {} : { loginTraits: new Set(loginTraits) }
    const via = viaOf(account.host, openedProxy(account, record, seal), proxy)
    const shared = { budget, shares, waits, tlsSessions: this.#tlsSessions }
    return { ...account, ...shared, ...visit, ...own, password, reach, via }
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
