/** The rows of UIDL and LIST, as node-pop3 splits them -> the maildrop's listing (RFC 1939 sections 5 and 7). Pure. */
import type { SessionFailed } from '../failure.ts'
import { limits } from '../limits.ts'
import type { Listed, MessageNumber, Octets, Uidl } from '../message.ts'

/** What a listing that contradicts itself is thrown as. */
type Broken = (expected: string, got: string) => SessionFailed

/** By message number. A blank or unusable id is no id. */
export function uidlsOf(rows: readonly string[][], broken: Broken): ReadonlyMap<number, Uidl | undefined> {
  const uidls = new Map<number, Uidl | undefined>()
  for (const row of rows) {
    const [first = '', ...rest] = words(row)
    const number = countOf(first, 'a message number in UIDL', broken)
    if (uidls.has(number)) throw broken('each message number once in UIDL', first)
    uidls.set(number, parseUidl(rest.join(' ')))
  }
  return uidls
}

/** @param uidls undefined where the server has none. */
export function listingOf(
  rows: readonly string[][],
  uidls: ReadonlyMap<number, Uidl | undefined> | undefined,
  broken: Broken,
): Listed[] {
  const listed: Listed[] = []
  const numbers = new Set<number>()
  for (const row of rows) {
    const [first = '', second = ''] = words(row)
    const number = countOf(first, 'a message number in LIST', broken)
    const size = countOf(second, 'a size in LIST', broken)
    if (number === 0 || numbers.has(number)) throw broken('each message number once in LIST', first)
    numbers.add(number)
    // A message that arrived between UIDL and LIST is left to the next run, which sees both.
    if (uidls !== undefined && !uidls.has(number)) continue
    listed.push({ number: number as MessageNumber, uidl: uidls?.get(number), size: size as Octets })
  }
  return listed
}

function countOf(text: string, expected: string, broken: Broken): number {
  if (!/^\d{1,15}$/.test(text)) throw broken(expected, text)
  return Number(text)
}

/** node-pop3 splits at single spaces; servers send several, and tabs. */
export function words(row: readonly string[]): string[] {
  return row
    .join(' ')
    .split(/[ \t]+/)
    .filter((word) => word !== '')
}

/** Up to 512 bytes of anything but controls; RFC 1939 section 7 allows 70 of 0x21..0x7E. Blank ones are no id. */
function parseUidl(text: string): Uidl | undefined {
  return text === '' || text.length > limits.uidlOctetsMax || /[\x00-\x1f\x7f]/.test(text) ? undefined : (text as Uidl)
}
