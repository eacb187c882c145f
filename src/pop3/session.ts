/**
 * node-pop3's verbs on our wire: a Maildrop. Its own wire ends a reply where a TCP chunk looks like an end, and is not safe
 * for a message (docs/decisions/0001). So `_socket` is a port that hands each command to connection.ts and gives back the
 * reply as its `command()` expects: an event `response` or `error`. Pinned exactly: a change of its insides breaks the tests.
 */
import Pop3Command from 'node-pop3'
import { hidesByName } from '../account/account.ts'
import { OctetBudget } from '../budget.ts'
import type { ServerTrait } from '../account/server-traits.ts'
import { pop3Limits } from './limits.ts'
import { loginMask } from '../mask.ts'
import type { Listed, MessageNumber, Peeked, Window } from '../mail/message.ts'
import type { Deletable, Maildrop } from '../pull/ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Phase } from '../failure/phase.ts'
import { CommandPort } from './command-port.ts'
import { Connection, type ConnectionOptions, usualWaits, type Waits } from './connection.ts'
import type { Lines } from './lines.ts'
import { listingOf, uidlsOf } from './listing.ts'
import { refusal } from './replies.ts'
import { type Line, Retrieval } from './retrieval.ts'
import { initialResponseOctetsMax, loginWay, plainResponse } from './sasl.ts'
import type { TlsSeen } from './tls.ts'
import { type Expected, printable, type Reply } from './wire.ts'

export interface SessionOptions extends ConnectionOptions {
  readonly user: string
  readonly password: string
  readonly waits?: Partial<Waits>
  /** What earlier sessions have learnt of this server; what this one learns is added. */
  readonly traits?: Set<ServerTrait>
  /** Shared by all sessions of a worker. */
  readonly budget?: OctetBudget
  /** Somebody has said so, or it was seen before. */
  readonly hidesRetrieved?: boolean
}

/** Logged in, and ready to list. */
export async function openMaildrop(options: SessionOptions): Promise<Pop3Session> {
  const session = new Pop3Session(options)
  try {
    await session._connect()
    return session
  } catch (error) {
    session.abandon()
    throw error
  }
}

/** `-ERR`, as it travels through node-pop3's `error` event. */
class Refused extends Error {}

/** What node-pop3 asks here. All else has more than one line to its answer, or is pipelined: that is ours. */
const oneLine = ['STAT', 'NOOP', 'RSET', 'QUIT'] as const

const authPlain: Phase = { code: 'AUTH', mechanism: 'PLAIN' }

export class Pop3Session extends Pop3Command implements Maildrop {
  capabilities: readonly string[] = []
  readonly #options: SessionOptions
  readonly #waits: Waits
  readonly #traits: Set<ServerTrait>
  #connection: Connection | undefined
  #listing: readonly Listed[] = []
  readonly #marked = new Set<MessageNumber>()
  /** It knows no CAPA (popa3d), and yet TOP. */
  #topAnswers = false
  readonly #retrieval: Retrieval

  constructor(options: SessionOptions) {
    super({ user: options.user, password: options.password, host: options.host, port: options.port })
    options.transcript?.hide(options.password)
    options.transcript?.hide(plainResponse(options.user, options.password))
    this.#options = { mask: loginMask(options.user, options.password), ...options }
    this.#waits = { ...usualWaits, ...options.waits }
    this.#traits = options.traits ?? new Set()
    const budget = options.budget ?? new OctetBudget(Number.POSITIVE_INFINITY)
    this.#retrieval = new Retrieval(this.#line(), budget, options.signal)
    // An `error` that no command waits for any more must not end the process.
    this.on('error', () => {})
  }

  get tlsSeen(): TlsSeen | null {
    return this.#connection?.tls ?? null
  }

  get canPeek(): boolean {
    return this.#can('TOP') || this.#topAnswers
  }

  get hidesRetrieved(): boolean {
    const { host, hidesRetrieved = false } = this.#options
    // RFC 2449 section 6.7: it keeps nothing that was retrieved.
    return hidesRetrieved || hidesByName(host) || this.capabilities.some((line) => /^EXPIRE\s+0\b/i.test(line))
  }

  get loginDelayMs(): number {
    const seconds = this.capabilities.map((line) => /^LOGIN-DELAY\s+(\d{1,9})\b/i.exec(line)?.[1] ?? 0)
    return Math.min(1000 * Math.max(0, ...seconds.map(Number)), pop3Limits.loginDelayMaxMs)
  }

  get pipelined(): boolean {
    return this.#can('PIPELINING') && !this.#traits.has('one at a time')
  }

  /** Connected, secured where the account says so, and asked what it can; not logged in. */
  override async connect(): Promise<void> {
    await this.#open()
    await this.#learnCapabilities()
    if (this.#options.tls === 'starttls') {
      if (this.capabilities.length > 0 && !this.#can('STLS')) throw this.#opened.noStls('it does not offer STLS')
      await this.#opened.startTls()
      // RFC 2595 section 4: what was said in clear may have been anybody's word.
      if (!this.#traits.has('no CAPA')) this.capabilities = await this.#askCapabilities()
    }
    // RFC 6856 section 2.1: before login. Without it Courier gives a wrapper in place of messages with 8-bit headers.
    if (this.#can('UTF8')) await this.#ask('UTF8', { shape: 'status' }, 'UTF8')
  }

  /** Connected and logged in, once; every verb of node-pop3 begins with this. */
  override async _connect(): Promise<string> {
    if (this._socket !== null) return this._PASSInfo
    const { user, password } = this.#options
    if (/[\r\n\0]/.test(user + password)) {
      throw new SessionFailed({
        kind: 'internal',
        reason: 'the user name or password holds CR, LF or NUL, which POP3 cannot carry',
      })
    }
    await this.connect()
    this._PASSInfo = await this.#logIn(user, password)
    // Some servers tell of UIDL, TOP and PIPELINING only now (jakarta mail-api issue 50); some refuse CAPA now.
    const all = this.#can('UIDL') && this.#can('TOP') && this.#can('PIPELINING')
    if (this.capabilities.length > 0 && !all && !this.#traits.has('same CAPA after login')) {
      const now = await this.#askCapabilities()
      if (now.length === 0 || now.join() === this.capabilities.join()) this.#traits.add('same CAPA after login')
      else this.capabilities = now
    }
    return this._PASSInfo
  }

  async stat(): Promise<{ messages: number; octets: number }> {
    const text = await this.#verb('STAT', () => this.STAT())
    const [messages, octets] = text.trim().split(/\s+/)
    return { messages: Number(messages) || 0, octets: Math.max(0, Number(octets) || 0) }
  }

  async list(): Promise<readonly Listed[]> {
    const broken = (expected: string, got: string) => this.#broken(expected, got)
    const [ids, sizes] = await this.#listings()
    let uidls = ids && (await uidlsOf(ids, broken))
    // Mail came in between, and may have moved the numbers of all (getmail 4.23): what is asked now goes with LIST.
    if (uidls !== undefined && sizes.length > uidls.size) {
      const again = await this.#askUidls()
      uidls = again && (await uidlsOf(again, broken))
    }
    this.#listing = await listingOf(sizes, uidls, broken)
    const [first] = this.#listing
    if (this.capabilities.length === 0 && first !== undefined)
      this.#topAnswers = (await this.#top(first)).shape === 'body'
    return this.#listing
  }

  async *peek(messages: readonly Listed[]): AsyncIterable<Peeked> {
    for await (const [message, reply] of this.#pipeline(messages, (message) => this.#top(message))) {
      yield { message, header: reply.shape === 'body' && !reply.cut ? reply.bytes : undefined }
    }
  }

  retrieve(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window> {
    return this.#retrieval.windows(messages, maxMessageOctets)
  }

  async markDeleted(marks: readonly Deletable[]): Promise<number> {
    await this.#retrieval.settled()
    let accepted = 0
    const ask = ({ number }: Deletable) =>
      this.#ask(`DELE ${number}`, { shape: 'status' }, { code: 'DELE', message: number })
    for await (const [{ number }, reply] of this.#pipeline(marks, ask)) {
      this.#marked.add(number)
      if (reply.shape === 'status') accepted += 1
    }
    return accepted
  }

  async quit(): Promise<void> {
    await this.#retrieval.settled()
    await this.#verb('QUIT', () => this.QUIT())
    this.#connection?.close()
  }

  abandon(): void {
    if (this.#retrieval.lostBarrier || this.#connection?.failedWhilePipelining) this.#traits.add('one at a time')
    this.#connection?.close()
    this.#retrieval.abandon()
  }

  /** What retrieval needs of the session. */
  #line(): Line {
    return {
      pipelined: () => this.pipelined,
      hides: () => this.hidesRetrieved,
      ask: (line, expected, during) => this.#ask(line, expected, during),
      together: (send) => this.#opened.together(send),
      broken: (expected, got) => this.#broken(expected, got),
      // What is marked is no message any more, to some servers.
      askable: () =>
        this.#marked.size === 0 ? this.#listing : this.#listing.filter(({ number }) => !this.#marked.has(number)),
    }
  }

  #can(capability: string): boolean {
    return this.capabilities.some((line) => line.toUpperCase().split(' ')[0] === capability)
  }

  async #open(): Promise<void> {
    this.#connection?.close()
    this.#connection = await Connection.open(this.#options, this.#waits)
    this._socket = new CommandPort((line) => void this.#relay(line))
  }

  /** Some servers hang on CAPA or drop the line. Once may be chance, and much hangs on UTF8; after twice it is done without. */
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

  /** CAPA (RFC 2449 section 5); none where the server does not know it. */
  async #askCapabilities(): Promise<string[]> {
    const reply = await this.#opened.send('CAPA', { shape: 'listing' }, this.#waits.capaMs, 'CAPA')
    return reply.shape === 'listing' ? [...reply.lines].map((line) => printable(line.trim())) : []
  }

  get #opened(): Connection {
    if (this.#connection === undefined) throw new Error('not connected')
    return this.#connection
  }

  #ask(line: string, expected: Expected, during: Phase): Promise<Reply> {
    return this.#opened.send(line, expected, this.#waits.replyMs, during)
  }

  /** From node-pop3's `command()` to the wire and back: the verbs that are answered in one line. */
  async #relay(line: string): Promise<void> {
    const verb = oneLine.find((one) => one === line.split(' ')[0])
    const waitMs = verb === 'QUIT' ? this.#waits.quitMs : this.#waits.replyMs
    try {
      if (verb === undefined) throw new Error(`${line.split(' ')[0]} is not for node-pop3 to ask`)
      const reply = await this.#opened.send(line, { shape: 'status' }, waitMs, verb)
      if (reply.shape === 'refused') this.emit('error', new Refused(reply.text))
      else this.emit('response', reply.text, null)
    } catch (error) {
      this.emit('error', error)
    }
  }

  /** Runs one of node-pop3's verbs; `-ERR` becomes a failure. */
  async #verb<T>(name: 'STAT' | 'QUIT', run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      throw this.#opened.fail(refusal(this.#opened.server, error.message, name, false))
    }
  }

  async #logIn(user: string, password: string): Promise<string> {
    if (loginWay(this.capabilities, user, password) === 'USER') {
      // Not by node-pop3's `command()`, which trims: a password may end in a space.
      await this.#say(`USER ${user}`, 'USER')
      return await this.#say(`PASS ${password}`, 'PASS')
    }
    const response = plainResponse(user, password)
    if (response.length <= initialResponseOctetsMax) return await this.#say(`AUTH PLAIN ${response}`, authPlain)
    await this.#say('AUTH PLAIN', authPlain)
    return await this.#say(response, authPlain)
  }

  /** One line of the login. */
  async #say(line: string, during: Phase): Promise<string> {
    const reply = await this.#ask(line, { shape: 'status' }, during)
    if (reply.shape !== 'refused') return reply.text
    throw this.#opened.fail(refusal(this.#opened.server, reply.text, during, true))
  }

  /**
   * UIDL and LIST; no UIDL: the server has none at all. Not by node-pop3, which splits a maildrop of 100,000 in one go. One after
   * the other: a server that says PIPELINING and drops what is pipelined would be silent here for minutes, not at a window.
   */
  async #listings(): Promise<[Lines | undefined, Lines]> {
    const uidls = await this.#askUidls()
    const sizes = await this.#askAll('LIST')
    if (sizes.shape !== 'listing') throw this.#opened.fail(refusal(this.#opened.server, sizes.text, 'LIST', false))
    return [uidls, sizes.lines]
  }

  async #askUidls(): Promise<Lines | undefined> {
    const reply = await this.#askAll('UIDL')
    return reply.shape === 'listing' ? reply.lines : undefined
  }

  #askAll(verb: 'UIDL' | 'LIST'): Promise<Reply> {
    return this.#opened.send(verb, { shape: 'listing' }, this.#waits.listingMs, verb)
  }

  #broken(expected: string, got: string): SessionFailed {
    return this.#opened.fail({ kind: 'broken protocol', server: this.#opened.server, expected, got: printable(got) })
  }

  /** Asks for each in turn: many at once where the server pipelines (RFC 2449 section 6.6), else one at a time. */
  async *#pipeline<T>(all: readonly T[], ask: (one: T) => Promise<Reply>): AsyncIterable<[T, Reply]> {
    const inFlight = this.pipelined ? pop3Limits.pipelineCommandsMax : 1
    for (let from = 0; from < all.length; from += inFlight) {
      const part = all.slice(from, from + inFlight)
      const replies = this.#opened.together(() => part.map(ask))
      // Each is let go of when it has been given out: servers send whole messages for TOP.
      for (const one of part) yield [one, await (replies.shift() as Promise<Reply>)]
    }
  }

  #top({ number }: Listed): Promise<Reply> {
    const expected: Expected = { shape: 'header', octetsMax: pop3Limits.headerOctetsMax }
    return this.#ask(`TOP ${number} 0`, expected, { code: 'TOP', message: number })
  }
}
