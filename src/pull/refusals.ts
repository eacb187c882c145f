/**
 * Judges a store that does not take what it is sent: is a message at fault, or the store (docs/decisions/0012)? The evidence decides: a
 * store that takes another message, or a probe, judges messages. If it takes nothing, or nobody can tell, nothing speaks against a
 * message. suspects.ts decides what follows; provider-refusals.ts judges providers.
 */
import { takingNothing } from '../failure/consequence.ts'
import type { Failure } from '../failure/failure.ts'
import { meaningOf, passes } from '../failure/meaning.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Listed } from '../mail/message.ts'
import type { Letter } from './letter.ts'
import { pullLimits } from './limits.ts'
import type { PullRun } from './ports.ts'
import { shownEnvelope } from './quarantine.ts'
import type { Suspects } from './suspects.ts'

/** The parts of a letter that are needed when its bytes are gone. */
type RefusedLetter = Pick<Letter, 'sighting' | 'envelope'>

interface Refused {
  readonly letter: RefusedLetter
  readonly reply: string
  /** The session ended at this message: the failure of the run if the store is the reason. */
  readonly broken: Failure | undefined
}

export class Refusals {
  readonly #run: PullRun
  readonly #suspects: Suspects
  /** The messages on which there is no verdict yet. */
  #refused: Refused[] = []
  /** The messages at which a session has broken once. */
  readonly #broken = new Set<Listed>()
  #cannotProbe = false
  /** The store has taken a message in this run, or a probe: it judges messages. */
  #takes = false
  /** It has taken a message in the account's own folder. */
  #hasStored = false
  /** It has taken no probe either. */
  #takesNothing = false
  /** The number of answers that mean the store, since it has taken something. */
  #troubles = 0
  /** The number of sessions that it has ended for their tokens, since it has taken something. */
  #tokenCuts = 0

  constructor(run: PullRun, suspects: Suspects) {
    this.#run = run
    this.#suspects = suspects
  }

  /** Notes that the store has taken a message: any message that it refused is itself at fault. */
  async stored(): Promise<void> {
    this.#takes = true
    this.#hasStored = true
    this.#troubles = 0
    this.#tokenCuts = 0
    await this.#judge(true)
  }

  /**
   * Notes that the store has ended the session because its token had ended: that speaks against nothing, and the next session has another one.
   *
   * @throws SessionFailed if it does so again and again.
   */
  cutByToken(failure: Failure): void {
    this.#tokenCuts += 1
    if (this.#tokenCuts > pullLimits.tokenCutsInVainMax) throw new SessionFailed(failure)
  }

  /** Sets aside a message that this store never takes: that was known before anything was sent. */
  async unfit({ sighting, envelope }: RefusedLetter, reply: string): Promise<void> {
    const { world, counts } = this.#run
    const failure: Failure = { kind: 'store refused', during: 'unfit message', reply }
    const reason = { failure, attempts: 1, ...(await shownEnvelope(envelope)) }
    await world.quarantine.quarantine(sighting, reason, () => void (counts.quarantined += 1))
  }

  /**
   * Looks, after an answer that means the store or a session that broke, whether the store takes anything: only then is it worth the search
   * for a message at which that happens. The evidence must be new: a store may become unwell in the middle of a run.
   *
   * @throws SessionFailed if it does not.
   */
  async troubled(failure: Failure): Promise<void> {
    this.#troubles += 1
    const isRecent = this.#troubles <= pullLimits.troublesMax
    // A probe goes into another folder, and is no evidence about this one.
    if (isRecent && isAboutFolder(failure)) return
    // Words that mean the store are asked about each time that it had taken something in between, a session that broke is not.
    const isAsked = this.#troubles > 1 || failure.kind === 'store unreachable'
    if (isRecent && isAsked && this.#takes) return
    const takes = isAboutFolder(failure) ? false : await this.#run.world.store.takes()
    if (takes === false || (takes === undefined && !isRecent)) {
      this.#takesNothing = takes === false && !isAboutFolder(failure)
      await this.#judge(false)
      throw new SessionFailed(this.#ofStore(failure))
    }
    if (takes === undefined) return
    this.#takes = true
    this.#troubles = 1
  }

  /** Whether no session of this run has broken at this message alone before. */
  isFirstBreak({ sighting: { message } }: RefusedLetter): boolean {
    if (this.#broken.has(message)) return false
    this.#broken.add(message)
    return true
  }

  /**
   * Notes that the store has refused a message, or ended the session at it.
   *
   * @param broken the failure of the run if the words mean the store, or the session ended, and the store is the reason.
   * @throws SessionFailed if the store itself is at fault.
   */
  async refused({ sighting, envelope }: RefusedLetter, reply: string, broken?: Failure): Promise<void> {
    this.#refused.push({ letter: { sighting, envelope }, reply, broken })
    // A store that has room for a small message only is full for this one: it waits behind those that fit.
    if (broken?.kind === 'store full') throw await this.#storeFailure(broken)
    if (this.#takes) return await this.#judge(true)
    if (broken !== undefined && isAboutFolder(broken)) return
    // Each broken session costs a login, and the time in which the store may still store what it was sent.
    const most = broken === undefined ? pullLimits.refusedInARowMax : pullLimits.brokenAppendsMax
    if (this.#refused.length < most) return
    if (this.#cannotProbe && broken === undefined && this.#refused.length < pullLimits.refusedUnprobedMax) return
    if (await this.#probe()) return await this.#judge(true)
    if (this.#cannotProbe && broken === undefined && this.#refused.length < pullLimits.refusedUnprobedMax) return
    throw await this.#storeFailure(broken)
  }

  /** Gives the verdict when no more messages come. */
  async settle(): Promise<void> {
    if (this.#refused.length === 0) return
    const mayProbe = this.#refused.some(({ broken }) => broken === undefined || !isAboutFolder(broken))
    await this.#judge(this.#takes || (mayProbe && (await this.#probe())), true)
  }

  /**
   * Asks the store to take a message of our own. A store that cannot be asked has shown that it takes mail if it took others while it
   * refused these before; until then it is judged by time alone, unless it refuses many.
   */
  async #probe(): Promise<boolean> {
    const takes = this.#cannotProbe ? undefined : await this.#run.world.store.takes()
    this.#cannotProbe = takes === undefined
    this.#takesNothing = takes === false
    const [first] = this.#refused
    const hasTaken = first !== undefined && this.#suspects.wasAtFault(first.letter.sighting.message)
    this.#takes = takes ?? (hasTaken || this.#refused.length < pullLimits.refusedInARowMax)
    return this.#takes
  }

  /** @param isEnd no more messages come: what was at fault before, while others were taken, is so again. */
  async #judge(isMessages: boolean, isEnd = false): Promise<void> {
    for (const { letter, reply, broken } of this.#refused.splice(0)) {
      const isOthers = broken !== undefined && isAboutFolder(broken) && !this.#hasStored
      const wasAtFault = isEnd && this.#suspects.wasAtFault(letter.sighting.message)
      const isMessage = wasAtFault || (isMessages && !isOthers)
      const failure = isMessage
        ? failureOfMessage(letter, reply)
        : this.#ofStore(broken ?? failureOfMessage(letter, reply))
      const { sighting, envelope } = letter
      const isHopeless = saysWhatItNeverTakes(reply)
      const verdict = isMessage ? 'at fault' : 'innocent'
      await this.#suspects.failed({ sighting, failure, at: 'store', isHopeless }, verdict, async () => ({ envelope }))
    }
  }

  async #storeFailure(broken: Failure | undefined): Promise<SessionFailed> {
    const count = this.#refused.length
    const reply = this.#refused.at(-1)?.reply ?? ''
    this.#takesNothing ||= count >= pullLimits.refusedUnprobedMax
    await this.#judge(false)
    if (broken !== undefined) return new SessionFailed(this.#ofStore(broken))
    const during = { code: 'messages', count } as const
    return new SessionFailed(this.#ofStore({ kind: 'store refused', during, reply, ...passing(reply) }))
  }

  #ofStore(failure: Failure): Failure {
    return this.#takesNothing ? takingNothing(failure) : failure
  }
}

function failureOfMessage({ sighting: { message } }: RefusedLetter, reply: string): Failure {
  const during = { code: 'message', number: message.number, octets: message.size } as const
  return { kind: 'store refused', during, reply, ...passing(reply) }
}

/** The words mean the folder at this moment, or all of it, and not what every account would meet. */
function isAboutFolder(failure: Failure): boolean {
  return failure.kind === 'store refused' && failure.everyAccount !== true
}

/** The store names the size of the message or NUL: no time changes that (CONTRACT section 6). It may also name the size of the mailbox. */
function saysWhatItNeverTakes(reply: string): boolean {
  const meaning = meaningOf(reply)
  if (meaning !== undefined && meaning !== 'refused for good') return false
  return /\bTOOBIG\b|\bNULs?\b|\b(?<!\b(?:mailbox|inbox|folder) (?:is )?)too (?:large|big)\b|\b(?:message|literal|body|text)\b.{0,30}\btoo long\b|exceeds.{0,40}\bsize\b|\bsize is larger\b|\bmaximum (?:message )?size\b/i.test(
    reply,
  )
}

function passing(reply: string): { readonly passes?: true } {
  const meaning = meaningOf(reply)
  return meaning !== undefined && passes(meaning) ? { passes: true } : {}
}
