/** Decodes From, Subject and Date with mailparser, when somebody looks at them; never on the way of the bytes. */
import { simpleParser } from 'mailparser'
import { parseDateTime } from './arrival.ts'
import { fieldsOf } from './header.ts'

export interface Envelope {
  readonly from: string | null
  readonly subject: string | null
  /** What the message says, in ISO 8601; null where that is no date. */
  readonly date: string | null
}

/** @param lines what `envelopeLines` (header.ts) has made. */
export async function envelopeOf(lines: Buffer): Promise<Envelope> {
  // Where mailparser cannot read a date it gives the time of now.
  const dateMs = parseDateTime(fieldsOf(lines).find(({ name }) => name === 'date')?.value ?? '')
  const date = dateMs === undefined ? null : new Date(dateMs).toISOString()
  try {
    const { from, subject } = await simpleParser(Buffer.concat([lines, Buffer.from('\r\n')]))
    return { from: from?.text || null, subject: subject || null, date }
  } catch {
    return { from: null, subject: null, date }
  }
}
