/** Reads the header block of a message as bytes (RFC 5322 section 2.2), just far enough to identify the message again. */
import { hash } from 'node:crypto'
import type { Fingerprint, Listed, ShortHash, Uidl } from './message.ts'
import { mailLimits } from './limits.ts'

/** White space that is not one space. To replace single spaces too would cost as much as all the rest. */
const folded = / *[\t\r\n][ \t\r\n]*| {2,}/g

const isFolded = /[\t\r\n]| {2}/

/** One field of a header, one character for each byte. */
export class HeaderField {
  /** The name in lower case. */
  readonly name: string
  /** The place of the field, including its last line end. */
  readonly from: number
  readonly to: number
  readonly #raw: string

  constructor(name: string, raw: string, from: number, to: number) {
    this.name = name
    this.from = from
    this.to = to
    this.#raw = raw
  }

  /** True for a field in which the provider notes the message's state there. */
  get isNote(): boolean {
    return noteFields.has(this.name)
  }

  /** The beginning of the unchanged value, folds included, up to this many octets. */
  start(octets: number): string {
    return this.#raw.slice(0, octets).trimEnd()
  }

  /** The value unfolded, with each run of white space made one space. It is made only when somebody needs it: of ten Received fields one is read. */
  get value(): string {
    const value = this.#raw.trim()
    return isFolded.test(value) ? value.replace(folded, ' ') : value
  }
}

/** The bytes before the first empty line, or all of them if there is none. Lines may end in CRLF, LF, or both mixed. */
export function headerOf(message: Buffer): Buffer {
  if (message[0] === 10 || (message[0] === 13 && message[1] === 10)) return message.subarray(0, 0)
  for (let at = message.indexOf(10); at !== -1; at = message.indexOf(10, at + 1)) {
    if (message[at + 1] === 10 || (message[at + 1] === 13 && message[at + 2] === 10)) return message.subarray(0, at + 1)
  }
  return message
}

/** The fields from which fingerprint and arrival are made. */
const identityFields = new Set([
  'message-id',
  'date',
  'from',
  'subject',
  'received',
  'delivery-date',
  'x-original-date',
  'resent-date',
])

/** The first line of a message from an mbox ("From x@example.net Thu Oct 28 17:00:38 2004"), as a field: no field has this name. */
export const mboxLine = 'from '

/**
 * Fields that servers with an mbox change: they note their facts about a message in the header, and give the message out with them. When it
 * is fetched or listed, `Status: O` becomes `OR` (GNU mailutils, qpopper).
 */
const noteFields = new Set([
  'status',
  'x-status',
  'x-keywords',
  'x-uid',
  'x-uidl',
  'x-imap',
  'x-imapbase',
  'content-length',
])

/** Most fields are none of these: their names need not be read. In ASCII this bit makes a letter a small one. */
const lowerCase = 0x20
const initials = new Set([...identityFields, ...noteFields].map((name) => name.charCodeAt(0)))

/** Finds the fields of these two kinds, in their order, and the line of an mbox. Other lines that are no field are skipped. */
export function fieldsOf(header: Buffer): HeaderField[] {
  // latin1 is one character for each byte: nothing is decoded, so that nothing can be lost.
  const text = header.toString('latin1')
  const fields: HeaderField[] = []
  // The next colon is looked for once: a message without a header may have none for megabytes.
  let colon = text.indexOf(':')
  for (let from = 0, to = 0; from < text.length && (colon !== -1 || from === 0); from = to) {
    const firstEnd = endOfLine(text, from)
    to = firstEnd
    // Lines that begin with white space belong to the one before them (RFC 5322 section 2.2.3).
    while (text[to] === ' ' || text[to] === '\t') to = endOfLine(text, to)
    if (colon < from) colon = text.indexOf(':', from)
    if (from === 0 && isMboxLine.test(text))
      fields.push(new HeaderField(mboxLine, text.slice(5, firstEnd), from, firstEnd))
    if (colon <= from || colon >= firstEnd) continue
    if (!initials.has(text.charCodeAt(from) | lowerCase)) continue
    const name = text.slice(from, colon).trimEnd().toLowerCase()
    if (identityFields.has(name) || noteFields.has(name))
      fields.push(new HeaderField(name, text.slice(colon + 1, to), from, to))
  }
  return fields
}

/** Some programs quote it. A space before the colon of a field is an obsolete form (RFC 5322 section 4.5). */
const isMboxLine = /^>?From [ \t]*[^ \t:]/

/** The first From, Subject and Date unchanged, cut if they are long. Nothing else of a message is stored for people (envelope.ts). */
export function envelopeLines(fields: readonly HeaderField[]): Buffer {
  let lines = ''
  for (const wanted of ['from', 'subject', 'date']) {
    const field = fields.find(({ name }) => name === wanted)
    if (field !== undefined) lines += `${wanted}:${field.start(mailLimits.envelopeLineOctetsMax)}\r\n`
  }
  return Buffer.from(lines, 'latin1')
}

/** The place after the LF of the line that begins here. */
function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end + 1
}

/**
 * Identifies a message by its header: by Message-ID, Date, From, Subject and the oldest Received, which is the lowest one, because relays
 * add theirs above. The whole header is not used, because servers add fields of their own (Status, X-UIDL, Delivered-To).
 */
export function headerFingerprint(fields: readonly HeaderField[]): Fingerprint {
  const first = (name: string) => fields.find((field) => field.name === name)?.value ?? ''
  const oldestReceived = fields.findLast((field) => field.name === 'received')?.value ?? ''
  const messageId = first('message-id')
  const date = first('date')
  const identity = [messageId, date, first('from'), first('subject'), oldestReceived, ''].join('\0')
  return { hash: shortHash(Buffer.from(identity, 'latin1')), weak: messageId === '' || date === '' }
}

export function uidlHash(uidl: Uidl): ShortHash {
  return shortHash(Buffer.from(uidl, 'latin1'))
}

/** The hash of a listed message's UIDL; undefined if the server gives none. */
export function listedUidlHash({ uidl }: Pick<Listed, 'uidl'>): ShortHash | undefined {
  return uidl === undefined ? undefined : uidlHash(uidl)
}

/** The place of a maildrop. It is the same for an account that is registered again. */
export interface MaildropSource {
  readonly host: string
  readonly port: number
  readonly user: string
  /** The host as it was first registered, where that is another form of it. */
  readonly sourceHost?: string
}

/** SOURCE of `X-Tributary-Id` (CONTRACT section 7). It is the same when the account is registered again. */
export function sourceHash(source: MaildropSource): ShortHash {
  const text = `${(source.sourceHost ?? source.host).toLowerCase()}\0${source.port}\0${source.user}`
  return shortHash(Buffer.from(text))
}

/** Hashes in one call: to make a hash object costs more than to hash a letter. */
export function shortHash(octets: Buffer): ShortHash {
  return hash('sha256', octets, 'hex').slice(0, 16) as ShortHash
}

/** The first 8 octets. */
export function shortened(digest: Buffer): ShortHash {
  return digest.toString('hex', 0, 8) as ShortHash
}
