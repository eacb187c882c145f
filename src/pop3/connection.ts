/** One connection that speaks in commands and replies: strict first in, first out; every wait has an end. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Failure, SessionFailed } from '../failure.ts'
import { limits } from '../limits.ts'
import { abortFailure, dial, type Endpoint, reasonOf, type TlsSeen, tlsSeen } from './dial.ts'
import { type Expected, printable, type Reply, ReplyReader } from './wire.ts'

export interface Waits {
  readonly connectMs: number
  /** No byte for this long while a reply is due. A status line or listing as a whole may take three times as long. */
  readonly replyMs: number
  readonly listingMs: number
  readonly capaMs: number
  readonly quitMs: number
}

export const usualWaits: Waits = {
  connectMs: limits.connectWaitMs,
  replyMs: limits.replyWaitMs,
  listingMs: limits.listingWaitMs,
  capaMs: limits.capaWaitMs,
  quitMs: limits.quitWaitMs,
}

interface Pending {
  readonly during: string
  readonly waitMs: number
  /** Whether the whole reply, not only the silence in it, has an end: a message may trickle, a status line may not. */
  readonly bounded: boolean
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: SessionFailed) => void
}

export class Connection {
  readonly server: string
  readonly tls: TlsSeen | null
  readonly #socket: Socket
  readonly #reader: ReplyReader
  readonly #pending: Pending[] = []
  #failed: SessionFailed | undefined
  #silence: NodeJS.Timeout | undefined
  /** When the reply that is due now must be complete, on the monotonic clock. */
  #deadlineMs = Number.POSITIVE_INFINITY

  private constructor(socket: Socket, server: string, tls: TlsSeen | null) {
    this.server = server
    this.tls = tls
    this.#socket = socket
    this.#reader = new ReplyReader(server)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => this.#end(reasonOf(error)))
    socket.on('close', () => this.#end('the connection ended'))
    socket.on('end', () => this.#end('the connection ended'))
  }

  /** Connected, certificate checked, and the greeting read. */
  static async open(endpoint: Endpoint, waits: Waits, signal?: AbortSignal): Promise<Connection> {
    const server = `${endpoint.host}:${endpoint.port}`
    if (endpoint.tls === 'starttls') {
      const reason = 'STLS is not offered by this version yet; use implicit TLS, mostly on port 995'
      throw new SessionFailed({ kind: 'tls', server, reason })
    }
    const socket = await dial(endpoint, server, waits.connectMs, signal)
    const connection = new Connection(
      socket,
      server,
      'getPeerCertificate' in socket ? tlsSeen(socket as TLSSocket) : null,
    )
    const abort = () => connection.fail(abortFailure(signal?.reason))
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('close', () => signal?.removeEventListener('abort', abort))
    if (signal?.aborted) abort()
    const greeting = await connection.#expect({ shape: 'status' }, waits.replyMs, 'the greeting')
    if (greeting.shape === 'refused') {
      const failure = {
        kind: 'provider refused',
        server,
        during: 'the connection',
        reply: printable(greeting.text),
      } as const
      throw connection.fail(failure)
    }
    return connection
  }

  /** @param line the command without CRLF. @param during what failures call it: never with a password in it. */
  send(line: string, expected: Expected, waitMs: number, during: string): Promise<Reply> {
    const reply = this.#expect(expected, waitMs, during)
    if (this.#failed === undefined) this.#socket.write(`${line}\r\n`, 'utf8')
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
      this.#failed = new SessionFailed(failure)
      clearTimeout(this.#silence)
      this.#socket.destroy()
      for (const { reject } of this.#pending.splice(0)) reject(this.#failed)
    }
    return this.#failed
  }

  /** After QUIT, or to leave without it. */
  close(): void {
    this.fail({ kind: 'unreachable', server: this.server, reason: 'the session has ended' })
  }

  #expect(expected: Expected, waitMs: number, during: string): Promise<Reply> {
    const { promise, resolve, reject } = settled<Reply>()
    if (this.#failed !== undefined) {
      reject(this.#failed)
      return promise
    }
    this.#reader.expect(expected)
    const bounded = expected.shape === 'status' || expected.shape === 'listing'
    this.#pending.push({ during, waitMs, bounded, resolve, reject })
    if (this.#pending.length === 1) this.#turn()
    return promise
  }

  #receive(chunk: Buffer): void {
    if (this.#failed !== undefined) return
    try {
      const replies = this.#reader.push(chunk)
      for (const reply of replies) this.#pending.shift()?.resolve(reply)
      if (replies.length > 0) this.#turn()
      else this.#listen()
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
      this.fail(error.failure)
    }
  }

  /** The next reply is due from now on. */
  #turn(): void {
    const next = this.#pending[0]
    this.#deadlineMs = next?.bounded ? performance.now() + 3 * next.waitMs : Number.POSITIVE_INFINITY
    this.#listen()
  }

  #listen(): void {
    clearTimeout(this.#silence)
    const next = this.#pending[0]
    if (next === undefined) return
    const waitMs = Math.max(0, Math.min(next.waitMs, this.#deadlineMs - performance.now()))
    this.#silence = setTimeout(() => {
      this.fail({ kind: 'silent', server: this.server, during: next.during, waitedMs: next.waitMs })
    }, waitMs)
  }

  #end(reason: string): void {
    const during = this.#pending[0]?.during
    this.fail({
      kind: 'unreachable',
      server: this.server,
      reason: during === undefined ? reason : `${reason} during ${during}`,
    })
  }
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
