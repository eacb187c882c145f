/**
 * Reads a date of RFC 5322 section 3.3, its obsolete forms (section 4.3), and what programs have written in its place for forty years. What a
 * person can read is read; what is no date is undefined, and never the present time. `Date.parse` is not used: V8 reads "foo 5" as a day in May.
 *
 * A date without a zone is in UTC, as is one whose zone nobody knows. A day without a time is its midnight. Fractions of a second are not read.
 */
import { Attempt, type WantedDate } from './attempt.ts'
import { dateLimits } from './limits.ts'
import { monthOf, weekdayOf } from './names.ts'
import { type DatePiece, piecesOf } from './pieces.ts'
import { textsOf } from './text.ts'
import { readUsualDate } from './usual.ts'

/**
 * @param octets one character for each octet, as a header is read.
 * @returns milliseconds since 1970.
 */
export function readDate(octets: string): number | undefined {
  return readUsualDate(octets) ?? readOtherDate(octets)
}

/** Reads a date in whatever form it is written. */
export function readOtherDate(octets: string): number | undefined {
  return read(octets, ['clock', 'time', 'day'])
}

/** Reads the date, with its time, at the end of a text that says other things before it. */
export function readDateAtEnd(octets: string): number | undefined {
  return read(octets.trimEnd().slice(-dateLimits.endLength), ['clock'])
}

/** @param inTurn the first of them that the text holds is taken. */
function read(octets: string, inTurn: readonly WantedDate[]): number | undefined {
  for (const text of textsOf(octets)) {
    // What has no digit is no date: junk costs little.
    if (!/\d/.test(text)) continue
    const { pieces, comments } = piecesOf(text)
    const ms = inPieces(pieces, comments, inTurn)
    if (ms !== undefined) return ms
    if (!text.includes('(')) continue
    // A date may stand in a comment, or behind a parenthesis that is not closed.
    const inside = inPieces(piecesOf(text.replace(/[()]/g, ' ')).pieces, [], inTurn)
    if (inside !== undefined) return inside
  }
  return undefined
}

function inPieces(
  pieces: readonly DatePiece[],
  comments: readonly string[],
  inTurn: readonly WantedDate[],
): number | undefined {
  for (const wanted of inTurn) {
    for (const [from, piece] of pieces.entries()) {
      if (!mayBegin(piece, pieces[from - 1])) continue
      const ms = new Attempt(pieces, comments, from).read(wanted)
      if (ms !== undefined) return ms
    }
  }
  return undefined
}

/** Letters and digits that stand together are the id of something. */
function mayBegin({ kind, text, isApart }: DatePiece, before: DatePiece | undefined): boolean {
  if (!isApart && before !== undefined && before.kind !== 'sign') return false
  if (kind === 'number') return true
  return kind === 'word' && (monthOf(text) !== undefined || weekdayOf(text) !== undefined || /^[ap]m$/.test(text))
}
