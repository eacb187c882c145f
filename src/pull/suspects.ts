/**
 * Messages whose retrieval goes wrong, so that one of them holds up no other (docs/decisions/0015). What the provider lists and
 * will not give, and what breaks the session, is noted; the next run takes it last, each alone, and sets it aside once it
 * has failed often enough. A retrieval that ends the worker shows in runs that set out and never returned.
 */
import type { Account } from '../account/account.ts'
import type { Failure } from '../failure/failure.ts'
import { fieldsOf, fingerprintOf, headerOf, uidlHash } from '../mail/header.ts'
import type { MessageName, LedgerRecord, Suspect } from '../ledger/ledger.ts'
import type { Listed, Sighting, Window } from '../mail/message.ts'
import { look, unseen } from './letter.ts'
import { pullLimits } from './limits.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { Maildrop, World } from './ports.ts'
import { tooLarge } from './quarantine.ts'
import type { RunCounts } from '../runs/run.ts'
import { RetrievalFailed, SessionFailed } from '../failure/session-failed.ts'
import { slices } from '../slices.ts'
import type { Survey } from './survey.ts'

/** In the order in which they are retrieved. */
export interface Turns {
  readonly usual: readonly Listed[]
  /** Each alone, when the others have come. */
  readonly last: readonly Listed[]
}

/** Of one run, which may need more than one session. */
export class Suspects {
  readonly #world: World
  readonly #account: Account
  readonly #counts: RunCounts
  readonly #suspects = new Map<string, Suspect>()
  /** What this run has set aside is not tried again in it, though its record may not know it again. */
  readonly #aside = new Set<string>()
  #recalled = false
  #deaths = 0
  #alone: MessageName | undefined
  /** This run has set out to retrieve, or there is something else to be written at its end. */
  #toReturn = false
  #asideBefore = 0
  #again: ReadonlySet<Listed> = new Set()
  #looked = new Map<Listed, Sighting>()
  /** How many messages the provider gave. */
  #given = 0
  #refused: Window['refused'][number][] = []

  constructor(world: World, account: Account, counts: RunCounts) {
    this.#world = world
    this.#account = account
    this.#counts = counts
  }

  /** Sets aside what ended the worker, and leaves the suspects for last. */
  async turns(view: LedgerView, { listed, wanted, again, looked }: Survey): Promise<Turns> {
    this.#recall(view)
    this.#asideBefore = [...view.records.asideSinceStored()].filter(isProvidersDoing).length
    this.#again = again
    this.#looked = new Map(looked)
    this.#refused = []
    const turns = { usual: [] as Listed[], last: [] as Listed[] }
    const seen = new Set<string>()
    const known = this.#suspects.size + this.#aside.size + again.size > 0 || this.#alone !== undefined
    for await (const slice of slices(known ? wanted : [])) {
      for (const message of slice) {
        const key = keyOf(nameOf(message))
        seen.add(key)
        if (this.#aside.has(key)) continue
        if (this.#alone !== undefined && key === keyOf(this.#alone)) await this.#killer(message)
        else (this.#suspects.has(key) || again.has(message) ? turns.last : turns.usual).push(message)
      }
    }
    // A false empty maildrop (fetchmail, RETRIEVAL FAILURE MODES) clears nobody.
    if (listed > 0) for (const key of this.#suspects.keys()) if (!seen.has(key)) this.#clear(key)
    // Who has failed least goes first: so each has its turn, though one of them ends the session.
    const failures = (message: Listed) => this.#suspects.get(keyOf(nameOf(message)))?.failures ?? 0
    turns.last.sort((a, b) => failures(a) - failures(b))
    return known ? turns : { usual: wanted, last: [] }
  }

  /** @param stored resolves when nothing that has come is on its way into the store any more. */
  async *windows(maildrop: Maildrop, { usual, last }: Turns, stored: () => Promise<void>): AsyncIterable<Window> {
    if (usual.length + last.length === 0) return
    const { maxMessageBytes } = this.#account
    const careful = this.#deaths >= pullLimits.deathsBeforeCare
    // As many as could have been on their way when the worker died.
    const one = careful ? usual.slice(0, pullLimits.windowsAheadMax * pullLimits.windowMessagesMax) : []
    const rest = careful ? usual.slice(one.length) : usual
    const alone = async function* (this: Suspects, message: Listed) {
      if (careful) await stored()
      if (careful) await this.#setOut(nameOf(message))
      yield* maildrop.retrieve([message], maxMessageBytes)
    }.bind(this)
    for (const message of one) yield* alone(message)
    if (careful) await stored()
    if (rest.length > 0 || !careful) await this.#setOut()
    if (rest.length > 0) yield* maildrop.retrieve(rest, maxMessageBytes)
    await this.#lookAt(last, maildrop)
    for (const message of last) yield* alone(message)
  }

  /** What a window brought besides messages to store. */
  async came({ retrieved, refused, cut }: Window): Promise<void> {
    this.#given += retrieved.length + cut.length
    this.#refused.push(...refused)
    if (this.#suspects.size > 0) for (const { message } of [...retrieved, ...cut]) this.#clear(keyOf(nameOf(message)))
    for (const { message, bytes, octets } of cut) {
      this.#counts.quarantined += 1
      const sighting = { ...unseen(message), fingerprint: fingerprintOf(fieldsOf(headerOf(bytes))) }
      await this.#world.quarantine.quarantine(sighting, {
        failure: tooLarge(octets, this.#account),
        attempts: 1,
        octets,
      })
    }
  }

  /** When all has come that comes in this session: what fails the run, where something is still refused. */
  async settle(): Promise<SessionFailed | undefined> {
    let failed: SessionFailed | undefined
    const refused = this.#refused.splice(0)
    const ofProvider = this.#isProviders(refused.length)
    for (const { message, reply } of refused) {
      const during = { code: 'RETR', message: message.number } as const
      const failure = { kind: 'provider refused', server: this.#account.host, during, reply } as const
      if (ofProvider || !(await this.#failed(message, failure))) failed ??= new SessionFailed(failure)
    }
    return failed
  }

  /** Whether a message was set aside for what ended the session: then the rest of the run is another session. */
  async blame(error: unknown): Promise<boolean> {
    if (!(error instanceof RetrievalFailed)) return false
    await this.settle()
    const others = this.#suspects.size - (this.#suspects.has(keyOf(nameOf(error.suspect))) ? 1 : 0)
    return !this.#isProviders(others + 1) && (await this.#failed(error.suspect, error.failure))
  }

  /** At the end of a run, however it ended. */
  async returned(): Promise<void> {
    if (this.#toReturn) await this.#world.attempts.returned([...this.#suspects.values()])
  }

  #recall({ suspects, deaths, alone }: LedgerView): void {
    if (this.#recalled) return
    this.#recalled = true
    for (const suspect of suspects) this.#suspects.set(keyOf(suspect), suspect)
    this.#deaths = deaths
    this.#alone = deaths > pullLimits.deathsBeforeCare ? alone : undefined
    this.#toReturn = deaths > 0
  }

  async #setOut(alone?: MessageName): Promise<void> {
    this.#toReturn = true
    await this.#world.attempts.setOut(alone)
  }

  /** Without a UIDL a message that was set aside is only known again by its header. */
  async #lookAt(messages: readonly Listed[], maildrop: Maildrop): Promise<void> {
    const nameless = messages.filter((message) => message.uidl === undefined && !this.#looked.has(message))
    for (const sighting of await look(maildrop, nameless, undefined)) this.#looked.set(sighting.message, sighting)
  }

  /** A provider that gives nothing at all, or refuses so many in a row, is at fault itself, as with stores (refusals.ts). */
  #isProviders(failed: number): boolean {
    return this.#given === 0 && this.#asideBefore + failed >= pullLimits.refusedInARowMax
  }

  /** Whether it is set aside for that; what was tried again by hand is, at once. */
  async #failed(message: Listed, failure: Failure): Promise<boolean> {
    this.#toReturn = true
    const name = nameOf(message)
    const key = keyOf(name)
    const failures = (this.#suspects.get(key)?.failures ?? 0) + 1
    if (this.#again.has(message)) await this.#setAside(message, failure, 1)
    else if (failures >= failuresMax(failure)) await this.#setAside(message, failure, failures)
    else if (this.#suspects.has(key) || this.#suspects.size < pullLimits.suspectsMax) {
      this.#suspects.set(key, { ...name, failures })
      return false
    } else return false
    return true
  }

  /** The last of the runs that died was retrieving this one, and nothing else. */
  async #killer(message: Listed): Promise<void> {
    const reason = `Its retrieval ended the worker ${this.#deaths} times`
    await this.#setAside(message, { kind: 'internal', reason }, this.#deaths)
    this.#deaths = 0
    this.#alone = undefined
    // What died before died of this.
    await this.#world.attempts.returned([...this.#suspects.values()])
  }

  async #setAside(message: Listed, failure: Failure, attempts: number): Promise<void> {
    const key = keyOf(nameOf(message))
    // A fingerprint of nothing, where nothing was seen: it was tried, and not set aside by its listed size alone.
    const fingerprint = this.#looked.get(message)?.fingerprint ?? fingerprintOf([])
    this.#counts.quarantined += 1
    await this.#world.quarantine.quarantine({ ...unseen(message), fingerprint }, { failure, attempts })
    this.#aside.add(key)
    this.#clear(key)
  }

  #clear(key: string): void {
    if (this.#suspects.delete(key)) this.#toReturn = true
  }
}

function nameOf({ uidl, size, number }: Listed): MessageName {
  return { uidl: uidl === undefined ? undefined : uidlHash(uidl), size, place: number }
}

function keyOf({ uidl, size, place }: MessageName): string {
  // Of messages that share a UIDL, one that comes well must not clear another.
  return `${uidl ?? place} ${size}`
}

function failuresMax({ kind }: Failure): number {
  return kind === 'silent' || kind === 'unreachable' ? pullLimits.droppedFailuresMax : pullLimits.toldFailuresMax
}

/** Set aside for what the provider did: it was tried, and never came whole. */
function isProvidersDoing({ fingerprint, digest }: LedgerRecord): boolean {
  return fingerprint !== undefined && digest === undefined
}
