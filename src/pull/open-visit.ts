/**
 * A visit that begins with the maildrop: where a plan is known, the listing is compared with it before anything else is asked for. If it is
 * known, the visit is over with QUIT. Otherwise the same session serves the whole run: nobody logs in twice for it.
 */
import type { Clock } from '../clock.ts'
import { holds, isKnown, type KnownPlan, type PlannedAccount } from './known-plan.ts'
import { pullLimits } from './limits.ts'
import type { Maildrop, Parting, WindowPace } from './maildrop-ports.ts'

/** The parts of its world that a visit needs before it is known to be a run. */
export interface VisitWorld {
  readonly clock: Clock
  readonly openMaildrop: (pace: WindowPace) => Promise<Maildrop>
  /** Opens the first session, if there is a quicker way for one that may find nothing to do. */
  readonly openQuickly?: ((pace: WindowPace) => Promise<Maildrop>) | undefined
}

interface Found {
  readonly isKnown: boolean
  readonly listed: number
}

export class OpenVisit {
  /** Whether there is nothing to do. */
  readonly isKnown: boolean
  /** The number of messages that the maildrop showed; 0 if it was not asked. */
  readonly listed: number
  readonly #open: VisitWorld['openMaildrop']
  readonly #pace: LatePace
  readonly #openedAtMs = performance.now()
  #maildrop: Maildrop | undefined

  private constructor(open: VisitWorld['openMaildrop'], pace: LatePace, maildrop: Maildrop, found: Found) {
    this.#open = open
    this.#pace = pace
    this.#maildrop = maildrop
    this.isKnown = found.isKnown
    this.listed = found.listed
  }

  /**
   * Logs in, lists, and compares. What somebody has asked for goes the whole way: no such visit is begun for it, nor where the plan does not
   * hold any more (`holds` of known-plan.ts).
   *
   * @throws SessionFailed like a run of pull.ts: the session is over then.
   */
  static async begin(world: VisitWorld, planned: PlannedAccount, plan: KnownPlan): Promise<OpenVisit> {
    const { openQuickly = world.openMaildrop } = world
    const pace = new LatePace()
    const maildrop = await openQuickly(pace)
    try {
      const found = await compared(maildrop, planned, plan, world.clock)
      return new OpenVisit(world.openMaildrop, pace, maildrop, found)
    } catch (error) {
      maildrop.abandon()
      throw error
    }
  }

  /** The server wants no second login so soon (RFC 2449 section 6.5). */
  get isLoginDelayed(): boolean {
    return (this.#maildrop?.loginDelayMs ?? 0) > 0
  }

  /** In place of `World.openMaildrop`: gives this session first, if it is still fresh, and after that new ones. */
  async openMaildrop(pace: WindowPace): Promise<Maildrop> {
    const maildrop = this.#maildrop
    this.#maildrop = undefined
    const isFresh = performance.now() - this.#openedAtMs < pullLimits.openMaildropKeptMs
    if (maildrop !== undefined && (isFresh || maildrop.loginDelayMs > 0)) {
      this.#pace.follow(pace)
      if (await isSettled(maildrop)) return maildrop
    } else {
      // The store was slow, and providers end sessions that say nothing.
      await maildrop?.quit()
    }
    return await this.#open(pace)
  }

  /** Ends the session, if no run has taken it. Nothing was marked: it matters to nobody how the server answers. */
  async quit(): Promise<Parting | undefined> {
    const maildrop = this.#maildrop
    this.#maildrop = undefined
    return await maildrop?.quit()
  }

  /** Ends the session without QUIT, if no run has taken it. */
  abandon(): void {
    this.#maildrop?.abandon()
    this.#maildrop = undefined
  }
}

async function compared(maildrop: Maildrop, planned: PlannedAccount, plan: KnownPlan, clock: Clock): Promise<Found> {
  if (!holds(plan, planned, clock)) return { isKnown: false, listed: 0 }
  const answers = plan.answers === undefined ? undefined : await maildrop.answers?.()
  if (answers !== undefined && answers === plan.answers) return { isKnown: true, listed: plan.listed }
  const listing = await maildrop.list()
  const isDone = maildrop.leavesOut !== true && (await isKnown(plan, planned, listing, clock))
  return { isKnown: isDone, listed: listing.length }
}

/** Whether the session can go on as that of a run. If it cannot, a new one may: what was left out is asked there before the login. */
async function isSettled(maildrop: Maildrop): Promise<boolean> {
  try {
    await maildrop.settle?.()
    return true
  } catch (error) {
    maildrop.abandon()
    // The server wants no second login so soon.
    if (maildrop.loginDelayMs > 0) throw error
    return false
  }
}

/** The pace of a session that was opened before its run had one. Nothing is retrieved until then. */
class LatePace implements Required<WindowPace> {
  #pace: WindowPace | undefined

  follow(pace: WindowPace): void {
    this.#pace = pace
  }

  get messagesMax(): number {
    return this.#pace?.messagesMax ?? pullLimits.windowMessagesMax
  }

  asked(messages: number): void {
    this.#pace?.asked(messages)
  }

  came(): void {
    this.#pace?.came()
  }

  closed(messages: number): void {
    this.#pace?.closed(messages)
  }

  crowded(): void {
    this.#pace?.crowded?.()
  }

  isOver(): boolean {
    return this.#pace?.isOver?.() === true
  }
}
