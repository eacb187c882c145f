/**
 * Gives out the visits: ends those that found nothing to do, claims what is due and makes jobs of it. One turn does all that has come
 * together since the last one, so that Redis is asked once for many visits.
 */
import { steps } from '../src/clock.ts'
import { type Pending, pending } from '../src/deadline.ts'
import type { ClaimedVisit, VisitEnd } from '../src/redis/due.ts'
import type { Lease } from '../src/redis/lease.ts'
import { together } from '../src/redis/pipelined.ts'
import { checkTally } from '../src/redis/tallies.ts'
import { workerLimits } from './limits.ts'
import { withoutPaused } from './pause.ts'
import type { PullWorld } from './pull-world.ts'
import { logClockStepped } from './worker-log.ts'

type HeldLease = Pick<Lease, 'release'>

interface Ending {
  readonly end: VisitEnd
  /** When it was said, by the monotonic clock: its next visit is counted from then. */
  readonly atMs: number
  readonly dueMs: number
  readonly lease: HeldLease | undefined
  readonly done: Pending<void>
}

export class Dispatch {
  readonly #world: PullWorld
  readonly #onError: (error: Error) => void
  #endings: Ending[] = []
  #soon: NodeJS.Timeout | undefined
  #turn: Promise<void> | undefined
  #isAskedAgain = false
  #isStopped = false
  #redisMs = 0
  #stepped: (() => number) | undefined

  constructor(world: PullWorld, onError: (error: Error) => void) {
    this.#world = world
    this.#onError = onError
  }

  /** Ends a visit with the next turn: its lease first, then its place. @param dueMs when it was due. */
  async end(end: VisitEnd, dueMs: number, lease?: HeldLease): Promise<void> {
    const done = pending()
    this.#endings.push({ end, atMs: performance.now(), dueMs, lease, done })
    this.soon()
    await done.promise
  }

  /** Makes a turn in a moment: a place has become free. */
  soon(): void {
    if (!this.#isStopped) this.#soon ??= setTimeout(() => this.#begin(), workerLimits.turnSoonMs)
    else void this.turn()
  }

  /** One turn at a time; whoever asks during one gets another. It does not fail. */
  async turn(): Promise<void> {
    this.#isAskedAgain = true
    this.#turn ??= this.#turns()
    await this.#turn
  }

  /** Claims nothing more. Visits that end are still ended. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#soon)
    this.#soon = undefined
    this.soon()
  }

  #begin(): void {
    this.#soon = undefined
    void this.turn()
  }

  async #turns(): Promise<void> {
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false
      await this.#endVisits()
      // A visit that has ended meanwhile waits for the next turn: nothing that fails may keep it.
      if (!this.#isStopped) await this.#claim().catch(this.#onError)
    }
    this.#turn = undefined
  }

  async #endVisits(): Promise<void> {
    const endings = this.#endings
    this.#endings = []
    if (endings.length === 0) return
    const { due, clock } = this.#world
    try {
      const tally = checkTally(
        endings.map(({ end, dueMs }) => ({ check: end.check, dueMs })),
        clock.nowMs(),
      )
      const nowMs = performance.now()
      const ends = endings.map(({ end, atMs }) =>
        end.afterMs === undefined ? end : { ...end, afterMs: Math.max(0, end.afterMs - (nowMs - atMs)) },
      )
      // Whoever claims one of them next finds its lease free. One that could not be given back ends by itself, and keeps nobody else's visit.
      const releases = together(this.#world.redis, () => endings.map(async ({ lease }) => await lease?.release()))
      const released = await Promise.allSettled(releases)
      await due.end(ends, tally)
      for (const [nth, { done }] of endings.entries()) {
        if (released[nth]?.status === 'rejected') done.reject(released[nth].reason)
        else done.resolve()
      }
    } catch (error) {
      // Their places expire.
      for (const { done } of endings) done.reject(error)
    }
  }

  async #claim(): Promise<void> {
    const { queue, due } = this.#world
    const { nowMs, visits } = await due.claim()
    await this.#watchClock(nowMs)
    const allowed = await withoutPaused(this.#world, visits)
    await queue.add(allowed)
    const made = new Set(allowed)
    const kept = visits.filter((visit) => !made.has(visit))
    if (kept.length > 0) await this.#giveBack(kept)
  }

  /** Moves the schedule along if Redis' clock was stepped. */
  async #watchClock(nowMs: number): Promise<void> {
    this.#redisMs = nowMs
    this.#stepped ??= steps(
      () => this.#redisMs,
      () => performance.now(),
    )
    const byMs = this.#stepped()
    if (byMs === 0) return
    logClockStepped(this.#world.log, byMs)
    await this.#world.due.shift(byMs)
  }

  async #giveBack(visits: readonly ClaimedVisit[]): Promise<void> {
    const ends = visits.map((visit) => ({ ...visit, lesson: undefined }))
    await this.#world.due.end(ends, checkTally([], this.#world.clock.nowMs()))
  }
}
