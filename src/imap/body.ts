/** Reads the text of a message, decoded and up to a limit. The HTML is returned unchanged: it is not made harmless here. */
import type { DownloadOptions } from 'imapflow'
import { contentIdOf, htmlOfText, type Pages } from '../mail/html.ts'
import { imapLimits } from './limits.ts'
import { decoded } from './charset.ts'
import type { Part, Parts } from './parts.ts'
import { answered, type Reader } from './reading.ts'

export interface Body {
  /** Null if no part of it is plain text. */
  readonly text: string | null
  /** Null if no part of it is HTML. Otherwise a part that is plain text alone is one of the pages as well. */
  readonly html: Pages | null
  /** The Content-IDs of what the HTML shows in its place. */
  readonly named: ReadonlySet<string>
  /** True if the message has more text than this. */
  readonly truncated: boolean
}

/**
 * Reads the text of a message in the open folder.
 *
 * @param images tells whether to read the images that the message brings and its HTML names.
 */
export async function bodyOf(
  reader: Reader,
  uid: number,
  parts: Parts,
  { images: withImages }: { readonly images: boolean },
): Promise<Body> {
  const hasHtml = parts.text.some(({ html }) => html.length > 0)
  const [texts, pages]: [string[], string[]] = [[], []]
  const room: Record<'plain' | 'html', number> = {
    plain: imapLimits.readTextOctetsMax,
    html: imapLimits.readTextOctetsMax,
  }
  let truncated = false
  let asked = 0
  /** A part that belongs to both kinds is read once. */
  const known = new Map<string, string>()
  const read = async (kind: 'plain' | 'html', part: Part): Promise<string | undefined> => {
    const before = known.get(part.part)
    if (before !== undefined) return before
    if ((asked += 1) > imapLimits.readPassagesMax) {
      truncated = true
      return undefined
    }
    const { octets, charset } = await collected(reader, uid, part, { maxBytes: room[kind] + 1 })
    truncated ||= octets.length > room[kind]
    const piece = octets.subarray(0, room[kind])
    room[kind] -= piece.length
    const text = charset === 'utf-8' ? piece.toString() : decoded(piece, part.type)
    known.set(part.part, text)
    return text
  }
  for (const passage of parts.text) {
    for (const part of passage.plain) {
      const plain = await read('plain', part)
      if (plain !== undefined) texts.push(plain)
    }
    if (!hasHtml) continue
    for (const part of passage.html.length > 0 ? passage.html : passage.plain) {
      const isPage = part.type === 'text/html'
      const page = await read(isPage ? 'html' : 'plain', part)
      if (page !== undefined) pages.push(isPage ? page : htmlOfText(page))
    }
  }
  const named = namedIn(pages)
  const images = withImages ? await imagesOf(reader, uid, parts.attachments, named) : new Map<string, string>()
  return {
    text: texts.length > 0 ? texts.join('\n\n') : null,
    html: hasHtml ? { pages, images } : null,
    named,
    truncated,
  }
}

const imageType = /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/

/** Reads the images that the HTML names by Content-ID (RFC 2392), in the order of the HTML, up to the limit. */
async function imagesOf(
  reader: Reader,
  uid: number,
  attachments: readonly Part[],
  named: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const images = new Map<string, string>()
  let room: number = imapLimits.readImagesOctetsMax
  for (const part of attachments) {
    const { id, type } = part
    if (id === null || !imageType.test(type) || images.has(id)) continue
    if (!named.has(id)) continue
    if (part.size > room) continue
    const octets = await octetsOf(reader, uid, part, room + 1)
    if (octets.length > room) continue
    room -= octets.length
    images.set(id, `data:${type};base64,${octets.toString('base64')}`)
  }
  return images
}

/** The Content-IDs that stand in `cid:` addresses. Each page is read once, however many parts there are. */
function namedIn(pages: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>()
  for (const page of pages) for (const [address] of page.matchAll(cidAddress)) named.add(contentIdOf(address))
  return named
}

const cidAddress = /\bcid:[^\s"'()<>]+/gi

/** Reads the text of a part, up to so many octets. */
export async function partText(reader: Reader, uid: number, part: Part, octetsMax: number): Promise<string> {
  const { octets, charset } = await collected(reader, uid, part, { maxBytes: octetsMax })
  return charset === 'utf-8' ? octets.toString() : decoded(octets, part.type)
}

async function octetsOf(reader: Reader, uid: number, part: Part, octetsMax: number): Promise<Buffer> {
  return (await collected(reader, uid, part, { maxBytes: octetsMax, decodeText: false })).octets
}

/** Reads a part. imapflow undoes its transfer encoding, format=flowed (RFC 3676), and a charset that it knows. */
async function collected(reader: Reader, uid: number, { part }: Part, options: DownloadOptions) {
  const download = async () => {
    const all = { uid: true, chunkSize: imapLimits.readPieceOctets, ...options }
    const { meta, content } = await reader.client.download(String(uid), part, all)
    const chunks: Buffer[] = []
    if (content !== undefined) for await (const chunk of content) chunks.push(chunk as Buffer)
    return { octets: Buffer.concat(chunks), charset: meta?.charset }
  }
  return await answered(reader, 'FETCH', download())
}
