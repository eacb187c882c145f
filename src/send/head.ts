/**
 * Takes the header of a message apart that is to go out (RFC 5322 section 2.2). What one server may take for a field and another one for
 * the body is refused: a Bcc behind it would be a secret or not, as it comes.
 */
import { isUtf8 } from 'node:buffer'
import { malformed } from './refused.ts'

export interface HeadField {
  /** In lower case. */
  readonly name: string
  /** Its octets, one character each, with its last line end. */
  readonly raw: string
}

/** A space before the colon is an obsolete form (RFC 5322 section 4.5). */
const fieldStart = /^([!-9;-~]+)[ \t]*:/

/** @param head ends before the empty line; its lines end in CRLF. @throws OutgoingRefused */
export function headFields(head: Buffer): HeadField[] {
  const lines = head.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? []
  const fields: { name: string; raw: string }[] = []
  for (const [nth, line] of lines.entries()) {
    const before = fields.at(-1)
    if (/^[ \t]/.test(line)) {
      if (before === undefined)
        throw malformed('The message begins with a space: its first line must be a header field')
      before.raw += line
      continue
    }
    const name = fieldStart.exec(line)?.[1]
    if (name === undefined)
      throw malformed(`Line ${nth + 1} of the message's header is no field: it needs a name and a colon`)
    fields.push({ name: name.toLowerCase(), raw: line })
  }
  return fields
}

/** What stands behind the colon, as text: UTF-8 where it is that, else one character for each octet. */
export function valueOf(field: HeadField): string {
  const value = field.raw.slice(field.raw.indexOf(':') + 1)
  return isText(field) ? Buffer.from(value, 'latin1').toString('utf8') : value
}

/** False for octets in another charset than UTF-8, in which some old programs still write names. */
export function isText({ raw }: HeadField | undefined = { name: '', raw: '' }): boolean {
  return isUtf8(Buffer.from(raw, 'latin1'))
}
