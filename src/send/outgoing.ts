/**
 * Decides whether a message may go out, and in which form. Nothing is rewritten: who may not send as it says is refused. Bcc leaves what goes
 * out, Date and Message-ID are added where they are missing, and all else stays byte for byte, so that signatures hold.
 */
import { addressesIn, domainOf, isAscii } from './address.ts'
import { type HeadField, headFields, isText, valueOf } from './head.ts'
import { forbidden, OutgoingRefused } from './refused.ts'
import { demandSender, type PermittedSender } from './sender.ts'

export interface OutgoingRules {
  /** The address of MAIL FROM; '' is the null sender. Undefined: the message came without an envelope. */
  readonly envelopeFrom: string | undefined
  readonly senders: readonly PermittedSender[]
  readonly nowMs: number
  /** Random: the left side of a Message-ID that is added. */
  readonly id: string
}

export interface CheckedHead {
  /** What goes out, up to the empty line. */
  readonly head: Buffer
  /** The Bcc fields that were taken out, for the copy in Sent. */
  readonly bcc: Buffer
  /** The address of the header's From, which is an identity: its account sends. */
  readonly identity: string
  /** A report that nobody is told about: the null sender of RFC 5321 section 4.5.5. */
  readonly hasNullSender: boolean
  /** Without its angle brackets. */
  readonly messageId: string
  /** The first Subject as it stands there; '' if there is none. */
  readonly subject: string
  /** An address of From, Sender, To or Cc needs SMTPUTF8 (RFC 6531). */
  readonly hasUtf8Address: boolean
  /** Some field that goes out is UTF-8 beyond ASCII. */
  readonly hasUtf8Head: boolean
}

const secret = new Set(['bcc', 'resent-bcc'])

/** @param head the header as it came, up to the empty line. @throws OutgoingRefused */
export function checkOutgoing(head: Buffer, rules: OutgoingRules): CheckedHead {
  const { envelopeFrom, senders, nowMs, id } = rules
  if (envelopeFrom !== undefined && envelopeFrom !== '') demandSender(envelopeFrom, senders, 'The envelope sender')
  const fields = headFields(head)
  const { address: identity } = senderIn(fields, senders)
  const added = [
    ...(valueOfFirst(fields, 'date') === '' ? [`Date: ${dateOf(nowMs)}\r\n`] : []),
    ...(valueOfFirst(fields, 'message-id') === '' ? [`Message-ID: <${id}@${domainOf(identity)}>\r\n`] : []),
  ]
  // A field of these two without a value is none.
  const isEmpty = (field: HeadField) => ['date', 'message-id'].includes(field.name) && valueOf(field).trim() === ''
  const stays = fields.filter((field) => !secret.has(field.name) && !isEmpty(field)).map(({ raw }) => raw)
  const checked = Buffer.from([...added, ...stays].join(''), 'latin1')
  const goesOut = headFields(checked)
  demandSame(goesOut, identity, senders)
  return {
    head: checked,
    bcc: Buffer.from(fields.flatMap((field) => (secret.has(field.name) ? ended(field.raw) : [])).join(''), 'latin1'),
    identity,
    hasNullSender: envelopeFrom === '',
    hasUtf8Head: goesOut.some((field) => !isAscii(field.raw) && isText(field)),
    messageId: valueOfFirst(goesOut, 'message-id').replace(/^<|>$/g, ''),
    subject: valueOfFirst(goesOut, 'subject'),
    hasUtf8Address: goesOut.some(
      (field) => addressed.has(field.name) && (addressesIn(valueOf(field)) ?? []).some((address) => !isAscii(address)),
    ),
  }
}

const addressed = new Set(['from', 'sender', 'reply-to', 'to', 'cc'])

/** The header that goes out is read once more: it says the same, and holds no secret. */
function demandSame(fields: readonly HeadField[], identity: string, senders: readonly PermittedSender[]): void {
  const isSame = senderIn(fields, senders).address === identity
  const isWhole = valueOfFirst(fields, 'date') !== '' && valueOfFirst(fields, 'message-id') !== ''
  const isSafe = !fields.some(({ name, raw }) => secret.has(name) || /^[ \t]*(?:resent-)?bcc[ \t]*:/i.test(raw))
  if (!isSame || !isWhole || !isSafe)
    throw new OutgoingRefused(554, '5.6.0', 'The message cannot go out as it is: its header says two things')
}

/** From has one address, and Sender one or none; both are identities of the mailbox. */
function senderIn(fields: readonly HeadField[], senders: readonly PermittedSender[]): PermittedSender {
  const from = fields.filter(({ name }) => name === 'from')
  if (from.length !== 1) throw forbidden(`The message has ${from.length} From fields: it must have exactly one`)
  const sender = fields.filter(({ name }) => name === 'sender')
  if (sender.length > 1) throw forbidden(`The message has ${sender.length} Sender fields: it may have one`)
  for (const field of sender) demandSender(oneAddress(field, 'Sender'), senders, 'The Sender')
  return demandSender(oneAddress(from[0], 'From'), senders, 'The From')
}

function oneAddress(field: HeadField | undefined, name: string): string {
  const addresses = field === undefined ? [] : addressesIn(valueOf(field))
  if (addresses === undefined || !addresses.every((address) => isAscii(address) || isText(field)))
    throw forbidden(`The ${name} of the message cannot be read: it must be one address, without a group`)
  const [address, ...more] = addresses
  if (address === undefined || more.length > 0)
    throw forbidden(`The ${name} of the message has ${addresses.length} addresses: it must have exactly one`)
  return address
}

/** Unfolded; '' if there is none. */
function valueOfFirst(fields: readonly HeadField[], name: string): string {
  const field = fields.find((one) => one.name === name)
  return field === undefined
    ? ''
    : valueOf(field)
        .replace(/\r\n(?=[ \t])/g, '')
        .trim()
}

function ended(raw: string): string {
  return raw.endsWith('\r\n') ? raw : `${raw}\r\n`
}

/** RFC 5322 section 3.3. */
function dateOf(nowMs: number): string {
  return new Date(nowMs).toUTCString().replace('GMT', '+0000')
}
