/** A check: the visit of an account whose plan is known (pull/known-plan.ts). If it finds nothing to do, nothing is kept of it but a count. */
import type { ServerTrait } from '../src/account/server-traits.ts'
import type { OctetBudget } from '../src/budget.ts'
import { failureOf } from '../src/failure/session-failed.ts'
import type { AccountId } from '../src/mail/message.ts'
import { holds } from '../src/pull/known-plan.ts'
import { OpenVisit } from '../src/pull/open-visit.ts'
import { ListingRoom } from '../src/pop3/listing-room.ts'
import type { Maildrop, WindowPace } from '../src/pull/maildrop-ports.ts'
import { type AccountRecord, accountRecordIn } from '../src/redis/account-record.ts'
import { accountStateIn, type AccountState } from '../src/redis/accounts.ts'
import type { BegunVisit, Check, Lesson, Reckoned } from '../src/redis/due.ts'
import type { Lease } from '../src/redis/lease.ts'
import { isUntroubled } from '../src/runs/idle-row.ts'
import { unpackRhythm } from '../src/runs/packed-rhythm.ts'
import { nextVisit } from '../src/runs/schedule.ts'
import { Transcript } from '../src/runs/transcript.ts'
import { lessonOf } from './lesson.ts'
import type { LoginDelay } from './login-delay.ts'
import { type PullVisit, sharesOf } from './maildrops.ts'
import type { HeldPlace } from './place.ts'
import type { PullWorld } from './pull-world.ts'

/** The hashes that say whether a visit may be a check. */
export const checkedHashes = ['accounts', 'account-states', 'predecessors', 'rhythms'] as const
export type BegunCheck = BegunVisit<(typeof checkedHashes)[number]>

type Room = Pick<OctetBudget, 'hold'>

/** The session of a check that was none: a run goes on in it. */
export interface BegunSession {
  /** When the visit began. */
  readonly startedMs: number
  readonly traits: Set<ServerTrait>
  readonly transcript: Transcript
  readonly peer: string | undefined
  readonly listingRoom: ListingRoom
  /** Gives this session, and new ones after it, with room for their messages. It fails as this one failed. */
  openMaildrop(pace: WindowPace, room: Room): Promise<Maildrop>
  /** Ends the session, if nobody has taken it. */
  abandon(): void
}

/** A visit that found nothing to do. */
export interface FoundNothing {
  readonly check: Check
  readonly lesson: Lesson | undefined
  /** When the account is due next, from now. */
  readonly afterMs: number
  readonly reckonedBy: Reckoned
}

type CheckWorld = Pick<PullWorld, 'clock' | 'budget' | 'listingBudget' | 'openMaildrop' | 'openQuickly' | 'isAskedFor'>

interface CheckOrder {
  readonly accountId: AccountId
  readonly begun: BegunCheck
  readonly lease: Pick<Lease, 'known'>
  readonly signal: AbortSignal
  readonly dueMs: number
  readonly place: Pick<HeldPlace, 'pulse' | 'reached'>
  readonly delay: LoginDelay
}

/** @returns undefined if the visit has to be a run, and nothing was asked of the provider yet. */
export async function check(world: CheckWorld, order: CheckOrder): Promise<FoundNothing | BegunSession | undefined> {
  const { accountId, begun, lease } = order
  const { accounts: json, 'account-states': state, predecessors, rhythms } = begun.entries
  if (lease.known === undefined || json === null || begun.asked || begun.openRunId !== undefined) return undefined
  if (state !== null && !isWell(accountStateIn(state))) return undefined
  const record = accountRecordIn(accountId, json)
  const { account } = record
  const planned = { account, predecessor: (predecessors ?? undefined) as typeof account.id | undefined }
  // Without this, a plan that is out of date would cost a needless comparison.
  if (account.paused || !holds(lease.known, planned, world.clock)) return undefined
  const fromMs = performance.now()
  const session = new Session(world, record, order)
  const { startedMs } = session
  const open = await session.begin(planned, lease.known)
  if (open === undefined || !open.isKnown) return session
  // Somebody may have asked for a run while this visit was under way: it becomes that run.
  const isAsked = await world.isAskedFor(account.id).catch((error: unknown) => {
    session.abandon()
    throw error
  })
  if (isAsked) {
    // Mail that came behind the listing is not in this session. Where no other may be opened yet, the run goes on in it, and another follows.
    if (!open.isLoginDelayed) await open.quit().catch(() => undefined)
    return session
  }
  await open.quit().catch(() => undefined)
  session.abandon()
  const { peer } = session
  const lesson = lessonOf({ failure: undefined, ms: performance.now() - fromMs, moved: 0, peer })
  const nowMs = world.clock.nowMs()
  const rhythm = unpackRhythm(rhythms)
  const { afterMs } = nextVisit(account, rhythm, { nowMs, lateMs: nowMs - order.dueMs, random: Math.random() })
  const reckonedBy = { interval: account.interval, leastMs: (rhythm?.loginDelaySeconds ?? 0) * 1000 }
  return { check: { startedMs, finishedMs: nowMs, listed: open.listed }, lesson, afterMs, reckonedBy }
}

/** A run that goes well would write nothing else. */
function isWell(state: AccountState): boolean {
  return isUntroubled(state) && state.idsChanged !== true
}

class Session implements BegunSession {
  readonly traits = new Set<ServerTrait>()
  readonly transcript = new Transcript()
  readonly startedMs: number
  readonly listingRoom: ListingRoom
  readonly #world: CheckWorld
  readonly #record: AccountRecord
  readonly #order: Pick<CheckOrder, 'signal' | 'place' | 'delay'>
  #peer: string | undefined
  #open: OpenVisit | undefined
  #error: Error | undefined
  #room: Room | undefined

  constructor(world: CheckWorld, record: AccountRecord, order: Pick<CheckOrder, 'signal' | 'place' | 'delay'>) {
    this.#world = world
    this.startedMs = world.clock.nowMs()
    this.#record = record
    this.#order = order
    this.listingRoom = new ListingRoom(world.listingBudget, { shares: sharesOf(record.account), signal: order.signal })
  }

  get peer(): string | undefined {
    return this.#peer
  }

  /** @returns undefined if the session failed. */
  async begin(...plan: Parameters<typeof OpenVisit.begin> extends [unknown, ...infer Rest] ? Rest : never) {
    const { clock } = this.#world
    const openMaildrop = async (pace: WindowPace) => await this.#world.openMaildrop(this.#record, this.#visitAt(pace))
    const openQuickly = async (pace: WindowPace) => await this.#world.openQuickly(this.#record, this.#visitAt(pace))
    try {
      const [, { listed }] = plan
      await this.listingRoom.expect(listed)
      this.#open = await OpenVisit.begin({ clock, openMaildrop, openQuickly }, ...plan)
    } catch (error) {
      // A session by what was known of the server may not be what it takes now: then the run asks it anew.
      if (failureOf(error).kind !== 'broken protocol') this.#error = error as Error
    }
    return this.#open
  }

  async openMaildrop(pace: WindowPace, room: Room): Promise<Maildrop> {
    this.#room = room
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
    return await (this.#open?.openMaildrop(pace) ?? this.#world.openMaildrop(this.#record, this.#visitAt(pace)))
  }

  abandon(): void {
    this.#open?.abandon()
    this.listingRoom.release()
  }

  #visitAt(pace: WindowPace): PullVisit {
    const reached = (peer: string) => {
      this.#peer = peer
      this.#order.place.reached(peer)
    }
    const { signal, place, delay } = this.#order
    const { listingRoom } = this
    // Nothing is retrieved before there is a run, and that may have a room of its own.
    const budget: Room = { hold: async (...args) => await (this.#room ?? this.#world.budget).hold(...args) }
    return {
      traits: this.traits,
      pace,
      signal,
      transcript: this.transcript,
      reached,
      pulse: place.pulse,
      delay,
      budget,
      listingRoom,
    }
  }
}
