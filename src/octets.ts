/**
 * All the octets of a message: their line ends, and their digest. A message may have 150 MB: after every slice the event loop
 * has its turn.
 */
import { createHash } from 'node:crypto'
import { shortened, shortHash } from './header.ts'
import type { ShortHash } from './ledger.ts'
import { limits } from './limits.ts'
import { inOctetSlices } from './slices.ts'

const LF = 10
const CR = 13

/**
 * Who a message is, by all its bytes, line ends already CRLF. Line ends at the very end do not count: qmail-pop3d adds an
 * empty line to every message, other servers a final CRLF.
 */
export async function digestOf(message: Buffer): Promise<ShortHash> {
  let end = message.length
  while (end > 0 && (message[end - 1] === LF || message[end - 1] === CR)) end -= 1
  if (end <= limits.sliceOctets) return shortHash(message.subarray(0, end))
  const hash = createHash('sha256')
  await inOctetSlices(end, (from, to) => hash.update(message.subarray(from, to)))
  return shortened(hash.digest())
}

/** The same of a message that comes in pieces. */
export async function digestOfPieces(pieces: AsyncIterable<Buffer>): Promise<ShortHash> {
  const hash = createHash('sha256')
  /** Line ends that may be the very last ones. */
  const held: Buffer[] = []
  for await (const piece of pieces) {
    let end = piece.length
    while (end > 0 && (piece[end - 1] === LF || piece[end - 1] === CR)) end -= 1
    if (end > 0) {
      for (const ends of held.splice(0)) hash.update(ends)
      hash.update(piece.subarray(0, end))
    }
    if (end < piece.length) held.push(piece.subarray(end))
  }
  return shortened(hash.digest())
}

/**
 * The bytes as an IMAP store takes them: every bare LF made CRLF, a final CRLF added where none is, an empty message left
 * empty (CONTRACT section 7). Bare CR stays. Returns the same buffer where there is nothing to do.
 */
export async function toCrlf(message: Buffer): Promise<Buffer> {
  let bare = 0
  await inOctetSlices(message.length, (from, to) => {
    bare += bareLineFeeds(message, from, to).length
  })
  const open = message.length > 0 && message[message.length - 1] !== LF
  if (bare === 0 && !open) return message
  const whole = Buffer.allocUnsafe(message.length + bare + (open ? 2 : 0))
  let written = 0
  let copied = 0
  await inOctetSlices(message.length, (from, to) => {
    for (const at of bareLineFeeds(message, from, to)) {
      written += message.copy(whole, written, copied, at)
      whole[written] = CR
      written += 1
      copied = at
    }
    written += message.copy(whole, written, copied, to)
    copied = to
  })
  if (open) whole.write('\r\n', written, 'latin1')
  return whole
}

function bareLineFeeds(message: Buffer, from: number, to: number): number[] {
  const bare: number[] = []
  // Not beyond `to`: a message may be one line.
  const slice = message.subarray(from, to)
  for (let at = slice.indexOf(LF); at !== -1; at = slice.indexOf(LF, at + 1)) {
    if (from + at === 0 || message[from + at - 1] !== CR) bare.push(from + at)
  }
  return bare
}
