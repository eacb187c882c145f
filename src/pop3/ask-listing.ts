/**
 * Asks a server for its listing: UIDL, then LIST, and STAT where LIST is refused. node-pop3 is not used, because it splits a maildrop of
 * 100,000 at once. LIST follows the answer to UIDL: a server that announces PIPELINING and drops pipelined commands would be silent here
 * for minutes, and not at a window.
 */
import { createHash } from 'node:crypto'
import { meaningOf } from '../failure/meaning.ts'
import type { SessionFailed } from '../failure/session-failed.ts'
import { Lines } from './lines.ts'
import { type AskedListing, listingOf, scanSizes, scanUidls } from './listing.ts'
import { isLimit } from './replies.ts'
import type { Reply } from './reply.ts'

/** The parts of its session that a listing uses. */
export interface ListingLine {
  /** Asks for all lines of UIDL or LIST. */
  all(verb: 'UIDL' | 'LIST'): Promise<Reply>
  stat(): Promise<Reply>
  /** Ends the session for a refusal of these words. */
  refused(text: string, verb: 'UIDL' | 'LIST'): SessionFailed
  broken(expected: string, got: string): SessionFailed
}

export async function askListing(line: ListingLine): Promise<AskedListing> {
  const [ids, lines] = await askBoth(line)
  const answers = ids === undefined ? undefined : answersHash(ids, lines)
  const sizes = await scanSizes(lines)
  let uidls = ids && (await scanUidls(ids))
  // Mail came in between, and may have changed all numbers (getmail 4.23): the new answer matches LIST.
  const isOld = uidls !== undefined && sizes.numbers.length > uidls.numbers.length
  if (isOld) {
    const again = await askUidls(line)
    uidls = again && (await scanUidls(again))
  }
  const listing = await listingOf(sizes, uidls, (expected, got) => line.broken(expected, got))
  return { ...listing, answers: isOld ? undefined : answers }
}

/** The hash of the answers to UIDL and LIST: where it is the same, so is everything that can be read in them. 132 bits. */
export function answersHash(uidls: Lines, sizes: Lines): string {
  const hash = createHash('sha256')
  uidls.hashInto(hash)
  // No line of a listing is a dot alone.
  hash.update('.\r\n')
  sizes.hashInto(hash)
  return hash.digest('base64url').slice(0, 22)
}

/** The lines of UIDL and of LIST. UIDL is undefined if the server does not have it. */
async function askBoth(line: ListingLine): Promise<[Lines | undefined, Lines]> {
  const uidls = await askUidls(line)
  const sizes = await line.all('LIST')
  if (sizes.shape === 'listing') return [uidls, sizes.lines]
  if (meaningOf(sizes.text) === undefined) {
    // LIST does not work here, or not today: UIDL names the messages.
    if (uidls !== undefined && uidls.length > 0) return [uidls, new Lines()]
    // Some servers refuse to list a maildrop that is empty; fetchmail asks STAT first, and nothing more then.
    if (await saysEmpty(line)) return [undefined, new Lines()]
  }
  throw line.refused(sizes.text, 'LIST')
}

async function saysEmpty(line: ListingLine): Promise<boolean> {
  const reply = await line.stat()
  return reply.shape === 'status' && /^0+\b/.test(reply.text)
}

async function askUidls(line: ListingLine): Promise<Lines | undefined> {
  const reply = await line.all('UIDL')
  // A server that has had enough of us does have UIDL. Any other refusal may be all that it ever says.
  if (reply.shape === 'refused' && isLimit(reply.text)) throw line.refused(reply.text, 'UIDL')
  return reply.shape === 'listing' ? reply.lines : undefined
}
