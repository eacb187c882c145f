/**
 * One connection of nodemailer's over a socket of ours: from the greeting to EHLO, with STARTTLS in between, and what is heard of a
 * transaction. Whatever ends it becomes a failure.
 */
import type { Socket } from 'node:net'
import { hostPort } from '../account/server-traits.ts'
import { type Pending, pending } from '../deadline.ts'
import type { Failure } from '../failure/failure.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { greetingWords, protocolIn, protocolWords } from '../failure/spoken.ts'
import { codeReason, endReason } from '../failure/socket-reasons.ts'
import { type Mask, masking } from '../mask.ts'
import { type Done, OpenConnection } from './insides.ts'
import { smtpLimits } from './limits.ts'
import type { SmtpLogin } from './login-options.ts'
import { heldBy, isReplyCode, isSendingLimit, replyIn, type SmtpReply } from './replies.ts'

/** What is heard of one message. */
export class Transaction {
  /** The parameters of MAIL FROM that nodemailer does not add by itself, as it does SIZE and BODY. */
  readonly ofSender: string
  /** The parameters of each RCPT TO, in their order. */
  readonly parameters: readonly string[]
  mail: SmtpReply | undefined
  readonly recipients: SmtpReply[] = []
  data: SmtpReply | undefined
  end: SmtpReply | undefined
  isDotSent = false
  asked = 0

  constructor(ofSender: string, parameters: readonly string[]) {
    this.ofSender = ofSender
    this.parameters = parameters
  }

  /** What is owed an answer. */
  get phase(): Phase {
    if (this.mail === undefined) return 'MAIL'
    if (this.recipients.length < this.parameters.length) return 'RCPT'
    if (this.data === undefined) return 'DATA'
    return this.isDotSent ? 'message end' : 'message body'
  }
}

interface SocketError extends Error {
  readonly code?: string
  readonly originalCode?: string
  readonly response?: string
}

/** Puts TLS over the socket. It begins in the same turn. */
export type Upgrade = (plain: Socket) => Promise<Socket>

export class SmtpLine extends OpenConnection {
  readonly server: string
  readonly #upgrade: Upgrade
  readonly #secrets: string[]
  readonly #ended: Pending<never> = pending<never>()
  #failed: SessionFailed | undefined
  #phase: Phase = 'greeting'
  #transaction: Transaction | undefined
  #mask: Mask
  /** What the server has said to EHLO behind the handshake, where there is one: its lines without the first. */
  hello: readonly string[] = []
  #offersStartTls = false

  constructor(socket: Socket, login: SmtpLogin, upgrade: Upgrade) {
    const { host, port, tls } = login
    super({
      host,
      port,
      connection: socket,
      secure: tls === 'implicit',
      secured: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      // Our own name would tell strangers how this machine is called inside; any server takes this one from whoever logs in.
      name: '[127.0.0.1]',
      maxResponseSize: smtpLimits.answerOctetsMax,
      socketCloseTimeout: smtpLimits.quitWaitMs,
      // The deadlines are ours (session.ts, send.ts); these only end what nobody waits for.
      connectionTimeout: smtpLimits.endWaitMs,
      greetingTimeout: smtpLimits.endWaitMs,
      socketTimeout: 2 * smtpLimits.endWaitMs,
      logger: false,
    })
    this.server = hostPort(login)
    this.#upgrade = upgrade
    this.#secrets = login.user === null ? [] : [login.password, `\0${login.user}\0${login.password}`]
    this.#mask = masking(this.#secrets)
    this.#ended.promise.catch(() => {})
    this.on('error', (error: Error) => this.#end(error))
    this.on('end', () => this.#end(new Error('the connection ended')))
  }

  /** Resolves once the server has answered EHLO on a line that is as safe as it should be. */
  async open(): Promise<void> {
    const { promise, resolve, reject } = pending()
    this.connect((error) => (error === undefined ? resolve() : reject(error)))
    await this.unlessEnded(promise)
  }

  /** @throws SessionFailed as soon as the connection has ended, or if the work fails. */
  async unlessEnded<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#ended.promise])
    } catch (error) {
      throw this.#end(error as Error)
    }
  }

  get failed(): SessionFailed | undefined {
    return this.#failed
  }

  get socket(): Socket {
    if (!this._socket) throw new SessionFailed(this.#failureOf(new Error('the connection ended')))
    return this._socket
  }

  /** Sends one command, and gives its answer: a challenge as it came, and all else masked. */
  async ask(words: string): Promise<SmtpReply> {
    const { promise, resolve } = pending<string>()
    this._responseActions.push(resolve)
    this._sendCommand(words, '')
    const answer = await this.unlessEnded(promise)
    return answer.startsWith('334') ? replyIn(answer) : this.reply(answer)
  }

  /** Ends the connection at once: what is not on its way is not sent any more. */
  destroy(failed: SessionFailed): void {
    if (this._socket) this._socket.on('error', () => {}).destroy()
    this.#end(failed)
    this.close()
  }

  /** Hides a secret in all that the server says from now on. */
  hide(secret: string): void {
    this.#secrets.push(secret)
    this.#mask = masking(this.#secrets)
  }

  reply(text: string): SmtpReply {
    return replyIn(this.#mask(text))
  }

  during(phase: Phase): void {
    this.#phase = phase
  }

  /** What follows is the sending of one message. */
  begin(transaction: Transaction): void {
    this.#transaction = transaction
  }

  /** MAIL FROM was taken, and nothing has ended it. */
  get isInTransaction(): boolean {
    const transaction = this.#transaction
    return transaction?.mail !== undefined && transaction.end === undefined
  }

  get phase(): Phase {
    return this.#transaction?.phase ?? this.#phase
  }

  /** The last words of a connection that ended without a line end. */
  get lastWords(): string {
    return this._remainder.trim()
  }

  #end(error: Error): SessionFailed {
    if (this.#failed !== undefined) return this.#failed
    this.#failed = error instanceof SessionFailed ? error : new SessionFailed(this.#failureOf(error), error)
    this.#ended.reject(this.#failed)
    return this.#failed
  }

  #failureOf(error: SocketError): Failure {
    const { server, phase } = this
    const { response, originalCode } = error
    if (response !== undefined && /^[45]\d\d/.test(response)) {
      const reply = this.reply(response)
      if (isSendingLimit(reply) || phase === 'MAIL') return heldBy(server, reply, phase)
      const passing = reply.code < 500 ? { passes: true as const } : {}
      return { kind: 'provider refused', server, during: phase, reply: reply.line, ...passing }
    }
    if (error.code === 'EPROTOCOL') {
      const got = response === undefined ? 'an answer without an end' : this.reply(response).line
      return { kind: 'broken protocol', server, expected: 'an answer of SMTP', got }
    }
    const withCode = Object.assign(new Error(error.message), { code: originalCode ?? error.code ?? '' })
    const reason = codeReason(withCode.code) === undefined ? 'it ended the connection' : endReason(withCode)
    return { kind: 'unreachable', server, reason, during: phase }
  }

  override _actionGreeting(answer: string): void {
    if (answer.startsWith('220')) {
      this.#phase = 'EHLO'
      return super._actionGreeting(answer)
    }
    this._onError(new SessionFailed(this.#greetingFailure(answer)), 'EPROTOCOL', false, 'CONN')
  }

  #greetingFailure(answer: string): Failure {
    const { server } = this
    const reply = this.reply(answer)
    if (reply.code >= 400) return heldBy(server, reply, 'connection')
    const speaks = protocolIn(answer)
    const got = speaks === undefined ? reply.line : `${protocolWords(speaks)}, "${greetingWords(answer)}"`
    return { kind: 'broken protocol', server, expected: 'a greeting of SMTP', got }
  }

  override _actionEHLO(answer: string): void {
    this.hello = answer
      .split(/\r?\n/)
      .map((line) => line.replace(/^\d{3}[ -]?/, '').trim())
      .slice(1)
    this.#offersStartTls ||= this.hello.some((line) => /^STARTTLS\b/i.test(line))
    super._actionEHLO(answer)
  }

  override _actionSTARTTLS(answer: string): void {
    const reply = this.reply(answer)
    if (reply.code >= 200 && reply.code < 300) return super._actionSTARTTLS(answer)
    const why = this.#offersStartTls ? `it refused STARTTLS: "${reply.line}"` : 'it does not offer STARTTLS'
    this._onError(this.#notSafe(why), 'ETLS', false, 'STARTTLS')
  }

  #notSafe(why: string): SessionFailed {
    const reason = `${why}, and nothing is sent in clear`
    return new SessionFailed({ kind: 'tls', server: this.server, reason, trouble: 'no STLS' })
  }

  override _upgradeConnection(done: Done): void {
    // RFC 3207 section 6: what came in clear behind the answer may be somebody else's.
    if (this._remainder !== '' || this._responseQueue.length > 0) {
      const why = 'something was sent between STARTTLS and the handshake, as an attacker would'
      return this._onError(this.#notSafe(why), 'ETLS', false, 'STARTTLS')
    }
    const plain = this.socket
    plain.setTimeout(0)
    plain
      .off('data', this._onSocketData)
      .off('timeout', this._onSocketTimeout)
      .off('close', this._onSocketClose)
      .off('end', this._onSocketEnd)
      .off('error', this._onSocketError)
      .off('error', this._onConnectionSocketError)
    this.#phase = 'TLS handshake'
    void this.#secured(plain, done)
  }

  async #secured(plain: Socket, done: Done): Promise<void> {
    try {
      const secure = await this.#upgrade(plain)
      this._socket = secure
      this.secure = true
      secure.on('data', this._onSocketData).on('error', this._onSocketError).on('timeout', this._onSocketTimeout)
      secure.once('close', this._onSocketClose).once('end', this._onSocketEnd)
      this.#phase = 'EHLO'
      done(null, true)
    } catch (error) {
      this._onError(this.#behindStartTls(error), 'ETLS', false, 'STARTTLS')
    }
  }

  #behindStartTls(error: unknown): Error {
    if (!(error instanceof SessionFailed)) return error as Error
    const { failure } = error
    if (failure.kind !== 'tls' || failure.trouble !== 'not TLS') return error
    const reason = 'it agreed to STARTTLS and then spoke no TLS: it is broken there, or something in between is'
    return new SessionFailed({ ...failure, trouble: 'no TLS after STLS', reason })
  }

  override _sendCommand(command: string, shown?: string): void {
    const more = command.startsWith('MAIL FROM:') ? (this.#transaction?.ofSender ?? '') : ''
    // nodemailer asks for SMTPUTF8 by the addresses alone.
    const bare = more.startsWith(' SMTPUTF8') ? command.replace(/> SMTPUTF8\b/, '>') : command
    super._sendCommand(`${bare}${more}`, shown)
  }

  override _getDsnRcptToArgs(): string {
    const transaction = this.#transaction
    return transaction === undefined ? '' : (transaction.parameters[transaction.asked++] ?? '')
  }

  override _actionMAIL(answer: string, done: Done): void {
    if (this.#transaction !== undefined) this.#transaction.mail = this.reply(answer)
    super._actionMAIL(answer, done)
  }

  override _actionRCPT(answer: string, done: Done): void {
    const reply = this.reply(answer)
    this.#transaction?.recipients.push(reply)
    // nodemailer reads the first digit alone.
    super._actionRCPT(isReplyCode(reply.code) ? answer : `450 ${answer}`, done)
  }

  override _actionDATA(answer: string, done: Done): void {
    if (this.#transaction !== undefined) this.#transaction.data = this.reply(answer)
    // nodemailer would take it for 354: what is sent as a body then is read as commands by a server that means it.
    if (answer.startsWith('2')) {
      const failure = {
        kind: 'broken protocol',
        server: this.server,
        expected: '354 to DATA',
        got: this.reply(answer).line,
      } as const
      return done(new SessionFailed(failure))
    }
    super._actionDATA(answer, done)
  }

  override _actionSMTPStream(answer: string, done: Done): void {
    if (this.#transaction !== undefined) this.#transaction.end = this.reply(answer)
    super._actionSMTPStream(answer, done)
  }
}
