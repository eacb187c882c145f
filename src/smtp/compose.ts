/** Composes a message of its parts by nodemailer, as a stream: attachments that are streams are never held whole. */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import MailComposer from 'nodemailer/lib/mail-composer'
import { domainOf } from '../send/address.ts'
import { fileName } from '../send/file-name.ts'

export interface Correspondent {
  readonly name: string | null
  readonly address: string
}

export interface ComposedAttachment {
  readonly filename: string
  readonly contentType: string
  readonly content: Buffer | Readable
  /** Its Content-ID, without brackets: the HTML shows it in its place. */
  readonly cid?: string | undefined
}

/** What it answers (RFC 5322 section 3.6.4). Both with their angle brackets. */
export interface Thread {
  readonly messageId: string | null
  readonly references: readonly string[]
}

export interface ComposedLetter {
  readonly from: Correspondent
  readonly to: readonly Correspondent[]
  readonly cc: readonly Correspondent[]
  readonly bcc: readonly Correspondent[]
  readonly subject: string
  readonly text: string
  readonly html?: string | undefined
  readonly attachments: readonly ComposedAttachment[]
  readonly thread?: Thread | undefined
  readonly nowMs: number
}

/** A CR alone ended a line on old systems; nobody takes it in a message (RFC 5321 section 2.3.8). */
function lines(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n')
}

/** Its lines end in CR LF. Bcc is in it: whoever sends it takes that out, and keeps it for the copy in Sent. */
export function composed(letter: ComposedLetter): Readable {
  const { from, to, cc, bcc, subject, text, html, attachments, thread, nowMs } = letter
  const named = (people: readonly Correspondent[]) => people.map(({ name, address }) => ({ name: name ?? '', address }))
  const composer = new MailComposer({
    from: { name: from.name ?? '', address: from.address },
    to: named(to),
    cc: named(cc),
    bcc: named(bcc),
    subject,
    text: lines(text),
    ...(html === undefined ? {} : { html: lines(html) }),
    attachments: attachments.map(({ cid, ...attachment }) => ({
      ...attachment,
      filename: fileName(attachment.filename),
      ...(cid === undefined ? {} : { cid }),
    })),
    ...(thread?.messageId == null ? {} : { inReplyTo: thread.messageId, references: [...thread.references] }),
    messageId: `<${randomUUID()}@${domainOf(from.address)}>`,
    date: new Date(nowMs),
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const message = composer.compile()
  message.keepBcc = true
  return message.createReadStream()
}
