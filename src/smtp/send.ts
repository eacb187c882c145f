/**
 * Sends one message over a session. The body goes out only once the answers to RCPT TO are written down, and the final dot only once it is
 * written that nobody can tell from there on; a gate says when. Whoever is stopped before the dot has sent nothing.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Readable, Transform } from 'node:stream'
import { domainToASCII } from 'node:url'
import { pending } from '../deadline.ts'
import type { Failure } from '../failure/failure.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { abortFailure } from '../net/socket-failure.ts'
import type { DsnNotify } from '../send/entry.ts'
import type { AttemptEnd, RecipientAnswer } from '../send/transitions.ts'
import { answersIn, endOf } from './ending.ts'
import { smtpLimits } from './limits.ts'
import { isReplyCode } from './replies.ts'
import { Transaction } from './line.ts'
import type { SmtpAbilities, SmtpSession } from './session.ts'

export interface SmtpEnvelope {
  /** '' for the null sender. */
  readonly from: string
  readonly recipients: readonly {
    readonly address: string
    readonly notify?: readonly DsnNotify[]
    readonly orcpt?: string
  }[]
  readonly octets: number
  /** Its header has letters beyond ASCII. */
  readonly utf8: boolean
  readonly eightBit: boolean
  readonly dsn: { readonly ret: 'FULL' | 'HDRS' | null; readonly envid: string | null } | null
}

/** What is written down before an effect. Whatever it throws ends the connection: nothing more goes out. */
export interface SendGate {
  /** The answers to RCPT TO; what follows is the body. */
  enveloped(answers: readonly RecipientAnswer[]): Promise<void>
  /** The whole body is out; what follows at once is the dot. */
  beforeDot(): Promise<void>
  /** Ends it before the dot, and not behind it. */
  readonly signal?: AbortSignal
}

export interface SendAnswer {
  /** Of all recipients that were asked for. */
  readonly recipients: readonly RecipientAnswer[]
  /** For those whose RCPT TO was answered with 2xx, or that were not asked for. */
  readonly end: AttemptEnd
  /** It is about whoever sends, and would be so at the next message. */
  readonly held?: Failure
  /** The server takes so many recipients in one transaction, as it has said just now. */
  readonly recipientsMost?: number
  /** The Message-ID that the server has given it in place of its own. */
  readonly messageId?: string
}

/**
 * @param body the bytes as they are: dots are stuffed here.
 * @throws what the gate throws, or the reading of the body; then the dot was not sent.
 */
export async function send(
  session: SmtpSession,
  envelope: SmtpEnvelope,
  body: Readable,
  gate: SendGate,
): Promise<SendAnswer> {
  const { line, abilities, server } = session
  const { signal } = gate
  const unfit = unfitFor(abilities, envelope)
  if (unfit !== undefined) {
    body.destroy()
    const failure = { kind: 'message refused', reply: unfit } as const
    return { recipients: [], end: { kind: 'rejected', failure } }
  }
  await session.reset()
  const transaction = new Transaction(
    senderParameters(abilities, envelope),
    envelope.recipients.map(parametersFor(abilities)),
  )
  line.begin(transaction)
  const sending = new Sending(session, transaction, envelope, { body, gate })
  const stop = () => {
    if (!transaction.isDotSent) sending.stop(new SessionFailed(abortFailure(signal?.reason)))
  }
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  try {
    const error = await sending.ended()
    if (sending.fault !== undefined) throw sending.fault.error
    const addresses = envelope.recipients.map(({ address }) => address)
    const failed = line.failed ?? (error instanceof SessionFailed ? error : undefined)
    const answer = endOf({ server, transaction, addresses, failed: failed?.failure, lastWords: line.lastWords })
    if (isLeftInTheMiddle(transaction)) session.destroy()
    const { messageId } = sending
    return { ...answer, ...(messageId === undefined ? {} : { messageId }) }
  } finally {
    signal?.removeEventListener('abort', stop)
    body.destroy()
  }
}

/** Why the server cannot take it; undefined: it may. RFC 6152 section 3 would have 8-bit bytes changed or returned: no server in use wants that. */
function unfitFor({ size, utf8 }: SmtpAbilities, envelope: SmtpEnvelope): string | undefined {
  if (size !== null && envelope.octets > size)
    return `The message has ${envelope.octets.toLocaleString('en')} octets, and the provider takes ${size.toLocaleString('en')} at most.`
  const named = [envelope.from, ...envelope.recipients.map(({ address }) => address)].find(needsUtf8)
  if (!utf8 && named !== undefined)
    return `The provider takes no address with letters beyond ASCII, such as ${named} (it lacks SMTPUTF8).`
  if (!utf8 && envelope.utf8) return 'The provider takes no header with letters beyond ASCII (it lacks SMTPUTF8).'
  return undefined
}

const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text)

/** A domain has a form in ASCII; what stands before it has none. */
function needsUtf8(address: string): boolean {
  return !isAscii(asciiDomain(address))
}

function asciiDomain(address: string): string {
  const at = address.lastIndexOf('@')
  if (isAscii(address) || at === -1) return address
  const domain = domainToASCII(address.slice(at + 1))
  return domain === '' ? address : `${address.slice(0, at)}@${domain}`
}

/** Nobody knows what the server takes for a body now. */
function isLeftInTheMiddle({ data, end, isDotSent }: Transaction): boolean {
  return (
    (data !== undefined && data.code < 400 && !isDotSent) ||
    (isDotSent && (end === undefined || end.code < 400 || !isReplyCode(end.code)) && end?.code !== 250)
  )
}

/** RFC 6531 section 3.4, RFC 3461 section 4.3: what the server does not offer is left out. */
function senderParameters({ utf8, dsn: takesDsn }: SmtpAbilities, envelope: SmtpEnvelope): string {
  const { ret = null, envid = null } = takesDsn ? (envelope.dsn ?? {}) : {}
  const parts = [
    ...(utf8 && (envelope.utf8 || !isAscii(envelope.from)) ? ['SMTPUTF8'] : []),
    ...(ret === null ? [] : [`RET=${ret}`]),
    ...(envid === null || !isAscii(envid) ? [] : [`ENVID=${xtext(envid)}`]),
  ]
  return parts
    .filter(isParameter)
    .map((part) => ` ${part}`)
    .join('')
}

/** RFC 3461 section 4. */
function xtext(text: string): string {
  return text.replaceAll(
    /[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g,
    (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** RFC 3461 section 4.2: the type of the address stays as it is. */
function originalRecipient(orcpt: string): string {
  const [type = '', ...rest] = orcpt.split(';')
  return rest.length === 0 ? `rfc822;${xtext(type)}` : `${type};${xtext(rest.join(';'))}`
}

/** A blank or a line end in it would begin another one. */
const isParameter = (text: string) => /^[\x21-\x7e]+$/.test(text)

/** RFC 3461 section 4: what the server does not offer is left out. */
function parametersFor({ dsn }: SmtpAbilities): (recipient: SmtpEnvelope['recipients'][number]) => string {
  return ({ notify = [], orcpt }) => {
    if (!dsn) return ''
    const parts = [
      ...(notify.length === 0 ? [] : [`NOTIFY=${notify.join(',')}`]),
      ...(orcpt === undefined || !isAscii(orcpt) ? [] : [`ORCPT=${originalRecipient(orcpt)}`]),
    ]
    return parts
      .filter(isParameter)
      .map((part) => ` ${part}`)
      .join('')
  }
}

/** One message on its way. */
class Sending {
  readonly #session: SmtpSession
  readonly #transaction: Transaction
  readonly #envelope: SmtpEnvelope
  readonly #body: Readable
  readonly #gate: SendGate
  readonly #answered = pending<Error | undefined>()
  /** The body on its way. */
  #pumped: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  /** What was thrown on our side: it is not the server's answer. */
  fault: { readonly error: unknown } | undefined
  /** The Message-ID that the server names in its last answer. */
  messageId: string | undefined

  constructor(
    session: SmtpSession,
    transaction: Transaction,
    envelope: SmtpEnvelope,
    { body, gate }: { readonly body: Readable; readonly gate: SendGate },
  ) {
    this.#session = session
    this.#transaction = transaction
    this.#envelope = envelope
    this.#body = body
    this.#gate = gate
    body.on('error', () => {})
    this.#begin()
  }

  /** The answer, or the end of the connection; then nothing that the gate has begun is under way any more. @returns what nodemailer found wrong. */
  async ended(): Promise<Error | undefined> {
    try {
      const error = await this.#session.line.unlessEnded(this.#answered.promise).catch((failed: Error) => failed)
      if (!this.#transaction.isDotSent) this.#body.destroy()
      await this.#pumped
      return error
    } finally {
      clearTimeout(this.#timer)
    }
  }

  /** Ends the connection without the dot. */
  stop(error: unknown): void {
    this.fault ??= { error }
    this.#session.line.destroy(error instanceof SessionFailed ? error : new SessionFailed({ kind: 'stopped' }, error))
  }

  #begin(): void {
    const { line, waits, abilities } = this.#session
    const { from, recipients, octets, eightBit } = this.#envelope
    this.#expect(waits.envelopeMs)
    const message = { pipe: (stuffed: Transform) => void (this.#pumped = this.#pump(stuffed)) }
    const to = recipients.map(({ address }) => (abilities.utf8 ? address : asciiDomain(address)))
    line.send(
      { from: abilities.utf8 ? from : asciiDomain(from), to, size: octets, use8BitMime: eightBit },
      message as unknown as Readable,
      (error, info) => {
        this.messageId = info?.serverMessageId
        this.#answered.resolve(error ?? undefined)
      },
    )
  }

  /** The server owes an answer by then. */
  #expect(waitMs: number): void {
    clearTimeout(this.#timer)
    const { line, server } = this.#session
    this.#timer = setTimeout(() => {
      line.destroy(new SessionFailed({ kind: 'silent', server, during: this.#transaction.phase, waitedMs: waitMs }))
    }, waitMs)
  }

  /** The connection has ended, or the server has answered before the end. */
  get #isOver(): boolean {
    return this.#transaction.end !== undefined || !this.#session.isOpen
  }

  async #pump(stuffed: Transform): Promise<void> {
    const { line, waits } = this.#session
    clearTimeout(this.#timer)
    stuffed.on('error', () => {})
    try {
      const addresses = this.#envelope.recipients.map(({ address }) => address)
      await this.#gate.enveloped(answersIn(addresses, this.#transaction))
      await this.#write(stuffed, line.socket).catch((error: unknown) => {
        if (!this.#isOver) throw error
      })
      if (this.#isOver) return
      await this.#gate.beforeDot()
      if (this.#isOver) return
      this.#transaction.isDotSent = true
      stuffed.end()
      this.#expect(waits.endMs)
    } catch (error) {
      this.stop(error)
    }
  }

  async #write(stuffed: Transform, socket: Socket): Promise<void> {
    const { line } = this.#session
    const rate = new LeastRate(this.#session, socket)
    try {
      for await (const piece of this.#body) {
        if (this.#isOver) return
        rate.begin()
        if (!stuffed.write(piece)) await line.unlessEnded(once(stuffed, 'drain'))
        rate.pause()
      }
      rate.begin()
      await line.unlessEnded(flushed(stuffed, socket))
    } finally {
      rate.stop()
    }
  }
}

/** Ends a connection that takes too little. The time that reading the body takes is ours. */
class LeastRate {
  readonly #timer: NodeJS.Timeout
  #isServers = false
  #before = 0

  constructor({ line, server, waits }: SmtpSession, socket: Socket) {
    const { leastRateMs: waitedMs } = waits
    this.#before = sentBy(socket)
    this.#timer = setInterval(() => {
      const now = sentBy(socket)
      const octetsPerSecond = Math.round(((now - this.#before) * 1000) / waitedMs)
      this.#before = now
      if (!this.#isServers || octetsPerSecond >= smtpLimits.leastOctetsPerSecond) return
      const during = 'message body'
      line.destroy(new SessionFailed({ kind: 'silent', server, during, waitedMs, slow: true, octetsPerSecond }))
    }, waitedMs)
  }

  begin(): void {
    this.#isServers = true
  }

  pause(): void {
    this.#isServers = false
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** What the operating system has taken. */
function sentBy(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

/** All that was written is with the operating system: what goes out after this is the dot alone, in one piece. */
async function flushed(stuffed: Transform, socket: Socket): Promise<void> {
  while (stuffed.writableLength > 0 || stuffed.readableLength > 0 || socket.writableLength > 0) {
    const { promise, resolve } = pending()
    socket.write('', () => setImmediate(resolve))
    await promise
    if (socket.destroyed) return
  }
}
