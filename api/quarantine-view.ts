/** Shows an entry of the quarantine as the API sends it. An entry of an earlier version lacks what was not known then. */
import { isUtf8 } from 'node:buffer'
import { envelopeOf } from '../src/mail/envelope.ts'
import type { QuarantineEntry } from '../src/pull/quarantine.ts'
import type { QuarantineEntry as EntryView } from './schemas/quarantine.ts'

export async function entryView(entry: QuarantineEntry): Promise<EntryView> {
  const { id, uidl, size, firstSeenAt, attempts, reason, passes = false, nextAttemptAt = null } = entry
  const { from, subject } = await readable(entry)
  return { id, uidl, size, firstSeenAt, attempts, reason, passes, nextAttemptAt, from, subject }
}

/** The entry has the fields as they stand in the header: encoded words (RFC 2047), or bytes beyond ASCII. */
async function readable({ from = null, subject = null }: QuarantineEntry) {
  if (from === null && subject === null) return { from, subject }
  const lines = [
    from === null ? '' : `From: ${line(from)}\r\n`,
    subject === null ? '' : `Subject: ${line(subject)}\r\n`,
  ]
  const read = await envelopeOf(Buffer.from(lines.join('')))
  // What mailparser makes nothing of, such as a From without an address, is shown as it is.
  return { from: read.from ?? from, subject: read.subject ?? subject }
}

/** One line of a header, as text. Header fields are read as one character for each byte (header.ts): the bytes may be UTF-8. */
function line(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const text = /^[\x00-\xff]*$/.test(value) && isUtf8(bytes) ? bytes.toString() : value
  return text.replace(/[\r\n]+/g, ' ')
}
