/** What comes back of mail to the correspondents of the sample provider: an answer, to which what they got is attached. */
import { headerOf } from '../src/mail/header.ts'
import { headFields } from '../src/send/head.ts'

export interface Echoed {
  readonly bytes: Buffer
  /** Who answers, and to whom. */
  readonly from: string
  readonly to: string
}

/** Undefined for what no program answers (RFC 3834 section 2). @param id makes its Message-ID. */
export function echoOf({ bytes, from, to }: Echoed, id: string, now: Date): Buffer | undefined {
  const fields = headFields(headerOf(bytes))
  const raw = (name: string) => {
    const field = fields.find((one) => one.name === name)?.raw ?? ''
    return field.slice(field.indexOf(':') + 1).trim()
  }
  const isAutomatic = !['', 'no'].includes(raw('auto-submitted').toLowerCase())
  if (to === '' || from === to || isAutomatic) return undefined
  const [subject, messageId, references] = [raw('subject'), raw('message-id'), raw('references')]
  const head = [
    `Message-ID: <${id}@example.org>`,
    `Date: ${dateOf(now)}`,
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${/^re:/i.test(subject) ? '' : 'Re: '}${subject}`,
    ...(messageId === ''
      ? []
      : [`In-Reply-To: ${messageId}`, `References: ${`${references}\r\n ${messageId}`.trim()}`]),
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${id}"`,
  ]
  const parts = [
    `--${id}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `Your message has come to ${from}. It is attached as it arrived.`,
    '',
    'The sample provider wrote this answer.',
    `--${id}`,
    'Content-Type: message/rfc822',
    'Content-Disposition: attachment',
    'Content-Transfer-Encoding: 8bit',
  ]
  const text = [...head, '', ...parts, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(text, 'latin1'), bytes, Buffer.from(`\r\n--${id}--\r\n`, 'latin1')])
}

/** RFC 5322 section 3.3. */
export const dateOf = (time: Date) => time.toUTCString().replace('GMT', '+0000')
