/** Writes the report of what was not delivered, or is late (RFC 3464, 6522), for the INBOX of whoever sent it. It is appended there, and never sent. */
import { singleLine } from '../printable.ts'
import type { OutboxEntry, Recipient } from './entry.ts'
import { statusIn } from './delivery-status.ts'
import { sendLimits } from './limits.ts'
import { reportLanguage } from './report-language.ts'
import { type ReportKind, reportLines } from './report-lines.ts'
import { isNothing, reportable, type Reportable } from './reportable.ts'

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

/** Undefined: there is nothing to report. Lines end in CRLF. */
export function deliveryReportOf(source: ReportSource): Buffer | undefined {
  const { entry, header, publicName, nowMs, id } = source
  const due = reportable(entry, nowMs)
  if (isNothing(due)) return undefined
  const stated = [...due.failed, ...due.delayed]
  const isUtf8 = stated.some(({ address }) => !isAscii(address))
  const boundary = `report-${id}`
  const part = (type: string, lines: readonly string[]) => [
    `--${boundary}`,
    `Content-Type: ${type}`,
    ...(isAscii(lines.join('')) ? [] : ['Content-Transfer-Encoding: 8bit']),
    '',
    ...lines,
    '',
  ]
  // RFC 3464 has no word for what nobody knows: then it is a letter.
  const kind = stated.length === 0 ? 'mixed' : 'report; report-type=delivery-status'
  const lines = [
    `From: Mail delivery <mailer-daemon@${publicName}>`,
    `To: ${entry.sender}`,
    `Subject: ${encodedWords(`${titles[kindOf(due)]}: ${entry.subject === '' ? 'your message' : entry.subject}`)}`,
    `Date: ${dateOf(nowMs)}`,
    `Message-ID: <report-${id}@${publicName}>`,
    `In-Reply-To: <${entry.messageId}>`,
    `References: <${entry.messageId}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/${kind}; boundary="${boundary}"`,
    '',
    'This is a report about mail that was sent.',
    '',
    ...part('text/plain; charset=utf-8', wordsFor(source, due)),
    ...(stated.length === 0
      ? []
      : part(`message/${isUtf8 ? 'global-' : ''}delivery-status`, statusFields(source, due))),
    ...part(isUtf8 ? 'message/global-headers' : 'text/rfc822-headers', headerLines(entry, header)),
    `--${boundary}--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}

const titles: Readonly<Record<ReportKind, string>> = {
  failed: 'Not delivered',
  unknown: 'Perhaps not delivered',
  delayed: 'Delayed',
}

function kindOf({ failed, unknown }: Reportable): ReportKind {
  if (failed.length > 0) return 'failed'
  return unknown.length > 0 ? 'unknown' : 'delayed'
}

const opening: Readonly<Record<ReportKind, string>> = {
  failed: 'Your message was not delivered to everybody it was meant for.',
  unknown: 'Your message may have been delivered, or not: nobody can tell.',
  delayed: 'Your message is late. Your provider did not take it yet, and it is tried on: you need not send it again.',
}

function wordsFor({ entry, header }: ReportSource, due: Reportable): string[] {
  const { subject, sender, recipients, failure } = entry
  const { failed, unknown, delayed } = due
  const others = recipients.filter(({ state }) => state === 'accepted').map(({ address }) => address)
  const named = new Set(delayed)
  const waiting = recipients.filter((one) => (one.state === 'deferred' || one.state === 'queued') && !named.has(one))
  const each = (some: readonly Recipient[]) =>
    some.flatMap(({ address, reply }) => [`  ${address}`, ...(reply === null ? [] : [`    ${reply}`])])
  const kind = kindOf(due)
  const { before, behind } = reportLines(kind, reportLanguage(header))
  return [
    ...before,
    opening[kind],
    '',
    `  Subject: ${subject === '' ? '(none)' : subject}`,
    `  From: ${sender}`,
    '',
    ...(failed.length === 0
      ? []
      : [
          failed.length === 1 ? 'This address did not get it:' : 'These addresses did not get it:',
          '',
          ...each(failed),
          '',
          ...adviceOn(failure?.kind, failed),
          '',
        ]),
    ...(unknown.length === 0
      ? []
      : [
          failure?.kind === 'restored'
            ? 'The data of this instance were put back to an earlier state, in which it was not sent yet.'
            : 'The line to your provider ended after all of it was sent, and before the answer came.',
          'Nobody knows whether these have it. Ask them; if they do not, have it tried again in the outbox, or send it again:',
          '',
          ...unknown.map(({ address }) => `  ${address}`),
          '',
        ]),
    ...(delayed.length === 0 ? [] : [`It is tried until ${dateOf(lastTryMs(entry))} for:`, '', ...each(delayed), '']),
    ...(others.length === 0 ? [] : [`It was accepted for: ${listed(others)}. Do not send it to them again.`, '']),
    ...(waiting.length === 0
      ? []
      : [`It is still being tried for: ${listed(waiting.map(({ address }) => address))}.`, '']),
    ...behind,
  ]
}

function lastTryMs({ sendAtMs }: OutboxEntry): number {
  return sendAtMs + sendLimits.patienceMs
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

function statusFields({ entry, publicName, nowMs }: ReportSource, { failed, delayed }: Reportable): string[] {
  const envid = entry.dsn?.envid
  return [
    `Reporting-MTA: dns; ${publicName}`,
    ...(envid ? [`Original-Envelope-Id: ${envid}`] : []),
    `Arrival-Date: ${dateOf(entry.createdAtMs)}`,
    ...[...failed, ...delayed].flatMap((one) => ['', ...recipientFields(one, entry, nowMs)]),
  ]
}

function recipientFields({ address, reply, orcpt, state }: Recipient, entry: OutboxEntry, nowMs: number): string[] {
  const isDelayed = state !== 'rejected'
  const known = statusIn(reply ?? '')
  const isOver = entry.failure?.kind === 'patience ended'
  // RFC 3463 section 3.5: the time to deliver it is over. The class is the action's.
  const failed = known ?? (isOver ? '4.4.7' : '5.0.0')
  const status = isDelayed ? (known ?? '4.0.0').replace(/^\d/, '4') : failed
  return [
    ...(orcpt === undefined ? [] : [`Original-Recipient: ${orcpt.includes(';') ? orcpt : `rfc822;${orcpt}`}`]),
    `Final-Recipient: ${isAscii(address) ? 'rfc822' : 'utf-8'};${address}`,
    `Action: ${isDelayed ? 'delayed' : 'failed'}`,
    `Status: ${status}`,
    ...(reply === null ? [] : [`Diagnostic-Code: smtp; ${singleLine(reply)}`]),
    `Last-Attempt-Date: ${dateOf(nowMs)}`,
    ...(isDelayed ? [`Will-Retry-Until: ${dateOf(lastTryMs(entry))}`] : []),
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
