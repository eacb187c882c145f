/**
 * A visit that begins with the maildrop: where a plan is known, the listing is compared with it before anything else is asked for. If it is
 * known, the visit is over with QUIT. Otherwise the same session serves the whole run: nobody logs in twice for it.
 */
import { isKnown, type KnownPlan, type PlannedAccount } from './known-plan.ts'
import { pullLimits } from './limits.ts'
import type { Maildrop, Parting, WindowPace, World } from './ports.ts'

export class OpenVisit {
  /** Whether there is nothing to do. */
  readonly isKnown: boolean
  /** The number of messages that the maildrop showed. */
  readonly listed: number
  readonly #open: World['openMaildrop']
  readonly #pace: LatePace
  readonly #openedAtMs = performance.now()
  #maildrop: Maildrop | undefined

  private constructor(
    open: World['openMaildrop'],
    pace: LatePace,
    maildrop: Maildrop,
    { isKnown: isDone, listed }: { readonly isKnown: boolean; readonly listed: number },
  ) {
    this.#open = open
    this.#pace = pace
    this.#maildrop = maildrop
    this.isKnown = isDone
    this.listed = listed
  }

  /**
   * Logs in, lists, and compares. What somebody has asked for goes the whole way: no such visit is begun for it.
   *
   * @throws SessionFailed like a run of pull.ts: the session is over then.
   */
  static async begin(
    world: Pick<World, 'clock' | 'openMaildrop'>,
    planned: PlannedAccount,
    plan: KnownPlan,
  ): Promise<OpenVisit> {
    const open = (pace: WindowPace) => world.openMaildrop(pace)
    const pace = new LatePace()
    const maildrop = await open(pace)
    try {
      const listing = await maildrop.list()
      const isDone = maildrop.leavesOut !== true && (await isKnown(plan, planned, listing, world.clock))
      return new OpenVisit(open, pace, maildrop, { isKnown: isDone, listed: listing.length })
    } catch (error) {
      maildrop.abandon()
      throw error
    }
  }

  /** In place of `World.openMaildrop`: gives this session first, if it is still fresh, and after that new ones. */
  async openMaildrop(pace: WindowPace): Promise<Maildrop> {
    const maildrop = this.#maildrop
    this.#maildrop = undefined
    const isFresh = performance.now() - this.#openedAtMs < pullLimits.openMaildropKeptMs
    if (maildrop !== undefined && (isFresh || maildrop.loginDelayMs > 0)) {
      this.#pace.follow(pace)
      return maildrop
    }
    // The store was slow, and providers end sessions that say nothing.
    await maildrop?.quit()
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

/** The pace of a session that was opened before its run had one. Nothing is retrieved until then. */
class LatePace implements WindowPace {
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
}
