/** Writes the report of what was not delivered (RFC 3464, 6522), for the INBOX of whoever sent it. It is appended there, and never sent. */
import { singleLine } from '../printable.ts'
import type { OutboxEntry, Recipient } from './entry.ts'
import { statusIn } from './delivery-status.ts'
import { sendLimits } from './limits.ts'

export interface ReportSource {
  readonly entry: OutboxEntry
  /** The header of what went out, as it stands there; undefined: its bytes are gone. */
  readonly header: Buffer | undefined
  /** The name of this instance. */
  readonly publicName: string
  readonly nowMs: number
  /** Random, without characters that mean something in a header. */
  readonly id: string
}

/**
 * Those who got nothing, and whom no report has named. Whoever asked not to be told of one is not (RFC 3461 section 4.1), and what has a null sender
 * makes no report (RFC 5321 section 4.5.5). Of `unknown` nothing is known that could be reported.
 */
export function unreported({ sender, recipients, report }: OutboxEntry): Recipient[] {
  if (sender === '') return []
  const isWanted = ({ notify }: Recipient) => notify === undefined || notify.length === 0 || notify.includes('FAILURE')
  return recipients.filter((one) => one.state === 'rejected' && !report.named.includes(one.address) && isWanted(one))
}

/** Undefined: there is nothing to report. Lines end in CRLF. */
export function reportOfFailure(source: ReportSource): Buffer | undefined {
  const { entry, header, publicName, nowMs, id } = source
  const failed = unreported(entry)
  if (failed.length === 0) return undefined
  const isUtf8 = failed.some(({ address }) => !isAscii(address))
  const boundary = `report-${id}`
  const part = (type: string, lines: readonly string[]) => [`--${boundary}`, `Content-Type: ${type}`, '', ...lines, '']
  const lines = [
    `From: Mail delivery <mailer-daemon@${publicName}>`,
    `To: ${entry.sender}`,
    `Subject: ${encodedWords(`Not delivered: ${entry.subject === '' ? 'your message' : entry.subject}`)}`,
    `Date: ${dateOf(nowMs)}`,
    `Message-ID: <report-${id}@${publicName}>`,
    `In-Reply-To: <${entry.messageId}>`,
    `References: <${entry.messageId}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    'This is a report about mail that was not delivered.',
    '',
    ...part('text/plain; charset=utf-8', wordsFor(entry, failed)),
    ...part(`message/${isUtf8 ? 'global-' : ''}delivery-status`, statusFields(source, failed)),
    ...part(isUtf8 ? 'message/global-headers' : 'text/rfc822-headers', headerLines(entry, header)),
    `--${boundary}--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}

function wordsFor({ subject, sender, recipients, failure }: OutboxEntry, failed: readonly Recipient[]): string[] {
  const others = recipients.filter(({ state }) => state === 'accepted').map(({ address }) => address)
  const waiting = recipients.filter(({ state }) => state === 'deferred' || state === 'queued')
  return [
    'Your message was not delivered to everybody it was meant for.',
    '',
    `  Subject: ${subject === '' ? '(none)' : subject}`,
    `  From: ${sender}`,
    '',
    failed.length === 1 ? 'This address did not get it:' : 'These addresses did not get it:',
    '',
    ...failed.flatMap(({ address, reply }) => [`  ${address}`, ...(reply === null ? [] : [`    ${reply}`])]),
    '',
    ...adviceOn(failure?.kind, failed),
    ...(others.length === 0 ? [] : ['', `It was accepted for: ${listed(others)}. Do not send it to them again.`]),
    ...(waiting.length === 0
      ? []
      : ['', `It is still being tried for: ${listed(waiting.map(({ address }) => address))}.`]),
  ]
}

function listed(addresses: readonly string[]): string {
  const shown = addresses.slice(0, sendLimits.namedSendersMax).join(', ')
  const more = addresses.length - sendLimits.namedSendersMax
  return more > 0 ? `${shown} and ${more} more` : shown
}

function adviceOn(kind: string | undefined, failed: readonly Recipient[]): string[] {
  if (kind === 'identity gone')
    return [
      'The address that it was to come from is no address of this mailbox any more.',
      'Write it again from one that is.',
    ]
  if (kind === 'patience ended')
    return [
      'Your provider did not take it, although it was tried for two days.',
      'Look whether the account can send, then send the message again.',
    ]
  if (failed.some(({ reply }) => reply !== null && statusIn(reply)?.startsWith('5.1') === true))
    return ['There is no such address. Look how it is written, and send the message again.']
  return ['What your provider said stands below each address. Mend that, and send the message again.']
}

function statusFields({ entry, publicName, nowMs }: ReportSource, failed: readonly Recipient[]): string[] {
  const envid = entry.dsn?.envid
  return [
    `Reporting-MTA: dns; ${publicName}`,
    ...(envid ? [`Original-Envelope-Id: ${envid}`] : []),
    `Arrival-Date: ${dateOf(entry.createdAtMs)}`,
    ...failed.flatMap((one) => ['', ...recipientFields(one, entry, nowMs)]),
  ]
}

function recipientFields({ address, reply, orcpt }: Recipient, { failure }: OutboxEntry, nowMs: number): string[] {
  // The time to deliver it is over (RFC 3463 section 3.5).
  const usual = failure?.kind === 'patience ended' ? '4.4.7' : '5.0.0'
  return [
    ...(orcpt === undefined ? [] : [`Original-Recipient: ${orcpt.includes(';') ? orcpt : `rfc822;${orcpt}`}`]),
    `Final-Recipient: ${isAscii(address) ? 'rfc822' : 'utf-8'};${address}`,
    'Action: failed',
    `Status: ${statusIn(reply ?? '') ?? usual}`,
    ...(reply === null ? [] : [`Diagnostic-Code: smtp; ${singleLine(reply)}`]),
    `Last-Attempt-Date: ${dateOf(nowMs)}`,
  ]
}

/** Cut at the end of a line. */
function headerLines({ messageId, subject, identity }: OutboxEntry, header: Buffer | undefined): string[] {
  const text = header?.toString('utf8', 0, sendLimits.reportedHeaderOctets) ?? ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd()
  if (whole !== '') return whole.split(/\r?\n/)
  return [`From: ${identity}`, `Subject: ${encodedWords(subject)}`, `Message-ID: <${messageId}>`]
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

/** RFC 2047: words of at most 75 characters, in which no character of UTF-8 is cut. */
function encodedWords(text: string): string {
  if (isAscii(text)) return text
  const words: string[] = []
  let word = ''
  for (const letter of text) {
    if (Buffer.byteLength(word + letter) > 45) {
      words.push(word)
      word = ''
    }
    word += letter
  }
  return [...words, word].map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ')
}

/** RFC 5322 section 3.3. */
function dateOf(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000')
}
