/**
 * Holds the messages that the store has refused until it is known who is at fault (docs/decisions/0012). If a store takes another
 * message, or refuses another one in other words, it judges messages: those that it refused are set aside. If a store says the same to
 * one message after another and takes none, it is at fault itself: the run fails, and nothing is set aside.
 */
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { Sighting } from '../mail/message.ts'
import type { WholeSighting } from './letter.ts'
import { pullLimits } from './limits.ts'
import type { PullRun } from './ports.ts'

interface Refused {
  readonly sighting: WholeSighting
  readonly reply: string
}

export class Refusals {
  readonly #run: PullRun
  /** The number of messages that earlier runs have set aside since one was stored: a store at fault must not quarantine a maildrop run by run. */
  readonly #asideBefore: number
  #refused: Refused[] = []
  #hasStored = false

  constructor(run: PullRun, records: PackedRecords) {
    this.#run = run
    // The store is not the reason if a message was set aside unread.
    this.#asideBefore = [...records.asideSinceStored()].filter(({ digest }) => digest !== undefined).length
  }

  /** Notes that the store has taken a message: any message that it refused is itself at fault. */
  async stored(): Promise<void> {
    this.#hasStored = true
    await this.#setAside()
  }

  /** Sets aside a message that this store never takes: that was known before anything was sent. */
  async unfit(sighting: Sighting, reply: string): Promise<void> {
    await this.#quarantine(sighting, 'unfit message', reply)
  }

  /** @throws SessionFailed if the store itself is at fault. */
  async refused(sighting: WholeSighting, reply: string): Promise<void> {
    const last = this.#refused.at(-1)
    if (last !== undefined && gist(last.reply) !== gist(reply)) await this.#setAside()
    this.#refused.push({ sighting, reply })
    if (this.#countDifferent() >= pullLimits.refusedInARowMax) throw this.#storeFailure()
  }

  /** Decides when no more messages come. The answer fails the run: the store itself is at fault. */
  async settle(): Promise<SessionFailed | undefined> {
    const different = this.#countDifferent()
    if (different > 0 && !this.#hasStored && this.#asideBefore + different >= pullLimits.refusedInARowMax)
      return this.#storeFailure()
    await this.#setAside()
    return undefined
  }

  async #setAside(): Promise<void> {
    for (const { sighting, reply } of this.#refused.splice(0)) await this.#quarantine(sighting, 'message', reply)
  }

  async #quarantine(sighting: Sighting, during: Phase, reply: string): Promise<void> {
    const { world, counts } = this.#run
    counts.quarantined += 1
    await world.quarantine.quarantine(sighting, { failure: { kind: 'store refused', during, reply }, attempts: 1 })
  }

  #countDifferent(): number {
    return new Set(this.#refused.map(({ sighting }) => sighting.digest)).size
  }

  #storeFailure(): SessionFailed {
    const count = this.#countDifferent()
    const during = count === 1 ? 'next message' : ({ code: 'messages', count } as const)
    return new SessionFailed({ kind: 'store refused', during, reply: this.#refused.at(-1)?.reply ?? '' })
  }
}

/** A reply without the parts that servers change each time: names of sessions, message numbers, times. */
function gist(reply: string): string {
  return reply.replace(/\S*\d\S*/g, '').toLowerCase()
}
