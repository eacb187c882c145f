/**
 * Makes the maildrop's listing from the lines of UIDL and LIST (RFC 1939 sections 5 and 7), slice by slice: there may be a million. One odd
 * line costs what it should have told, and nothing else: sizes are hints, and a message without an id is known by its header or bytes.
 */
import { limits } from '../limits.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { SessionFailed } from '../failure/session-failed.ts'
import { breathe } from '../slices.ts'
import { lineOf, type Lines } from './lines.ts'
import { PackedListing } from './packed-listing.ts'
import { Sizes } from './sizes.ts'
import { trimmed } from './status-line.ts'
import { Uidls } from './uidls.ts'

/** Makes the error for a listing of which nothing can be read. */
type Broken = (expected: string, got: string) => SessionFailed

/** Reads UIDL. The lines are gone then: they would be held twice. */
export async function scanUidls(lines: Lines): Promise<Uidls> {
  const uidls = new Uidls(lines.length, lines.octets)
  await scan(lines, {
    take: (number, piece, from, to) => uidls.take(number, piece, from, to),
    read: (number, rest) => uidls.read(number, rest),
    odd: () => (uidls.odd += 1),
  })
  return uidls
}

/** Reads LIST. The lines are gone then. */
export async function scanSizes(lines: Lines): Promise<Sizes> {
  const sizes = new Sizes(lines.length)
  await scan(lines, {
    take: (number, piece, from, to) => sizes.take(number, piece, from, to),
    read: (number, rest, line) => sizes.read(number, rest, line),
    odd: (line) => {
      sizes.odd += 1
      sizes.oddLine = line
    },
  })
  return sizes
}

interface Reader {
  /** Takes the octets behind a number and one space. False: they are not as they usually are, or the number is not. */
  take(number: number, piece: Buffer, from: number, to: number): boolean
  /** Takes the words of a line behind its number. */
  read(number: number, rest: readonly string[], line: string): void
  /** Takes a line that names no message. */
  odd(line: string): void
}

const [LF, CR, SPACE, digit0, digit9] = [10, 13, 0x20, 0x30, 0x39]
const usualDigitsMax = 9

async function scan(lines: Lines, reader: Reader): Promise<void> {
  let isHead = true
  let seen = 0
  for await (const piece of lines.drained()) {
    for (let at = 0; at < piece.length; ) {
      if ((seen += 1) % limits.sliceValues === 0) await breathe()
      const lf = piece.indexOf(LF, at)
      const next = lf === -1 ? piece.length : lf + 1
      const end = lf > at && piece[lf - 1] === CR ? lf - 1 : next - 1
      // Most lines are a number from 1 on, one space, and one word. They are taken as octets.
      let number = 0
      let to = at
      for (let octet = piece[to] ?? 0; octet >= digit0 && octet <= digit9; octet = piece[(to += 1)] ?? 0)
        number = number * 10 + octet - digit0
      const isUsual = to > at && to - at <= usualDigitsMax && piece[at] !== digit0 && piece[to] === SPACE
      if (isUsual && reader.take(number, piece, to + 1, end)) isHead = false
      else isHead = readOddly(lineOf(piece, at, next), reader, isHead)
      at = next
    }
  }
}

/** Reads a line word by word. @returns whether what says +OK is still the head of the listing: some servers say it twice. */
function readOddly(line: string, reader: Reader, isHead: boolean): boolean {
  const [first, ...rest] = words(line)
  if (first === undefined) return isHead
  if (isHead && /^\+OK$/i.test(first)) return true
  // `0 0` says that there is nothing.
  if (/^0+$/.test(first) && /^0*$/.test(rest.join(''))) return false
  if (/^0*[1-9]\d{0,9}$/.test(first)) reader.read(Number(first), rest, line)
  else reader.odd(line)
  return false
}

/** The listing, and whether it may leave out messages that the maildrop has. */
interface MadeListing {
  readonly listed: MaildropListing
  readonly leavesOut: boolean
}

export interface AskedListing extends MadeListing {
  /** The hash of the answers; undefined if they are not all that the listing was made of. */
  readonly answers: string | undefined
}

/**
 * LIST says which messages there are. Where some of its lines name none, UIDL tells which these are.
 *
 * @param uidls undefined if the server has no UIDL. Some servers leave messages out of UIDL that LIST shows (getmail 4.7): those have no id.
 */
export async function listingOf(sizes: Sizes, uidls: Uidls | undefined, broken: Broken): Promise<MadeListing> {
  if (sizes.odd + sizes.repeated === 0 && sizes.numbers.length > 0 && uidls?.numbers.isLike(sizes.numbers) !== false)
    return { listed: new PackedListing(sizes, uidls, sizes.numbers.length), leavesOut: false }
  const lines = Math.max(linesOf(sizes), uidls === undefined ? 0 : linesOf(uidls))
  const most = sizes.numbers.length + (uidls?.numbers.length ?? 0)
  const placesOf = { sizes: new Int32Array(most).fill(none), uidls: new Int32Array(most).fill(none) }
  let unnamed = sizes.odd
  let length = 0
  for (let place = 0; place < sizes.numbers.length; place += 1) {
    if (place % limits.sliceValues === 0) await breathe()
    const number = sizes.numbers.at(place)
    const named = uidls?.numbers.placeOf(number)
    // There are not that many messages, and UIDL does not know it: the number is wrong.
    if (uidls !== undefined && number > lines && named === undefined) {
      unnamed += 1
      continue
    }
    placesOf.sizes[length] = place
    placesOf.uidls[length] = named ?? none
    length += 1
  }
  // No maildrop shrinks during a session (RFC 1939 section 3): a LIST without a line beside ids is a server's fault.
  if (uidls !== undefined && (unnamed + sizes.repeated > 0 || linesOf(sizes) === 0)) {
    for (let place = 0; place < uidls.numbers.length; place += 1) {
      if (place % limits.sliceValues === 0) await breathe()
      if (sizes.numbers.placeOf(uidls.numbers.at(place)) !== undefined) continue
      placesOf.uidls[length] = place
      length += 1
      unnamed -= 1
    }
  }
  if (length === 0 && unnamed > 0) throw broken('a message number in LIST', sizes.oddLine)
  return { listed: new PackedListing(sizes, uidls, length, placesOf), leavesOut: unnamed > 0 }
}

const none = -1

function linesOf({ numbers, odd, repeated }: Pick<Sizes, 'numbers' | 'odd' | 'repeated'>): number {
  return numbers.length + odd + repeated
}

/** The words of a line: servers separate them by several spaces, and by tabs. */
export function words(line: string): string[] {
  return trimmed(line)
    .split(/[ \t]+/)
    .filter((word) => word !== '')
}
