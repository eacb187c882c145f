/** Sends the mail by which an address is tested, and says what the server makes of it. */
import { Readable } from 'node:stream'
import { underSignals } from '../deadline.ts'
import type { Failure } from '../failure/failure.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { smtpStepOf } from '../failure/smtp-step.ts'
import type { IdentityTest } from '../send/identity-test.ts'
import { type SmtpExamination, smtpFailed } from './examine.ts'
import { smtpLimits } from './limits.ts'
import type { SmtpLogin } from './login-options.ts'
import { send } from './send.ts'
import { SmtpSession } from './session.ts'

/** `refused`: the server has said that it does not send as this address, in these words. */
export type TestMailEnd =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly examination: SmtpExamination }

export async function sendTestMail(login: SmtpLogin, address: string, mail: IdentityTest): Promise<TestMailEnd> {
  const sent = async (signal: AbortSignal) => {
    const session = await SmtpSession.open(login, signal)
    try {
      const envelope = {
        from: address,
        recipients: [{ address }],
        octets: mail.bytes.length,
        utf8: mail.utf8,
        eightBit: false,
        dsn: null,
      }
      const gate = { enveloped: async () => {}, beforeDot: async () => {}, signal }
      const { recipients, end, held } = await send(session, envelope, Readable.from([mail.bytes]), gate)
      if (held !== undefined) return ofFailure(held)
      const [recipient] = recipients
      if (recipient !== undefined && recipient.code >= 300) return ofReply(session.server, recipient.reply, 'RCPT')
      // Where nobody can tell it may come back all the same.
      if (end.kind === 'accepted' || end.kind === 'unknown') return { kind: 'sent' } as const
      return ofReply(session.server, end.failure.reply ?? 'it does not say why', 'message end')
    } finally {
      await session.quit()
    }
  }
  try {
    return await underSignals([], sent, smtpLimits.examinationMs)
  } catch (error) {
    if (error instanceof SessionFailed) return ofFailure(error.failure)
    throw error
  }
}

function ofFailure(failure: Failure): TestMailEnd {
  if (failure.kind === 'provider refused' && smtpStepOf(failure) === 'own address')
    return { kind: 'refused', reason: failure.reply }
  return { kind: 'failed', examination: smtpFailed(failure) }
}

/** What is said of the mail itself is about its sender where it says so. */
function ofReply(server: string, reply: string, during: 'RCPT' | 'message end'): TestMailEnd {
  if (during === 'message end' && reply.startsWith('5') && aboutSender.test(reply))
    return { kind: 'refused', reason: reply }
  return { kind: 'failed', examination: smtpFailed({ kind: 'provider refused', server, during, reply }) }
}

const aboutSender = /\b(?:from|sender|send(?:ing)? as|SendAsDenied|owned by)\b/i
