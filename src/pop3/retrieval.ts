/** Retrieves messages in windows of RETRs, each closed by a barrier. The next windows are on their way as far as there is room. */
import { type Asker, type Holding, NoRoom, type OctetBudget } from '../budget.ts'
import { beginsWithStatus, withoutSecondStatus } from './doubled-status.ts'
import { Barrier, type Questions } from './barrier.ts'
import { pop3Limits } from './limits.ts'
import { pullLimits } from '../pull/limits.ts'
import type { WindowPace } from '../pull/ports.ts'
import type { Listed, Window } from '../mail/message.ts'
import { RetrievalFailed, SessionFailed } from '../failure/session-failed.ts'
import type { FailureKind } from '../failure/failure.ts'
import { isMessagePhase, type Phase } from '../failure/phase.ts'
import { windowOctets, windowOctetsMax, windowOf, windowsOf } from './windows.ts'
import type { Expected, Reply } from './reply.ts'

/** The parts of its session that a retrieval uses. */
export interface Line extends Questions {
  /** The server may not give a message again after it was asked for: so nothing is asked for ahead. */
  hides(): boolean
  ask(line: string, expected: Expected, during: Phase): Promise<Reply>
  together<T>(send: () => T): T
}

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

/** A window. If the session broke after some of its messages, each closed by a barrier, then `broke` holds the error. */
interface Came {
  readonly window: Window
  readonly broke?: { readonly error: unknown }
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
  readonly #barrier: Barrier
  /** A pipeline said +OK twice. */
  #saidTwice = false
  /** A message came without a second +OK before it. */
  #saysOnce = false
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
    this.#barrier = new Barrier(line)
    this.#budget = budget
    this.#signal = signal
    this.#pace = pace
  }

  /** A pipelined window's barrier got an answer to another question. */
  get lostBarrier(): boolean {
    return this.#saidTwice || this.#barrier.isLost
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
      this.#line.pipelined() &&
      !this.#line.hides() &&
      !this.#barrier.isWhole &&
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
      await this.#barrier.learn()
      if (this.#leaving) return { window: windowOf([], release) }
      this.#pace?.asked(messages.length)
      const askedMs = performance.now()
      const coming: Coming = { holding, octets: 0 }
      this.#coming.push(coming)
      const arrived = arrivals(windowOctets(messages), holding, this.#pace)
      // If the server does not pipeline, each message has a barrier of its own. So it has at a server that may not show it again: what
      // has come before the line drops must not be lost.
      const { answers, ...broke } =
        this.#line.pipelined() && !this.#line.hides()
          ? { answers: await this.#burst(messages, maxMessageOctets, arrived) }
          : await this.#oneByOne(messages, maxMessageOctets, arrived)
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

  /**
   * If the line dropped, the first message without an answer is suspect. Silence and wrong answers prove nothing here:
   * the host is then pulled again one message at a time, which shows the reason.
   */
  async #burst(messages: readonly Listed[], maxMessageOctets: number, arrived: Arrived): Promise<Answers> {
    const [replies, barrier] = this.#line.together(() => [
      messages.map((message) => this.#retr(message, maxMessageOctets)),
      this.#barrier.ask(),
    ])
    // The barrier may fail while the messages before it are awaited; it is awaited after them.
    barrier.catch(() => {})
    const answers: [Listed, Reply][] = []
    for (const [nth, message] of messages.entries()) {
      let reply: Reply
      try {
        reply = arrived(await (replies[nth] as Promise<Reply>))
      } catch (error) {
        const isAlone = messages.length === 1 && isTooSlow(error)
        blame(refusedBy(error, messages) ?? message, error, isAlone ? ['silent'] : broken)
      }
      // If a server says +OK twice (FTGate), the second one becomes a line of the message, and the barrier holds all the same.
      // One at a time it would not hold. If the line does belong to the message, the message is retrieved in that way.
      if (reply.shape === 'body' && this.#isDoubtful(reply)) {
        this.#saidTwice = true
        throw this.#line.broken(`message ${message.number}`, 'one more +OK before it')
      }
      answers.push([message, reply])
    }
    await barrier.catch((error: unknown) => {
      const suspect = refusedBy(error, messages) ?? (messages.length === 1 ? messages[0] : undefined)
      if (suspect === undefined) throw error
      blame(suspect, error, broken)
    })
    return answers
  }

  async #oneByOne(
    messages: readonly Listed[],
    maxMessageOctets: number,
    arrived: Arrived,
  ): Promise<{ answers: Answers; broke?: { error: unknown } }> {
    const answers: [Listed, Reply][] = []
    for (const message of messages) {
      if (this.#leaving) break
      try {
        const reply = arrived(await this.#retr(message, maxMessageOctets))
        await this.#barrier.ask()
        answers.push([message, this.#told(reply, message)])
      } catch (error) {
        const blamed = blamedFor(message, error, [...broken, 'silent', 'broken protocol'])
        // Wrong answers leave doubt about what came before them; a line that dropped or fell silent does not. Where nothing comes again, the
        // barrier behind each message is proof enough.
        const isWrong = error instanceof SessionFailed && error.failure.kind === 'broken protocol'
        const isDoubtful = isWrong && !this.#line.hides()
        if (answers.length === 0 || isDoubtful) throw blamed
        return { answers, broke: { error: blamed } }
      }
    }
    return { answers }
  }

  #isDoubtful(body: Extract<Reply, { shape: 'body' }>): boolean {
    return beginsWithStatus(body, (line) => this.#line.heard().says(line))
  }

  #told(reply: Reply, message: Listed): Reply {
    if (reply.shape !== 'body') return reply
    if (!this.#isDoubtful(reply)) {
      this.#saysOnce = true
      return reply
    }
    const told = withoutSecondStatus(reply, message, { twice: this.#line.heard().doubles, once: this.#saysOnce })
    if (told !== undefined) return told
    const got = 'a line with +OK before it, and a size in LIST that does not tell whose line that is'
    throw this.#line.broken(`message ${message.number}`, got)
  }

  #retr({ number, size, unsized }: Listed, octetsMax: number): Promise<Reply> {
    const hint = unsized === undefined ? { octetsHint: size } : {}
    return this.#line.ask(`RETR ${number}`, { shape: 'message', octetsMax, ...hint }, { code: 'RETR', message: number })
  }
}

function octetsOf(answers: Answers): number {
  return answers.reduce((sum, [, reply]) => sum + (reply.shape === 'body' ? reply.bytes.length : 0), 0)
}

/** The server gave less than the least rate. Of several messages on their way, none is the reason. */
function isTooSlow(error: unknown): boolean {
  return (
    error instanceof SessionFailed && error.failure.kind === 'silent' && error.failure.octetsPerSecond !== undefined
  )
}

type Answers = readonly [Listed, Reply][]
type Arrived = (reply: Reply) => Reply

/** If more octets come than were listed, the room that is held grows with them. */
function arrivals(listed: number, holding: Holding, pace: WindowPace | undefined): Arrived {
  let octets = 0
  return (reply) => {
    // The refusal with which a server ends a session is none of the messages that the session gives.
    if (reply.shape === 'body') pace?.came()
    if (reply.shape === 'body') octets += reply.bytes.length
    if (octets > listed) holding.adjust(octets)
    return reply
  }
}

/** The ways in which a line ends at a message. */
const broken: readonly FailureKind[] = ['unreachable', 'provider refused']

/** The message with whose refusal the server ended the session. */
function refusedBy(error: unknown, messages: readonly Listed[]): Listed | undefined {
  if (!(error instanceof SessionFailed) || error.failure.kind !== 'provider refused') return undefined
  const { during } = error.failure
  return isMessagePhase(during) ? messages.find(({ number }) => number === during.message) : undefined
}

function blame(message: Listed, error: unknown, kinds: readonly string[]): never {
  throw blamedFor(message, error, kinds)
}

/** The error, or if its failure is of these kinds, one that blames the message for it. */
function blamedFor(message: Listed, error: unknown, kinds: readonly string[]): unknown {
  return error instanceof SessionFailed && kinds.includes(error.failure.kind)
    ? new RetrievalFailed(message, error)
    : error
}
