/** A connection to an account's SMTP server, logged in. It is one account's alone: on another's login its mail would go out as theirs. */
import { hostPort } from '../account/server-traits.ts'
import { withDeadline } from '../deadline.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { abortFailure } from '../net/socket-failure.ts'
import { ChainLearnt, dialSmtp, secureSmtp } from './dial.ts'
import { checkSmtpInsides } from './insides.ts'
import { smtpLimits } from './limits.ts'
import { SmtpLine } from './line.ts'
import { logInAtSmtp } from './login.ts'
import { type SmtpLogin, type SmtpWaits, waitsOf } from './login-options.ts'

/** What a server takes, by its answer to EHLO. */
export interface SmtpAbilities {
  /** The largest message in octets (RFC 1870); null: it names none. */
  readonly size: number | null
  readonly eightBit: boolean
  readonly utf8: boolean
  readonly dsn: boolean
}

export class SmtpSession {
  readonly server: string
  readonly line: SmtpLine
  readonly waits: SmtpWaits
  readonly abilities: SmtpAbilities

  private constructor(line: SmtpLine, waits: SmtpWaits) {
    this.server = line.server
    this.line = line
    this.waits = waits
    this.abilities = abilitiesIn(line.hello)
  }

  /** @throws SessionFailed: nothing of any message has been said. */
  static async open(login: SmtpLogin, signal?: AbortSignal): Promise<SmtpSession> {
    checkSmtpInsides()
    const { accessToken } = login
    if (accessToken === undefined) return await SmtpSession.#openAnew(login, signal)
    const token = await accessToken()
    try {
      return await SmtpSession.#openAnew({ ...login, password: token }, signal)
    } catch (error) {
      if (!isRefused(error) || signal?.aborted) throw error
      // A token may have been taken back before its end: another one is asked for, once.
      const another = await accessToken(token)
      if (another === token) throw refusedByToken(error)
      return await SmtpSession.#openAnew({ ...login, password: another }, signal).catch((again: unknown) => {
        throw refusedByToken(again)
      })
    }
  }

  static async #openAnew(login: SmtpLogin, signal: AbortSignal | undefined): Promise<SmtpSession> {
    try {
      return await SmtpSession.#open(login, signal)
    } catch (error) {
      if (!(error instanceof ChainLearnt) || signal?.aborted) throw error
      return await SmtpSession.#open(login, signal)
    }
  }

  static async #open(login: SmtpLogin, signal: AbortSignal | undefined): Promise<SmtpSession> {
    const waits = waitsOf(login)
    const clear = await dialSmtp(login, signal)
    const socket = login.tls === 'implicit' ? await secureSmtp(clear, login, signal) : clear
    const line = new SmtpLine(socket, login, async (plain) => await secureSmtp(plain, login, signal))
    const stop = () => line.destroy(new SessionFailed(abortFailure(signal?.reason)))
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const waitMs = waits.greetingMs
      const late = () =>
        new SessionFailed({ kind: 'silent', server: hostPort(login), during: line.phase, waitedMs: waitMs })
      await withDeadline(line.open(), { waitMs, late })
      await logInAtSmtp(line, login)
      return new SmtpSession(line, waits)
    } catch (error) {
      const failed =
        error instanceof SessionFailed ? error : new SessionFailed({ kind: 'internal', reason: String(error) })
      line.destroy(failed)
      throw failed
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  get isOpen(): boolean {
    return this.line.failed === undefined
  }

  /** Ends a transaction that was begun and had no end. @throws SessionFailed */
  async reset(): Promise<void> {
    if (!this.line.isInTransaction) return
    const { server, line } = this
    const during = 'RSET'
    const waitMs = this.waits.exchangeMs
    const late = () => new SessionFailed({ kind: 'silent', server, during, waitedMs: waitMs })
    const abandon = (reason: unknown) => line.destroy(reason as SessionFailed)
    const reply = await withDeadline(line.ask('RSET'), { waitMs, late, abandon })
    if (reply.code >= 300) throw new SessionFailed({ kind: 'provider refused', server, during, reply: reply.line })
  }

  /** Takes leave; nothing depends on it. */
  async quit(): Promise<void> {
    if (!this.isOpen) return
    const left = new SessionFailed({ kind: 'stopped' })
    await withDeadline(this.line.ask('QUIT'), { waitMs: smtpLimits.quitWaitMs, late: () => left }).catch(() => {})
    this.line.destroy(left)
  }

  destroy(): void {
    this.line.destroy(new SessionFailed({ kind: 'stopped' }))
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof SessionFailed && error.failure.kind === 'credentials refused'
}

function refusedByToken(error: unknown): unknown {
  if (!(error instanceof SessionFailed) || error.failure.kind !== 'credentials refused') return error
  return new SessionFailed({ ...error.failure, byToken: true }, error)
}

export function abilitiesIn(hello: readonly string[]): SmtpAbilities {
  const keywords = new Map(hello.map((line) => [(line.split(/[ =]/, 1)[0] ?? '').toUpperCase(), line]))
  const size = Number(/^SIZE[ =](\d{1,15})/i.exec(keywords.get('SIZE') ?? '')?.[1] ?? 0)
  return {
    // RFC 1870 section 4: 0 is no limit.
    size: size > 0 ? size : null,
    eightBit: keywords.has('8BITMIME'),
    utf8: keywords.has('SMTPUTF8'),
    dsn: keywords.has('DSN'),
  }
}
