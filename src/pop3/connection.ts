/** One connection that speaks in commands and replies, strictly first in, first out. Every wait has an end. */
import type { Socket } from 'node:net'
import { hostPort } from '../account/server-traits.ts'
import { type Pending, pending } from '../deadline.ts'
import { type Failure } from '../failure/failure.ts'
import { legible } from '../failure/legible.ts'
import { type Phase, type PhaseCode, phaseCode } from '../failure/phase.ts'
import { saysTokenEnded, tokenEndedWords } from '../failure/token-ended.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { endReason } from '../failure/socket-reasons.ts'
import { tlsTroubleOf } from '../failure/tls-reasons.ts'
import type { Mask } from '../mask.ts'
import type { Transcript } from '../runs/transcript.ts'
import { abortFailure, failureOfSocket } from '../net/socket-failure.ts'
import { dial, type Endpoint } from './dial.ts'
import { pop3Limits } from './limits.ts'
import type { ListingRoom } from './listing-room.ts'
import { type RatedFrom, RateClock } from './least-rate.ts'
import { endFailure, greetingFailure, lateFailure, type RefusedBefore } from './no-answer.ts'
import { isLimit, refusal } from './replies.ts'
import { ReplyClock, type ReplyWait } from './reply-clock.ts'
import { endingWords } from '../failure/ending.ts'
import { noteReply } from './session-notes.ts'
import { doubted, shakeHands, withoutTls, WorthAnother } from './tls.ts'
import type { TlsReport, TlsSessions } from './tls-sessions.ts'
import type { Pulse } from './pulse.ts'
import type { Expected, Reply } from './reply.ts'
import type { Waits } from './waits.ts'
import { ReplyReader } from './wire.ts'

/** A command whose reply has not come. */
interface Question extends ReplyWait, Pending<Reply> {
  readonly during: Phase
  /** The command was sent before the one before it had been answered. */
  readonly pipelined: boolean
  readonly counted: RatedFrom
}

export interface ConnectionOptions extends Endpoint {
  /** TLS sessions of earlier connections, to take up again. */
  readonly tlsSessions?: TlsSessions | undefined
  readonly signal?: AbortSignal | undefined
  /** Hides secrets in the server's words that people see. */
  readonly mask?: Mask
  /** Notes every line of both sides. */
  readonly transcript?: Transcript | undefined
  /** Is told how many octets have come while a message was due. */
  readonly heard?: (octets: number) => void
  /** The room for its listings; undefined: they need none. */
  readonly listingRoom?: ListingRoom | undefined
  /** Is told when answers are due, and what comes. */
  readonly pulse?: Pulse | undefined
  /** When the token of its login may have ended, by performance.now(); undefined: it has none. */
  readonly tokenUntilMs?: number | undefined
}

/** The phases of before the login: there a token is refused like any password. */
const beforeLogin: readonly PhaseCode[] = [
  'connection',
  'TLS handshake',
  'greeting',
  'CAPA',
  'STLS',
  'USER',
  'PASS',
  'AUTH',
]

function isLetIn(during: Phase | undefined): during is Phase {
  return during !== undefined && !beforeLogin.includes(phaseCode(during))
}

export class Pop3Connection {
  readonly server: string
  /** The words of the greeting. */
  greeting = ''
  readonly #options: ConnectionOptions
  readonly #waits: Waits
  readonly #mask: Mask
  #reader: ReplyReader
  readonly #questions: Question[] = []
  readonly #clock = new ReplyClock((waitedMs, slow) => this.#late(waitedMs, slow))
  readonly #rate: RateClock
  #socket: Socket
  #tls: TlsReport | null = null
  /** The handshake behind which nothing has been answered yet. */
  #fresh: 'none' | 'whole' | 'resumed' = 'none'
  #failed: SessionFailed | undefined
  #failedWhilePipelining = false
  #isClosed = false
  /** The last reply, if it was a refusal. */
  #refused: RefusedBefore | undefined

  private constructor(socket: Socket, options: ConnectionOptions, waits: Waits) {
    this.server = hostPort(options)
    this.#options = options
    this.#waits = waits
    this.#mask = options.mask ?? ((text) => text)
    this.#rate = new RateClock(waits.leastRateMs, (octetsPerSecond) => this.#tooSlow(octetsPerSecond))
    this.#socket = socket
    this.#reader = new ReplyReader(this.server)
  }

  /** Connects, checks the certificate for implicit TLS, and reads the greeting. */
  static async open(options: ConnectionOptions, waits: Waits): Promise<Pop3Connection> {
    const { signal } = options
    const server = hostPort(options)
    const through = options.via === undefined ? '' : ` through the proxy ${hostPort(options.via)}`
    options.transcript?.note(`connecting to ${server}${through}`)
    options.pulse?.due(true)
    const socket = await dial(options, server, waits.connectMs, signal).catch((error: unknown) => {
      if (error instanceof SessionFailed) options.transcript?.note(endingWords(error.failure))
      throw error
    })
    const connection = new Pop3Connection(socket, options, waits)
    signal?.addEventListener('abort', connection.#onAbort, { once: true })
    if (signal?.aborted) connection.#onAbort()
    if (options.tls === 'implicit') await connection.#secure()
    else connection.#listen()
    const greeting = await connection.#expect(
      { shape: 'status', chatty: true },
      waits.greetingMs ?? waits.replyMs,
      'greeting',
    )
    if (greeting.shape === 'refused') throw connection.fail(refusal(server, greeting.text, 'connection'))
    connection.greeting = greeting.text
    return connection
  }

  /** STLS (RFC 2595 section 4): from here on the server's words are protected by TLS. */
  async startTls(): Promise<void> {
    const reply = await this.send('STLS', { shape: 'status' }, this.#waits.replyMs, 'STLS')
    if (reply.shape === 'refused') {
      if (isLimit(reply.text)) throw this.fail(refusal(this.server, reply.text, 'STLS'))
      throw this.noStls(`it refused STLS: "${legible(reply.text)}"`)
    }
    // If octets came after that +OK in clear, the reader has failed already: it expected nothing after it. Nothing that it has learnt counts.
    this.#reader = new ReplyReader(this.server)
    this.#socket.off('data', this.#onData).off('error', this.#onError).off('close', this.#onEnd).off('end', this.#onEnd)
    await this.#secure()
  }

  noStls(reason: string): SessionFailed {
    return this.fail({
      kind: 'tls',
      server: this.server,
      reason: `${reason}, and this account does not go on in clear`,
      trouble: 'no STLS',
    })
  }

  get tls(): TlsReport | null {
    return this.#tls
  }

  /** It failed like a server that cannot handle more than one command at a time. */
  get failedWhilePipelining(): boolean {
    return this.#failedWhilePipelining
  }

  get reader(): ReplyReader {
    return this.#reader
  }

  /** @param line the command without CRLF: text that is sent in UTF-8, or the octets themselves. */
  send(line: string | Buffer, expected: Expected, waitMs: number, during: Phase): Promise<Reply> {
    const reply = this.#expect(expected, waitMs, during)
    if (this.#isClosed) return reply
    this.#options.transcript?.sent(line.toString(), during)
    if (typeof line === 'string') this.#socket.write(`${line}\r\n`, 'utf8')
    else this.#socket.write(Buffer.concat([line, Buffer.from('\r\n')]))
    return reply
  }

  /** Sends several commands in as few segments as possible. */
  together<T>(send: () => T): T {
    this.#socket.cork()
    try {
      return send()
    } finally {
      this.#socket.uncork()
    }
  }

  /** Ends the connection for good: all open and all later commands fail with the first failure. */
  fail(failure: Failure): SessionFailed {
    if (this.#failed !== undefined) return this.#failed
    const failed = new SessionFailed('got' in failure ? { ...failure, got: this.#mask(failure.got) } : failure)
    this.#failed =
      this.#fresh === 'resumed' && !this.#isClosed ? doubted(failed, this.#options, this.#options.tlsSessions) : failed
    if (this.#isClosed) return this.#failed
    this.#options.transcript?.note(endingWords(failure))
    const pipelined = this.#questions.length > 1 || this.#questions[0]?.pipelined === true
    const wrong = failure.kind === 'broken protocol' || (failure.kind === 'silent' && !failure.slow)
    this.#failedWhilePipelining = pipelined && wrong
    this.#letGo()
    for (const { reject } of this.#questions.splice(0)) reject(this.#failed)
    return this.#failed
  }

  /** Closes the connection, after QUIT or without it. */
  close(): void {
    if (this.#isClosed) return
    if (this.#questions.length > 0) {
      this.fail(this.#ended)
      return
    }
    // Nobody waits for anything: the error that nobody sees need not be made.
    this.#options.transcript?.note(endingWords(this.#ended))
    this.#letGo()
  }

  get #ended(): Failure {
    return { kind: 'unreachable', server: this.server, reason: 'the session has ended' }
  }

  #letGo(): void {
    this.#isClosed = true
    this.#clock.stop()
    this.#rate.stop()
    this.#options.pulse?.due(false)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#socket.destroy()
  }

  async #secure(): Promise<void> {
    const { tlsSessions: sessions, signal } = this.#options
    const waits = { server: this.server, waitMs: this.#waits.connectMs, sessions, signal }
    try {
      const { secure, seen, isResumed } = await shakeHands(this.#socket, this.#options, waits)
      this.#tls = seen
      this.#fresh = isResumed ? 'resumed' : 'whole'
      this.#options.transcript?.note(`${seen.version}, a certificate valid to ${seen.validTo}`)
      this.#socket = secure
      this.#listen()
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
      const isOver = !(error instanceof WorthAnother)
      const failed = this.fail(isOver ? await withoutTls(error.failure, this.#options, signal) : error.failure)
      throw isOver ? failed : error
    }
  }

  readonly #onData = (chunk: Buffer) => this.#receive(chunk)
  readonly #onError = (error: Error) => {
    // In TLS 1.3 a server says only after the handshake that it wants a certificate of ours (RFC 8446 section 4.4.2).
    if (tlsTroubleOf(error) === 'wants our certificate') this.fail(failureOfSocket(this.server, error))
    else this.#end(endReason(error))
  }
  readonly #onEnd = () => this.#end('the connection ended')
  readonly #onAbort = () => void this.fail(abortFailure(this.#options.signal?.reason))

  #listen(): void {
    this.#socket.on('data', this.#onData).on('error', this.#onError).on('close', this.#onEnd).on('end', this.#onEnd)
  }

  #expect(expected: Expected, waitMs: number, during: Phase): Promise<Reply> {
    const { promise, resolve, reject } = pending<Reply>()
    // Pipelined replies are awaited one after the other. A reply that fails before anybody awaits it does not count as unhandled.
    promise.catch(() => {})
    if (this.#isClosed) {
      reject(this.#failed ?? this.fail(this.#ended))
      return promise
    }
    this.#reader.expect(expected)
    const isMessage = expected.shape === 'message' || expected.shape === 'header'
    const pipelined = this.#questions.length > 0
    const counted = ratedFromOf(expected)
    this.#questions.push({ during, waitMs, isMessage, pipelined, counted, promise, resolve, reject })
    if (!pipelined) this.#beginFirst()
    return promise
  }

  /** The first of the answers that are due is awaited from now on. */
  #beginFirst(): void {
    const [question] = this.#questions
    this.#clock.begin(question)
    this.#options.pulse?.due(question !== undefined)
    this.#rate.due(question?.counted ?? 'never')
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosed) return
    if (this.#questions[0]?.during === 'greeting') {
      const another = greetingFailure(this.server, chunk.toString('latin1', 0, 200))
      if (another !== undefined) return void this.fail(another)
    }
    this.#rate.heard(chunk.length)
    this.#options.pulse?.heard(chunk.length)
    if (this.#questions[0]?.isMessage) this.#options.heard?.(chunk.length)
    try {
      const replies = this.#reader.push(chunk)
      for (const raw of replies) {
        const reply = raw.shape === 'refused' ? { ...raw, text: this.#mask(raw.text) } : raw
        const during = this.#questions[0]?.during
        if (reply.shape === 'refused' && isLetIn(during) && saysTokenEnded(reply.text))
          throw new SessionFailed(this.#tokenEnded(during))
        const question = this.#questions.shift()
        this.#refused =
          reply.shape === 'refused' && question !== undefined
            ? { text: reply.text, during: question.during }
            : undefined
        if (this.#options.transcript !== undefined) noteReply(this.#options.transcript, reply, question?.during)
        question?.resolve(reply)
      }
      if (replies.length > 0) this.#answered()
      if (replies.length > 0) this.#beginFirst()
      else if (this.#reader.notice !== undefined) this.#waitBehindNotice()
      else this.#clock.heard(chunk.length)
      const { listingRoom } = this.#options
      if (listingRoom !== undefined && !listingRoom.allows(this.#reader.listingOctets))
        void this.#waitForRoom(listingRoom, this.#reader.listingOctets)
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
      this.fail(error.failure)
    }
  }

  /** Reads nothing until there is room for more of the listing. It is not the server that is silent meanwhile. */
  async #waitForRoom(room: ListingRoom, octets: number): Promise<void> {
    this.#socket.pause()
    this.#clock.begin(undefined)
    this.#options.pulse?.due(false)
    this.#rate.due('never')
    try {
      await room.grow(octets)
      if (this.#isClosed) return
      this.#beginFirst()
      this.#socket.resume()
    } catch {
      this.fail({ kind: 'stopped' })
    }
  }

  #answered(): void {
    this.#options.pulse?.answered()
    if (this.#fresh !== 'none') this.#options.tlsSessions?.wentWell(this.#options, this.#fresh === 'resumed')
    this.#fresh = 'none'
  }

  #late(waitedMs: number, slow: boolean): void {
    const during = this.#questions[0]?.during
    if (during === undefined) return
    const { notice, endsInDot } = this.#reader
    if (!slow) this.#options.pulse?.fellSilent(waitedMs)
    this.fail(lateFailure({ server: this.server, notice, endsInDot }, during, { waitedMs, slow }))
  }

  #tooSlow(octetsPerSecond: number): void {
    const during = this.#questions[0]?.during
    if (during === undefined) return
    const waitedMs = this.#waits.leastRateMs
    this.fail({ kind: 'silent', server: this.server, during, waitedMs, slow: true, octetsPerSecond })
  }

  /** The answer follows a notice at once, or never. */
  #waitBehindNotice(): void {
    const [question] = this.#questions
    if (question === undefined) return
    this.#clock.begin({ ...question, waitMs: Math.min(question.waitMs, pop3Limits.behindNoticeWaitMs) })
  }

  #tokenEnded(during: Phase): Failure {
    return { kind: 'unreachable', server: this.server, reason: tokenEndedWords, during, tokenEnded: true }
  }

  #end(reason: string): void {
    if (this.#isClosed) return
    const during = this.#questions[0]?.during
    // Exchange ends some sessions without a word. A session that has come to its QUIT has no need of a token.
    const { tokenUntilMs = Infinity } = this.#options
    if (performance.now() >= tokenUntilMs && isLetIn(during) && during !== 'QUIT')
      return void this.fail(this.#tokenEnded(during))
    const heard = { server: this.server, notice: this.#reader.notice, refused: this.#refused }
    this.fail(endFailure(heard, during, reason))
  }
}

/** The answer to `UIDL n` or `LIST n` closes a window: until it has come, nothing of the window counts. */
function ratedFromOf(expected: Expected): RatedFrom {
  if (expected.shape === 'listing') return 'from its first octet'
  return expected.shape !== 'status' || expected.entry === true ? 'at once' : 'never'
}
