/**
 * Judges a store that does not take what it is sent: is a message at fault, or the store (docs/decisions/0012)? The evidence decides: a
 * store that takes another message, or a probe, judges messages. If it takes nothing, or nobody can tell, nothing speaks against a
 * message. suspects.ts decides what follows; provider-refusals.ts judges providers.
 */
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
  /** The store has taken a message in this run: it judges messages. */
  #takes = false

  constructor(run: PullRun, suspects: Suspects) {
    this.#run = run
    this.#suspects = suspects
  }

  /** Notes that the store has taken a message: any message that it refused is itself at fault. */
  async stored(): Promise<void> {
    this.#takes = true
    await this.#judge(true)
  }

  /** Sets aside a message that this store never takes: that was known before anything was sent. */
  async unfit({ sighting, envelope }: RefusedLetter, reply: string): Promise<void> {
    const { world, counts } = this.#run
    counts.quarantined += 1
    const failure: Failure = { kind: 'store refused', during: 'unfit message', reply }
    await world.quarantine.quarantine(sighting, { failure, attempts: 1, ...(await shownEnvelope(envelope)) })
  }

  /**
   * Looks, after a session has broken at an append, whether the store takes anything: a search for the message at which it breaks costs
   * many sessions, and at a store that is silent minutes for each.
   *
   * @throws SessionFailed if it does not.
   */
  async broke(failure: Failure): Promise<void> {
    if (this.#takes) return
    const takes = await this.#run.world.store.takes()
    if (takes === false) throw new SessionFailed(failure)
    this.#takes = takes === true
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
   * @param broken the failure of the run if the session ended at this message, and the store is the reason.
   * @throws SessionFailed if the store itself is at fault.
   */
  async refused({ sighting, envelope }: RefusedLetter, reply: string, broken?: Failure): Promise<void> {
    this.#refused.push({ letter: { sighting, envelope }, reply, broken })
    if (this.#takes) return await this.#judge(true)
    // Each broken session costs a login, and the time in which the store may still store what it was sent.
    const most = broken === undefined ? pullLimits.refusedInARowMax : pullLimits.brokenAppendsMax
    if (this.#refused.length < most) return
    if (!(await this.#probe())) throw await this.#storeFailure(broken)
    await this.#judge(true)
  }

  /** Gives the verdict when no more messages come. */
  async settle(): Promise<void> {
    if (this.#refused.length === 0) return
    await this.#judge(this.#takes || (await this.#probe()))
  }

  /** Asks the store to take a message of our own. A store that cannot be asked is judged by time alone, unless it refuses many. */
  async #probe(): Promise<boolean> {
    this.#takes = (await this.#run.world.store.takes()) ?? this.#refused.length < pullLimits.refusedInARowMax
    return this.#takes
  }

  async #judge(isMessages: boolean): Promise<void> {
    for (const { letter, reply, broken } of this.#refused.splice(0)) {
      const failure = (isMessages ? undefined : broken) ?? failureOfMessage(letter, reply)
      const { sighting, envelope } = letter
      const isHopeless = saysWhatItNeverTakes(reply)
      const verdict = isMessages ? 'at fault' : 'innocent'
      await this.#suspects.failed({ sighting, failure, at: 'store', isHopeless }, verdict, async () => envelope)
    }
  }

  async #storeFailure(broken: Failure | undefined): Promise<SessionFailed> {
    const count = this.#refused.length
    const reply = this.#refused.at(-1)?.reply ?? ''
    await this.#judge(false)
    if (broken !== undefined) return new SessionFailed(broken)
    return new SessionFailed({ kind: 'store refused', during: { code: 'messages', count }, reply, ...passing(reply) })
  }
}

function failureOfMessage({ sighting: { message } }: RefusedLetter, reply: string): Failure {
  const during = { code: 'message', number: message.number, octets: message.size } as const
  return { kind: 'store refused', during, reply, ...passing(reply) }
}

/** The store names the size or NUL: no time changes that (CONTRACT section 6). */
function saysWhatItNeverTakes(reply: string): boolean {
  return /\bTOOBIG\b|\bNULs?\b|\btoo (?:large|big|long)\b|exceeds.{0,40}\bsize\b/i.test(reply)
}

function passing(reply: string): { readonly passes?: true } {
  const meaning = meaningOf(reply)
  return meaning !== undefined && passes(meaning) ? { passes: true } : {}
}
