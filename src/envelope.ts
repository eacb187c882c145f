/** From, Subject and Date for people to read, by mailparser: when somebody looks, and never on the path of the bytes. */
import { simpleParser } from 'mailparser'
import { parseDateTime } from './arrival.ts'
import type { HeaderField } from './header.ts'
import { limits } from './limits.ts'

const shown = ['from', 'subject', 'date'] as const

/** The first line of each as it came, one char a byte, cut where it is long: all that is kept of a message for people. */
export function envelopeLines(fields: readonly HeaderField[]): Buffer {
  let lines = ''
  for (const name of shown) {
    const value = fields.find((field) => field.name === name)?.value
    if (value !== undefined) lines += `${name}: ${value.slice(0, limits.envelopeLineOctetsMax)}\r\n`
  }
  return Buffer.from(lines, 'latin1')
}

export interface Envelope {
  readonly from: string | null
  readonly subject: string | null
  /** ISO 8601; what the message says, if that is a date. */
  readonly date: string | null
}

export async function envelopeOf(lines: Buffer): Promise<Envelope> {
  // Not mailparser's date, which is now where it cannot read one.
  const dateMs = parseDateTime(/^date: (.*)\r$/m.exec(lines.toString('latin1'))?.[1] ?? '')
  const date = dateMs === undefined ? null : new Date(dateMs).toISOString()
  try {
    const { from, subject } = await simpleParser(Buffer.concat([lines, Buffer.from('\r\n')]))
    return { from: from?.text || null, subject: subject || null, date }
  } catch {
    return { from: null, subject: null, date }
  }
}
