/**
 * The place of a visit (docs/decisions/0055) while it goes on: it is prolonged, moves over to the slow servers when the provider stands still,
 * and is given up where others wait for it.
 */
import { SessionFailed } from '../src/failure/session-failed.ts'
import { Pulse, type Still } from '../src/pop3/pulse.ts'
import type { DueAccounts, VisitName } from '../src/redis/due.ts'
import { workerLimits } from './limits.ts'

type PlaceKeeper = Pick<DueAccounts, 'hold' | 'reach'>

/** Why a visit gave way: the address that it reached has no slot left, or its server stood still where others wait. */
export type GaveWay = 'no slot' | 'still'

export class HeldPlace {
  readonly pulse = new Pulse()
  readonly #due: PlaceKeeper
  readonly #visit: VisitName
  readonly #timer: NodeJS.Timeout
  readonly #everyMs: number
  #saidAtMs = performance.now()
  #saying: Promise<void> | undefined
  readonly #given = new AbortController()
  #isPeerKnown = true
  #gaveWay: GaveWay | undefined

  /** @param everyMs how often it is prolonged. */
  constructor(due: PlaceKeeper, visit: VisitName, everyMs: number) {
    this.#due = due
    this.#visit = visit
    this.#everyMs = everyMs
    this.#timer = setInterval(() => this.#look(), Math.min(everyMs, workerLimits.pulseEveryMs))
  }

  /** Is aborted when the visit is to give way. */
  get given(): AbortSignal {
    return this.#given.signal
  }

  /** Undefined: it did not. */
  get gaveWay(): GaveWay | undefined {
    return this.#gaveWay
  }

  /** @param peer the address and port of its server as far as that is known. */
  begun(peer: string | undefined): void {
    this.#isPeerKnown = peer !== undefined
  }

  /** Says which address was reached: other names may lead there, and share its slots. */
  reached(peer: string): void {
    if (this.#isPeerKnown) return
    this.#isPeerKnown = true
    const asked = this.#due.reach(this.#visit, peer)
    void asked.then((hasSlot) => hasSlot || this.#giveWay('no slot')).catch(() => {})
  }

  /** Resolves when nothing that was said of it is still under way. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    // While another Redis takes over, a command may be sent again seconds later. Behind the visit's end it would give it a place once more.
    await this.#saying
  }

  #look(): void {
    // A rebuild is not made for the sake of the provider.
    const still = this.#visit.task === 'pull' ? this.pulse.standsStill() : undefined
    if (still === undefined && performance.now() - this.#saidAtMs < this.#everyMs) return
    this.#saidAtMs = performance.now()
    // Redis may be away for a moment: the next turn says it again.
    this.#saying ??= this.#hold(still)
      .catch(() => {})
      .finally(() => {
        this.#saying = undefined
      })
  }

  async #hold(still: Still | undefined): Promise<void> {
    if (!(await this.#due.hold(this.#visit, still))) this.#giveWay('still')
  }

  #giveWay(why: GaveWay): void {
    this.#gaveWay ??= why
    this.#given.abort(new SessionFailed({ kind: 'stopped' }))
  }
}
