/** Decodes From, Subject and Date with mailparser, when somebody looks at them. It is not used while the bytes are carried. */
import { readDate } from '../dates/read.ts'
import { fieldsOf } from './header.ts'

export interface Envelope {
  readonly from: string | null
  readonly subject: string | null
  /** The date in the message's header, in ISO 8601; null if that is no date. */
  readonly date: string | null
}

/** @param lines the result of `envelopeLines` (header.ts). */
export async function envelopeOf(lines: Buffer): Promise<Envelope> {
  // If mailparser cannot read a date, it gives the present time.
  const dateMs = readDate(fieldsOf(lines).find(({ name }) => name === 'date')?.value ?? '')
  const date = dateMs === undefined ? null : new Date(dateMs).toISOString()
  try {
    // A worker hardly ever needs it: it takes 5 MB of the heap, which are marked each time that garbage is collected.
    const { simpleParser } = await import('mailparser')
    const { from, subject } = await simpleParser(Buffer.concat([lines, Buffer.from('\r\n')]))
    return { from: from?.text || null, subject: subject || null, date }
  } catch {
    return { from: null, subject: null, date }
  }
}
