/**
 * Limits the octets of messages that a worker holds at once, over all its runs: first by the sizes in LIST, then by the octets that came.
 *
 * While others wait, nobody's host, destination or owner holds more than a quarter, and a window that comes at less than the least rate holds
 * only what has come of it: what LIST announced for it is lent to others, and no more than all of the room is lent at once. So a worker
 * holds at most twice the budget, and one message beside it that is larger than all of the budget (docs/decisions/0049).
 */
import { pending, withDeadline } from './deadline.ts'
import { limits } from './limits.ts'

/** The room of one window, until it is released. */
export interface Holding {
  /** Reports that this many octets of the window have come so far. */
  came(octets: number): void
  /** Reports that the window is here, with this many octets, whatever was announced. It does not wait, because they are here already. */
  adjust(octets: number): void
  /** May be called more than once. */
  release(): void
}

/** Who asks for room. */
export interface Asker {
  /** Requests of one session are granted in their order. */
  readonly session: object
  /** The names of those with whom it shares: its host, its destination, its owner. */
  readonly shares: readonly string[]
}

export interface RoomTerms {
  readonly signal?: AbortSignal | undefined
  readonly asker?: Asker | undefined
  /** After this time nobody waits for room any more. */
  readonly waitMs?: number | undefined
}

/** There was no room in the time. */
export class NoRoom extends Error {}

interface Waiting extends Asker {
  readonly octets: number
  readonly sinceMs: number
  readonly grant: (held: Held) => void
}

interface Held extends Asker {
  readonly announced: number
  readonly sinceMs: number
  /** What counts of it. */
  counted: number
  came: number
  isWhole: boolean
  isLent: boolean
  /** It passed somebody who has waited for long. */
  readonly hasPassed: boolean
}

export class OctetBudget {
  readonly #octetsMax: number
  readonly #nowMs: () => number
  readonly #waiting: Waiting[] = []
  readonly #holdings = new Set<Held>()
  readonly #shares = new Map<string, number>()
  #held = 0
  #lent = 0
  /** What those hold who have passed somebody. */
  #passing = 0
  #timer: NodeJS.Timeout | undefined

  constructor(octetsMax: number, nowMs: () => number = () => performance.now()) {
    this.#octetsMax = octetsMax
    this.#nowMs = nowMs
  }

  get held(): number {
    return this.#held
  }

  /** Somebody waits for room. */
  get isWanted(): boolean {
    return this.#waiting.length > 0
  }

  /**
   * Waits for room. It is granted in the order of the requests, as far as there is enough and the asker has its share. Who wants more than
   * there is is passed by others for a time, and then by no more than a quarter of the room. A request for more than that leaves is granted
   * once no other room is held, or after a time little.
   * A holder of room must be able to go on without more.
   *
   * @throws the signal's reason, or NoRoom.
   */
  async hold(octets: number, { signal, asker, waitMs }: RoomTerms = {}): Promise<Holding> {
    signal?.throwIfAborted()
    const room = pending<Held>()
    const { session = {}, shares = [] } = asker ?? {}
    const waiting = { octets, session, shares, sinceMs: this.#nowMs(), grant: room.resolve }
    this.#waiting.push(waiting)
    this.#grant()
    const late = () => new NoRoom('no room for messages')
    return this.#holdingOf(
      await withDeadline(room.promise, { signal, waitMs, late, abandon: () => this.#leave(waiting) }),
    )
  }

  /** Lends what slow windows have announced, if somebody waits. It is called every second while somebody does. */
  review(): void {
    if (this.#waiting.length > 0) this.#lend()
    this.#grant()
  }

  #holdingOf(held: Held): Holding {
    const set = (counted: number) => {
      if (!this.#holdings.has(held)) return
      this.#count(held, counted)
      this.#grant()
    }
    return {
      came: (octets) => {
        if (held.isWhole || octets <= held.came) return
        const before = held.came
        held.came = octets
        if (!held.isLent) return
        this.#lent -= Math.max(0, Math.min(octets, held.announced) - Math.min(before, held.announced))
        set(octets)
      },
      adjust: (octets) => {
        this.#endLoan(held)
        held.isWhole = true
        held.came = octets
        set(octets)
      },
      release: () => {
        this.#endLoan(held)
        held.isWhole = true
        set(0)
        this.#holdings.delete(held)
      },
    }
  }

  #endLoan(held: Held): void {
    if (!held.isLent) return
    held.isLent = false
    this.#lent -= Math.max(0, held.announced - held.came)
  }

  #count(held: Held, counted: number): void {
    const more = counted - held.counted
    held.counted = counted
    this.#held += more
    if (held.hasPassed) this.#passing += more
    for (const name of held.shares) {
      const share = (this.#shares.get(name) ?? 0) + more
      if (share === 0) this.#shares.delete(name)
      else this.#shares.set(name, share)
    }
  }

  /** A caller that was granted room in the same moment keeps it: `hold` returns it. */
  #leave(waiting: Waiting): void {
    const place = this.#waiting.indexOf(waiting)
    if (place === -1) return
    this.#waiting.splice(place, 1)
    this.#grant()
  }

  #grant(): void {
    const passed = new Set<object>()
    /** Somebody has waited for long for room, and not for its share. */
    let isReserved = false
    for (let place = 0; place < this.#waiting.length; ) {
      const next = this.#waiting[place] as Waiting
      const isFirst = !passed.has(next.session)
      const fits = this.#fits(next)
      if (isFirst && fits && this.#mayShare(next) && (!isReserved || this.#mayPass(next))) {
        this.#waiting.splice(place, 1)
        this.#begin(next, isReserved)
        // Those before it may have had to leave it the room.
        place = 0
        passed.clear()
        isReserved = false
        continue
      }
      isReserved ||= isFirst && !fits && this.#isLate(next) && this.#mayShare(next)
      passed.add(next.session)
      place += 1
    }
    this.#watch()
  }

  #begin({ session, shares, octets: announced, grant }: Waiting, hasPassed: boolean): void {
    const sinceMs = this.#nowMs()
    const nothing = { counted: 0, came: 0, isWhole: false, isLent: false }
    const held = { session, shares, announced, sinceMs, hasPassed, ...nothing }
    this.#holdings.add(held)
    this.#count(held, announced)
    grant(held)
  }

  #isLate({ sinceMs }: Waiting): boolean {
    return this.#nowMs() - sinceMs >= limits.roomPassedMs
  }

  #fits(asker: Waiting): boolean {
    const quarter = this.#octetsMax * limits.roomShare
    if (this.#held <= 0 || this.#held + asker.octets <= this.#octetsMax) return true
    return asker.octets > this.#octetsMax - quarter && this.#isLate(asker) && this.#held <= quarter
  }

  /** What drips may hold the room for minutes: small windows of others go on beside it. */
  #mayPass({ octets }: Waiting): boolean {
    return this.#passing + octets <= this.#octetsMax * limits.roomShare
  }

  /** Whether each of its shares has room, as far as others wait. One window is never too much. */
  #mayShare(asker: Waiting): boolean {
    return asker.shares.every((name) => {
      const share = this.#shares.get(name) ?? 0
      if (share === 0 || share + asker.octets <= this.#octetsMax * limits.roomShare) return true
      return !this.#waiting.some(({ shares }) => !shares.includes(name))
    })
  }

  /** What would give back most is lent first. */
  #lend(): void {
    const nowMs = this.#nowMs()
    const isSlow = ({ came, sinceMs, isWhole, isLent, announced }: Held) => {
      const heldMs = nowMs - sinceMs
      const isTried = !isWhole && !isLent && heldMs >= limits.roomTriedMs && came < announced
      return isTried && came < heldMs * limits.roomOctetsPerMs
    }
    const spare = ({ announced, came }: Held) => announced - came
    for (const held of [...this.#holdings].filter(isSlow).sort((a, b) => spare(b) - spare(a))) {
      if (this.#lent + spare(held) > this.#octetsMax) continue
      held.isLent = true
      this.#lent += spare(held)
      this.#count(held, held.came)
    }
  }

  #watch(): void {
    if (this.#waiting.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else this.#timer ??= setInterval(() => this.review(), limits.roomReviewMs).unref()
  }
}
