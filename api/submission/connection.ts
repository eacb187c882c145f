/** The connection of one client, on smtp-server's: what that does in another way than it must be done here. */
import type { Socket } from 'node:net'
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import type { SMTPServer } from 'smtp-server'
import { submissionLimits } from './limits.ts'

/** RFC 1870, 6152, 6531, 3461, 4954. */
const mailParameters: readonly string[] = ['SIZE', 'BODY', 'SMTPUTF8', 'RET', 'ENVID', 'AUTH']
const recipientParameters: readonly string[] = ['NOTIFY', 'ORCPT']

type Parsed = Parameters<SMTPConnection['_rejectInvalidParams']>[0]

export class SubmissionConnection extends SMTPConnection {
  failures = 0
  /** A message comes, or waits for its answer. */
  isBusy = false
  /** Resolves when the connection is closed. */
  readonly gone: Promise<void>
  #isGone: () => void = () => {}
  #isStopping = false
  readonly #loginTimer: NodeJS.Timeout
  /** While EHLO is answered in clear. */
  #hidesAuth = false

  constructor(server: SMTPServer, socket: Socket, options?: SMTPConnectionOptions) {
    super(server, socket, options)
    this.gone = new Promise((resolve) => {
      this.#isGone = resolve
    })
    const late = () => this.end(421, '4.4.2 Log in sooner after you have connected')
    this.#loginTimer = setTimeout(late, submissionLimits.loginMs).unref()
  }

  /** Answers and hangs up. */
  end(code: number, text: string): void {
    this.send(code, text)
    if (code !== 421) this.close()
  }

  /** It ends now, or when the message that comes has been answered. */
  stop(): void {
    this.#isStopping = true
    if (!this.isBusy) this.end(421, '4.3.2 Tributary stops here; try again in a moment')
  }

  /** Is called before the answer to a message goes out. */
  answered(): void {
    this.isBusy = false
    if (this.#isStopping) setImmediate(() => this.stop())
  }

  loggedIn(): void {
    clearTimeout(this.#loginTimer)
    this._socket.setTimeout(submissionLimits.clientIdleMs)
  }

  /** A text with a code of RFC 3463 keeps that one. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const hasOwn = typeof data === 'string' && /^[245]\.\d{1,3}\.\d{1,3} /.test(data)
    super.send(code, data, hasOwn ? false : context)
  }

  /** AUTH is offered under TLS alone: some clients send a password to whoever offers it. */
  override handler_EHLO(command: Buffer, callback: () => void): void {
    this.#hidesAuth = !this.secure
    super.handler_EHLO(command, () => {
      this.#hidesAuth = false
      callback()
    })
    this.#hidesAuth = false
  }

  override _isSupported(command: string): boolean {
    return !(this.#hidesAuth && command === 'AUTH') && super._isSupported(command)
  }

  /** What is asked for and not understood is refused (RFC 5321 section 4.1.1.11): the client would believe that it is done. */
  override _rejectInvalidParams(parsed: Parsed, keys: string[], callback: () => void): boolean {
    if (super._rejectInvalidParams(parsed, keys, callback)) return true
    const known = keys.includes('NOTIFY') ? recipientParameters : mailParameters
    const unknown = Object.keys(parsed.args || {}).find((name) => !known.includes(name))
    if (unknown === undefined) return false
    this.send(555, '5.5.4 A parameter of this command is not implemented here')
    callback()
    return true
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    if (this.#isStopping && !this._upgrading) return this.stop()
    super._onCommand(command, callback)
  }

  override _armTimeout(socket: Socket = this._socket): void {
    const ms = this.session.user ? submissionLimits.clientIdleMs : submissionLimits.strangerIdleMs
    socket.setTimeout(ms, () => this._onTimeout())
  }

  override _onClose(): void {
    clearTimeout(this.#loginTimer)
    super._onClose()
    this.#isGone()
  }
}
