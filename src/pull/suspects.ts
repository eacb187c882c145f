/**
 * Handles messages whose retrieval goes wrong, so that none of them holds up another (docs/decisions/0015). A message is suspect if the
 * provider lists it and will not give it, or if the session breaks at it: the next run takes it last and alone, and sets it aside once it
 * has failed often enough. A message that ends the worker is found by the runs that set out and never returned.
 */
import type { Failure } from '../failure/failure.ts'
import { RetrievalFailed, SessionFailed } from '../failure/session-failed.ts'
import type { LedgerRecord, MessageName, Suspect } from '../ledger/ledger.ts'
import { fieldsOf, headerFingerprint, headerOf, listedUidlHash } from '../mail/header.ts'
import type { Listed, Sighting, Window } from '../mail/message.ts'
import { slices } from '../slices.ts'
import type { Deposit } from './deposit.ts'
import type { LedgerView } from './ledger-ports.ts'
import { pullLimits } from './limits.ts'
import { look, unseen } from './look.ts'
import type { Maildrop, PullRun } from './ports.ts'
import { tooLarge } from './quarantine.ts'
import type { Survey } from './survey.ts'

/** The order in which messages are retrieved. */
export interface Turns {
  readonly usual: readonly Listed[]
  /** These messages come after all others, each alone. */
  readonly last: readonly Listed[]
}

/** The suspects of one run, which may need more than one session. */
export class Suspects {
  readonly #run: PullRun
  readonly #suspects = new Map<string, Suspect>()
  /** A message that this run has set aside is not tried again in it, even if its record does not identify the message again. */
  readonly #aside = new Set<string>()
  #hasRecalled = false
  #deaths = 0
  /** The message that has killed the worker. */
  #killer: MessageName | undefined
  /** True once this run has set out to retrieve, or has something else to write at its end. */
  #mustReturn = false
  /** The number of messages that earlier runs have set aside because of the provider, since one was stored. */
  #asideBefore = 0
  /** Messages that are tried again by hand. */
  #retried: ReadonlySet<Listed> = new Set()
  #sightings = new Map<Listed, Sighting>()
  /** The number of messages that the provider gave. */
  #given = 0
  #refused: Window['refused'][number][] = []

  constructor(run: PullRun) {
    this.#run = run
  }

  /** Sets aside the message that has killed the worker, and leaves the suspects for last. */
  async turns(view: LedgerView, { listed, toRetrieve, retried, sightings }: Survey): Promise<Turns> {
    this.#recall(view)
    this.#asideBefore = [...view.records.asideSinceStored()].filter(isProvidersDoing).length
    this.#retried = retried
    this.#sightings = new Map(sightings)
    this.#refused = []
    const turns = { usual: [] as Listed[], last: [] as Listed[] }
    const present = new Set<string>()
    const isTroubled = this.#suspects.size + this.#aside.size + retried.size > 0 || this.#killer !== undefined
    for await (const slice of slices(isTroubled ? toRetrieve : [])) {
      for (const message of slice) {
        const key = suspectKey(nameOf(message))
        present.add(key)
        if (this.#aside.has(key)) continue
        if (this.#killer !== undefined && key === suspectKey(this.#killer)) await this.#setKillerAside(message)
        else (this.#suspects.has(key) || retried.has(message) ? turns.last : turns.usual).push(message)
      }
    }
    // A false empty maildrop (fetchmail, RETRIEVAL FAILURE MODES) clears nobody.
    if (listed > 0) for (const key of this.#suspects.keys()) if (!present.has(key)) this.#clear(key)
    // The message that has failed least goes first, so that each has its turn even if one of them ends the session.
    const failures = (message: Listed) => this.#suspects.get(suspectKey(nameOf(message)))?.failures ?? 0
    turns.last.sort((a, b) => failures(a) - failures(b))
    return isTroubled ? turns : { usual: toRetrieve, last: [] }
  }

  /** Retrieves the messages in their turns. After several deaths, the messages that could have been on their way then come alone. */
  async *windows(maildrop: Maildrop, { usual, last }: Turns, deposit: Deposit): AsyncIterable<Window> {
    if (usual.length + last.length === 0) return
    const aloneCount = this.#isCareful ? pullLimits.windowsAheadMax * pullLimits.windowMessagesMax : 0
    for (const message of usual.slice(0, aloneCount)) yield* this.#alone(message, maildrop, deposit)
    const rest = usual.slice(aloneCount)
    if (this.#isCareful) await deposit.done()
    if (rest.length > 0 || !this.#isCareful) await this.#setOut()
    if (rest.length > 0) yield* maildrop.retrieve(rest, this.#run.account.maxMessageBytes)
    await this.#lookAt(last, maildrop)
    for (const message of last) yield* this.#alone(message, maildrop, deposit)
  }

  /** Retrieves one message with no other on its way. After several deaths the name of this message is written down first. */
  async *#alone(message: Listed, maildrop: Maildrop, deposit: Deposit): AsyncIterable<Window> {
    if (this.#isCareful) {
      await deposit.done()
      await this.#setOut(nameOf(message))
    }
    yield* maildrop.retrieve([message], this.#run.account.maxMessageBytes)
  }

  /** Handles the messages of a window that were refused or cut. */
  async came({ retrieved, refused, cut }: Window): Promise<void> {
    const { world, account, counts } = this.#run
    this.#given += retrieved.length + cut.length
    this.#refused.push(...refused)
    if (this.#suspects.size > 0)
      for (const { message } of [...retrieved, ...cut]) this.#clear(suspectKey(nameOf(message)))
    for (const { message, bytes, octets } of cut) {
      counts.quarantined += 1
      const sighting = { ...unseen(message), fingerprint: headerFingerprint(fieldsOf(headerOf(bytes))) }
      await world.quarantine.quarantine(sighting, { failure: tooLarge(octets, account), attempts: 1, octets })
    }
  }

  /** Decides when no more messages come in this session. The answer fails the run: a message is still refused. */
  async settle(): Promise<SessionFailed | undefined> {
    let failed: SessionFailed | undefined
    const refused = this.#refused.splice(0)
    const isProviders = this.#isProvidersFault(refused.length)
    for (const { message, reply } of refused) {
      const during = { code: 'RETR', message: message.number } as const
      const failure = { kind: 'provider refused', server: this.#run.account.host, during, reply } as const
      if (isProviders || !(await this.#fail(message, failure))) failed ??= new SessionFailed(failure)
    }
    return failed
  }

  /** Whether a message was set aside because it ended the session: then another session does the rest of the run. */
  async blame(error: unknown): Promise<boolean> {
    if (!(error instanceof RetrievalFailed)) return false
    await this.settle()
    const others = this.#suspects.size - (this.#suspects.has(suspectKey(nameOf(error.suspect))) ? 1 : 0)
    return !this.#isProvidersFault(others + 1) && (await this.#fail(error.suspect, error.failure))
  }

  /** Writes down the suspects. It is called at the end of a run, however the run ended. */
  async returned(): Promise<void> {
    if (this.#mustReturn) await this.#writeReturn()
  }

  /** After several deaths each message that could be the reason is retrieved alone. */
  get #isCareful(): boolean {
    return this.#deaths >= pullLimits.deathsBeforeCare
  }

  #recall({ suspects, deaths, alone }: LedgerView): void {
    if (this.#hasRecalled) return
    this.#hasRecalled = true
    for (const suspect of suspects) this.#suspects.set(suspectKey(suspect), suspect)
    this.#deaths = deaths
    // Only a run that was careful already had written down the message that it was retrieving alone.
    this.#killer = deaths > pullLimits.deathsBeforeCare ? alone : undefined
    this.#mustReturn = deaths > 0
  }

  async #setOut(alone?: MessageName): Promise<void> {
    this.#mustReturn = true
    await this.#run.world.attempts.setOut(alone)
  }

  async #writeReturn(): Promise<void> {
    await this.#run.world.attempts.returned([...this.#suspects.values()])
  }

  /** Without a UIDL, only the header identifies a message that was set aside. */
  async #lookAt(messages: readonly Listed[], maildrop: Maildrop): Promise<void> {
    const nameless = messages.filter((message) => message.uidl === undefined && !this.#sightings.has(message))
    for (const sighting of await look(maildrop, nameless, undefined)) this.#sightings.set(sighting.message, sighting)
  }

  /**
   * A provider is at fault itself if it gives nothing at all, or refuses this many messages in a row. Stores are judged in the same way
   * (refusals.ts).
   */
  #isProvidersFault(failed: number): boolean {
    return this.#given === 0 && this.#asideBefore + failed >= pullLimits.refusedInARowMax
  }

  /**
   * Notes that a retrieval went wrong. The answer is whether the message is now set aside. If it was tried again by hand, it is set aside
   * at once.
   */
  async #fail(message: Listed, failure: Failure): Promise<boolean> {
    this.#mustReturn = true
    const name = nameOf(message)
    const key = suspectKey(name)
    const failures = (this.#suspects.get(key)?.failures ?? 0) + 1
    if (this.#retried.has(message) || failures >= failuresMax(failure)) {
      await this.#setAside(message, failure, this.#retried.has(message) ? 1 : failures)
      return true
    }
    if (this.#suspects.has(key) || this.#suspects.size < pullLimits.suspectsMax)
      this.#suspects.set(key, { ...name, failures })
    return false
  }

  /** The last of the runs that died was retrieving this message and nothing else. */
  async #setKillerAside(message: Listed): Promise<void> {
    const reason = `Its retrieval ended the worker ${this.#deaths} times`
    await this.#setAside(message, { kind: 'internal', reason }, this.#deaths)
    this.#deaths = 0
    this.#killer = undefined
    // The runs that died before have died of this message too.
    await this.#writeReturn()
  }

  async #setAside(message: Listed, failure: Failure, attempts: number): Promise<void> {
    const { world, counts } = this.#run
    // If no header was seen, the fingerprint of nothing shows that the message was tried, and not set aside by its listed size alone.
    const fingerprint = this.#sightings.get(message)?.fingerprint ?? headerFingerprint([])
    counts.quarantined += 1
    await world.quarantine.quarantine({ ...unseen(message), fingerprint }, { failure, attempts })
    const key = suspectKey(nameOf(message))
    this.#aside.add(key)
    this.#clear(key)
  }

  #clear(key: string): void {
    if (this.#suspects.delete(key)) this.#mustReturn = true
  }
}

function nameOf(message: Listed): MessageName {
  return { uidl: listedUidlHash(message), size: message.size, place: message.number }
}

/** If messages share a UIDL, one that comes well must not clear another: their sizes tell them apart. */
function suspectKey({ uidl, size, place }: MessageName): string {
  return `${uidl ?? place} ${size}`
}

function failuresMax({ kind }: Failure): number {
  return kind === 'silent' || kind === 'unreachable' ? pullLimits.droppedFailuresMax : pullLimits.toldFailuresMax
}

/** Whether a message was set aside because of the provider: it was tried, and never came whole. */
function isProvidersDoing({ fingerprint, digest }: LedgerRecord): boolean {
  return fingerprint !== undefined && digest === undefined
}
