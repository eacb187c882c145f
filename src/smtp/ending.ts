/** Decides what has become of a message, by all that was heard. Pure. */
import type { Failure } from '../failure/failure.ts'
import { happened } from '../failure/sentences.ts'
import type { Phase } from '../failure/phase.ts'
import type { SendFailure } from '../send/entry.ts'
import type { AttemptEnd, RecipientAnswer } from '../send/transitions.ts'
import {
  heldBy,
  isReplyCode,
  isTooManyRecipients,
  replyIn,
  type SmtpReply,
  verdictOn,
  verdictOnSender,
} from './replies.ts'

/** What was heard of a message (line.ts). */
export interface HeardOfMessage {
  readonly mail: SmtpReply | undefined
  readonly recipients: readonly SmtpReply[]
  readonly data: SmtpReply | undefined
  readonly end: SmtpReply | undefined
  readonly isDotSent: boolean
}

export interface Ending {
  readonly recipients: readonly RecipientAnswer[]
  readonly end: AttemptEnd
  readonly held?: Failure
  /** The server takes so many in one transaction, as it has said just now. */
  readonly recipientsMost?: number
}

/** The answers to RCPT TO, as far as they have come. What is about us, and not about the recipient, is put off: its code is of that kind. */
export function answersIn(
  addresses: readonly string[],
  { recipients }: Pick<HeardOfMessage, 'recipients'>,
): RecipientAnswer[] {
  return recipients.flatMap((reply, nth) => {
    const address = addresses[nth]
    if (address === undefined) return []
    const { code, line } = reply
    // Where nobody was taken, it says it of each.
    const isTooMany =
      code >= 400 &&
      isTooManyRecipients(reply) &&
      recipients.slice(0, nth).some((before) => verdictOn(before) === 'taken')
    if (isTooMany) return { address, code: 452, reply: line, isTooMany }
    const verdict = verdictOn(reply)
    const told = isReplyCode(code) && (code < 500 || verdict === 'never') ? code : 450
    return [{ address, code: told, reply: line }]
  })
}

export function endOf(heard: Heard): Ending {
  const ending = endingOf(heard)
  const recipientsMost = recipientsMostIn(heard.transaction, ending)
  return recipientsMost === undefined ? ending : { ...ending, recipientsMost }
}

function recipientsMostIn({ data, end, recipients }: HeardOfMessage, ending: Ending): number | undefined {
  const taken = recipients.filter((reply) => verdictOn(reply) === 'taken').length
  if (ending.recipients.some(({ isTooMany }) => isTooMany)) return taken
  const last = end ?? data
  return last !== undefined && isTooManyAtOnce(last, taken) ? Math.floor(taken / 2) : undefined
}

/** Some servers count only when all were named. */
function isTooManyAtOnce(reply: SmtpReply, taken: number): boolean {
  return reply.code >= 400 && taken > 1 && isTooManyRecipients(reply)
}

interface Heard {
  readonly server: string
  readonly transaction: HeardOfMessage
  readonly addresses: readonly string[]
  /** How the connection has ended; undefined: it is open. */
  readonly failed: Failure | undefined
  /** The beginning of an answer that did not end. */
  readonly lastWords: string
}

function endingOf({ server, transaction, addresses, failed, lastWords }: Heard): Ending {
  const { mail, data, end, isDotSent } = transaction
  const recipients = answersIn(addresses, transaction)
  const broken = (got: string): Failure => ({
    kind: 'broken protocol',
    server,
    expected: isDotSent ? 'an answer to the message' : 'no answer before the end of the message',
    got,
  })
  const lost = () => heldEnd(recipients, failed ?? broken('nothing'))
  if (mail === undefined) return lost()
  const verdict = verdictOnSender(mail)
  if (verdict === 'never') return { recipients: [], end: rejected(mail) }
  if (verdict !== 'taken') return heldEnd([], heldBy(server, mail, 'MAIL'))
  const ofSender = transaction.recipients.find((reply) => verdictOn(reply) === 'held')
  const held = ofSender === undefined ? {} : { held: heldBy(server, ofSender, 'RCPT') }
  const isWhole = transaction.recipients.length >= addresses.length
  if (isWhole && recipients.every(({ code }) => code >= 300)) return { recipients, end: noneTaken(recipients), ...held }
  if (data === undefined || !isWhole) return { ...lost(), ...held }
  if (data.code < 300) return heldEnd(recipients, failed ?? broken(data.line))
  if (data.code >= 400) return { ...held, ...answered(server, recipients, data, 'DATA') }
  if (
    end !== undefined &&
    ((end.code >= 400 && isReplyCode(end.code)) || (end.code >= 200 && end.code < 300 && isDotSent))
  )
    return { ...held, ...answered(server, recipients, end, 'message end') }
  if (!isDotSent)
    return { ...held, ...heldEnd(recipients, end === undefined ? (failed ?? broken('nothing')) : broken(end.line)) }
  // The blank behind the code makes it the last line of an answer: it was said, and the line end is what is missing.
  if (end === undefined && /^2\d\d /.test(lastWords))
    return { recipients, end: { kind: 'accepted', reply: replyIn(lastWords).line }, ...held }
  const reply = end?.line ?? (failed === undefined ? null : happened(failed))
  return { recipients, end: { kind: 'unknown', failure: { kind: 'undecidable', reply } }, ...held }
}

function answered(server: string, recipients: readonly RecipientAnswer[], reply: SmtpReply, during: Phase): Ending {
  if (isTooManyAtOnce(reply, recipients.filter(({ code }) => code < 300).length))
    return { recipients, end: { kind: 'deferred', failure: { kind: 'deferred by server', reply: reply.line } } }
  switch (verdictOn(reply)) {
    case 'taken':
      return { recipients, end: { kind: 'accepted', reply: reply.line } }
    case 'never':
      return { recipients, end: rejected(reply) }
    case 'later':
      return { recipients, end: { kind: 'deferred', failure: { kind: 'deferred by server', reply: reply.line } } }
    case 'held':
      return heldEnd(recipients, heldBy(server, reply, during))
  }
}

function rejected({ line }: SmtpReply): AttemptEnd {
  return { kind: 'rejected', failure: { kind: 'message refused', reply: line } }
}

function noneTaken(recipients: readonly RecipientAnswer[]): AttemptEnd {
  const later = recipients.find(({ code }) => code < 500)
  if (later !== undefined) return { kind: 'deferred', failure: { kind: 'deferred by server', reply: later.reply } }
  return { kind: 'rejected', failure: { kind: 'recipients refused', reply: recipients[0]?.reply ?? null } }
}

/** Nothing was said of the message: whoever sends waits, and the message with them. */
function heldEnd(recipients: readonly RecipientAnswer[], held: Failure): Ending {
  return { recipients, end: { kind: 'deferred', failure: sendFailure(held) }, held }
}

/** A failure of the session as an entry keeps it. */
export function sendFailure(failure: Failure): SendFailure {
  return { kind: failure.kind, reply: 'reply' in failure ? failure.reply : happened(failure) }
}
