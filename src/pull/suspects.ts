/**
 * Holds the messages that fail, so that none of them holds up another (docs/decisions/0015). A message is suspect if the provider lists it
 * and does not give it, if the session breaks at it, or if the store does not take it. It is tried last and alone, and is set aside once it
 * has failed often enough and for long enough (patience.ts). provider-refusals.ts and refusals.ts judge who is at fault. caution.ts finds
 * the message that ends the worker.
 */
import type { Failure } from '../failure/failure.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { MessageName, Suspect } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Fingerprint, Listed, ShortHash, Sighting, Window } from '../mail/message.ts'
import { slices } from '../slices.ts'
import { Caution, type Stored } from './caution.ts'
import type { LedgerView } from './ledger-ports.ts'
import { type IdForm, idFormOf } from './id-form.ts'
import { pullLimits } from './limits.ts'
import { look, unseen } from './look.ts'
import { followedNames, messageName, nameKey, resizedNames } from './message-name.ts'
import { isPatienceOver, suspectAfterFailure, type Verdict, waitsForItsTime } from './patience.ts'
import { Peeks } from './peeks.ts'
import type { Maildrop } from './maildrop-ports.ts'
import type { PullRun } from './ports.ts'
import { asideUnderOtherId, noHeader, shownEnvelope } from './quarantine.ts'

/** What a session is to retrieve (survey.ts). */
interface Wanted {
  /** The number of messages that the maildrop shows. */
  readonly listed: number
  readonly toRetrieve: readonly Listed[]
  /** No message was known by its id: the ids may be new in each session. */
  readonly areIdsNew: boolean
  /** undefined: nothing was known before, or the ids have no such form. */
  readonly idForm: IdForm | undefined
  readonly retried: ReadonlySet<Listed>
  readonly sightings: ReadonlyMap<Listed, Sighting>
}

/** The order in which messages are retrieved. */
export interface Turns {
  readonly usual: readonly Listed[]
  /** These messages come after all others, each alone. */
  readonly last: readonly Listed[]
}

/** A message that was not given, or not taken. */
export interface FailedMessage {
  readonly sighting: Sighting
  readonly failure: Failure
  /** The store refused it: it had come whole. */
  readonly at?: 'store'
  /** The words leave no doubt that it will fail again: it is set aside at once. */
  readonly isHopeless?: boolean
}

/** The header of a message that is set aside: what it is known by, and its From, Subject and Date lines. */
export interface ShownHeader {
  readonly fingerprint?: Fingerprint
  readonly envelope: Buffer
}

/** The suspects of one run, which may need more than one session. */
export class Suspects {
  readonly peeks = new Peeks()
  readonly #run: PullRun
  readonly #suspects = new Map<string, Suspect>()
  /** A message that this run has set aside is not tried again in it, even if its record does not identify the message again. */
  readonly #aside = new Set<string>()
  /** Messages that have failed in this run, and those that wait for their time (no failure): neither is tried again in it. */
  readonly #deferred = new Map<string, Failure | undefined>()
  /** The messages behind a limit of the provider, and its words. */
  #behindLimit: { readonly messages: number; readonly failure: Failure } | undefined
  /** The names of all of these, by their keys. */
  readonly #names = new Map<string, MessageName>()
  #hasRecalled = false
  readonly #caution: Caution
  /** True once there is something to write at the end of the run. */
  #mustReturn = false
  #lastSeenMs = 0
  /** Messages that were set aside and are tried again. */
  #retried: ReadonlySet<Listed> = new Set()
  readonly #respooled = new Set<Listed>()
  #sightings = new Map<Listed, Sighting>()
  /** The ledger as it stood when the run began. */
  #records: PackedRecords | undefined
  /** The ids of this session, if none of them was known. */
  #newIds: ReadonlySet<ShortHash | undefined> | undefined
  /** The indexes of the records of messages that this run has set aside once more, under other ids. */
  readonly #renamed = new Set<number>()

  constructor(run: PullRun) {
    this.#run = run
    this.#caution = new Caution(run, () => this.#writeReturn())
  }

  /** The number of messages that have failed, or wait for their time, and are not set aside. */
  get deferred(): number {
    return this.#deferred.size + (this.#behindLimit?.messages ?? 0)
  }

  /** The number of suspects that are known, those of this run included. */
  get count(): number {
    return this.#suspects.size
  }

  /** Why messages are deferred; undefined if none was due. */
  get failure(): Failure | undefined {
    return this.#behindLimit?.failure ?? [...this.#deferred.values()].find((failure) => failure !== undefined)
  }

  /** Reads what earlier runs have left. */
  async recall(view: LedgerView): Promise<void> {
    if (this.#hasRecalled) return
    this.#hasRecalled = true
    for (const suspect of view.suspects) {
      this.#suspects.set(nameKey(suspect), suspect)
      this.#names.set(nameKey(suspect), suspect)
    }
    this.#lastSeenMs = view.lastSeenMs
    this.#records = view.records
    await this.#caution.recall(view)
  }

  /** Sets aside the message that has killed the worker, leaves the suspects for last, and leaves out those that wait for their time. */
  async turns({ listed, toRetrieve, retried, sightings, areIdsNew, idForm }: Wanted): Promise<Turns> {
    this.#retried = retried
    this.#sightings = new Map(sightings)
    this.#newIds = areIdsNew ? await hashesOf(toRetrieve) : undefined
    if (areIdsNew) await this.#follow(toRetrieve, followedNames)
    await this.#follow(toRetrieve, resizedNames)
    const turns = { usual: [] as Listed[], last: [] as Listed[] }
    const present = new Set<string>()
    const known = this.#suspects.size + this.#aside.size + this.#deferred.size + retried.size
    const killerKey = await this.#killerKey(toRetrieve, idForm)
    const isTroubled = known > 0 || killerKey !== undefined
    for await (const slice of slices(isTroubled ? toRetrieve : [])) {
      for (const message of slice) {
        const key = nameKey(messageName(message))
        present.add(key)
        if (this.#aside.has(key)) continue
        if (key === killerKey) await this.#setKillerAside(message)
        else if (this.#isTried(key, retried.has(message)))
          (this.#suspects.has(key) || retried.has(message) ? turns.last : turns.usual).push(message)
      }
    }
    // A false empty maildrop (fetchmail, RETRIEVAL FAILURE MODES) clears nobody, and the provider need not list what is spooled.
    if (listed > 0) for (const [key, { spooled }] of this.#suspects) if (!present.has(key) && !spooled) this.#clear(key)
    // The message that has failed least goes first, so that each has its turn even if one of them ends the session.
    const failures = (message: Listed) => this.#suspects.get(nameKey(messageName(message)))?.failures ?? 0
    turns.last.sort((a, b) => failures(a) - failures(b))
    return isTroubled ? turns : { usual: toRetrieve, last: [] }
  }

  /** Notes that a message which was set aside is tried again from the spool. */
  retry(message: Listed): void {
    this.#respooled.add(message)
  }

  /** Whether a spooled message is tried now. */
  mayTry(message: Listed): boolean {
    return this.#isTried(nameKey(messageName(message)), false)
  }

  /** Retrieves the messages in their turns. */
  async *windows(maildrop: Maildrop, { usual, last }: Turns, stored: Stored): AsyncIterable<Window> {
    if (usual.length + last.length === 0) return
    yield* this.#caution.windows(maildrop, usual, stored)
    await this.#lookAt(last, maildrop)
    for (const message of last) yield* this.#caution.alone(message, maildrop, stored)
  }

  /**
   * Notes that a message has failed.
   *
   * @param verdict `innocent`: the provider or the store is the reason.
   */
  async failed(
    { sighting, failure, at, isHopeless = false }: FailedMessage,
    verdict: Verdict,
    shown: () => Promise<ShownHeader | undefined> = async () => undefined,
  ): Promise<void> {
    const { clock, run } = this.#run.world
    const { message, spooled } = sighting
    const name = messageName(message)
    const key = nameKey(name)
    const before = this.#suspects.get(key)
    const nowMs = clock.nowMs()
    const suspect: Suspect = {
      ...suspectAfterFailure({ name, before }, verdict, nowMs, run.setAsideAfterMs),
      ...(at === undefined ? {} : { at }),
      ...(spooled === undefined ? {} : { spooled: true as const }),
    }
    // It has an entry already, and is tried again at the next visit.
    const isRetried = this.isRetried(message)
    if (isRetried && verdict === 'innocent') return
    const isPatient = !isPatienceOver(suspect, nowMs, run.setAsideAfterMs) || !clock.steadySince(this.#lastSeenMs)
    if (isRetried || (verdict !== 'innocent' && verdict !== 'passing' && (isHopeless || !isPatient))) {
      const attempts = isRetried ? 1 : (suspect.attempts ?? 1)
      return await this.#setAside(sighting, failure, attempts, await shown())
    }
    this.#deferred.set(key, failure)
    this.#names.set(key, name)
    // Nothing speaks against a message behind a provider's limit: next time it comes in its usual turn, not alone.
    const isNoted = (verdict !== 'innocent' && failure.kind !== 'throttled') || at === 'store'
    if (before === undefined && (!isNoted || this.#suspects.size >= pullLimits.suspectsMax)) return
    this.#mustReturn = true
    this.#suspects.set(key, suspect)
  }

  /** Whether a message was set aside before, and is tried again. */
  isRetried(message: Listed): boolean {
    return this.#retried.has(message) || this.#respooled.has(message)
  }

  /** Leaves a message for a later run, without a verdict so far. */
  defer(message: Listed, failure: Failure): void {
    const name = messageName(message)
    this.#deferred.set(nameKey(name), failure)
    this.#names.set(nameKey(name), name)
  }

  /** Notes that the provider has given a message. That clears it, unless the store is the reason why it is suspect. */
  given(message: Listed): void {
    if (this.#suspects.size === 0) return
    const key = nameKey(messageName(message))
    if (this.#suspects.get(key)?.at !== 'store') this.#clear(key)
  }

  /** Notes that the store has taken a message. */
  stored(message: Listed): void {
    if (this.#suspects.size > 0) this.#clear(nameKey(messageName(message)))
  }

  /** Notes that this many messages were not asked for, because the provider gives no more for now. */
  leave(messages: number, failure: Failure): void {
    this.#behindLimit = { messages, failure }
  }

  /** Whether a failure has spoken against this message before: the provider gave, or the store took, others at that time. */
  wasAtFault(message: Listed): boolean {
    return (this.#suspects.get(nameKey(messageName(message)))?.failures ?? 0) >= 1
  }

  /** Writes down the suspects. It is called at the end of a run, however the run ended. */
  async returned(): Promise<void> {
    if (this.#mustReturn || this.#caution.mustReturn) await this.#writeReturn()
  }

  /** @throws SessionFailed if something was due and nothing came of it (CONTRACT section 5, `deferred`). */
  demandProgress(): void {
    const { stored, recovered } = this.#run.counts
    if (this.failure !== undefined && stored + recovered === 0) throw new SessionFailed(this.failure)
  }

  /** A message that has failed in this run waits for the next one, and a suspect waits for its time, unless somebody has asked for the run. */
  #isTried(key: string, isRetried: boolean): boolean {
    if (this.#deferred.has(key)) return false
    const { clock, run } = this.#run.world
    const suspect = this.#suspects.get(key)
    if (suspect === undefined || isRetried || run.requested) return true
    if (!waitsForItsTime(suspect, clock.nowMs(), run.setAsideAfterMs)) return true
    this.#deferred.set(key, undefined)
    return false
  }

  /** Gives the suspects their ids of this session, where ids do not last, or their sizes. */
  async #follow(messages: readonly Listed[], namesNow: typeof followedNames): Promise<void> {
    if (this.#names.size === 0) return
    for (const [key, name] of await namesNow(this.#names, messages)) this.#rename(key, name)
  }

  /**
   * The key of the message that has killed the worker, as it is listed in this session. It is set aside without another try: where ids are
   * positions, it may be another message under its id and another size, until more workers have died than that explains.
   */
  async #killerKey(messages: readonly Listed[], idForm: IdForm | undefined): Promise<string | undefined> {
    const { killer, deaths } = this.#caution
    if (killer === undefined) return undefined
    const key = nameKey(killer)
    const name = (await resizedNames(new Map([[key, killer]]), messages)).get(key)
    if (name === undefined) return key
    const isSure = name.size === 0 || killer.size === 0 || deaths > pullLimits.deathsUnderOneId
    return isSure || (idForm ?? (await idFormOf(messages))) === undefined ? nameKey(name) : key
  }

  #rename(key: string, name: MessageName): void {
    const to = nameKey(name)
    this.#names.delete(key)
    this.#names.set(to, name)
    const suspect = this.#suspects.get(key)
    if (suspect !== undefined) {
      this.#suspects.delete(key)
      this.#suspects.set(to, { ...suspect, ...name })
      this.#mustReturn = true
    }
    if (this.#deferred.has(key)) {
      this.#deferred.set(to, this.#deferred.get(key))
      this.#deferred.delete(key)
    }
    if (this.#aside.delete(key)) this.#aside.add(to)
  }

  async #writeReturn(): Promise<void> {
    await this.#run.world.attempts.returned([...this.#suspects.values()])
  }

  /** Without a UIDL, only the header identifies a message that was set aside. */
  async #lookAt(messages: readonly Listed[], maildrop: Maildrop): Promise<void> {
    const nameless = messages.filter((message) => message.uidl === undefined && !this.#sightings.has(message))
    for (const sighting of await look(maildrop, nameless, undefined, this.peeks))
      this.#sightings.set(sighting.message, sighting)
  }

  async #setKillerAside(message: Listed): Promise<void> {
    const { deaths } = this.#caution
    const reason = `Its retrieval ended the worker ${deaths} times`
    await this.#setAside(unseen(message), { kind: 'internal', reason }, deaths)
    await this.#caution.explained()
  }

  async #setAside(sighting: Sighting, failure: Failure, attempts: number, header?: ShownHeader): Promise<void> {
    const { world, counts } = this.#run
    const { message } = sighting
    // If no header was seen, the fingerprint of nothing shows that the message was tried, and not set aside by its listed size alone.
    const fingerprint =
      sighting.fingerprint ?? this.#sightings.get(message)?.fingerprint ?? header?.fingerprint ?? noHeader
    const { setAsideAfterMs } = world.run
    const formerUidl = this.#formerUidl({ ...sighting, fingerprint })
    const shown = await shownEnvelope(header?.envelope)
    await world.quarantine.quarantine(
      { ...sighting, fingerprint },
      { failure, attempts, setAsideAfterMs, formerUidl, ...shown },
      () => void (counts.quarantined += 1),
    )
    const key = nameKey(messageName(message))
    this.#aside.add(key)
    this.#names.set(key, messageName(message))
    this.#clear(key)
  }

  /** Where no id lasts, the entry of a message that is set aside again is found by its size: each run would make one more. */
  #formerUidl(sighting: Sighting): ShortHash | undefined {
    if (this.#newIds === undefined || this.#records === undefined || sighting.digest !== undefined) return undefined
    const before = asideUnderOtherId(sighting, this.#records, ({ index, uidl }) => {
      return !this.#renamed.has(index) && !this.#newIds?.has(uidl)
    })
    if (before !== undefined) this.#renamed.add(before.index)
    return before?.uidl
  }

  #clear(key: string): void {
    this.#deferred.delete(key)
    if (!this.#aside.has(key)) this.#names.delete(key)
    if (this.#suspects.delete(key)) this.#mustReturn = true
  }
}

/** The hashes of their UIDLs, made in turns of the event loop. */
async function hashesOf(messages: readonly Listed[]): Promise<ReadonlySet<ShortHash | undefined>> {
  const hashes = new Set<ShortHash | undefined>()
  for await (const slice of slices(messages)) for (const message of slice) hashes.add(listedUidlHash(message))
  return hashes
}
