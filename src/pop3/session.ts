/**
 * A session with a POP3 server, logged in: a Maildrop. Commands that are answered in one line go through node-pop3's verbs (verbs.ts);
 * CAPA, listings, TOP, RETR and DELE, which have more lines or are pipelined, go to the wire directly (docs/decisions/0001).
 */
import { hidesByName } from '../account/account.ts'
import type { Capabilities } from '../account/server-traits.ts'
import { OctetBudget } from '../budget.ts'
import { partingWords } from '../failure/ending.ts'
import { legible } from '../failure/legible.ts'
import { isMessagePhase, type Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, MessageNumber, Peeked, Window } from '../mail/message.ts'
import type { Deletable, Maildrop, Parting, WindowPace } from '../pull/maildrop-ports.ts'
import { expiresAtOnce, loginDelayMsIn } from './capabilities.ts'
import { pop3Limits } from './limits.ts'
import { Opening } from './opening.ts'
import { Retrieval } from './retrieval.ts'
import type { Expected, Reply } from './reply.ts'
import { type LineOptions, SessionLine } from './session-line.ts'
import { SessionListing } from './session-listing.ts'
import { WorthAnother } from './tls.ts'
import type { TlsReport } from './tls-sessions.ts'
import type { Line } from './window-answers.ts'

export interface SessionOptions extends LineOptions {
  /** All sessions of a worker share it. */
  readonly budget?: Pick<OctetBudget, 'hold'>
  /** The names under which it shares the budget with others. */
  readonly shares?: readonly string[]
  /** Undefined: windows are as large as usual. */
  readonly pace?: WindowPace | undefined
  /** The server hides messages after RETR: somebody has said so, or it was seen before. */
  readonly hidesRetrieved?: boolean
  /** What the server has said to CAPA before (opening.ts). */
  readonly known?: Capabilities | undefined
}

export class Pop3Session implements Maildrop {
  readonly #options: SessionOptions
  readonly #line: SessionLine
  readonly #opening: Opening
  readonly #listing: SessionListing
  readonly #retrieval: Retrieval
  /** The listing was asked for before anybody had read the answer to the login. */
  #isListedAhead = false
  readonly #marked = new Set<MessageNumber>()
  /** Messages for which DELE was refused. */
  readonly #unmarkable = new Set<MessageNumber>()
  /** The server does not know CAPA (popa3d), but answers TOP. */
  #topAnswers = false
  #hasTriedTop = false

  constructor(options: SessionOptions) {
    const line = new SessionLine({ heard: (octets) => this.#retrieval.heard(octets), ...options })
    this.#options = options
    this.#line = line
    this.#listing = new SessionListing({
      all: (verb) => line.askAll(verb),
      stat: () => line.askLine('STAT', 'STAT'),
      refused: (text, verb) => line.refused(text, verb),
      broken: (expected, got) => line.broken(expected, got),
    })
    this.#opening = new Opening(line, { known: options.known, askAhead: () => this.#listing.askAhead() })
    const budget = options.budget ?? new OctetBudget(Number.POSITIVE_INFINITY)
    this.#retrieval = new Retrieval(this.#retrievalLine(), budget, options)
  }

  get capabilities(): readonly string[] {
    return this.#line.capabilities
  }

  get tlsReport(): TlsReport | null {
    return this.#line.tls
  }

  get canPeek(): boolean {
    return this.#line.can('TOP') || this.#topAnswers
  }

  get hidesRetrieved(): boolean {
    const { host, hidesRetrieved = false } = this.#options
    return hidesRetrieved || hidesByName(host) || expiresAtOnce(this.capabilities)
  }

  get leavesOut(): boolean {
    return this.#listing.leavesOut
  }

  /** What the server has said to CAPA in this session; undefined if it was not asked. */
  get said(): Capabilities | undefined {
    return this.#opening.said
  }

  /** The listing was asked for together with the login. */
  get isTogether(): boolean {
    return this.#opening.isTogether
  }

  /** Something was asked for before the answer before it had come, at a server that is only known from before. */
  get isAhead(): boolean {
    return this.isTogether || this.#isListedAhead
  }

  get loginDelayMs(): number {
    return loginDelayMsIn(this.capabilities)
  }

  /** RETR, and the question that closes it (window-answers.ts). */
  get messageMs(): number | undefined {
    const { roundTripMs } = this.#line
    return (this.pipelined && !this.hidesRetrieved) || roundTripMs === undefined ? undefined : 2 * roundTripMs
  }

  get pipelined(): boolean {
    return this.#line.pipelined
  }

  /** Connects, secures the line if the account says so, and asks for the server's capabilities; it does not log in. */
  async connect(): Promise<void> {
    await this.#again(() => this.#opening.connect())
  }

  /** Connects and logs in. */
  async logIn(): Promise<void> {
    await this.#again(() => this.#opening.logIn())
  }

  /** Once more for a TLS session that the server does not resume, and once for a certificate that it does not send. */
  async #again(open: () => Promise<void>): Promise<void> {
    for (let again = 0; ; again += 1) {
      try {
        await open()
        return
      } catch (error) {
        const isWorth = error instanceof WorthAnother && !this.#opening.mayHaveToWait
        if (again === 2 || !isWorth || this.#options.signal?.aborted) throw error
        this.#listing.askedInVain()
      }
    }
  }

  /** Asks what a quick session has left out. Mail is retrieved by what the server says today. */
  async settle(): Promise<void> {
    if (!this.#opening.isQuick) return
    await this.#opening.settle()
    await this.list()
  }

  async stat(): Promise<{ messages: number; octets: number }> {
    const text = await this.#line.accepted(this.#line.verbs.stat())
    const [messages, octets] = text.trim().split(/\s+/)
    return { messages: Number(messages) || 0, octets: Math.max(0, Number(octets) || 0) }
  }

  /** Asks once: in its session a maildrop stays what it is (RFC 1939 section 3). */
  async list(): Promise<MaildropListing> {
    const listed = await this.#withRoom(async () => await this.#listing.list())
    if (!this.#opening.isQuick) await this.#tryTop()
    return listed
  }

  /** The hash of the answers to UIDL and LIST, as they came; undefined if these are not all that the listing is made of. */
  async answers(): Promise<string | undefined> {
    if (this.#opening.isQuick && this.pipelined) {
      this.#isListedAhead = true
      this.#line.opened.together(() => this.#listing.askAhead())
    }
    return await this.#withRoom(async () => await this.#listing.answers())
  }

  /** Where nothing is known of the maildrop, STAT tells how much is coming. */
  async #withRoom<T>(ask: () => Promise<T>): Promise<T> {
    const { listingRoom: room } = this.#options
    if (room !== undefined && !room.isTold && !this.#listing.isAsked) {
      const reply = await this.#line.askLine('STAT', 'STAT')
      const messages = reply.shape === 'status' ? Number.parseInt(reply.text.trim(), 10) : 0
      await room.expect(messages > 0 ? messages : 0)
    }
    try {
      return await ask()
    } catch (error) {
      throw room?.refused ?? error
    }
  }

  /** A server that does not know CAPA may answer TOP. */
  async #tryTop(): Promise<void> {
    const first = this.#listing.messages.at(0)
    if (this.#hasTriedTop || this.capabilities.length > 0 || first === undefined) return
    this.#hasTriedTop = true
    this.#topAnswers = (await this.#top(first)).shape === 'body'
  }

  async *peek(messages: readonly Listed[]): AsyncIterable<Peeked> {
    for await (const [message, reply] of this.#line.pipeline(messages, (message) => this.#top(message))) {
      yield { message, header: reply.shape === 'body' && !reply.cut ? reply.bytes : undefined }
    }
  }

  retrieve(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window> {
    return this.#retrieval.windows(messages, maxMessageOctets)
  }

  get wantsRetrieved(): boolean {
    return this.#line.traits.has('RETR before DELE')
  }

  async markDeleted<T extends Deletable>(marks: readonly T[]): Promise<{ mark: T; reply: string }[]> {
    await this.#retrieval.settled()
    const refused: { mark: T; reply: string }[] = []
    const ask = ({ number }: T) =>
      this.#ask(`DELE ${number}`, { shape: 'status', chatty: true }, { code: 'DELE', message: number })
    for await (const [mark, reply] of this.#line.pipeline(marks, ask)) {
      const { number } = mark
      if (reply.shape === 'refused') {
        this.#unmarkable.add(number)
        refused.push({ mark, reply: legible(reply.text) })
        continue
      }
      this.#marked.add(number)
      // Nobody asks twice, but for a message that was retrieved in between.
      if (this.#unmarkable.has(number)) this.#line.traits.add('RETR before DELE')
    }
    return refused
  }

  async quit(): Promise<Parting> {
    await this.#retrieval.settled()
    try {
      const refused = await this.#line.quit(this.#marked.size)
      return refused === undefined ? { confirmed: true } : { confirmed: false, reason: `it said "${legible(refused)}"` }
    } catch (error) {
      if (this.#options.signal?.aborted || !(error instanceof SessionFailed)) throw error
      return { confirmed: false, reason: partingWords(error.failure) }
    } finally {
      this.#line.close()
    }
  }

  abandon(): void {
    const isPipelining = this.#line.failedWhilePipelining && !this.isTogether
    if (this.#retrieval.lostBarrier || isPipelining) this.#line.traits.add('one at a time')
    this.#line.close()
    this.#retrieval.abandon()
  }

  /** The parts of the session that a retrieval uses. */
  #retrievalLine(): Line {
    const line = this.#line
    return {
      pipelined: () => this.pipelined,
      hides: () => this.hidesRetrieved,
      ask: (words, expected, during) => this.#ask(words, expected, during),
      entry: (verb, message) => line.askEntry(verb, message),
      all: (verb) => line.askAll(verb),
      together: (send) => line.opened.together(send),
      broken: (expected, got) => line.broken(expected, got),
      listed: () => this.#listing.messages,
      marked: () => this.#marked,
      heard: () => line.opened.reader,
      knows: (trait) => line.traits.has(trait),
      learnt: (trait) => void line.traits.add(trait),
    }
  }

  #ask(words: string, expected: Expected, during: Phase): Promise<Reply> {
    const of = this.#listing.messages.length
    const phase = isMessagePhase(during) ? { code: during.code, message: during.message, of } : during
    return this.#line.ask(words, expected, phase)
  }

  #top({ number }: Listed): Promise<Reply> {
    const expected: Expected = { shape: 'header', octetsMax: pop3Limits.headerOctetsMax }
    return this.#ask(`TOP ${number} 0`, expected, { code: 'TOP', message: number })
  }
}
