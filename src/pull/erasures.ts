/** Collects the messages that one session is to delete at the provider, and what the provider says to it; erase.ts deletes them. */
import type { Failure } from '../failure/failure.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import { prove } from '../ledger/receipt.ts'
import { retentionMark } from '../ledger/record-codec.ts'
import type { Listed, ShortHash } from '../mail/message.ts'
import { isDue } from './policy.ts'
import { pullLimits } from './limits.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { Deletable } from './maildrop-ports.ts'
import type { PullRun } from './ports.ts'
import type { SightedMatch } from './unmatched.ts'

/** A message that is to be marked deleted. It has the index of its record: the records of 100,000 messages would be held for long. */
export interface DeletionMark extends Deletable {
  readonly index: number
  readonly message: Listed
  /** The message was retrieved in this session, and not only looked at. */
  readonly isRetrieved: boolean
}

/** A mark that the provider has refused, with its words. */
export interface RefusedMark {
  readonly mark: DeletionMark
  readonly reply: string
}

/** A stored message that was stored and deleted before: it came back with a line of its header changed. */
export interface Double {
  /** The index of the record of the deleted one. */
  readonly gone: number
  /** It has the UIDL of the deleted one, and more in its header than others may have. */
  readonly isNamed: boolean
}

export class Erasures {
  readonly #run: PullRun
  readonly #view: LedgerView
  readonly #nowMs: number
  #proven: DeletionMark[] = []
  /** The marks that the provider has accepted. It deletes nothing before QUIT. */
  readonly marked: DeletionMark[] = []
  /** The marks that it has refused, by the index of the record. */
  readonly refused = new Map<number, RefusedMark>()
  /** The messages that came back changed, by the index of the record. They are not asked for again under this retention. */
  readonly doubles = new Map<number, Double>()
  readonly #gone = new Map<ShortHash, readonly LedgerRecord[]>()
  /** Another message may have the UIDL of one that was deleted: the ids of this maildrop are positions, or sizes. */
  areIdsReused = false
  /** Whether the maildrop shows a message under the UIDL of this record. */
  isListed: (index: number) => boolean = () => false
  /** Why the session broke when there was nothing left to do but to delete. */
  ended: Failure | undefined
  /** The number of marks that have no answer for that. */
  unanswered = 0

  /** @param view the ledger when the session began. */
  constructor(run: PullRun, view: LedgerView, nowMs: number) {
    this.#run = run
    this.#view = view
    this.#nowMs = nowMs
  }

  /** Whether the clock is trusted with what goes by age. It is asked each time: the clock may be stepped during the run. */
  isClockSteady(): boolean {
    return this.#run.world.clock.steadySince(this.#view.lastSeenMs)
  }

  /** Whether the account's retention wants the provider's copy deleted. That alone permits nothing. */
  isDue(record: LedgerRecord): boolean {
    return isDue(record, this.#run.account, this.#nowMs, this.isClockSteady())
  }

  /** Adds a message that is due, if this session has proven it. */
  add({ message, record, sighting }: SightedMatch): void {
    const double = this.#doubleOf(record)
    if (double !== undefined) this.doubles.set(record.index, double)
    if (double !== undefined) return
    const receipt = this.isDue(record) ? prove(record, sighting) : undefined
    if (receipt === undefined) return
    const isRetrieved = sighting.digest !== undefined
    this.#proven.push({ number: message.number, receipt, index: record.index, message, isRetrieved })
  }

  /** The messages that were proven since this was last asked. */
  take(): DeletionMark[] {
    const proven = this.#proven
    this.#proven = []
    return proven
  }

  /** Notes what the provider has said to these marks. */
  answered(marks: readonly DeletionMark[], refused: readonly RefusedMark[]): void {
    const refusedIndices = new Set(refused.map(({ mark }) => mark.index))
    for (const mark of marks) if (!refusedIndices.has(mark.index)) this.marked.push(mark)
    for (const refusal of refused) this.refused.set(refusal.mark.index, refusal)
  }

  /**
   * Notes that the session broke while messages were marked: all mail is stored by then. The answer is false if the run fails all the same.
   *
   * @param marks the number of marks that were not answered.
   */
  broke(error: unknown, marks: number): boolean {
    if (!(error instanceof SessionFailed) || !isOfSession(error.failure)) return false
    this.ended ??= error.failure
    this.unanswered += marks
    return true
  }

  /**
   * Whether the message is one that was deleted before, as far as header and size tell, stored anew because its bytes differ: some servers
   * write another line into the header at each RETR. If it were marked again, each visit would store one more copy. Another message of
   * the same header and size is taken for one, and merely stays at the provider.
   */
  #doubleOf(record: LedgerRecord): Double | undefined {
    const { account } = this.#run
    const { index, state, uidl, fingerprint, size, digest, storedAtSeconds, returnedUnder } = record
    if (account.retention.mode === 'keep' || state !== 'stored' || fingerprint === undefined || returnedUnder > 0)
      return undefined
    const isNamed = (gone: LedgerRecord) => uidl !== undefined && gone.uidl === uidl
    const isDouble = (gone: LedgerRecord) =>
      gone.index !== index &&
      gone.size === size &&
      (digest === undefined || gone.digest !== digest) &&
      (!fingerprint.weak || (isNamed(gone) && !this.areIdsReused)) &&
      (!gone.deletedAtSource || gone.missingSinceSeconds <= storedAtSeconds)
    const ofHeader = this.#goneBearing(fingerprint.hash)
    const doubled = ofHeader.filter(isDouble)
    // One message after another may have the same header and size, and each is deleted; a third one in a row is no chance.
    if (doubled.length < pullLimits.doublesMin) return undefined
    // Where others of a header that is nobody's own stay away, deletion works, and ids may be given again. So many copies of one are enough.
    if (fingerprint.weak && doubled.length < pullLimits.idProbes && this.#anyAway(ofHeader)) return undefined
    const gone = doubled.find(isNamed) ?? doubled[0]
    return gone && { gone: gone.index, isNamed: isNamed(gone) }
  }

  /** Whether one of these is deleted, and its UIDL is not listed. */
  #anyAway(gone: readonly LedgerRecord[]): boolean {
    return gone.some(
      ({ index, deletedAtSource, uidl }) => deletedAtSource && uidl !== undefined && !this.isListed(index),
    )
  }

  /** The records of this header whose messages were deleted, or came back. Thousands may have one header: they are decoded once. */
  #goneBearing(hash: ShortHash): readonly LedgerRecord[] {
    const before = this.#gone.get(hash)
    if (before !== undefined) return before
    const { records } = this.#view
    const places = records.bearing('fingerprint', hash)
    // The record of the message itself is not among them: it was not stored when the session began.
    if (places.length < pullLimits.doublesMin) return []
    const mark = retentionMark(this.#run.account)
    const gone = places
      .map((place) => records.at(place))
      .filter(({ deletedAtSource, returnedUnder }) => deletedAtSource || returnedUnder === mark)
    this.#gone.set(hash, gone)
    return gone
  }
}

function isOfSession({ kind }: Failure): boolean {
  return ['unreachable', 'tls', 'silent', 'broken protocol', 'provider refused', 'throttled'].includes(kind)
}
