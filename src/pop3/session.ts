/**
 * A session with a POP3 server, logged in: a Maildrop. Commands that are answered in one line go through node-pop3's verbs (verbs.ts);
 * CAPA, listings, TOP, RETR and DELE, which have more lines or are pipelined, go to the wire directly (docs/decisions/0001).
 */
import { hidesByName } from '../account/account.ts'
import type { Capabilities, ServerTrait } from '../account/server-traits.ts'
import { OctetBudget } from '../budget.ts'
import { partingWords } from '../failure/ending.ts'
import { legible } from '../failure/legible.ts'
import { isMessagePhase, type Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Listed, MessageNumber, Peeked, Window } from '../mail/message.ts'
import { loginMask } from '../mask.ts'
import type { Deletable, Maildrop, Parting, WindowPace } from '../pull/ports.ts'
import { expiresAtOnce, hasCapability, loginDelayMsIn } from './capabilities.ts'
import { Pop3Connection, type ConnectionOptions } from './connection.ts'
import { usualWaits, type Waits } from './waits.ts'
import { pop3Limits } from './limits.ts'
import { checkCredentials, logIn } from './login.ts'
import { isSentTogether, logInTogether } from './quick-login.ts'
import { refusal } from './replies.ts'
import { type Line, Retrieval } from './retrieval.ts'
import { plainResponse } from './sasl.ts'
import { SessionListing } from './session-listing.ts'
import type { TlsReport } from './tls.ts'
import { Refused, Verbs } from './verbs.ts'
import { printable } from '../printable.ts'
import type { Expected, Reply } from './reply.ts'

export interface SessionOptions extends ConnectionOptions {
  readonly user: string
  readonly password: string
  readonly waits?: Partial<Waits>
  /** The traits that earlier sessions have learnt of this server; this session adds those that it learns. */
  readonly traits?: Set<ServerTrait>
  /** All sessions of a worker share it. */
  readonly budget?: Pick<OctetBudget, 'hold'>
  /** The names under which it shares the budget with others. */
  readonly shares?: readonly string[]
  /** Undefined: windows are as large as usual. */
  readonly pace?: WindowPace | undefined
  /** The server hides messages after RETR: somebody has said so, or it was seen before. */
  readonly hidesRetrieved?: boolean
  /** What the server has said to CAPA before. It is believed until `settle`: this saves round trips. Undefined: it is asked. */
  readonly known?: Capabilities | undefined
}

export class Pop3Session implements Maildrop {
  capabilities: readonly string[] = []
  readonly #options: SessionOptions
  readonly #waits: Waits
  readonly #traits: Set<ServerTrait>
  #verbsUsed: Verbs | undefined
  #connection: Pop3Connection | undefined
  readonly #listing = new SessionListing({
    all: (verb) => this.#all(verb),
    stat: () => this.#askLine('STAT', 'STAT'),
    refused: (text, verb) => this.#opened.fail(refusal(this.#opened.server, text, verb)),
    broken: (expected, got) => this.#broken(expected, got),
  })
  /** The capabilities before the login. */
  #before: readonly string[] = []
  #isQuick = false
  #isTogether = false
  #isAhead = false
  readonly #marked = new Set<MessageNumber>()
  /** Messages for which DELE was refused. */
  readonly #unmarkable = new Set<MessageNumber>()
  /** The server does not know CAPA (popa3d), but answers TOP. */
  #topAnswers = false
  #hasTriedTop = false
  readonly #retrieval: Retrieval

  constructor(options: SessionOptions) {
    options.transcript?.hide(options.password)
    options.transcript?.hide(plainResponse(options.user, options.password))
    const heard = (octets: number) => this.#retrieval.heard(octets)
    this.#options = { mask: loginMask(options.user, options.password), heard, ...options }
    this.#waits = { ...usualWaits, ...options.waits }
    this.#traits = options.traits ?? new Set()
    const budget = options.budget ?? new OctetBudget(Number.POSITIVE_INFINITY)
    this.#retrieval = new Retrieval(this.#line(), budget, options)
  }

  get tlsReport(): TlsReport | null {
    return this.#connection?.tls ?? null
  }

  get canPeek(): boolean {
    return this.#can('TOP') || this.#topAnswers
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
    return this.#isQuick ? undefined : { before: this.#before, after: this.capabilities }
  }

  /** The listing was asked for together with the login. */
  get isTogether(): boolean {
    return this.#isTogether
  }

  /** Something was asked for before the answer before it had come, at a server that is only known from before. */
  get isAhead(): boolean {
    return this.#isAhead
  }

  get loginDelayMs(): number {
    return loginDelayMsIn(this.capabilities)
  }

  get pipelined(): boolean {
    // Answers that come twice cannot be counted.
    return this.#can('PIPELINING') && !this.#traits.has('one at a time') && this.#connection?.reader.doubles !== true
  }

  /** Connects, secures the line if the account says so, and asks for the server's capabilities; it does not log in. */
  async connect(): Promise<void> {
    await this.#open()
    await this.#learnCapabilities()
    if (this.#options.tls === 'starttls') {
      if (this.capabilities.length > 0 && !this.#can('STLS')) throw this.#opened.noStls('it does not offer STLS')
      await this.#opened.startTls()
      // RFC 2595 section 4: anybody may have forged the lines that came in clear.
      if (!this.#traits.has('no CAPA')) this.capabilities = await this.#askCapabilities()
    }
    // RFC 6856 section 2.1: UTF8 is sent before login. Without it Courier gives a wrapper in place of messages with 8-bit headers.
    if (this.#can('UTF8')) await this.#askLine('UTF8', 'UTF8')
  }

  /** Connects and logs in. */
  async logIn(): Promise<void> {
    checkCredentials(this.#options)
    const { known } = this.#options
    if (known !== undefined) return await this.#logInQuickly(known)
    await this.connect()
    this.#before = this.capabilities
    await this.#accepted(
      logIn(this.#options, this.capabilities, this.#verbs, (line, during) => this.#askLine(line, during)),
    )
    // Some servers announce UIDL, TOP and PIPELINING only now (jakarta mail-api issue 50); some refuse CAPA now.
    const all = this.#can('UIDL') && this.#can('TOP') && this.#can('PIPELINING')
    if (this.capabilities.length > 0 && !all && !this.#traits.has('same CAPA after login')) {
      const now = await this.#askCapabilities()
      if (now.length === 0 || now.join() === this.capabilities.join()) this.#traits.add('same CAPA after login')
      else this.capabilities = now
    }
  }

  /** Logs in at a server that is known. */
  async #logInQuickly(known: Capabilities): Promise<void> {
    await this.#open()
    if (this.#options.tls === 'starttls') await this.#opened.startTls()
    this.#isQuick = true
    this.#before = known.before
    // The server is asked by what it says after the login, but for the login itself.
    this.capabilities = known.after
    const ask = (line: string, during: Phase) => this.#askLine(line, during)
    this.#isTogether = isSentTogether(known, this.#traits, this.#options) && this.#opened.reader.doubles !== true
    if (this.#isTogether) {
      const together = <T>(send: () => T) => this.#opened.together(send)
      const askNext = () => this.#listing.askAhead()
      this.#isAhead = true
      await this.#accepted(logInTogether(this.#options, known, { ask, together, askNext }))
      return
    }
    if (hasCapability(known.before, 'UTF8')) await ask('UTF8', 'UTF8')
    await this.#accepted(logIn(this.#options, known.before, this.#verbs, ask))
  }

  /** Asks what a quick session has left out. Mail is retrieved by what the server says today. */
  async settle(): Promise<void> {
    if (!this.#isQuick) return
    this.#isQuick = false
    if (!this.#traits.has('no CAPA') && this.#before.length > 0) {
      const now = await this.#askCapabilities()
      if (now.length > 0) this.capabilities = now
    }
    this.#isTogether = false
    await this.list()
  }

  async stat(): Promise<{ messages: number; octets: number }> {
    const text = await this.#accepted(this.#verbs.stat())
    const [messages, octets] = text.trim().split(/\s+/)
    return { messages: Number(messages) || 0, octets: Math.max(0, Number(octets) || 0) }
  }

  /** Asks once: in its session a maildrop stays what it is (RFC 1939 section 3). */
  async list(): Promise<readonly Listed[]> {
    const listed = await this.#listing.list()
    if (!this.#isQuick) await this.#tryTop()
    return listed
  }

  /** The hash of the answers to UIDL and LIST, as they came; undefined if these are not all that the listing is made of. */
  async answers(): Promise<string | undefined> {
    if (this.#isQuick && this.pipelined) {
      this.#isAhead = true
      this.#opened.together(() => this.#listing.askAhead())
    }
    return await this.#listing.answers()
  }

  /** A server that does not know CAPA may answer TOP. */
  async #tryTop(): Promise<void> {
    const [first] = this.#listing.messages
    if (this.#hasTriedTop || this.capabilities.length > 0 || first === undefined) return
    this.#hasTriedTop = true
    this.#topAnswers = (await this.#top(first)).shape === 'body'
  }

  async *peek(messages: readonly Listed[]): AsyncIterable<Peeked> {
    for await (const [message, reply] of this.#pipeline(messages, (message) => this.#top(message))) {
      yield { message, header: reply.shape === 'body' && !reply.cut ? reply.bytes : undefined }
    }
  }

  retrieve(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window> {
    return this.#retrieval.windows(messages, maxMessageOctets)
  }

  get wantsRetrieved(): boolean {
    return this.#traits.has('RETR before DELE')
  }

  async markDeleted<T extends Deletable>(marks: readonly T[]): Promise<{ mark: T; reply: string }[]> {
    await this.#retrieval.settled()
    const refused: { mark: T; reply: string }[] = []
    const ask = ({ number }: T) =>
      this.#ask(`DELE ${number}`, { shape: 'status', chatty: true }, { code: 'DELE', message: number })
    for await (const [mark, reply] of this.#pipeline(marks, ask)) {
      const { number } = mark
      if (reply.shape === 'refused') {
        this.#unmarkable.add(number)
        refused.push({ mark, reply: legible(reply.text) })
        continue
      }
      this.#marked.add(number)
      // Nobody asks twice, but for a message that was retrieved in between.
      if (this.#unmarkable.has(number)) this.#traits.add('RETR before DELE')
    }
    return refused
  }

  async quit(): Promise<Parting> {
    await this.#retrieval.settled()
    try {
      if (this.#verbsUsed !== undefined) {
        await this.#verbsUsed.quit()
        return { confirmed: true }
      }
      const reply = await this.#askLine('QUIT', 'QUIT')
      return reply.shape === 'refused' ? unconfirmed(reply.text) : { confirmed: true }
    } catch (error) {
      if (this.#options.signal?.aborted) throw error
      if (error instanceof Refused) return unconfirmed(error.message)
      if (error instanceof SessionFailed) return { confirmed: false, reason: partingWords(error.failure) }
      throw error
    } finally {
      this.#connection?.close()
    }
  }

  abandon(): void {
    const isPipelining = this.#connection?.failedWhilePipelining === true && !this.#isTogether
    if (this.#retrieval.lostBarrier || isPipelining) this.#traits.add('one at a time')
    this.#connection?.close()
    this.#retrieval.abandon()
  }

  /** The parts of the session that a retrieval uses. */
  #line(): Line {
    return {
      pipelined: () => this.pipelined,
      hides: () => this.hidesRetrieved,
      ask: (line, expected, during) => this.#ask(line, expected, during),
      entry: (verb, message) => this.#entry(verb, message),
      all: (verb) => this.#all(verb),
      together: (send) => this.#opened.together(send),
      broken: (expected, got) => this.#broken(expected, got),
      // Some servers treat marked messages as if they were gone.
      askable: () =>
        this.#marked.size === 0
          ? this.#listing.messages
          : this.#listing.messages.filter(({ number }) => !this.#marked.has(number)),
      heard: () => this.#opened.reader,
      knows: (trait) => this.#traits.has(trait),
      learnt: (trait) => void this.#traits.add(trait),
    }
  }

  /** A session that is known to have nothing to do needs none of them. */
  get #verbs(): Verbs {
    return (this.#verbsUsed ??= new Verbs((line, during) => this.#askLine(line, during)))
  }

  #can(capability: string): boolean {
    return hasCapability(this.capabilities, capability)
  }

  async #open(): Promise<void> {
    this.#connection?.close()
    this.#connection = await Pop3Connection.open(this.#options, this.#waits)
  }

  /** Some servers hang on CAPA or drop the line. Once may be chance, and UTF8 depends on CAPA; after the second time the session does without it. */
  async #learnCapabilities(): Promise<void> {
    for (let tries = 0; !this.#traits.has('no CAPA'); tries += 1) {
      try {
        this.capabilities = await this.#askCapabilities()
        return
      } catch (error) {
        if (this.#options.signal?.aborted) throw error
        await this.#open()
        if (tries > 0) this.#traits.add('no CAPA')
      }
    }
  }

  /** Asks CAPA (RFC 2449 section 5); the answer is empty if the server does not know it. */
  async #askCapabilities(): Promise<string[]> {
    const reply = await this.#opened.send('CAPA', { shape: 'listing' }, this.#waits.capaMs, 'CAPA')
    return reply.shape === 'listing'
      ? [...reply.lines].map((line) => printable(line.trim())).filter((line) => line !== '')
      : []
  }

  get #opened(): Pop3Connection {
    if (this.#connection === undefined) throw new Error('not connected')
    return this.#connection
  }

  #ask(line: string, expected: Expected, during: Phase): Promise<Reply> {
    const of = this.#listing.messages.length
    const phase = isMessagePhase(during) ? { code: during.code, message: during.message, of } : during
    return this.#opened.send(line, expected, this.#waits.replyMs, phase)
  }

  /** Sends one line, and waits for an answer of one line. */
  async #askLine(line: string, during: Phase): Promise<Reply> {
    const { quitMs, replyMs } = this.#waits
    const partingMs = this.#marked.size > 0 ? quitMs : Math.min(quitMs, pop3Limits.idleQuitWaitMs)
    const waitMs = during === 'QUIT' ? partingMs : replyMs
    // An answer to UIDL n or LIST n closes a window: it must come in its place.
    const entry = isMessagePhase(during)
    const expected = { shape: 'status', last: during === 'QUIT', chatty: !entry, entry } as const
    return await this.#opened.send(line, expected, waitMs, during)
  }

  /** Waits for a verb; a refusal ends the session. */
  async #accepted<T>(verb: Promise<T>): Promise<T> {
    try {
      return await verb
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const failure = refusal(this.#opened.server, error.message, error.during)
      // Servers that read passwords as Latin-1 refuse these letters in UTF-8 (RFC 6856 section 3).
      const { user, password } = this.#options
      const mayBeLetters = failure.kind === 'credentials refused' && /[^\x00-\x7f]/.test(user + password)
      throw this.#opened.fail(mayBeLetters ? { ...failure, beyondAscii: true } : failure)
    }
  }

  /** Asks for one line of UIDL or LIST. In a pipeline it is sent in one segment with the RETRs before it; node-pop3 asks one at a time. */
  async #entry(verb: 'UIDL' | 'LIST', message: MessageNumber): Promise<Reply> {
    if (this.pipelined) return await this.#askLine(`${verb} ${message}`, { code: verb, message })
    try {
      return { shape: 'status', text: await this.#verbs.entry(verb, message) }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return { shape: 'refused', text: error.message }
    }
  }

  #all(verb: 'UIDL' | 'LIST'): Promise<Reply> {
    return this.#opened.send(verb, { shape: 'listing' }, this.#waits.listingMs, verb)
  }

  #broken(expected: string, got: string): SessionFailed {
    return this.#opened.fail({ kind: 'broken protocol', server: this.#opened.server, expected, got: printable(got) })
  }

  /** Sends a command for each item: many at once if the server pipelines (RFC 2449 section 6.6), otherwise one at a time. */
  async *#pipeline<T>(all: readonly T[], ask: (one: T) => Promise<Reply>): AsyncIterable<[T, Reply]> {
    const inFlight = this.pipelined ? pop3Limits.pipelineCommandsMax : 1
    for (let from = 0; from < all.length; from += inFlight) {
      const part = all.slice(from, from + inFlight)
      const replies = this.#opened.together(() => part.map(ask))
      // Each reply is released after it has been given out: servers send whole messages for TOP.
      for (const one of part) yield [one, await (replies.shift() as Promise<Reply>)]
    }
  }

  #top({ number }: Listed): Promise<Reply> {
    const expected: Expected = { shape: 'header', octetsMax: pop3Limits.headerOctetsMax }
    return this.#ask(`TOP ${number} 0`, expected, { code: 'TOP', message: number })
  }
}

function unconfirmed(reply: string): Parting {
  return { confirmed: false, reason: `it said "${legible(reply)}"` }
}
