/** Reads a server's answer, and decides whether it is about the message, about a recipient, or about us. Pure. */
import type { Failure } from '../failure/failure.ts'
import { meaningOf, namedWaitMs, shutsOut } from '../failure/meaning.ts'
import { isVisitLimit } from '../failure/meanings.ts'
import type { Phase } from '../failure/phase.ts'
import { singleLine } from '../printable.ts'

export interface SmtpReply {
  readonly code: number
  /** RFC 3463: `5.1.1`; '' where there is none. */
  readonly enhanced: string
  /** The words of all its lines, without the codes, as one line. */
  readonly words: string
  /** The whole of it as people see it: the code, and the words. */
  readonly line: string
}

/** False for what says nothing, whatever its words are: RFC 5321 section 4.2.1 has no such code. */
export function isReplyCode(code: number): boolean {
  return code >= 200 && code < 600
}

/** @param text the lines of an answer. */
export function replyIn(text: string): SmtpReply {
  const code = Number(/^\d{3}/.exec(text)?.[0] ?? 0)
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\d{3}(?:[ -]|$)/, ''))
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?![.\d])/.exec(lines[0] ?? '')?.[1] ?? ''
  const words = singleLine(
    lines.map((line) => (enhanced !== '' && line.startsWith(enhanced) ? line.slice(enhanced.length) : line)).join(' '),
  ).replaceAll(/ {2,}/g, ' ')
  return {
    code,
    enhanced,
    words,
    line: singleLine([code || '', enhanced, words].filter((one) => one !== '').join(' ')),
  }
}

/**
 * What an answer to RCPT TO, DATA or the final dot means. `never`: the server has named the message or the recipient, and says so each time.
 * `held`: it is about whoever sends, as it would be at any other message.
 */
export type SmtpVerdict = 'taken' | 'later' | 'never' | 'held'

export function verdictOn(reply: SmtpReply): SmtpVerdict {
  const { code } = reply
  if (code >= 200 && code < 300) return 'taken'
  if (isHeld(reply)) return 'held'
  // 503 is what follows from an earlier refusal, and 500, 502, 504 and 555 are about the command (RFC 5321 section 4.2.1).
  return code >= 500 && isReplyCode(code) && ![500, 502, 503, 504, 555].includes(code) ? 'never' : 'later'
}

/** What an answer to MAIL FROM means: nothing of the message is known there but its size (RFC 1870 section 6.1). */
export function verdictOnSender(reply: SmtpReply): SmtpVerdict {
  const { code, enhanced } = reply
  if (code >= 200 && code < 300) return 'taken'
  if (!isHeld(reply) && (enhanced === '5.3.4' || enhanced === '5.2.3' || code === 552)) return 'never'
  return 'held'
}

/** The failure of the account's sending that an answer stands for. */
export function heldBy(server: string, reply: SmtpReply, during: Phase): Failure {
  const { line } = reply
  if (isSendingLimit(reply)) {
    const backOffMs = namedWaitMs(line)
    return { kind: 'throttled', server, reply: line, passes: true, ...(backOffMs === undefined ? {} : { backOffMs }) }
  }
  if (isAboutLogin(reply)) return { kind: 'credentials refused', server, reply: line }
  const passing = reply.code < 500 ? { passes: true as const } : {}
  return { kind: 'provider refused', server, during, reply: line, ...passing }
}

function isHeld(reply: SmtpReply): boolean {
  return isSendingLimit(reply) || isAboutLogin(reply) || isAboutSender(reply) || (reply.code >= 500 && isShutOut(reply))
}

/** The limits of the one who sends, and not those of a recipient's mailbox or of one message. */
export function isSendingLimit({ enhanced, line, words }: SmtpReply): boolean {
  if (isTooManyRecipients({ enhanced, words })) return false
  if (/^[45]\.1\.90$|^[45]\.2\.12\d$|^[45]\.4\.5$|^4\.7\.28$|^4\.7\.500$|^4\.3\.2$/.test(enhanced)) return true
  if (ownLimits.test(words)) return true
  // 1.x and 2.x speak of a recipient's address and mailbox.
  if (/^[45]\.[12]\./.test(enhanced) || /\bgr[ae]y-?list/i.test(words)) return false
  return isVisitLimit(meaningOf(line))
}

/** One transaction has more recipients than the server takes at once (RFC 5321 section 4.5.3.1.10): the others go with the next one. */
export function isTooManyRecipients({ enhanced, words }: Pick<SmtpReply, 'enhanced' | 'words'>): boolean {
  if (/\b(?:hour|hourly|day|daily|today|minute|quota)\b|\b24 ?h/i.test(words)) return false
  return (
    /^[45]\.5\.3$/.test(enhanced) ||
    /\btoo many (?:recipients|rcpts)\b|\brecipients? (?:count )?(?:exceeds?|limit)\b.*\bper (?:message|transaction)\b|\b(?:maximum|max)(?: number of)? recipients\b/i.test(
      words,
    )
  )
}

const ownLimits =
  /\b(?:submission|sending|send|message|outgoing|outbound|daily|hourly|recipient)[ -](?:rate |user )?(?:quota|limits?|rate)\b(?! of the recipient)|(?:submission|sending)QuotaExceeded|\btoo many (?:recipients|messages|mails|emails|e-mails|connections|concurrent)\b|\b(?:rate|ratelimit|rate limit|rate-limit|messages? per (?:hour|day|minute)) ?(?:exceeded|reached|limit)|\bthrottl|\bunusual (?:rate|sending activity|amount)\b|\bthread limit\b|\bslow down\b/i

function isAboutLogin({ code, enhanced, words }: SmtpReply): boolean {
  if (code === 530 || code === 534 || code === 535 || code === 538) return true
  return (
    /^5\.7\.(?:57|60|8|9|14)$/.test(enhanced) ||
    /\b(?:authentication|auth) (?:is )?required\b|\bnot authenticated\b|\brelay(?:ing)?(?: access)? (?:is )?(?:denied|not (?:permitted|allowed))|\b(?:unable|not (?:permitted|allowed)) to relay\b|\bAccessTokenExpired\b/i.test(
      words,
    )
  )
}

function isAboutSender({ enhanced, words }: SmtpReply): boolean {
  return (
    /^5\.1\.[78]$/.test(enhanced) ||
    /\bSendAsDenied\b|\bsender (?:address )?(?:rejected|denied|refused|verify failed|not (?:allowed|authori[sz]ed))\b|\bnot owned by (?:the )?user\b|\bnot (?:allowed|permitted|authori[sz]ed) to send (?:as|from|on behalf)|\bfrom address (?:is )?not (?:verified|allowed|one of)/i.test(
      words,
    )
  )
}

/** At RCPT TO some servers tell what they think of whoever calls. */
function isShutOut({ words }: SmtpReply): boolean {
  return (
    /\b(?:client host|your (?:ip|host|network|server)|ip address|connecting (?:host|ip))\b/i.test(words) &&
    shutsOut(words)
  )
}
