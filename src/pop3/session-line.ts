/** The line of one session: its connection, what the server can do, and the questions that are asked on it. */
import type { LoginGate } from '../account/login-gate.ts'
import type { ServerTrait } from '../account/server-traits.ts'
import { isMessagePhase, type Phase } from '../failure/phase.ts'
import type { SessionFailed } from '../failure/session-failed.ts'
import type { MessageNumber } from '../mail/message.ts'
import { loginMask } from '../mask.ts'
import type { LoginMemory } from '../sasl/choice.ts'
import { printable } from '../printable.ts'
import { hasCapability } from './capabilities.ts'
import { Pop3Connection, type ConnectionOptions } from './connection.ts'
import { pop3Limits } from './limits.ts'
import type { Credentials } from './login.ts'
import { refusal } from './replies.ts'
import type { Expected, Reply } from './reply.ts'
import type { TlsReport } from './tls-sessions.ts'
import { Refused, Verbs } from './verbs.ts'
import { quitWaitMs, usualWaits, type Waits } from './waits.ts'

export interface LineOptions extends ConnectionOptions, Credentials {
  readonly waits?: Partial<Waits>
  /** The traits that earlier sessions have learnt of this server; this session adds those that it learns. */
  readonly traits?: Set<ServerTrait>
  /** What is known of ways to log in, if that is the account's alone. */
  readonly loginTraits?: LoginMemory
  readonly loginGate?: LoginGate | undefined
}

export class SessionLine {
  capabilities: readonly string[] = []
  readonly options: LineOptions
  readonly traits: Set<ServerTrait>
  readonly loginTraits: LoginMemory
  readonly #waits: Waits
  #connection: Pop3Connection | undefined
  #verbsUsed: Verbs | undefined
  /** How long the quickest answer of one line has taken. */
  #roundTripMs: number | undefined
  #quitMs: number

  constructor(options: LineOptions) {
    options.transcript?.hide(options.password)
    options.transcript?.hide(Buffer.from(`\0${options.user}\0${options.password}`).toString('base64'))
    this.options = { mask: loginMask(options.user, options.password), ...options }
    this.traits = options.traits ?? new Set()
    this.loginTraits = options.loginTraits ?? this.traits
    this.#waits = { ...usualWaits, ...options.waits }
    this.#quitMs = this.#waits.quitMs
  }

  get tls(): TlsReport | null {
    return this.#connection?.tls ?? null
  }

  get failedWhilePipelining(): boolean {
    return this.#connection?.failedWhilePipelining === true
  }

  get pipelined(): boolean {
    // Answers that come twice cannot be counted.
    return this.can('PIPELINING') && !this.traits.has('one at a time') && this.#connection?.reader.doubles !== true
  }

  /** The longest time for one exchange of SASL. */
  get exchangeWaitMs(): number {
    return Math.min(pop3Limits.exchangeWaitMs, 2 * this.#waits.replyMs)
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  can(capability: string): boolean {
    return hasCapability(this.capabilities, capability)
  }

  /** Connects, in place of a connection that there may have been before. */
  async open(): Promise<void> {
    this.#connection?.close()
    this.#connection = await Pop3Connection.open(this.options, this.#waits)
  }

  get opened(): Pop3Connection {
    if (this.#connection === undefined) throw new Error('not connected')
    return this.#connection
  }

  close(): void {
    this.#connection?.close()
  }

  /** A session that is known to have nothing to do needs none of them. */
  get verbs(): Verbs {
    return (this.#verbsUsed ??= new Verbs((line, during) => this.askLine(line, during)))
  }

  ask(line: string, expected: Expected, during: Phase): Promise<Reply> {
    return this.opened.send(line, expected, this.#waits.replyMs, during)
  }

  /** Sends one line, and waits for an answer of one line. */
  async askLine(line: string | Buffer, during: Phase): Promise<Reply> {
    const waitMs = during === 'QUIT' ? this.#quitMs : this.#waits.replyMs
    // An answer to UIDL n or LIST n closes a window: it must come in its place.
    const entry = isMessagePhase(during)
    const expected = { shape: 'status', last: during === 'QUIT', chatty: !entry, entry } as const
    const askedMs = performance.now()
    const reply = await this.opened.send(line, expected, waitMs, during)
    this.#roundTripMs = Math.min(this.#roundTripMs ?? Infinity, performance.now() - askedMs)
    return reply
  }

  /** Asks for all lines of UIDL or LIST. */
  askAll(verb: 'UIDL' | 'LIST'): Promise<Reply> {
    return this.opened.send(verb, { shape: 'listing' }, this.#waits.listingMs, verb)
  }

  /** Asks for one line of UIDL or LIST. In a pipeline it is sent in one segment with the RETRs before it; node-pop3 asks one at a time. */
  async askEntry(verb: 'UIDL' | 'LIST', message: MessageNumber): Promise<Reply> {
    if (this.pipelined) return await this.askLine(`${verb} ${message}`, { code: verb, message })
    try {
      return { shape: 'status', text: await this.verbs.entry(verb, message) }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return { shape: 'refused', text: error.message }
    }
  }

  /** Asks CAPA (RFC 2449 section 5); the answer is empty if the server does not know it. */
  async askCapabilities(): Promise<string[]> {
    const reply = await this.opened.send('CAPA', { shape: 'listing' }, this.#waits.capaMs, 'CAPA')
    return reply.shape === 'listing'
      ? [...reply.lines].map((line) => printable(line.trim())).filter((line) => line !== '')
      : []
  }

  /**
   * Asks the server to end the session.
   *
   * @param marked the number of messages that the server is to delete now.
   * @returns the words of a refusal; undefined if the server has agreed.
   */
  async quit(marked: number): Promise<string | undefined> {
    this.#quitMs = quitWaitMs(marked, this.#quitMs)
    if (this.#verbsUsed === undefined) {
      const reply = await this.askLine('QUIT', 'QUIT')
      return reply.shape === 'refused' ? reply.text : undefined
    }
    try {
      await this.#verbsUsed.quit()
      return undefined
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return error.message
    }
  }

  /** Sends a command for each item: many at once if the server pipelines (RFC 2449 section 6.6), otherwise one at a time. */
  async *pipeline<T>(all: readonly T[], ask: (one: T) => Promise<Reply>): AsyncIterable<[T, Reply]> {
    const inFlight = this.pipelined ? pop3Limits.pipelineCommandsMax : 1
    for (let from = 0; from < all.length; from += inFlight) {
      const part = all.slice(from, from + inFlight)
      const replies = this.opened.together(() => part.map(ask))
      // Each reply is released after it has been given out: servers send whole messages for TOP.
      for (const one of part) yield [one, await (replies.shift() as Promise<Reply>)]
    }
  }

  /** Waits for a verb; a refusal ends the session. */
  async accepted<T>(verb: Promise<T>): Promise<T> {
    try {
      return await verb
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const failure = refusal(this.opened.server, error.message, error.during)
      // Servers that read passwords as Latin-1 refuse these letters in UTF-8 (RFC 6856 section 3).
      const { user, password } = this.options
      const mayBeLetters = failure.kind === 'credentials refused' && /[^\x00-\x7f]/.test(user + password)
      throw this.opened.fail(mayBeLetters ? { ...failure, beyondAscii: true } : failure)
    }
  }

  /** Ends the session for a refusal of these words. */
  refused(text: string, during: Phase): SessionFailed {
    return this.opened.fail(refusal(this.opened.server, text, during))
  }

  broken(expected: string, got: string): SessionFailed {
    return this.opened.fail({ kind: 'broken protocol', server: this.opened.server, expected, got: printable(got) })
  }
}
