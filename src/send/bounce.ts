/**
 * Recognises mail that says that something we have sent did not arrive: by RFC 3464, or in the words of servers that write a form of their
 * own (server-notice.ts). To miss one costs less than to take other mail for one: read receipts, complaints, answers from holidays and reports about
 * DMARC or TLS are none, and neither are notices that something is late or has arrived. A bounce can be forged: it adds a note, nothing else.
 */
import { headerOf } from '../mail/header.ts'
import {
  type BouncedRecipient,
  type DeliveryStatus,
  deliveryStatusOf,
  messageIdsIn,
  type ReportedRecipient,
} from './delivery-status.ts'
import { bodyOfLeaf, divided, type Entity, entityOf, fieldOf, type Leaf, parameterOf, textOfLeaf } from './entity.ts'
import { bounceLimits } from './bounce-limits.ts'
import { isOfServer, recipientsNamedBy, serverNoticeOf } from './server-notice.ts'
import { wordsOfLeaf } from './words-of-leaf.ts'

export interface BounceMail {
  /** Those whom it did not reach. */
  readonly recipients: readonly BouncedRecipient[]
  /** What may be the Message-ID of the message that came back, the likeliest first, with angle brackets. */
  readonly messageIds: readonly string[]
  /** The envelope id with which it was sent (RFC 3461 section 4.4). */
  readonly envelopeId: string | null
}

/** Undefined if it is none. @param message its beginning is enough. */
export function bounceOf(message: Buffer): BounceMail | undefined {
  return bounceWithin(message, bounceLimits.wrappedMax)
}

function bounceWithin(message: Buffer, wrappedMax: number): BounceMail | undefined {
  if (!mayBeBounce(message)) return undefined
  const entity = entityOf(message)
  const reportType = reportTypeOf(entity)
  if (reportType !== undefined && reportType !== 'delivery-status') return undefined
  const status = statusOf(entity)
  if (status.recipients.length > 0) {
    const failed = status.recipients.filter(({ action }) => action === 'failed')
    const recipients = failed.map(withoutAction)
    return recipients.length === 0 ? undefined : { recipients, ...originalOf(entity, status) }
  }
  const wrapped = wrappedMax > 0 && isOfServer(entity.fields) ? entity.leaves.find(isMessage) : undefined
  const within = wrapped && bounceWithin(Buffer.from(headed(wrapped), 'latin1'), wrappedMax - 1)
  if (within !== undefined) return within
  const notice = serverNoticeOf(entity, reportType !== undefined)
  if (notice === undefined) return undefined
  const original = originalOf(entity, status)
  const recipients = recipientsNamedBy(entity, notice, returnedFields(entity))
  return recipients.length === 0 && original.messageIds.length === 0 ? undefined : { recipients, ...original }
}

function withoutAction({ address, originalAddress, status, diagnostic }: ReportedRecipient): BouncedRecipient {
  return { address, originalAddress, status, diagnostic }
}

/**
 * A quick look at the start of a header: nearly all mail is told apart by it. Every bounce has one of these words there. The names of Delivered-To
 * and Delivery-date, which most servers write into all mail, tell nothing.
 */
const words =
  /deliver(?!ed-to:|y-date:)|daemon|postmaster|post_master|return-path:[ \t]*<>|failed-recipients|returned mail|failure|notification|mmsc|microsoftexchange/i

function mayBeBounce(message: Buffer): boolean {
  const header = headerOf(message.subarray(0, 16_384)).toString('latin1')
  // Where lines end in CR alone.
  const end = header.indexOf('\r\r')
  return words.test(end === -1 ? header : header.slice(0, end))
}

function reportTypeOf({ fields }: Entity): string | undefined {
  const contentType = fieldOf(fields, 'content-type') ?? ''
  if (!/^\s*multipart\/report\b/i.test(contentType)) return undefined
  return (parameterOf(contentType, 'report-type') ?? 'delivery-status').toLowerCase()
}

const none: DeliveryStatus = { envelopeId: null, messageIds: [], recipients: [] }

/** Amazon WorkMail and old Postfixes have the fields in a part of text. */
function statusOf({ leaves }: Entity): DeliveryStatus {
  const own = leaves.filter(({ type }) => /^message\/(?:global-)?delivery-status$/.test(type))
  // Some write their words into a part of that name, too.
  if (own.length > 0) return deliveryStatusOf(own.map(bodyOfLeaf).join('\n\n'))
  for (const leaf of leaves.filter(({ type }) => type === 'text/plain')) {
    const text = textOfLeaf(leaf)
    const at = /^(?:reporting-mta|final-recipient|action):[ \t]/im.exec(text)?.index
    if (at !== undefined && /^final-recipient:[ \t]*rfc822/im.test(text)) return deliveryStatusOf(text.slice(at))
  }
  return none
}

/** A virus scanner passes on what another server has written as a part of its own mail. */
function isMessage({ type }: Leaf): boolean {
  return /^message\/(?:rfc822|global)$/.test(type)
}

function headed(leaf: Leaf): string {
  return bodyOfLeaf(leaf).replace(/^\n+/, '')
}

function isReturned({ type }: Leaf): boolean {
  return /^(?:message\/(?:rfc822|global)|text\/rfc822-headers|message\/(?:rfc822|global)-headers)$/.test(type)
}

/** The fields of the message that came back, where it or its header is a part. */
function returnedFields({ leaves }: Entity) {
  const returned = leaves.find(isReturned)
  return returned === undefined ? [] : divided(headed(returned)).fields
}

function originalOf(entity: Entity, status: DeliveryStatus): Pick<BounceMail, 'messageIds' | 'envelopeId'> {
  const { fields, leaves } = entity
  const ids = new Set(messageIdsIn(fieldOf(returnedFields(entity), 'message-id') ?? ''))
  for (const id of status.messageIds) ids.add(id)
  for (const leaf of leaves.filter(({ type }) => type.startsWith('text/'))) {
    const named = /^[ \t>]*(?:Original |X-Original-)?Message-ID[ \t]*:\s*(<[^<>\s]{1,500}>)/im.exec(wordsOfLeaf(leaf))
    if (named !== null) ids.add(named[1]!)
  }
  // Gmail, Exchange and Sun's server name it so in their own header.
  for (const name of ['in-reply-to', 'references'])
    for (const id of messageIdsIn(fieldOf(fields, name) ?? '').toReversed()) ids.add(id)
  return { messageIds: [...ids].slice(0, bounceLimits.messageIdsMax), envelopeId: status.envelopeId }
}
