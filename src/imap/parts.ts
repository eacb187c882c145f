/** Sorts the parts of a message (RFC 2045, RFC 2046) for people: its text, as plain text or HTML or both, and its attachments. */
import type { MessageStructureObject } from 'imapflow'
import { imapLimits } from './limits.ts'

export interface Part {
  /** Its number in IMAP (RFC 9051 section 6.4.5). */
  readonly part: string
  /** The media type, in lower case. */
  readonly type: string
  /** The size in decoded octets; this is an estimate, because the store counts encoded octets. */
  readonly size: number
  readonly filename: string | null
  /** True if the sender wants it shown in its place; usually it is an image of the HTML. */
  readonly inline: boolean
  /** Content-ID without its brackets. */
  readonly id: string | null
}

/** One piece of the text: as plain text, as HTML, or as both (multipart/alternative). */
export interface Passage {
  readonly plain?: Part
  readonly html?: Part
}

export interface Parts {
  readonly text: readonly Passage[]
  readonly attachments: readonly Part[]
}

export function partsOf(structure: MessageStructureObject | undefined): Parts {
  const text: Passage[] = []
  const attachments: Part[] = []
  let seen = 0

  const leaf = (node: MessageStructureObject, shown: Shown | undefined) => {
    if ((seen += 1) > imapLimits.readPartsMax) return
    const part = partOf(node)
    const kind = textKindOf(node, part)
    if (kind === undefined || shown?.[kind] !== undefined) attachments.push(part)
    else if (shown === undefined) text.push({ [kind]: part })
    else shown[kind] = part
  }
  const walk = (node: MessageStructureObject, shown: Shown | undefined) => {
    // A message inside a message is one attachment.
    if (node.type === 'message/rfc822' || node.childNodes === undefined) leaf(node, shown)
    else if (node.type === 'multipart/alternative' && shown === undefined) {
      const passage: Shown = {}
      for (const child of node.childNodes) walk(child, passage)
      if (passage.plain !== undefined || passage.html !== undefined) text.push(passage)
    } else for (const child of node.childNodes) walk(child, shown)
  }
  if (structure !== undefined) walk(structure, undefined)
  return { text, attachments }
}

/** Tells whether a list should show a paper clip. */
export function hasAttachments(structure: MessageStructureObject | undefined): boolean {
  return partsOf(structure).attachments.some(({ inline }) => !inline)
}

interface Shown {
  plain?: Part
  html?: Part
}

function textKindOf({ disposition }: MessageStructureObject, { type, filename }: Part): 'plain' | 'html' | undefined {
  if (disposition === 'attachment' || (filename !== null && disposition !== 'inline')) return undefined
  if (type === 'text/html') return 'html'
  // A part without Content-Type is text/plain (RFC 2045 section 5.2).
  return type === 'text/plain' || type === 'text/' || type === '/' ? 'plain' : undefined
}

/** base64 takes 78 octets a line, with its CRLF, for 57 (RFC 2045 section 6.8). */
const [base64Line, base64LineHolds] = [78, 57]

function partOf(node: MessageStructureObject): Part {
  const { part = '1', type, size = 0, encoding, parameters = {}, dispositionParameters = {}, id, disposition } = node
  const subject = type === 'message/rfc822' ? node.envelope?.subject : undefined
  const filename = dispositionParameters['filename'] ?? parameters['name'] ?? (subject && `${subject}.eml`)
  return {
    part,
    type: type.toLowerCase(),
    size: encoding?.toLowerCase() === 'base64' ? Math.round((size * base64LineHolds) / base64Line) : size,
    filename: filename || null,
    inline: disposition === 'inline' || (disposition !== 'attachment' && id !== undefined && type.startsWith('image/')),
    id: id?.replace(/^<|>$/g, '') || null,
  }
}
