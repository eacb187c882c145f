/** Tries an account's SMTP server: logs in, and asks whether it sends as the address. Nothing is sent. */
import { SessionFailed } from '../failure/session-failed.ts'
import { happened } from '../failure/sentences.ts'
import type { Failure, FailureKind } from '../failure/failure.ts'
import { type SmtpStep, smtpStepOf, smtpStepSentence } from '../failure/smtp-step.ts'
import { underSignals, withDeadline } from '../deadline.ts'
import { smtpLimits } from './limits.ts'
import type { SmtpLogin } from './login-options.ts'
import { heldBy, verdictOnSender } from './replies.ts'
import { SmtpSession } from './session.ts'

export interface SmtpExamination {
  readonly ok: boolean
  readonly failure: { readonly kind: FailureKind; readonly message: string } | null
  readonly next: string | null
  readonly step: SmtpStep | null
}

/** @param address as which it is to send. */
export async function examineSmtp(login: SmtpLogin, address: string): Promise<SmtpExamination> {
  const tried = async (signal: AbortSignal) => {
    const session = await SmtpSession.open(login, signal)
    try {
      await askSender(session, address)
      await session.quit()
    } finally {
      session.destroy()
    }
  }
  try {
    await underSignals([], tried, smtpLimits.examinationMs)
    return { ok: true, failure: null, next: null, step: null }
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    return smtpFailed(error.failure)
  }
}

export function smtpFailed(failure: Failure): SmtpExamination {
  const step = smtpStepOf(failure)
  const told = { kind: failure.kind, message: happened(failure) }
  return { ok: false, failure: told, next: step === null ? null : smtpStepSentence(step), step }
}

/** Many servers say at MAIL FROM already that a login does not send as this address; nothing follows it here. */
async function askSender({ line, abilities, server, waits }: SmtpSession, address: string): Promise<void> {
  // A name beyond ASCII needs SMTPUTF8 (RFC 6531): that is told when something is sent.
  if (!/^[\x21-\x7e]+@/.test(address) || /[<>\s]/.test(address)) return
  const domain = address.slice(address.lastIndexOf('@') + 1)
  if (!/^[\x21-\x7e]+$/.test(domain) && !abilities.utf8) return
  const utf8 = /^[\x21-\x7e]+$/.test(domain) ? '' : ' SMTPUTF8'
  const waitMs = waits.exchangeMs
  const late = () => new SessionFailed({ kind: 'silent', server, during: 'MAIL', waitedMs: waitMs })
  const reply = await withDeadline(line.ask(`MAIL FROM:<${address}>${utf8}`), { waitMs, late })
  if (verdictOnSender(reply) !== 'taken') throw new SessionFailed(heldBy(server, reply, 'MAIL'))
  await withDeadline(line.ask('RSET'), { waitMs, late })
}
