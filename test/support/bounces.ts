/** Bounces after the pattern of real ones, written anew: each with whom it names, the status, and the Message-ID that came back. */

export interface BounceForm {
  readonly name: string
  readonly mail: string
  readonly address: string
  readonly status: string | null
  readonly says: RegExp | null
  readonly id: string | null
}

export const original = [
  'Received: from desk.example.org by out.example.org with ESMTPSA id 4x; Mon, 2 Nov 2026 10:00:00 +0000',
  'From: Jo <jo@example.org>',
  'To: ann@example.net',
  'Subject: The plan',
  'Date: Mon, 2 Nov 2026 10:00:00 +0000',
  'Message-ID: <plan.1@example.org>',
].join('\n')

export interface ReportParts {
  readonly from?: string
  readonly subject?: string
  readonly text?: string
  /** Per-message fields. */
  readonly message?: string
  /** Per-recipient fields. */
  readonly recipient?: string
  readonly statusType?: string
  readonly returned?: string | null
  readonly reportType?: string
  readonly returnedType?: string
  readonly more?: string
}

/** A `multipart/report` (RFC 3462). */
export function report({
  from = 'MAILER-DAEMON@mx.example.com (Mail Delivery System)',
  subject = 'Undelivered Mail Returned to Sender',
  text = 'Your message could not be delivered.',
  message = 'Reporting-MTA: dns; mx.example.com',
  recipient = 'Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1',
  statusType = 'message/delivery-status',
  returned = original,
  reportType = 'delivery-status',
  returnedType = 'text/rfc822-headers',
  more = '',
}: ReportParts = {}): string {
  const back = returned === null ? '' : `--b0\nContent-Type: ${returnedType}\n\n${returned}\n\n`
  return `Return-Path: <>
From: ${from}
To: jo@example.org
Subject: ${subject}
${more}Content-Type: multipart/report; report-type=${reportType}; boundary="b0"
MIME-Version: 1.0

This is a MIME message.

--b0
Content-Type: text/plain; charset=us-ascii

${text}

--b0
Content-Type: ${statusType}

${message}

${recipient}

${back}--b0--
`
}

interface NoticeParts {
  readonly from: string
  readonly subject: string
  readonly text: string
  readonly head?: string
  readonly type?: string
}

/** A notice of one part. */
export function notice({ from, subject, text, head = '', type = 'text/plain; charset=utf-8' }: NoticeParts): string {
  return `Return-Path: <>\n${head}From: ${from}\nTo: jo@example.org\nSubject: ${subject}\nContent-Type: ${type}\n\n${text}\n`
}

/** A notice beside the message that came back, in a `multipart/mixed`. */
export function mixed({ from, subject, text, head = '', type = 'text/plain; charset=utf-8' }: NoticeParts): string {
  const parts = `--m1\nContent-Type: ${type}\n\n${text}\n\n--m1\nContent-Type: message/rfc822\n\n${original}\n\nHello Ann\n--m1--\n`
  return `Return-Path: <>\n${head}From: ${from}\nTo: jo@example.org\nSubject: ${subject}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m1\n\n${parts}`
}
