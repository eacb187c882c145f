/** Keeps the connections to stores: a few for each destination, for a short time after their last use, and none that has failed. */
import { createHash } from 'node:crypto'
import type { ImapFlow } from 'imapflow'
import type { LoginTrait } from '../account/server-traits.ts'
import type { StoreEndpoint } from '../server-urls.ts'
import { imapLimits } from './limits.ts'
import type { Store } from '../pull/store-ports.ts'
import type { Traces } from '../pull/trace-ports.ts'
import type { Staging, StoreAccess } from './access.ts'
import type { Lanes } from './apart.ts'
import { connectStore, type Login, loginOf, separatorOf, serverOf, type StoreTarget } from './connection.ts'
import { Identities } from './identities.ts'
import { isOnTrustedLine, LoginMemories } from './login-memories.ts'
import { checkInsides } from './insides.ts'
import { Literals } from './literals.ts'
import { Place, type PlaceRules } from './place.ts'
import { type Purpose, siftingFor } from './sifting.ts'
import { openStore } from './store.ts'
import { SentFolder } from './sent-folder.ts'
import { StoreTraces } from './traces.ts'
import { LoopTurns } from './loop-turns.ts'

/** The run on whose behalf a store is opened. */
export interface StoreRun {
  /** Needed for a hosted store. */
  readonly staging?: Staging
  /** Tells whether its lease holds for long enough to store something; undefined if the run has no lease. */
  readonly mayCommit?: () => boolean
  readonly signal?: AbortSignal
  /** Mail is to be deleted at its provider: what anybody else's store says to have taken is looked for in it. */
  readonly looksAfter?: boolean
}

export interface PoolOptions {
  /** The time in which a store carries out what an earlier run has sent; given by tests. */
  readonly lateMs?: number | undefined
  /** Takes a message that a server wants its user to read (ALERT, RFC 9051 section 7.1). */
  readonly alerted?: (destinationId: string, words: string) => void
  /** The most connections to one destination. */
  readonly connectionsMax?: number
  /** The time to wait for a connection while all are in use. */
  readonly turnWaitMs?: number
  /** The time that a store has to store a batch. */
  readonly appendWaitMs?: number | undefined
  /** A connection that lay idle for longer is asked with NOOP before it is trusted with mail. */
  readonly freshMs?: number | undefined
  /** The time to wait for the answer to LOGOUT when the pool is closed. */
  readonly leaveWaitMs?: number
  readonly identities?: Identities
  /** What the answers are for; undefined: for runs. */
  readonly purpose?: Purpose
  /** Takes what logins have taught where anybody may speak on the line: it holds for this destination alone, and is to last. */
  readonly learns?: (destinationId: string, loginVersion: string, traits: readonly LoginTrait[]) => void
  /** Takes the separator of levels that a server has told. */
  readonly separates?: (server: ServerAddress, separator: string) => void
}

interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** A function that uses a connection. */
export type Use<T> = (client: ImapFlow) => Promise<T>

const usualFreshMs = 1000

export class StorePool {
  readonly #hosted: StoreEndpoint
  readonly #lateMs: number
  readonly #rules: Omit<PlaceRules, 'empty' | 'connectionsMax'>
  readonly #connectionsMax: number | undefined
  readonly #appendWaitMs: number
  readonly #leaveWaitMs: number
  readonly #places = new Map<string, Place>()
  readonly #identities: Identities
  readonly #memories = new LoginMemories()
  readonly #literals = new Literals()
  /** How many connections beside each other a place was found to have, where it refused more. */
  readonly #fewerLanes = new Map<string, { readonly count: number; readonly sinceMs: number }>()
  readonly #alerted: (destinationId: string, words: string) => void
  /** The last alert of each destination: many servers repeat it at every login. */
  readonly #alerts = new Map<string, string>()
  readonly #learns: NonNullable<PoolOptions['learns']>
  readonly #separates: (server: ServerAddress, separator: string) => void
  readonly #turns = new LoopTurns()
  readonly #purpose: Purpose
  readonly #separators = new Map<string, string>()
  #closed = false

  constructor(hosted: StoreEndpoint, options: PoolOptions = {}) {
    checkInsides()
    this.#hosted = hosted
    this.#lateMs = options.lateMs ?? imapLimits.lateCommitMs
    this.#alerted = options.alerted ?? (() => {})
    this.#learns = options.learns ?? (() => {})
    this.#separates = options.separates ?? (() => {})
    this.#identities = options.identities ?? new Identities()
    this.#leaveWaitMs = options.leaveWaitMs ?? imapLimits.storeLeaveWaitMs
    this.#appendWaitMs = options.appendWaitMs ?? imapLimits.appendWaitMs
    this.#connectionsMax = options.connectionsMax
    this.#purpose = options.purpose ?? 'run'
    this.#rules = {
      turnWaitMs: options.turnWaitMs ?? this.#appendWaitMs,
      freshMs: options.freshMs ?? usualFreshMs,
    }
  }

  /** Counts the destinations to which there are connections, or for which somebody waits. */
  get places(): number {
    return this.#places.size
  }

  /** Opens a store that borrows a connection for each of its commands. */
  async store(
    target: StoreTarget,
    { staging, mayCommit = () => true, signal, looksAfter = false }: StoreRun = {},
  ): Promise<Store> {
    const hosted = target.kind === 'hosted'
    if (hosted && staging === undefined) throw new Error('a hosted store is opened for a run, which has a fence')
    const access: StoreAccess = {
      borrow: (use) => this.borrow(target, use, signal),
      connect: () => this.#connect(target, signal),
      staging: hosted ? staging : undefined,
      mayCommit,
      lateMs: this.#lateMs,
      appendWaitMs: this.#appendWaitMs,
      literals: this.#literals,
      signal,
      looksAfter,
    }
    return await openStore(access, this.#lanesTo(target))
  }

  /** As many as the place may have connections, unless the store has refused some lately. */
  #lanesTo(target: StoreTarget): Lanes {
    const key = placeKey(target)
    const known = this.#fewerLanes
    return {
      get count() {
        const learnt = known.get(key)
        if (learnt !== undefined && performance.now() - learnt.sinceMs > imapLimits.fewerLanesForMs) known.delete(key)
        return known.get(key)?.count ?? imapLimits.foreignConnectionsPerDestination
      },
      fewer: (count) => void known.set(key, { count, sinceMs: performance.now() }),
    }
  }

  /** Opens a connection of its own to read stored messages back; the caller closes it. */
  async traces(target: StoreTarget, signal?: AbortSignal): Promise<Traces> {
    return new StoreTraces(await this.#connect(target, signal), signal)
  }

  /** Opens a connection of its own to look into the folder of sent mail; the caller closes it. */
  async sentFolder(target: StoreTarget, signal?: AbortSignal): Promise<SentFolder> {
    const client = await this.#connect(target, signal)
    return await SentFolder.find(client, signal).catch((error: unknown) => {
      client.close()
      throw error
    })
  }

  /** Ends the idle connections; those that are lent end when they are given back. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#places.values()].map((place) => place.close(this.#leaveWaitMs)))
  }

  /** Lends a connection until `use` has ended. If `use` fails, the connection is closed. */
  async borrow<T>(target: StoreTarget, use: Use<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const place = this.#place(target)
    await place.turn(serverOf(loginOf(target, this.#hosted)), signal)
    let client: ImapFlow | undefined
    try {
      client = (await place.reuse()) ?? (await this.#connect(target, signal))
      const result = await use(client)
      if (this.#closed) client.close()
      else place.keep(client)
      return result
    } catch (error) {
      // Nobody knows which answers are still on their way on this connection.
      client?.close()
      throw error
    } finally {
      place.release()
    }
  }

  async #connect(target: StoreTarget, signal: AbortSignal | undefined): Promise<ImapFlow> {
    const alerted = (words: string) => {
      if (this.#alerts.get(target.id) === words) return
      this.#alerts.set(target.id, words)
      this.#alerted(target.id, words)
    }
    const login = loginOf(target, this.#hosted)
    const known = { identities: this.#identities, memories: this.#memories }
    const sifting = siftingFor(this.#turns, target.id, this.#purpose)
    const client = await connectStore(login, { signal, alerted, ...known, sifting })
    this.#learnSeparator(login, separatorOf(client))
    if (target.kind === 'imap') this.#learnLogin(target)
    return client
  }

  #learnLogin(target: Extract<StoreTarget, { kind: 'imap' }>): void {
    // A token is good for this server alone.
    const { id, loginVersion } = target
    if (loginVersion === undefined || isOnTrustedLine(target) || target.auth === 'oauth2') return
    const traits = [...this.#memories.of(target)]
    if (traits.some((trait) => !target.loginTraits?.includes(trait))) this.#learns(id, loginVersion, traits)
  }

  #learnSeparator({ host, port }: Login, separator: string | undefined): void {
    const server = serverOf({ host, port })
    if (separator === undefined || this.#separators.get(server) === separator) return
    this.#separators.set(server, separator)
    this.#separates({ host, port }, separator)
  }

  #place(target: StoreTarget): Place {
    const key = placeKey(target)
    const before = this.#places.get(key)
    if (before !== undefined) return before
    const place: Place = new Place({
      ...this.#rules,
      connectionsMax: this.#connectionsMax ?? connectionsTo(target),
      empty: () => {
        if (this.#places.get(key) === place) this.#places.delete(key)
      },
    })
    this.#places.set(key, place)
    return place
  }
}

function connectionsTo({ kind }: StoreTarget): number {
  return kind === 'hosted' ? imapLimits.storeConnectionsPerDestination : imapLimits.foreignConnectionsPerDestination
}

/**
 * A destination whose settings were changed is another place: no connection to the old one is used for it. The key is a hash, because the
 * settings hold a password, which need not stay in memory for as long as the process lives.
 */
function placeKey(target: StoreTarget): string {
  if (target.kind === 'hosted') return target.id
  const { loginTraits: _, ...settings } = target
  return createHash('sha256').update(JSON.stringify(settings)).digest('base64')
}
