/**
 * Judges a provider that does not give what it lists: is a message at fault, or does the provider give nothing more for now? Its words
 * decide first (meaning.ts). If they tell nothing, the evidence does: whether it gives another message behind the refused one, or the
 * same one as before once more. refusals.ts judges stores.
 */
import type { Failure } from '../failure/failure.ts'
import { meaningOf, namedWaitMs } from '../failure/meaning.ts'
import { isVisitLimit } from '../failure/meanings.ts'
import { RetrievalFailed, SessionFailed } from '../failure/session-failed.ts'
import { envelopeLines, fieldsOf, headerFingerprint, headerOf, listedUidlHash } from '../mail/header.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, Window } from '../mail/message.ts'
import { pullLimits } from './limits.ts'
import { unseen } from './look.ts'
import type { Verdict } from './patience.ts'
import type { Peeks } from './peeks.ts'
import type { Maildrop } from './maildrop-ports.ts'
import type { PullRun } from './ports.ts'
import { shownEnvelope, tooLarge } from './quarantine.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { ShownHeader, Suspects } from './suspects.ts'

/** A session that is still open (session.ts). */
interface OpenSession {
  readonly maildrop: Maildrop
  readonly listing: MaildropListing
  readonly view: LedgerView
  /** The number of messages that were not asked for. */
  readonly remaining: number
}

interface Refused {
  readonly message: Listed
  readonly reply: string
  /** The provider gave another message behind this one: it still gives. */
  isFollowed: boolean
}

export class ProviderRefusals {
  readonly #run: PullRun
  readonly #suspects: Suspects
  #refused: Refused[] = []
  /** The number of messages that the provider gave in this run. */
  #given = 0
  /** A small message that it gave in this session. */
  #sample: Listed | undefined
  #limit: Failure | undefined
  /** Messages at which a session broke before anything had come. */
  readonly #unproven: { readonly message: Listed; readonly failure: Failure }[] = []
  #brokenSessions = 0

  constructor(run: PullRun, suspects: Suspects) {
    this.#run = run
    this.#suspects = suspects
  }

  /** The words by which the provider said that it gives nothing more for now. */
  get limit(): Failure | undefined {
    return this.#limit
  }

  begin(): void {
    this.#refused = []
    this.#sample = undefined
  }

  /** Notes what a window has brought, and sets aside the messages that are too large for the account. */
  async came({ retrieved, refused, cut }: Window): Promise<void> {
    const given = [...retrieved, ...cut].map(({ message }) => message)
    this.#given += given.length
    for (const message of given) this.#suspects.given(message)
    const last = given.reduce((number, message) => Math.max(number, message.number), 0)
    if (given.length > 0) {
      for (const before of this.#refused) before.isFollowed = true
      await this.#judgeUnproven('at fault')
    }
    for (const { message, reply } of refused) {
      this.#refused.push({ message, reply, isFollowed: message.number < last })
      if (isLimit(reply)) this.#limit ??= this.#failureOf(message, reply)
    }
    this.#sample = retrieved.map(({ message }) => message).find(isSmall) ?? this.#sample
    for (const { message, bytes, octets } of cut) await this.#setCutAside(message, bytes, octets)
  }

  /** Gives the verdict on messages at which sessions broke while nothing came at all. It is called when the run ends. */
  async end(): Promise<void> {
    await this.#judgeUnproven('perhaps')
  }

  /** Decides when no more messages come in this session. @param session undefined if the session has broken. */
  async settle(session?: OpenSession): Promise<void> {
    const refused = this.#refused.splice(0)
    const unclear = refused.filter(({ reply, isFollowed }) => !isFollowed && meaningOf(reply) === undefined)
    const isAtLimit =
      this.#limit !== undefined ||
      (unclear.length >= pullLimits.refusedTogetherMin && (session === undefined || !(await this.#stillGives(session))))
    for (const { message, reply, isFollowed } of refused) {
      const meaning = meaningOf(reply)
      const passes = meaning === 'temporary' || meaning === 'in use' || isLimit(reply)
      const isProven = this.#given > 0 || this.#suspects.wasAtFault(message)
      const isMessages = isFollowed || !isAtLimit
      const verdict = passes ? 'passing' : !isMessages ? 'innocent' : isProven ? 'at fault' : 'perhaps'
      const failure = this.#failureOf(message, reply)
      const shown = async () => session && (await shownBy(session.maildrop, message, this.#suspects.peeks))
      await this.#suspects.failed({ sighting: unseen(message), failure }, verdict, shown)
    }
    const [first] = refused
    const limit =
      this.#limit ?? (isAtLimit && first !== undefined ? this.#failureOf(first.message, first.reply) : undefined)
    if (session !== undefined && limit !== undefined && session.remaining > 0)
      this.#suspects.leave(session.remaining, limit)
  }

  /**
   * Whether another session may do the rest of the run: this one broke at a message, which is not tried again in it.
   *
   * @param hasGiven the session had given messages before: the provider may end each of its sessions after some.
   */
  async blame(error: unknown, hasGiven: boolean): Promise<boolean> {
    if (!(error instanceof RetrievalFailed)) return false
    await this.settle()
    const { suspect, failure } = error
    const isProviders = this.#given === 0 && this.#suspects.count >= pullLimits.refusedInARowMax
    const isProven = this.#given > 0 || this.#suspects.wasAtFault(suspect) || this.#suspects.isRetried(suspect)
    if (failure.kind === 'provider refused' && failure.passes) {
      await this.#suspects.failed({ sighting: unseen(suspect), failure }, 'passing')
    } else if (!isProviders && !isProven) {
      // Nothing has come yet: if something does, this message is at fault, and else perhaps the line, or the provider.
      this.#suspects.defer(suspect, failure)
      this.#unproven.push({ message: suspect, failure })
    } else {
      const verdict = isProviders ? 'innocent' : hasGiven || isTooSlow(failure) ? 'perhaps' : 'at fault'
      await this.#suspects.failed({ sighting: unseen(suspect), failure }, verdict)
    }
    this.#brokenSessions += 1
    if (isTooSlow(failure)) return false
    const most = this.#given === 0 ? pullLimits.vainSessionsMax : pullLimits.brokenSessionsMax
    const sessionsMax = failure.kind === 'silent' ? pullLimits.silentSessionsMax : most
    return this.#brokenSessions < sessionsMax && !this.#run.world.stopping()
  }

  async #judgeUnproven(verdict: Verdict): Promise<void> {
    for (const { message, failure } of this.#unproven.splice(0))
      await this.#suspects.failed({ sighting: unseen(message), failure }, verdict)
  }

  #failureOf(message: Listed, reply: string): Failure {
    const { host: server } = this.#run.account
    if (isLimit(reply)) {
      const backOffMs = namedWaitMs(reply)
      return { kind: 'throttled', server, reply, passes: true, ...(backOffMs === undefined ? {} : { backOffMs }) }
    }
    const during = { code: 'RETR', message: message.number } as const
    const passes = meaningOf(reply) === 'temporary' ? { passes: true as const } : {}
    return { kind: 'provider refused', server, during, reply, ...passes }
  }

  /** Asks once more for a message that is known to be well: the provider that gives it has no limit, and the refused ones are at fault. */
  async #stillGives(session: OpenSession): Promise<boolean> {
    const { maildrop } = session
    const sample = this.#sample ?? knownMessage(session)
    if (sample === undefined || maildrop.hidesRetrieved) return false
    try {
      for await (const { retrieved, release } of maildrop.retrieve([sample], pullLimits.probeOctetsMax)) {
        release()
        return retrieved.length > 0
      }
      return false
    } catch (error) {
      // This message is known to be well: it must not be blamed.
      throw error instanceof RetrievalFailed ? new SessionFailed(error.failure, error) : error
    }
  }

  async #setCutAside(message: Listed, bytes: Buffer, octets: number): Promise<void> {
    const { world, account, counts } = this.#run
    const fields = fieldsOf(headerOf(bytes))
    await world.quarantine.quarantine(
      { ...unseen(message), fingerprint: headerFingerprint(fields) },
      { failure: tooLarge(octets, account), attempts: 1, octets, ...(await shownEnvelope(envelopeLines(fields))) },
      () => void (counts.quarantined += 1),
    )
  }
}

function isLimit(reply: string): boolean {
  return isVisitLimit(meaningOf(reply))
}

/** The server gave less than the least rate: it will be no faster for another message. */
function isTooSlow(failure: Failure): boolean {
  return failure.kind === 'silent' && failure.octetsPerSecond !== undefined
}

function isSmall({ size }: Listed): boolean {
  return size <= pullLimits.probeOctetsMax
}

/** A small message of the maildrop that is stored. */
function knownMessage({ listing, view: { records } }: OpenSession): Listed | undefined {
  for (const message of listing) {
    const uidl = listedUidlHash(message)
    if (!isSmall(message) || uidl === undefined) continue
    if (records.bearing('uidl', uidl).some((index) => records.stateAt(index) === 'stored')) return message
  }
  return undefined
}

/** What a refused message shows of itself: often TOP gives what RETR does not. */
async function shownBy(maildrop: Maildrop, message: Listed, peeks: Peeks): Promise<ShownHeader | undefined> {
  if (!peeks.can(maildrop)) return undefined
  for await (const { header } of peeks.peek(maildrop, [message])) {
    if (header === undefined) return undefined
    const fields = fieldsOf(headerOf(header))
    return { fingerprint: headerFingerprint(fields), envelope: envelopeLines(fields) }
  }
  return undefined
}
