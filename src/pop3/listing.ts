/**
 * Makes the maildrop's listing from the lines of UIDL and LIST (RFC 1939 sections 5 and 7), slice by slice: there may be a million. One odd
 * line costs what it should have told, and nothing else: sizes are hints, and a message without an id is known by its header or bytes.
 */
import { limits } from '../limits.ts'
import { mailLimits } from '../mail/limits.ts'
import type { Listed, MessageNumber, Octets, Uidl } from '../mail/message.ts'
import type { SessionFailed } from '../failure/session-failed.ts'
import { pop3Limits } from './limits.ts'
import { breathe } from '../slices.ts'
import type { Lines } from './lines.ts'
import { trimmed } from './status-line.ts'

/** Makes the error for a listing of which nothing can be read. */
type Broken = (expected: string, got: string) => SessionFailed

/** What the lines of a listing tell, by message number. A size that cannot be read is told as its words. */
export interface Scan<T> {
  readonly told: ReadonlyMap<number, T>
  /** The number of lines that name no message. */
  readonly odd: number
  /** The number of lines that name one that was named before. */
  readonly repeated: number
  /** One of them all. */
  readonly oddLine: string
}

/** Reads UIDL. A blank or unusable id counts as none, and so do two different ones. */
export async function scanUidls(lines: Lines): Promise<Scan<Uidl | undefined>> {
  return await scan(lines, (rest) => parseUidl(rest.join(' ')), undefined)
}

/** Reads LIST. A number that is no message's size counts as its words. */
export async function scanSizes(lines: Lines): Promise<Scan<number | string>> {
  const sizeOf = ([word = '']: readonly string[]) =>
    /^\d{1,15}$/.test(word) && Number(word) <= pop3Limits.listedOctetsMax ? Number(word) : word
  return await scan(lines, sizeOf, '')
}

async function scan<T>(lines: Lines, read: (rest: readonly string[]) => T, contradicted: T): Promise<Scan<T>> {
  const told = new Map<number, T>()
  let odd = 0
  let repeated = 0
  let oddLine = ''
  let isHead = true
  for await (const slice of lines.slices()) {
    for (const line of slice) {
      const [first, ...rest] = words(line)
      if (first === undefined) continue
      // Some servers say +OK twice.
      isHead &&= /^\+OK$/i.test(first)
      // `0 0` says that there is nothing.
      if (isHead || (/^0+$/.test(first) && /^0*$/.test(rest.join('')))) continue
      const number = /^0*[1-9]\d{0,9}$/.test(first) ? Number(first) : undefined
      if (number === undefined) odd += 1
      else if (!told.has(number)) {
        told.set(number, read(rest))
        continue
      } else {
        repeated += 1
        if (told.get(number) !== read(rest)) told.set(number, contradicted)
      }
      oddLine = line
    }
  }
  return { told, odd, repeated, oddLine }
}

/** The listing, and whether it may leave out messages that the maildrop has. */
interface MaildropListing {
  readonly listed: Listed[]
  readonly leavesOut: boolean
}

export interface AskedListing extends MaildropListing {
  /** The hash of the answers; undefined if they are not all that the listing was made of. */
  readonly answers: string | undefined
}

/**
 * LIST says which messages there are. Where some of its lines name none, UIDL tells which these are.
 *
 * @param uidls undefined if the server has no UIDL. Some servers leave messages out of UIDL that LIST shows (getmail 4.7): those have no id.
 */
export async function listingOf(
  sizes: Scan<number | string>,
  uidls: Scan<Uidl | undefined> | undefined,
  broken: Broken,
): Promise<MaildropListing> {
  const listed: Listed[] = []
  const names = uidls?.told
  const lines = Math.max(linesOf(sizes), uidls === undefined ? 0 : linesOf(uidls))
  let unnamed = sizes.odd
  let seen = 0
  for (const [number, size] of sizes.told) {
    if ((seen += 1) % limits.sliceValues === 0) await breathe()
    // There are not that many messages, and UIDL does not know it: the number is wrong.
    if (names !== undefined && number > lines && !names.has(number)) unnamed += 1
    else listed.push(listedAs(number, names?.get(number), size))
  }
  // No maildrop shrinks during a session (RFC 1939 section 3): a LIST without a line beside ids is a server's fault.
  if (names !== undefined && (unnamed + sizes.repeated > 0 || linesOf(sizes) === 0)) {
    for (const [number, uidl] of names) {
      if ((seen += 1) % limits.sliceValues === 0) await breathe()
      if (sizes.told.has(number)) continue
      listed.push(listedAs(number, uidl, ''))
      unnamed -= 1
    }
  }
  if (listed.length === 0 && unnamed > 0) throw broken('a message number in LIST', sizes.oddLine)
  return { listed, leavesOut: unnamed > 0 }
}

function linesOf({ told, odd, repeated }: Scan<unknown>): number {
  return told.size + odd + repeated
}

function listedAs(number: number, uidl: Uidl | undefined, size: number | string): Listed {
  const message = { number: number as MessageNumber, uidl }
  return typeof size === 'number'
    ? { ...message, size: size as Octets }
    : { ...message, size: 0 as Octets, unsized: size }
}

/** The words of a line: servers separate them by several spaces, and by tabs. */
export function words(line: string): string[] {
  return trimmed(line)
    .split(/[ \t]+/)
    .filter((word) => word !== '')
}

/** Accepts up to 512 bytes of anything except controls, although RFC 1939 section 7 allows 70 of 0x21..0x7E. */
function parseUidl(text: string): Uidl | undefined {
  return text === '' || text.length > mailLimits.uidlOctetsMax || /[\x00-\x1f\x7f]/.test(text)
    ? undefined
    : (text as Uidl)
}
