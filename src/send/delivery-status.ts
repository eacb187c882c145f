/** Reads the fields of a `message/delivery-status` (RFC 3464 section 2), and those of RFC 6533 with addresses in UTF-8. */
import { singleLine } from '../printable.ts'
import { type EntityField, fieldOf, fieldsIn } from './entity.ts'
import { bounceLimits } from './bounce-limits.ts'

export type DeliveryAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'

export interface ReportedRecipient {
  readonly address: string
  /** The one that the sender had named, if it is another one (RFC 3464 section 2.3.1). */
  readonly originalAddress: string | null
  readonly action: DeliveryAction
  /** RFC 3463: `5.1.1`. */
  readonly status: string | null
  /** The server's words, on one line. */
  readonly diagnostic: string | null
}

/** Somebody whom it did not reach. */
export type BouncedRecipient = Omit<ReportedRecipient, 'action'>

export interface DeliveryStatus {
  readonly envelopeId: string | null
  readonly messageIds: readonly string[]
  readonly recipients: readonly ReportedRecipient[]
}

export function deliveryStatusOf(text: string): DeliveryStatus {
  const groups = groupsOf(text)
  const all = groups.flat()
  const recipients: ReportedRecipient[] = []
  for (const group of groups) {
    const recipient = recipientOf(group)
    if (recipient !== undefined) recipients.push(recipient)
    if (recipients.length === bounceLimits.recipientsMax) break
  }
  const ids = all.filter(({ name }) => name === 'x-original-message-id').flatMap(({ value }) => messageIdsIn(value))
  const envelopeId = fieldOf(all, 'original-envelope-id') ?? null
  return { envelopeId: envelopeId === '' ? null : envelopeId, messageIds: ids, recipients }
}

/** Some servers write no empty line between the groups, and some write more than one. */
function groupsOf(text: string): EntityField[][] {
  const groups: EntityField[][] = []
  for (const block of text.split(/\n[ \t]*\n/, bounceLimits.recipientsMax * 2)) {
    let group: EntityField[] = []
    for (const field of fieldsIn(block)) {
      const isRepeated = marks.has(field.name) && group.some(({ name }) => name === field.name)
      if (isRepeated) groups.push(group)
      if (isRepeated) group = []
      group.push(field)
    }
    groups.push(group)
  }
  return groups
}

const marks = new Set(['final-recipient', 'original-recipient', 'action'])

function recipientOf(fields: readonly EntityField[]): ReportedRecipient | undefined {
  const original = addressOf(fieldOf(fields, 'original-recipient'))
  const address = addressOf(fieldOf(fields, 'final-recipient')) ?? original
  if (address === undefined) return undefined
  const diagnostic = withoutType(fieldOf(fields, 'diagnostic-code') ?? '')
  const status = statusIn(fieldOf(fields, 'status') ?? '') ?? statusIn(diagnostic)
  return {
    address,
    originalAddress: original === undefined || original === address ? null : original,
    action: actionOf(fieldOf(fields, 'action') ?? '', status),
    status: status ?? null,
    diagnostic: diagnostic === '' ? null : singleLine(diagnostic, bounceLimits.diagnosticMax),
  }
}

/** `rfc822; jo@example.net`, and what servers write in its place: with angle brackets, or without the type. */
function addressOf(value: string | undefined): string | undefined {
  const address = utf8(withoutType(value ?? ''))
    .replace(/\\x\{([0-9a-f]{1,6})\}/gi, (sign, hex: string) => {
      const point = Number.parseInt(hex, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : sign
    })
    .replace(/^[<\s]+|[>\s]+$/g, '')
  return /^[^\s|]+@[^\s@]/.test(address) && address.length <= bounceLimits.addressOctetsMax
    ? singleLine(address, bounceLimits.addressOctetsMax)
    : undefined
}

function withoutType(value: string): string {
  return value.replace(/^\s*[\w/-]{1,40}\s*;\s*/, '').trim()
}

function utf8(text: string): string {
  return /[\x80-\xff]/.test(text) && !/[^\x00-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text
}

/** The first status code of a text (RFC 3463). An address of four numbers is none. */
export function statusIn(text: string): string | undefined {
  return /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)/.exec(text)?.[0]
}

/** Where the field is missing or holds another word, the class of the status tells. */
function actionOf(action: string, status: string | undefined): DeliveryAction {
  const word = action.toLowerCase()
  const known = (['delayed', 'delivered', 'relayed', 'expanded'] as const).find((name) => word.startsWith(name))
  if (known !== undefined) return known
  if (/fail|error|undeliver|bounce/.test(word)) return 'failed'
  if (status?.startsWith('2')) return 'delivered'
  return status?.startsWith('4') ? 'delayed' : 'failed'
}

export function messageIdsIn(text: string): string[] {
  return text.match(/<[^<>\s]{1,500}>/g) ?? []
}
