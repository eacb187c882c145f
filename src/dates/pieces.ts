/** Cuts a text into numbers, words and signs, in one pass. White space, invisible characters and comments (RFC 5322 section 3.2.2) part them. */
import { dateLimits } from './limits.ts'

export interface DatePiece {
  readonly kind: 'number' | 'word' | 'sign'
  /** A word is in lower case and has no accents. */
  readonly text: string
  /** Whether white space or a comment stands before it. */
  readonly isApart: boolean
  /** The place in the text. */
  readonly from: number
}

export interface Pieces {
  readonly pieces: readonly DatePiece[]
  readonly comments: readonly string[]
}

/** No alternative begins like another one, and each is one run: the time is linear. */
const run = /[\s\p{Cf}\p{Cc}]+|\d+|[\p{L}\p{M}]+|[^]/uy
const isSpace = /^[\s\p{Cf}\p{Cc}]/u

export function piecesOf(text: string): Pieces {
  const pieces: DatePiece[] = []
  const comments: string[] = []
  let isApart = false
  for (let at = 0; at < text.length && pieces.length < dateLimits.piecesMax; ) {
    if (text[at] === '(') {
      const end = endOfComment(text, at)
      const comment = text.slice(at + 1, end === undefined ? end : end - 1)
      if (comments.length < dateLimits.commentsMax && comment.length <= dateLimits.commentLengthMax)
        comments.push(comment)
      isApart = true
      at = end ?? text.length
      continue
    }
    run.lastIndex = at
    const [found = ''] = run.exec(text) ?? []
    const from = at
    at += found.length
    if (isSpace.test(found) || found === ')') isApart = true
    else {
      pieces.push({ ...pieceOf(found), isApart, from })
      isApart = false
    }
  }
  return { pieces, comments }
}

/** The place behind a comment, which may hold others; undefined where it is not closed. */
export function endOfComment(text: string, from: number): number | undefined {
  const marks = /[()\\]/g
  marks.lastIndex = from
  let depth = 0
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '\\') marks.lastIndex += 1
    else depth += mark[0] === '(' ? 1 : -1
    if (depth === 0) return mark.index + 1
  }
  return undefined
}

function pieceOf(text: string): Pick<DatePiece, 'kind' | 'text'> {
  if (/^\d/.test(text)) return { kind: 'number', text }
  if (/^[\p{L}\p{M}]/u.test(text)) return { kind: 'word', text: folded(text) }
  // Typographic and full-width signs mean the plain ones.
  return { kind: 'sign', text: plainSigns[text] ?? text }
}

const plainSigns: Readonly<Record<string, string>> = {
  '\u2212': '-',
  '\u2013': '-',
  '\u2010': '-',
  '\u2011': '-',
  '\uff1a': ':',
  '\uff0c': ',',
}

/** Letters that are more than a letter with an accent. */
const otherLetters: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', đ: 'd', ß: 'ss', æ: 'ae', ı: 'i' }

/** A word without case and accents: "März", "MÄRZ" and "marz" are one. */
export function folded(word: string): string {
  if (/^[a-z]*$/.test(word)) return word
  return word
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[łøđßæı]/g, (letter) => otherLetters[letter] ?? letter)
}
