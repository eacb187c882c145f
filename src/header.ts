/** The header block of a message as bytes, read just far enough to know the message again (RFC 5322 section 2.2). */
import { createHash } from 'node:crypto'
import type { Fingerprint, ShortHash } from './ledger.ts'
import type { Uidl } from './message.ts'

/** One field, unfolded: name in lower case, value with runs of white space made one space. One char a byte. */
export interface HeaderField {
  readonly name: string
  readonly value: string
}

/** The bytes before the first empty line; all of them where there is none. CRLF, LF, or both mixed. */
export function headerOf(message: Buffer): Buffer {
  if (message[0] === 10 || (message[0] === 13 && message[1] === 10)) return message.subarray(0, 0)
  for (let at = message.indexOf(10); at !== -1; at = message.indexOf(10, at + 1)) {
    if (message[at + 1] === 10 || (message[at + 1] === 13 && message[at + 2] === 10)) return message.subarray(0, at + 1)
  }
  return message
}

/** Fields in their order, by the names wanted (lower case). Lines that are no field (mbox `From `, junk) are passed over. */
export function fieldsOf(header: Buffer, wanted: ReadonlySet<string>): HeaderField[] {
  // latin1 is one char a byte: nothing is decoded, so nothing can be lost.
  const lines = header.toString('latin1').split(/\r?\n/)
  const fields: { name: string; parts: string[] }[] = []
  let open: { name: string; parts: string[] } | undefined
  for (const line of lines) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      open?.parts.push(line)
      continue
    }
    const colon = line.indexOf(':')
    const name = colon > 0 ? line.slice(0, colon).trimEnd().toLowerCase() : ''
    open = wanted.has(name) ? { name, parts: [line.slice(colon + 1)] } : undefined
    if (open !== undefined) fields.push(open)
  }
  return fields.map(({ name, parts }) => ({
    name,
    value: parts
      .join(' ')
      .replace(/[ \t\r]+/g, ' ')
      .trim(),
  }))
}

const identifying = new Set(['message-id', 'date', 'from', 'subject', 'received'])

/**
 * Who a message is, by its header: Message-ID, Date, From, Subject and the oldest Received (the lowest one: relays add
 * above it). Servers add fields of their own (Status, X-UIDL, Delivered-To), so the whole header would not do.
 */
export function fingerprintOf(header: Buffer): Fingerprint {
  const fields = fieldsOf(header, identifying)
  const first = (name: string) => fields.find((field) => field.name === name)?.value ?? ''
  const oldestReceived = fields.findLast((field) => field.name === 'received')?.value ?? ''
  const messageId = first('message-id')
  const date = first('date')
  const hash = createHash('sha256')
  for (const value of [messageId, date, first('from'), first('subject'), oldestReceived]) {
    hash.update(value, 'latin1').update('\0')
  }
  return { hash: shortened(hash.digest()), weak: messageId === '' || date === '' }
}

export function uidlHash(uidl: Uidl): ShortHash {
  return shortened(createHash('sha256').update(uidl, 'latin1').digest())
}

/** SOURCE of `X-Tributary-Id` (CONTRACT section 7): the same when the account is registered again. */
export function sourceHash(source: { readonly host: string; readonly port: number; readonly user: string }): ShortHash {
  const text = `${source.host.toLowerCase()}\0${source.port}\0${source.user}`
  return shortened(createHash('sha256').update(text).digest())
}

/** The first 8 octets. */
export function shortened(hash: Buffer): ShortHash {
  return hash.toString('hex', 0, 8) as ShortHash
}
