/** What a run may take of its worker, and of what it shares with others: time, a place for heavy work, octets of messages, those of an import. */
import { assertNever } from '../src/assert-never.ts'
import type { ImportLimits } from '../src/account/import-limits.ts'
import type { OctetBudget, RoomTerms } from '../src/budget.ts'
import type { ImportBudget } from '../src/pull/import-budget.ts'
import type { EarlyEnd } from '../src/pull/ports.ts'
import { ImportOctets } from '../src/redis/import-octets.ts'
import { isWaitedFor } from '../src/redis/waiting.ts'
import type { HeavyPlace } from './heavy-lane.ts'
import { workerLimits } from './limits.ts'
import { sharesOf } from './maildrops.ts'
import type { LoadedAccount, PullWorld } from './pull-world.ts'

interface AllowanceWorld extends Pick<PullWorld, 'redis' | 'budget' | 'heavyBudget' | 'heavyLane' | 'runMs'> {
  /** The time after which heavy work makes room for visits that wait at its server, if it is not the usual one. */
  readonly yieldAfterMs?: number | undefined
}

export class Allowance {
  readonly #world: AllowanceWorld
  readonly #loaded: Pick<LoadedAccount, 'account'>
  readonly #signal: AbortSignal
  readonly #imports: ImportOctets | undefined
  readonly #beganMs = performance.now()
  #place: HeavyPlace | undefined
  #placeSinceMs = 0
  /** Visits are due at the server, and find no place. */
  #isWaitedFor = false
  #timer: NodeJS.Timeout | undefined
  #moreAfterMs: number | undefined

  constructor(
    world: AllowanceWorld,
    loaded: Pick<LoadedAccount, 'account'>,
    signal: AbortSignal,
    limits: readonly ImportLimits[],
  ) {
    this.#world = world
    this.#loaded = loaded
    this.#signal = signal
    this.#imports = limits.length === 0 ? undefined : new ImportOctets(world.redis, limits)
  }

  get importBudget(): ImportBudget | undefined {
    return this.#imports
  }

  overtimeMs(): number {
    return performance.now() - this.#beganMs - (this.#world.runMs ?? workerLimits.runMs)
  }

  async enterHeavy(): Promise<boolean> {
    if (this.#place !== undefined) return true
    const { heavyLane } = this.#world
    this.#place = await heavyLane.enter(this.#shares, this.#signal, workerLimits.heavyWaitMs)
    this.#placeSinceMs = performance.now()
    if (this.#place !== undefined)
      this.#timer ??= setInterval(
        () => void this.#look(),
        Math.min(workerLimits.yieldAskedEveryMs, this.#yieldAfterMs),
      ).unref()
    return this.#place !== undefined
  }

  /** It is asked for only while the run does heavy work. */
  isWanted(): boolean {
    if (this.#place === undefined) return false
    const heldMs = performance.now() - this.#placeSinceMs
    return this.#place.isWanted() || (this.#isWaitedFor && heldMs >= this.#yieldAfterMs)
  }

  /** Room for messages: what is heavy has its own. */
  readonly room = {
    hold: async (octets: number, terms?: RoomTerms) => await this.#budget.hold(octets, terms),
  }

  leavesMore(why: EarlyEnd): void {
    this.#moreAfterMs = this.#afterMs(why)
  }

  /** When the account is due again because the run has left something, from now on; undefined: it has not. */
  get moreAfterMs(): number | undefined {
    return this.#moreAfterMs
  }

  /** Gives back what a session has taken. Another session of the run takes it anew. */
  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#place?.leave()
    this.#place = undefined
    this.#isWaitedFor = false
  }

  #afterMs(why: EarlyEnd): number {
    switch (why) {
      case 'time':
        return 0
      case 'place':
        // Whoever leaves a place to others comes again behind them.
        return this.#place === undefined || this.#place.isWanted() ? this.#world.heavyLane.againMs : 0
      case 'budget':
        return (this.#imports?.shortage?.waitSeconds ?? 0) * 1000
      default:
        return assertNever(why)
    }
  }

  get #budget(): OctetBudget {
    return this.#place === undefined ? this.#world.budget : this.#world.heavyBudget
  }

  get #shares(): string[] {
    return sharesOf(this.#loaded.account)
  }

  get #yieldAfterMs(): number {
    return this.#world.yieldAfterMs ?? workerLimits.yieldAfterMs
  }

  async #look(): Promise<void> {
    // An error of Redis ends the run elsewhere.
    this.#isWaitedFor = await isWaitedFor(this.#world.redis, this.#loaded.account).catch(() => false)
  }
}
