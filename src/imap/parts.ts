/** Sorts the parts of a message (RFC 2045, RFC 2046) for people: its text, as plain text or HTML or both, and its attachments. */
import type { MessageStructureObject } from 'imapflow'
import { imapLimits } from './limits.ts'
import { overridesIn } from '../printable.ts'

export interface Part {
  /** Its number in IMAP (RFC 9051 section 6.4.5). */
  readonly part: string
  /** The media type, in lower case. */
  readonly type: string
  /** The charset that it names. */
  readonly charset: string | null
  /** The transfer encoding, in lower case. */
  readonly encoding: string
  /** The size in decoded octets; this is an estimate, because the store counts encoded octets. */
  readonly size: number
  readonly filename: string | null
  /** True if the sender wants it shown in its place; usually it is an image of the HTML. */
  readonly inline: boolean
  /** Content-ID without its brackets. */
  readonly id: string | null
}

/** One piece of the text: as plain text, as HTML, or as both (multipart/alternative). Either may have several parts, with attachments between them. */
export interface Passage {
  readonly plain: readonly Part[]
  /** Plain parts stand here too if they stand among the HTML. */
  readonly html: readonly Part[]
}

export interface Parts {
  readonly text: readonly Passage[]
  readonly attachments: readonly Part[]
}

export function partsOf(structure: MessageStructureObject | undefined): Parts {
  const attachments: Part[] = []
  let seen = 0

  const leaf = (node: MessageStructureObject): Passage[] => {
    if ((seen += 1) > imapLimits.readPartsMax) return []
    const part = partOf(node)
    const kind = textKindOf(node, part)
    if (kind === 'plain') return [{ plain: [part], html: [] }]
    if (kind === 'html') return [{ plain: [], html: [part] }]
    attachments.push(part)
    return []
  }
  const walk = (node: MessageStructureObject): Passage[] => {
    // A message inside a message is one attachment.
    if (node.type === 'message/rfc822' || node.childNodes === undefined) return leaf(node)
    if (node.type !== 'multipart/alternative') return node.childNodes.flatMap(walk)
    const branches = node.childNodes.map(walk).filter((branch) => branch.length > 0)
    const html = branches.find(isHtml)
    const plain = branches.find((branch) => !isHtml(branch))
    // What says the same once more is no text; it can be downloaded.
    for (const branch of branches) if (branch !== html && branch !== plain) attachments.push(...branch.flatMap(allOf))
    return html === undefined ? (plain ?? []) : [both(plain, html)]
  }
  return { text: structure === undefined ? [] : walk(structure), attachments }
}

const isHtml = (branch: readonly Passage[]) => branch.some(({ html }) => html.length > 0)
const allOf = ({ plain, html }: Passage) => [...plain, ...html]
const shownOf = ({ plain, html }: Passage) => (html.length > 0 ? html : plain)

function both(plain: readonly Passage[] | undefined, html: readonly Passage[]): Passage {
  return { plain: (plain ?? html).flatMap((passage) => passage.plain), html: html.flatMap(shownOf) }
}

/** The charset that the text names first. */
export function charsetOf({ text }: Parts): string | null {
  return text.flatMap(allOf).find(({ charset }) => charset !== null)?.charset ?? null
}

/** The part with which the text begins: the plain one, where there are two kinds of it. */
export function firstOf({ text }: Parts): Part | null {
  return text.flatMap(allOf)[0] ?? null
}

/** Tells whether a list should show a paper clip. */
export function hasAttachments({ attachments }: Parts): boolean {
  return attachments.some(({ inline }) => !inline)
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
  const { part = '1', type, size = 0, parameters = {}, dispositionParameters = {}, id, disposition } = node
  const encoding = node.encoding?.toLowerCase() ?? ''
  const subject = type === 'message/rfc822' ? node.envelope?.subject : undefined
  const filename = dispositionParameters['filename'] ?? parameters['name'] ?? (subject && `${subject}.eml`)
  return {
    part,
    type: type.toLowerCase(),
    charset: parameters['charset'] || null,
    encoding,
    size: encoding === 'base64' ? Math.round((size * base64LineHolds) / base64Line) : size,
    filename: filename?.replace(overridesIn, '') || null,
    inline: disposition === 'inline' || (disposition !== 'attachment' && id !== undefined && type.startsWith('image/')),
    id: id?.replace(/^<|>$/g, '') || null,
  }
}
