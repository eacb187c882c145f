/** From, Subject and Date for people to read, by mailparser: when somebody looks, and never on the path of the bytes. */
import { simpleParser } from 'mailparser'
import { parseDateTime } from './arrival.ts'
import { fieldsOf } from './header.ts'

export interface Envelope {
  readonly from: string | null
  readonly subject: string | null
  /** ISO 8601; what the message says, if that is a date. */
  readonly date: string | null
}

/** @param lines as `envelopeLines` (header.ts) kept them. */
export async function envelopeOf(lines: Buffer): Promise<Envelope> {
  // Not mailparser's date, which is now where it cannot read one.
  const dateMs = parseDateTime(fieldsOf(lines).find(({ name }) => name === 'date')?.value ?? '')
  const date = dateMs === undefined ? null : new Date(dateMs).toISOString()
  try {
    const { from, subject } = await simpleParser(Buffer.concat([lines, Buffer.from('\r\n')]))
    return { from: from?.text || null, subject: subject || null, date }
  } catch {
    return { from: null, subject: null, date }
  }
}
