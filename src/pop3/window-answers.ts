/** The answers to the RETRs of one window, and to the barrier that closes it. Who is to blame when the line ends is told here. */
import type { FailureKind } from '../failure/failure.ts'
import { isMessagePhase, type Phase } from '../failure/phase.ts'
import { RetrievalFailed, SessionFailed } from '../failure/session-failed.ts'
import type { Listed } from '../mail/message.ts'
import { Barrier, type Questions } from './barrier.ts'
import { beginsWithStatus, withoutSecondStatus } from './doubled-status.ts'
import type { Expected, Reply } from './reply.ts'

/** The parts of its session that a retrieval uses. */
export interface Line extends Questions {
  /** The server may not give a message again after it was asked for: so nothing is asked for ahead. */
  hides(): boolean
  ask(line: string, expected: Expected, during: Phase): Promise<Reply>
  together<T>(send: () => T): T
}

/** If the session broke after some of the messages, each closed by a barrier, then `broke` holds the error. */
export interface Answered {
  readonly answers: Answers
  readonly broke?: { readonly error: unknown }
}

type Answers = readonly [Listed, Reply][]

export interface WindowTerms {
  readonly maxMessageOctets: number
  /** Is told each answer to RETR. */
  readonly arrived: (reply: Reply) => void
  /** Nobody wants what was not asked for yet. */
  readonly isLeaving: () => boolean
}

export class WindowAnswers {
  readonly #line: Line
  readonly #barrier: Barrier
  /** A pipeline said +OK twice. */
  #saidTwice = false
  /** A message came without a second +OK before it. */
  #saysOnce = false

  constructor(line: Line) {
    this.#line = line
    this.#barrier = new Barrier(line)
  }

  /** A pipelined window's barrier got an answer to another question. */
  get lostBarrier(): boolean {
    return this.#saidTwice || this.#barrier.isLost
  }

  /** A window must have been answered before the next one is asked for. */
  get isAlone(): boolean {
    return !this.#line.pipelined() || this.#line.hides() || this.#barrier.isWhole
  }

  /** Learns, before the first window, how the server answers the barrier's question. */
  async learn(): Promise<void> {
    await this.#barrier.learn()
  }

  /**
   * Asks for the messages, and for the barrier. If the server does not pipeline, each message has a barrier of its own. So it has at a server
   * that may not show it again: what has come before the line drops must not be lost.
   */
  async ask(messages: readonly Listed[], terms: WindowTerms): Promise<Answered> {
    return this.#line.pipelined() && !this.#line.hides()
      ? { answers: await this.#burst(messages, terms) }
      : await this.#oneByOne(messages, terms)
  }

  /**
   * If the line dropped, the first message without an answer is suspect. Silence and wrong answers prove nothing here:
   * the host is then pulled again one message at a time, which shows the reason.
   */
  async #burst(messages: readonly Listed[], { maxMessageOctets, arrived }: WindowTerms): Promise<Answers> {
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
        reply = await (replies[nth] as Promise<Reply>)
        arrived(reply)
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

  async #oneByOne(messages: readonly Listed[], terms: WindowTerms): Promise<Answered> {
    const answers: [Listed, Reply][] = []
    for (const message of messages) {
      if (terms.isLeaving()) break
      try {
        const reply = await this.#retr(message, terms.maxMessageOctets)
        terms.arrived(reply)
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

/** The server gave less than the least rate. Of several messages on their way, none is the reason. */
function isTooSlow(error: unknown): boolean {
  return (
    error instanceof SessionFailed && error.failure.kind === 'silent' && error.failure.octetsPerSecond !== undefined
  )
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
