/** One connection that speaks in commands and replies: strict first in, first out; every wait has an end. */
import type { Socket } from 'node:net'
import { type Failure } from '../failure/failure.ts'
import { assertNever } from '../assert-never.ts'
import { hostPort } from '../account/server-traits.ts'
import { isMessagePhase, type Phase, phaseCode, phaseWords } from '../failure/phase.ts'
import { pop3Limits } from './limits.ts'
import type { Mask } from '../mask.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Transcript } from '../runs/transcript.ts'
import { abortFailure, dial, type Endpoint, reasonOf } from './dial.ts'
import { greetingRefusal } from './replies.ts'
import { shakeHands, type TlsSeen, type TlsSessions } from './tls.ts'
import { type Expected, printable, type Reply, ReplyReader } from './wire.ts'

export interface Waits {
  readonly connectMs: number
  /** As of any reply, where nothing else is said. */
  readonly greetingMs?: number
  /** No byte for this long while a reply is due. As a whole it may take three times as long, and a message as its octets take. */
  readonly replyMs: number
  readonly listingMs: number
  readonly capaMs: number
  readonly quitMs: number
}

export const usualWaits: Waits = {
  connectMs: pop3Limits.connectWaitMs,
  replyMs: pop3Limits.replyWaitMs,
  listingMs: pop3Limits.listingWaitMs,
  capaMs: pop3Limits.capaWaitMs,
  quitMs: pop3Limits.quitWaitMs,
}

interface Pending {
  readonly during: Phase
  readonly waitMs: number
  /** A message: its octets earn it time. */
  readonly long: boolean
  /** It was sent before the one before it had been answered. */
  readonly pipelined: boolean
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: SessionFailed) => void
}

export interface ConnectionOptions extends Endpoint {
  /** TLS sessions of earlier connections, to take up again. */
  readonly tlsSessions?: TlsSessions | undefined
  readonly signal?: AbortSignal | undefined
  /** Of what the server says, where people see it. */
  readonly mask?: Mask
  /** Hears all that is said. */
  readonly transcript?: Transcript | undefined
}

export class Connection {
  readonly server: string
  readonly #options: ConnectionOptions
  readonly #waits: Waits
  readonly #mask: Mask
  readonly #reader: ReplyReader
  readonly #pending: Pending[] = []
  #socket: Socket
  #tls: TlsSeen | null = null
  #failed: SessionFailed | undefined
  #failedWhilePipelining = false
  #silence: NodeJS.Timeout | undefined
  /** Since when the next reply is due, and when it must be complete, on the monotonic clock. */
  #dueMs = 0
  #deadlineMs = 0

  private constructor(socket: Socket, options: ConnectionOptions, waits: Waits) {
    this.server = hostPort(options)
    this.#options = options
    this.#waits = waits
    this.#mask = options.mask ?? ((text) => text)
    this.#socket = socket
    this.#reader = new ReplyReader(this.server)
  }

  /** Connected, for implicit TLS the certificate checked, and the greeting read. */
  static async open(options: ConnectionOptions, waits: Waits): Promise<Connection> {
    const { signal } = options
    const server = hostPort(options)
    options.transcript?.note(`connecting to ${server}`)
    const socket = await dial(options, server, waits.connectMs, signal).catch((error: unknown) => {
      if (error instanceof SessionFailed) options.transcript?.note(farewellOf(error.failure))
      throw error
    })
    const connection = new Connection(socket, options, waits)
    signal?.addEventListener('abort', connection.#onAbort, { once: true })
    if (signal?.aborted) connection.#onAbort()
    if (options.tls === 'implicit') await connection.#secure()
    else connection.#listen()
    const greeting = await connection.#expect({ shape: 'status' }, waits.greetingMs ?? waits.replyMs, 'greeting')
    if (greeting.shape === 'refused') throw connection.fail(greetingRefusal(server, greeting.text))
    return connection
  }

  /** STLS (RFC 2595 section 4): all that the server says from here on, it says under TLS. */
  async startTls(): Promise<void> {
    const reply = await this.send('STLS', { shape: 'status' }, this.#waits.replyMs, 'STLS')
    if (reply.shape === 'refused') throw this.noStls(`it refused STLS: "${printable(reply.text)}"`)
    // On what came along with that +OK in clear the reader has failed already: it was expected to be the last word.
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

  get tls(): TlsSeen | null {
    return this.#tls
  }

  /** It failed in a way that a server has which cannot do with more than one command at a time. */
  get failedWhilePipelining(): boolean {
    return this.#failedWhilePipelining
  }

  /** @param line the command without CRLF. */
  send(line: string, expected: Expected, waitMs: number, during: Phase): Promise<Reply> {
    const reply = this.#expect(expected, waitMs, during)
    if (this.#failed !== undefined) return reply
    this.#options.transcript?.sent(line, during)
    this.#socket.write(`${line}\r\n`, 'utf8')
    return reply
  }

  /** Several commands in as few segments as they fit in. */
  together<T>(send: () => T): T {
    this.#socket.cork()
    try {
      return send()
    } finally {
      this.#socket.uncork()
    }
  }

  /** Ends the connection for good: all that is due, and all that is asked later, fails with the first failure. */
  fail(failure: Failure): SessionFailed {
    if (this.#failed === undefined) {
      this.#failed = new SessionFailed('got' in failure ? { ...failure, got: this.#mask(failure.got) } : failure)
      this.#options.transcript?.note(farewellOf(failure))
      const pipelined = this.#pending.length > 1 || this.#pending[0]?.pipelined === true
      const wrong = failure.kind === 'broken protocol' || (failure.kind === 'silent' && !failure.slow)
      this.#failedWhilePipelining = pipelined && wrong
      clearTimeout(this.#silence)
      this.#options.signal?.removeEventListener('abort', this.#onAbort)
      this.#socket.destroy()
      for (const { reject } of this.#pending.splice(0)) reject(this.#failed)
    }
    return this.#failed
  }

  /** After QUIT, or to leave without it. */
  close(): void {
    this.fail({ kind: 'unreachable', server: this.server, reason: 'the session has ended' })
  }

  async #secure(): Promise<void> {
    const { tlsSessions: sessions, signal } = this.#options
    const waits = { server: this.server, waitMs: this.#waits.connectMs, sessions, signal }
    try {
      const { secure, seen } = await shakeHands(this.#socket, this.#options, waits)
      this.#tls = seen
      this.#options.transcript?.note(`${seen.version}, a certificate valid to ${seen.validTo}`)
      this.#socket = secure
      this.#listen()
    } catch (error) {
      throw error instanceof SessionFailed ? this.fail(error.failure) : error
    }
  }

  readonly #onData = (chunk: Buffer) => this.#receive(chunk)
  readonly #onError = (error: Error) => this.#end(reasonOf(error))
  readonly #onEnd = () => this.#end('the connection ended')
  readonly #onAbort = () => void this.fail(abortFailure(this.#options.signal?.reason))

  #listen(): void {
    this.#socket.on('data', this.#onData).on('error', this.#onError).on('close', this.#onEnd).on('end', this.#onEnd)
  }

  #expect(expected: Expected, waitMs: number, during: Phase): Promise<Reply> {
    const { promise, resolve, reject } = settled<Reply>()
    if (this.#failed !== undefined) {
      reject(this.#failed)
      return promise
    }
    this.#reader.expect(expected)
    const long = expected.shape === 'message' || expected.shape === 'header'
    this.#pending.push({ during, waitMs, long, pipelined: this.#pending.length > 0, resolve, reject })
    if (this.#pending.length === 1) this.#turn()
    return promise
  }

  #receive(chunk: Buffer): void {
    if (this.#failed !== undefined) return
    try {
      const replies = this.#reader.push(chunk)
      for (const said of replies) {
        const reply = said.shape === 'refused' ? { ...said, text: this.#mask(said.text) } : said
        const answered = this.#pending.shift()
        if (this.#options.transcript !== undefined) hear(this.#options.transcript, reply, answered?.during)
        answered?.resolve(reply)
      }
      if (replies.length > 0) this.#turn()
      else this.#await(chunk.length)
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
      this.fail(error.failure)
    }
  }

  /** The next reply is due from now on. */
  #turn(): void {
    this.#dueMs = performance.now()
    this.#deadlineMs = this.#dueMs + 3 * (this.#pending[0]?.waitMs ?? 0)
    this.#await(0)
  }

  /** @param octets that have come of the reply that is due. */
  #await(octets: number): void {
    clearTimeout(this.#silence)
    const next = this.#pending[0]
    if (next === undefined) return
    const { during, waitMs } = next
    if (next.long) this.#deadlineMs += octets / pop3Limits.messageOctetsPerMs
    const leftMs = this.#deadlineMs - performance.now()
    const slow = leftMs < waitMs
    this.#silence = setTimeout(
      () => {
        if (this.#reader.endsInDot) {
          const got = 'a dot at the end of a line, and silence'
          this.fail({ kind: 'broken protocol', server: this.server, expected: `the end of ${phaseWords(during)}`, got })
        }
        const waitedMs = slow ? performance.now() - this.#dueMs : waitMs
        this.fail({ kind: 'silent', server: this.server, during, waitedMs, ...(slow ? { slow } : {}) })
      },
      Math.max(0, Math.min(waitMs, leftMs)),
    )
  }

  #end(reason: string): void {
    const during = this.#pending[0]?.during
    const where = during === undefined ? '' : ` during ${phaseWords(during)}`
    // Some hang up in place of an answer (free.fr and AOL, MailKit issue 856): it may be the password as well as the line.
    const login = during === 'PASS' || (during !== undefined && phaseCode(during) === 'AUTH')
    const why = login ? '; the user name or password may be wrong, or the visits too many' : ''
    const cause = login ? { cause: 'hung up at login' as const } : {}
    this.fail({ kind: 'unreachable', server: this.server, reason: `${reason}${where}${why}`, ...cause })
  }
}

/** Of what belongs to a message no more than its size is told. */
function hear(transcript: Transcript, reply: Reply, during: Phase | undefined): void {
  switch (reply.shape) {
    case 'refused':
      transcript.heard(`-ERR ${reply.text}`)
      break
    case 'status':
      // Behind a message that ended early, what looks like this answer is a line of the message.
      if (
        during !== undefined &&
        isMessagePhase(during) &&
        during.code !== 'DELE' &&
        !/^\d+\s+\S+\s*$/.test(reply.text)
      )
        transcript.heard('+OK, and not what was asked')
      else transcript.heard(`+OK ${reply.text}`)
      break
    case 'listing':
      transcript.heard(`+OK ${reply.text}`)
      transcript.heardAll(reply.lines, during === 'CAPA' ? pop3Limits.capabilitiesShown : pop3Limits.listingLinesShown)
      break
    case 'body':
      transcript.heard(`+OK (${reply.octets} octets)`)
      break
    default:
      assertNever(reply)
  }
}

/** How a session ended, without the words of whoever broke it: those may be a message's. */
function farewellOf(failure: Failure): string {
  if (failure.kind === 'unreachable' || failure.kind === 'tls') return failure.reason
  if (failure.kind === 'silent') return `nothing more came during ${phaseWords(failure.during)}`
  return `the session ends: ${failure.kind}`
}

/** A promise that does not count as unhandled where nobody waits for it yet: pipelined replies are awaited in their turn. */
function settled<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {})
  return { promise, resolve, reject }
}
