/** Finds out whether an SMTP server answers: greeting, TLS as asked for, EHLO, QUIT. It does not log in. */
import { underSignals } from '../deadline.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { SmtpLogin } from './login-options.ts'
import { SmtpSession } from './session.ts'

export async function smtpAnswers(endpoint: Omit<SmtpLogin, 'user' | 'password'>, waitMs: number): Promise<boolean> {
  const seen = async (signal: AbortSignal) => {
    try {
      const session = await SmtpSession.open({ ...endpoint, user: null, password: '' }, signal)
      await session.quit()
      return true
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
      return false
    }
  }
  return await underSignals([], seen, waitMs)
}
