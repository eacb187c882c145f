/**
 * Works on all the octets of a message: its line ends, and its digest. A message may have 150 MB, so the event loop has its turn after
 * every slice.
 */
import { createHash, type Hash } from 'node:crypto'
import { fieldsOf, type HeaderField, headerOf, shortened, shortHash } from './header.ts'
import type { ShortHash } from './message.ts'
import { limits } from '../limits.ts'
import { inOctetSlices } from '../slices.ts'

const LF = 10
const CR = 13

/**
 * Identifies a message by all its bytes; its line ends are CRLF already. The provider's notes in its header do not count, and neither do
 * line ends at the very end: qmail-pop3d adds an empty line to every message, and other servers add a final CRLF.
 *
 * @param fields the fields of its header, if they are known already.
 */
export function messageDigest(message: Buffer, fields = headOf(message)): ShortHash | Promise<ShortHash> {
  const notes = notesOf(fields)
  let end = lengthWithoutLineEnds(message, message.length)
  for (const { from, to } of notes.toReversed())
    if (to >= end) end = lengthWithoutLineEnds(message, Math.min(from, end))
  if (notes.length === 0 && end <= limits.sliceOctets) return shortHash(message.subarray(0, end))
  return digestWithout(notes, message, end)
}

async function digestWithout(notes: readonly HeaderField[], message: Buffer, end: number): Promise<ShortHash> {
  const hash = createHash('sha256')
  let behind = 0
  for (const { from, to } of [...notes, { from: end, to: end }]) {
    const counts = message.subarray(behind, Math.max(behind, Math.min(from, end)))
    await inOctetSlices(counts.length, (begin, stop) => hash.update(counts.subarray(begin, stop)))
    behind = to
  }
  return shortened(hash.digest())
}

/** Makes the same digest of a message that comes in pieces. Only the first few pieces are held. */
export async function digestOfPieces(pieces: AsyncIterable<Buffer>): Promise<ShortHash> {
  const hash = createHash('sha256')
  /** The state of the hash before the line ends that may be the last ones: they may be all 150 MB of a message. */
  let beforeLineEnds: Hash | undefined
  for await (const piece of withoutNotes(pieces)) {
    const end = lengthWithoutLineEnds(piece, piece.length)
    if (end > 0) {
      hash.update(piece.subarray(0, end))
      beforeLineEnds = undefined
    }
    if (end < piece.length) {
      beforeLineEnds ??= hash.copy()
      hash.update(piece.subarray(end))
    }
  }
  return shortened((beforeLineEnds ?? hash).digest())
}

async function* withoutNotes(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const first: Buffer[] = []
  let octets = 0
  for await (const piece of pieces) {
    if (octets >= limits.sliceOctets) {
      yield piece
      continue
    }
    first.push(piece)
    octets += piece.length
    if (octets >= limits.sliceOctets) yield* counting(Buffer.concat(first.splice(0)))
  }
  yield* counting(Buffer.concat(first))
}

function* counting(beginning: Buffer): Generator<Buffer> {
  let behind = 0
  for (const { from, to } of notesOf(headOf(beginning))) {
    yield beginning.subarray(behind, from)
    behind = to
  }
  yield beginning.subarray(behind)
}

/** Nobody sends a header that is longer than a slice. A field beyond that always counts, so that every reader gets the same digest. */
function headOf(message: Buffer): HeaderField[] {
  return fieldsOf(headerOf(message.subarray(0, limits.sliceOctets)))
}

function notesOf(fields: readonly HeaderField[]): HeaderField[] {
  return fields.filter(({ isNote, to }) => isNote && to < limits.sliceOctets)
}

/** The length of the octets without the line ends at their end. */
function lengthWithoutLineEnds(octets: Buffer, length: number): number {
  let end = length
  while (end > 0 && (octets[end - 1] === LF || octets[end - 1] === CR)) end -= 1
  return end
}

/**
 * Converts the bytes to the form that an IMAP store takes: every bare LF becomes CRLF, and a final CRLF is added if there is none (CONTRACT
 * section 7). An empty message stays empty, and a bare CR stays. The answer is the same buffer if nothing has to change.
 */
export function toCrlf(message: Buffer): Buffer | Promise<Buffer> {
  // Most messages are one slice with nothing to change.
  const isRight = message.length <= limits.sliceOctets && message.at(-1) === LF && !hasBareLineFeed(message)
  return isRight ? message : converted(message)
}

async function converted(message: Buffer): Promise<Buffer> {
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

function hasBareLineFeed(message: Buffer): boolean {
  for (let at = message.indexOf(LF); at !== -1; at = message.indexOf(LF, at + 1)) {
    if (message[at - 1] !== CR) return true
  }
  return false
}

function bareLineFeeds(message: Buffer, from: number, to: number): number[] {
  const bare: number[] = []
  // Nothing beyond `to` is searched: a message may be one line.
  const slice = message.subarray(from, to)
  for (let at = slice.indexOf(LF); at !== -1; at = slice.indexOf(LF, at + 1)) {
    if (from + at === 0 || message[from + at - 1] !== CR) bare.push(from + at)
  }
  return bare
}
