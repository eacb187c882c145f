/**
 * Messages that the store refused, held until it is known whose fault that is (docs/decisions/0012). A store that takes
 * another one, or that has other words for another one, judges messages: what it refused is set aside. A store that says
 * the same to one after another and takes none is at fault itself: the run fails, and nothing is set aside.
 */
import type { ShortHash, Sighting } from '../mail/message.ts'
import { pullLimits } from './limits.ts'
import type { Quarantine } from './ledger-ports.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { RunCounts } from '../runs/run.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'

interface Refused {
  readonly sighting: Sighting & { readonly digest: ShortHash }
  readonly reply: string
}

export class Refusals {
  readonly #quarantined: Quarantine
  readonly #counts: RunCounts
  /** Set aside by earlier runs since one was last stored: a store at fault must not empty a maildrop into quarantine run by run. */
  readonly #asideBefore: number
  #held: Refused[] = []
  #stored = false

  constructor(quarantine: Quarantine, records: PackedRecords, counts: RunCounts) {
    this.#quarantined = quarantine
    this.#counts = counts
    // What was set aside unread was no store's doing.
    this.#asideBefore = [...records.asideSinceStored()].filter(({ digest }) => digest !== undefined).length
  }

  /** The store takes mail. */
  async stored(): Promise<void> {
    this.#stored = true
    await this.#setAside()
  }

  /** This store takes none like it: that was known before anything was sent. */
  async unfit(sighting: Sighting, reply: string): Promise<void> {
    await this.#quarantine(sighting, 'unfit message', reply)
  }

  /** @throws SessionFailed where it is the store. */
  async refused(sighting: Refused['sighting'], reply: string): Promise<void> {
    const last = this.#held.at(-1)
    if (last !== undefined && gist(last.reply) !== gist(reply)) await this.#setAside()
    this.#held.push({ sighting, reply })
    if (this.#different() >= pullLimits.refusedInARowMax) throw this.#storeItself()
  }

  /** At the end of a run. What fails it, where it is the store. */
  async settle(): Promise<SessionFailed | undefined> {
    const different = this.#different()
    if (different > 0 && !this.#stored && this.#asideBefore + different >= pullLimits.refusedInARowMax)
      return this.#storeItself()
    await this.#setAside()
    return undefined
  }

  async #setAside(): Promise<void> {
    for (const { sighting, reply } of this.#held.splice(0)) await this.#quarantine(sighting, 'message', reply)
  }

  async #quarantine(sighting: Sighting, during: Phase, reply: string): Promise<void> {
    this.#counts.quarantined += 1
    await this.#quarantined.quarantine(sighting, { failure: { kind: 'store refused', during, reply }, attempts: 1 })
  }

  #different(): number {
    return new Set(this.#held.map(({ sighting }) => sighting.digest)).size
  }

  #storeItself(): SessionFailed {
    const count = this.#different()
    const during = count === 1 ? 'next message' : ({ code: 'messages', count } as const)
    return new SessionFailed({ kind: 'store refused', during, reply: this.#held.at(-1)?.reply ?? '' })
  }
}

/** A reply without what servers count up in it: session names, message numbers, times. */
function gist(reply: string): string {
  return reply.replace(/\S*\d\S*/g, '').toLowerCase()
}
