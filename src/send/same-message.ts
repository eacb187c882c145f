/**
 * Tells whether a message that a mail program filed by itself is one that it gave us to send. It has no Message-ID, which we have added to what went
 * out, so its text has to be the same, and whatever it says of the message in its header.
 */
import { hash } from 'node:crypto'

/** What both say, or neither. */
const compared = ['from', 'to', 'cc', 'subject'] as const

/** @param sent what went out. */
export function sameAs(sent: Buffer): (other: Buffer) => boolean {
  const ours = contentsOf(sent)
  return (other) => {
    const theirs = contentsOf(other)
    const isDated = theirs.fields.has('date')
    const names = isDated ? [...compared, 'date'] : compared
    return ours.text === theirs.text && names.every((name) => ours.fields.get(name) === theirs.fields.get(name))
  }
}

function contentsOf(message: Buffer): { readonly fields: ReadonlyMap<string, string>; readonly text: string } {
  const end = message.indexOf('\r\n\r\n')
  const header = message.toString('latin1', 0, end === -1 ? message.length : end)
  const fields = new Map<string, string>()
  for (const line of header.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase()
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  let last = message.length
  while (last > 0 && (message[last - 1] === 10 || message[last - 1] === 13)) last -= 1
  const body = end === -1 ? Buffer.alloc(0) : message.subarray(end + 4, Math.max(end + 4, last))
  return { fields, text: hash('sha256', body, 'hex') }
}
