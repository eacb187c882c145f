/** Decodes From, Subject and Date with mailparser, when somebody looks at them; never on the way of the bytes. */
import { simpleParser } from 'mailparser'
import { parseDateTime } from './arrival.ts'
import { fieldsOf } from './header.ts'

export interface Envelope {
  readonly from: string | null
  readonly subject: string | null
  /** The date that the message states, in ISO 8601; null if it is not a date. */
  readonly date: string | null
}

/** @param lines what `envelopeLines` (header.ts) has made. */
export async function envelopeOf(lines: Buffer): Promise<Envelope> {
  // If mailparser cannot read a date, it gives the present time.
  const dateMs = parseDateTime(fieldsOf(lines).find(({ name }) => name === 'date')?.value ?? '')
  const date = dateMs === undefined ? null : new Date(dateMs).toISOString()
  try {
    const { from, subject } = await simpleParser(Buffer.concat([lines, Buffer.from('\r\n')]))
    return { from: from?.text || null, subject: subject || null, date }
  } catch {
    return { from: null, subject: null, date }
  }
}
