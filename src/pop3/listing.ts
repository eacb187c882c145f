/** Makes the maildrop's listing from the lines of UIDL and LIST (RFC 1939 sections 5 and 7), slice by slice: there may be a million. */
import { mailLimits } from '../mail/limits.ts'
import type { Listed, MessageNumber, Octets, Uidl } from '../mail/message.ts'
import type { SessionFailed } from '../failure/session-failed.ts'
import type { Lines } from './lines.ts'

/** Makes the error for a listing that contradicts itself. */
type Broken = (expected: string, got: string) => SessionFailed

/** Reads UIDL: the ids by message number. A blank or unusable id counts as none. */
export async function uidlsOf(lines: Lines, broken: Broken): Promise<ReadonlyMap<number, Uidl | undefined>> {
  const uidls = new Map<number, Uidl | undefined>()
  for await (const slice of lines.slices()) {
    for (const line of slice) {
      const [first = '', ...rest] = words(line)
      const number = countOf(first, 'a message number in UIDL', broken)
      if (uidls.has(number)) throw broken('each message number once in UIDL', first)
      uidls.set(number, parseUidl(rest.join(' ')))
    }
  }
  return uidls
}

/**
 * Reads LIST. @param uidls undefined if the server has no UIDL. Some servers leave messages out of UIDL that LIST shows (getmail 4.7):
 * those have no id.
 */
export async function listingOf(
  lines: Lines,
  uidls: ReadonlyMap<number, Uidl | undefined> | undefined,
  broken: Broken,
): Promise<Listed[]> {
  const listed: Listed[] = []
  const numbers = new Set<number>()
  for await (const slice of lines.slices()) {
    for (const line of slice) {
      const [first = '', second = ''] = words(line)
      const number = countOf(first, 'a message number in LIST', broken)
      const size = countOf(second, 'a size in LIST', broken)
      if (number === 0 || numbers.has(number)) throw broken('each message number once in LIST', first)
      numbers.add(number)
      listed.push({ number: number as MessageNumber, uidl: uidls?.get(number), size: size as Octets })
    }
  }
  return listed
}

function countOf(text: string, expected: string, broken: Broken): number {
  if (!/^\d{1,15}$/.test(text)) throw broken(expected, text)
  return Number(text)
}

/** The words of a line: servers separate them by several spaces, and by tabs. */
export function words(line: string): string[] {
  return line.split(/[ \t]+/).filter((word) => word !== '')
}

/** Accepts up to 512 bytes of anything except controls, although RFC 1939 section 7 allows 70 of 0x21..0x7E. */
function parseUidl(text: string): Uidl | undefined {
  return text === '' || text.length > mailLimits.uidlOctetsMax || /[\x00-\x1f\x7f]/.test(text)
    ? undefined
    : (text as Uidl)
}
