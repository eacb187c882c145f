/**
 * The question behind a window, whose answer we know and nobody can foresee: it is about a message that chance chooses. If a server ended a
 * message early, the rest of that message is read as replies; then this answer is wrong, and no message since the last barrier counts.
 *
 * `UIDL n` is asked, and `LIST n` where the server has no ids or answers `UIDL n` in no form that proves anything. The form is learnt before
 * the first window of a session, when nothing is on its way, and no other form is taken from then on. Each holds the id or the size that
 * the listing gave for this n: whoever forges an answer would have to know which n is asked about, and one that comes too early or too late
 * is about another n (docs/decisions/0027).
 *
 * Where a server answers neither, all of UIDL or LIST is asked for once more, and must say what it said before. That is no question of its
 * own, so nothing is asked for ahead of its answer.
 */
import { randomInt } from 'node:crypto'
import { SessionFailed } from '../failure/session-failed.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, MessageNumber } from '../mail/message.ts'
import {
  answerTo,
  formOf,
  type Form,
  isAnswer,
  isTold,
  isWholeForm,
  lengthOfReply,
  type Question,
  questionAbout,
  shownAnswer,
  toldBy,
  verbIn,
  type WholeForm,
} from './barrier-question.ts'
import { words } from './listing.ts'
import { pop3Limits } from './limits.ts'
import type { Reply } from './reply.ts'

/** The parts of its session that a barrier uses. */
export interface Questions {
  /** Whether many commands may be on their way at once. */
  pipelined(): boolean
  /** Asks for one line of UIDL or LIST; if nothing is pipelined, through node-pop3. */
  entry(verb: 'UIDL' | 'LIST', message: MessageNumber): Promise<Reply>
  /** Asks for all lines of UIDL or LIST. */
  all(verb: 'UIDL' | 'LIST'): Promise<Reply>
  broken(expected: string, got: string): SessionFailed
  /** What the maildrop lists. */
  listed(): MaildropListing
  /** The messages that are marked deleted: some servers treat them as if they were gone. */
  marked(): ReadonlySet<MessageNumber>
  /** What was seen of the server's way to answer in this session. */
  heard(): Heard
  /** Whether earlier sessions have seen that the server does not answer such a question. */
  knows(trait: Unanswered): boolean
  /** Remembers that. */
  learnt(trait: Unanswered): void
}

export type Unanswered = 'no UIDL n' | 'no LIST n'

export interface Heard {
  /** It has said an answer twice. */
  readonly doubles: boolean
  /** It has said a line of its own once, and that may be part of a header. */
  readonly isUnsure: boolean
  /** Whether it says this line of its own accord. */
  says(line: string): boolean
  /** Nothing is left of what came before. */
  proven(): void
}

export class Barrier {
  readonly #line: Questions
  #form: Form | undefined
  #learning: Promise<void> | undefined
  /** The number of times that the server says +OK once more before a whole listing. */
  #heads = 0
  /** Messages about which the server refuses to say anything. */
  readonly #refused = new Set<MessageNumber>()
  /** The number of questions that are on their way. */
  #pending = 0
  /** The answer to the last question. */
  #lastAnswer: string | undefined
  #isLost = false

  constructor(line: Questions) {
    this.#line = line
  }

  /** A barrier got an answer to another question, in a pipeline. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** The question is the same for each window: each must be closed before the next one is asked for. */
  get isWhole(): boolean {
    return isWholeForm(this.#form)
  }

  /** Learns how this server answers. A server that cannot be asked at all fails here, and no message is blamed for it. */
  async learn(): Promise<void> {
    await (this.#learning ??= this.#learn())
  }

  /** Sends the question at once, and resolves when its answer has come. */
  async ask(): Promise<void> {
    const form = this.#form ?? 'UIDL'
    if (isWholeForm(form)) {
      if (await this.#isToldAgain(form)) return
      throw this.#lost('the same listing after a window of messages', 'another answer')
    }
    this.#pending += 1
    try {
      await this.#askForm(form)
    } finally {
      this.#pending -= 1
    }
  }

  /**
   * Some servers list a message that is gone, and refuse whatever is asked about it. Such a refusal closes nothing, and the right answer to
   * a later question about another message closes what came before either.
   */
  async #askForm(form: Exclude<Form, WholeForm>): Promise<void> {
    for (let refusals = 0; ; refusals += 1) {
      const question = this.#choose(form) ?? this.#choose('LIST')
      if (question === undefined) throw this.#lost('a listed message to ask about', 'none')
      const reply = await this.#line.entry(question.verb, question.number)
      if (isAnswer(reply, question, form)) return
      const mayBeGone = reply.shape === 'refused' && refusals < pop3Limits.barrierRefusalsMax
      // What has come behind a message may be the rest of it.
      if (!mayBeGone) throw this.#lost(`${shownAnswer(question)} after a window of messages`, lengthOfReply(reply))
      this.#refused.add(question.number)
    }
  }

  async #learn(): Promise<void> {
    await this.#learnForm()
    // A line that stood before that answer is the server's own if it stands before the next one too.
    if (this.#line.heard().isUnsure) {
      await this.ask()
      if (this.#line.heard().isUnsure) throw this.#line.broken('an answer', 'a line of its own before it, once')
    }
    this.#line.heard().proven()
  }

  async #learnForm(): Promise<void> {
    const line = this.#line
    const asked = line.knows('no UIDL n') ? (['LIST', 'UIDL'] as const) : (['UIDL', 'LIST'] as const)
    const forms = line.knows('no UIDL n') && line.knows('no LIST n') ? [] : asked
    let wrong: readonly [expected: string, got: string] = ['the same listing once more', 'another answer']
    let isUidlWrong = false
    let isInPlace = true
    for (const form of forms) {
      const tried = await this.#tryForm(form)
      if (tried === undefined) continue
      const { question, reply } = tried
      this.#form = formOf(reply, question)
      if (this.#form === 'LIST' && isUidlWrong) line.learnt('no UIDL n')
      if (this.#form !== undefined) return
      isUidlWrong ||= form === 'UIDL'
      wrong = [shownAnswer(question), reply.shape === 'refused' ? `-ERR ${reply.text}` : lengthOfReply(reply)]
      isInPlace &&= reply.shape === 'refused' || Number(words(reply.text)[0]) === question.number
    }
    for (const whole of ['all of UIDL', 'all of LIST'] as const) {
      if (!this.#isTelling(whole)) continue
      const isTold = await this.#isToldAgain(whole)
      if (isTold) this.#form = whole
      // After a wrong answer nothing may be in its place, unless it names the message. Then the first listing is another one.
      if (isTold || !isInPlace) break
    }
    if (this.#form !== undefined) return
    throw this.#line.broken(...wrong)
  }

  /** Asks one question, and others like it while it is refused: it may be about a message that is gone. */
  async #tryForm(form: 'UIDL' | 'LIST'): Promise<{ question: Question; reply: Reply } | undefined> {
    let tried: { question: Question; reply: Reply } | undefined
    const refused: MessageNumber[] = []
    while (refused.length <= pop3Limits.barrierRefusalsMax) {
      const question = this.#choose(form, refused)
      if (question === undefined) break
      const reply = await this.#line.entry(form, question.number).catch((error: unknown) => {
        // It hangs up, or falls silent, or sends a listing where one line is due (mailpit, pull request 552).
        if (form === 'UIDL' || isBroken(error)) this.#line.learnt('no UIDL n')
        if (form === 'LIST' && isBroken(error)) this.#line.learnt('no LIST n')
        throw error
      })
      tried = { question, reply }
      if (reply.shape !== 'refused') break
      refused.push(question.number)
    }
    // If every one was refused, the server does not answer this question.
    if (tried?.reply.shape !== 'refused') for (const number of refused) this.#refused.add(number)
    return tried
  }

  /** A listing that told nothing proves nothing. */
  #isTelling(form: WholeForm): boolean {
    for (const message of this.#askable()) if (toldBy(message, verbIn(form)) !== undefined) return true
    return false
  }

  /** Whether all of UIDL or LIST says what it said before. */
  async #isToldAgain(form: WholeForm): Promise<boolean> {
    const verb = verbIn(form)
    const untold = new Map<number, string | undefined>()
    for (const message of this.#askable()) untold.set(message.number, toldBy(message, verb))
    const reply = await this.#line.all(verb)
    if (reply.shape !== 'listing') return false
    let heads = 0
    let told = 0
    for await (const slice of reply.lines.slices()) {
      for (const line of slice) {
        const [first, ...rest] = words(line)
        if (first === undefined) continue
        // Some servers say +OK twice, and then each time.
        if (told === 0 && /^\+OK$/i.test(first)) {
          heads += 1
          continue
        }
        const wanted = untold.get(Number(first))
        if (!untold.delete(Number(first)) || !isTold(rest, wanted ?? '', verb)) return false
        told += 1
      }
    }
    const isUsual = this.#form === undefined || heads === this.#heads
    this.#heads = heads
    return untold.size === 0 && isUsual
  }

  *#askable(): Generator<Listed> {
    const marked = this.#line.marked()
    for (const message of this.#line.listed()) if (!marked.has(message.number)) yield message
  }

  #lost(expected: string, got: string): SessionFailed {
    this.#isLost = this.#line.pipelined()
    return this.#line.broken(expected, got)
  }

  /**
   * Chooses a message by chance, and never twice in a row one with the same answer: a message whose end was lost in the next window would
   * get the answer to that barrier.
   */
  #choose(form: Exclude<Form, WholeForm>, refused: readonly MessageNumber[] = []): Question | undefined {
    const [listed, marked] = [this.#line.listed(), this.#line.marked()]
    const isLeftOut = (number: MessageNumber) => this.#refused.has(number) || refused.includes(number)
    const from = listed.length === 0 ? 0 : randomInt(listed.length)
    let candidates = 0
    let question: Question | undefined
    for (let nth = 0; nth < listed.length; nth += 1) {
      const message = listed.at((from + nth) % listed.length) as Listed
      if (marked.has(message.number) || isLeftOut(message.number)) continue
      candidates += 1
      const other = questionAbout(message, form)
      question ??= other
      if (other === undefined || answerTo(other, form) === this.#lastAnswer) continue
      this.#lastAnswer = answerTo(other, form)
      return other
    }
    // One window at a time, and of a maildrop with one message there is only one. Where all others are gone, no other question may be open.
    const isOnlyOne = listed.length - marked.size === 1 || (candidates === 1 && this.#pending <= 1)
    return isOnlyOne || !this.#line.pipelined() ? question : undefined
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof SessionFailed && error.failure.kind === 'broken protocol'
}
