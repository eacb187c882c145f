/** Retrieves messages in windows of RETRs, each closed by a barrier. The next windows are on their way as far as there is room. */
import { type Asker, type Holding, NoRoom, type OctetBudget } from '../budget.ts'
import { pop3Limits } from './limits.ts'
import { pullLimits } from '../pull/limits.ts'
import type { WindowPace } from '../pull/maildrop-ports.ts'
import type { Listed, Window } from '../mail/message.ts'
import { windowOctets, windowOctetsMax, windowOf, windowsOf } from './windows.ts'
import type { Reply } from './reply.ts'
import { type Answered, type Line, WindowAnswers } from './window-answers.ts'

interface RetrievalOptions {
  readonly signal?: AbortSignal | undefined
  readonly pace?: WindowPace | undefined
  /** Who shares the room of a worker's messages with this session. */
  readonly shares?: readonly string[] | undefined
}

/** A window that was asked for, as far as it has come. */
interface Coming {
  readonly holding: Holding
  octets: number
}

/** A window, and the error behind it if the session broke after some of its messages. */
interface Came extends Pick<Answered, 'broke'> {
  readonly window: Window
}

export class Retrieval {
  readonly #line: Line
  readonly #budget: Pick<OctetBudget, 'hold'>
  readonly #signal: AbortSignal | undefined
  readonly #pace: WindowPace | undefined
  readonly #holdings = new Set<Holding>()
  /** The windows that are on their way, in their order. */
  readonly #coming: Coming[] = []
  readonly #asker: Asker
  readonly #answers: WindowAnswers
  /** The window that was asked for last: when it has come, nothing is on its way any more. */
  #ahead: Promise<Came> | undefined
  /** Nobody wants the messages that are still on their way, so nothing more is asked for. */
  #leaving = false
  /** What the last window came with, in octets a millisecond; undefined before the first one. */
  #rate: number | undefined
  /** When the last answer of a window came. */
  #cameMs = 0

  constructor(line: Line, budget: Pick<OctetBudget, 'hold'>, { signal, pace, shares = [] }: RetrievalOptions = {}) {
    this.#line = line
    this.#asker = { session: this, shares }
    this.#answers = new WindowAnswers(line)
    this.#budget = budget
    this.#signal = signal
    this.#pace = pace
  }

  /** A pipelined window's barrier got an answer to another question. */
  get lostBarrier(): boolean {
    return this.#answers.lostBarrier
  }

  async *windows(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window> {
    const windows = windowsOf(messages, this.#pace, () => this.#windowOctetsMax)
    let next = windows.next()
    const ahead: { readonly octets: number; readonly coming: Promise<Came> }[] = []
    // The commands of the next windows are sent before a window is handed out, so that the line is never idle.
    const askAhead = () => {
      for (; !next.done && this.#mayAsk(next.value, ahead); next = windows.next())
        ahead.push({ octets: windowOctets(next.value), coming: this.#begin(next.value, maxMessageOctets) })
      this.#ahead = ahead.at(-1)?.coming
    }
    this.#leaving = false
    askAhead()
    try {
      for (let first = ahead.shift(); first !== undefined; first = ahead.shift()) {
        const { window, broke } = await first.coming
        if (!this.#line.hides() && broke === undefined) askAhead()
        yield window
        if (broke !== undefined) throw broke.error
        if (this.#line.hides()) askAhead()
      }
    } finally {
      this.#leaving = true
      // Nobody takes these windows any more. If they kept their room, other waiters, here or in another run, would wait on.
      for (const { coming } of ahead)
        coming.then(
          ({ window: { release } }) => release(),
          () => {},
        )
    }
  }

  /** Waits until nothing is on its way any more. */
  async settled(): Promise<void> {
    await this.#ahead?.catch(() => {})
  }

  /** So many octets of a message have come: it is one of the first window that is on its way. */
  heard(octets: number): void {
    const [first] = this.#coming
    if (first === undefined) return
    first.octets += octets
    first.holding.came(first.octets)
  }

  /** Gives back all room. */
  abandon(): void {
    for (const holding of this.#holdings) holding.release()
  }

  #mayAsk(window: readonly Listed[], ahead: readonly { readonly octets: number }[]): boolean {
    if (this.#pace?.isOver?.() === true) return false
    if (ahead.length === 0) return true
    const octets = ahead.reduce((sum, { octets }) => sum + octets, windowOctets(window))
    return (
      !this.#answers.isAlone &&
      this.#rate !== undefined &&
      ahead.length < pullLimits.windowsAheadMax &&
      octets <= Math.min(pop3Limits.aheadOctetsMax, pullLimits.windowsAheadMax * this.#windowOctetsMax)
    )
  }

  get #windowOctetsMax(): number {
    return windowOctetsMax(this.#rate)
  }

  /** Learns the rate from a window that has come. It began when it was asked for, or when the one before it had come. */
  #learnRate(octets: number, askedMs: number): void {
    const nowMs = performance.now()
    if (octets > 0) this.#rate = octets / Math.max(1, nowMs - Math.max(askedMs, this.#cameMs))
    this.#cameMs = nowMs
  }

  #begin(messages: readonly Listed[], maxMessageOctets: number): Promise<Came> {
    const window = this.#window(messages, maxMessageOctets)
    window.catch(() => {})
    return window
  }

  /** Waits for room, and asks for the messages of a window and its barrier. The window holds that room until it is released. */
  async #window(messages: readonly Listed[], maxMessageOctets: number): Promise<Came> {
    const holding = await this.#hold(windowOctets(messages))
    if (holding === undefined) return { window: windowOf([], () => {}) }
    this.#holdings.add(holding)
    const release = () => {
      this.#holdings.delete(holding)
      holding.release()
    }
    try {
      await this.#answers.learn()
      if (this.#leaving) return { window: windowOf([], release) }
      this.#pace?.asked(messages.length)
      const askedMs = performance.now()
      const coming: Coming = { holding, octets: 0 }
      this.#coming.push(coming)
      const arrived = arrivals(windowOctets(messages), holding, this.#pace)
      const isLeaving = () => this.#leaving
      const { answers, ...broke } = await this.#answers.ask(messages, { maxMessageOctets, arrived, isLeaving })
      this.#pace?.closed(answers.length)
      this.#coming.splice(this.#coming.indexOf(coming), 1)
      const octets = octetsOf(answers)
      holding.adjust(octets)
      this.#learnRate(octets, askedMs)
      return { window: windowOf(answers, release), ...broke }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Without room for a long time the session asks for nothing more: what is on its way is stored, and the rest comes with the next run. */
  async #hold(octets: number): Promise<Holding | undefined> {
    const terms = { signal: this.#signal, asker: this.#asker, waitMs: pop3Limits.roomWaitMs }
    return await this.#budget.hold(octets, terms).catch((error: unknown) => {
      if (!(error instanceof NoRoom)) throw error
      this.#leaving = true
      this.#pace?.crowded?.()
      return undefined
    })
  }
}

function octetsOf(answers: Answered['answers']): number {
  return answers.reduce((sum, [, reply]) => sum + (reply.shape === 'body' ? reply.bytes.length : 0), 0)
}

/** If more octets come than were listed, the room that is held grows with them. */
function arrivals(listed: number, holding: Holding, pace: WindowPace | undefined): (reply: Reply) => void {
  let octets = 0
  return (reply) => {
    // The refusal with which a server ends a session is none of the messages that the session gives.
    if (reply.shape === 'body') pace?.came()
    if (reply.shape === 'body') octets += reply.bytes.length
    if (octets > listed) holding.adjust(octets)
  }
}
