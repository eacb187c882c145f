/** Cuts a text into numbers, words and signs, in one pass. White space, invisible characters and comments (RFC 5322 section 3.2.2) part them. */
import { dateLimits } from './limits.ts'

export interface DatePiece {
  readonly kind: 'number' | 'word' | 'sign'
  /** A word is in lower case and has no accents. */
  readonly text: string
  /** Whether white space or a comment stands before it. */
  readonly isApart: boolean
}

export interface Pieces {
  readonly pieces: readonly DatePiece[]
  readonly comments: readonly string[]
}

type Kind = DatePiece['kind'] | 'space'

const asciiKinds = Array.from({ length: 128 }, (_, code): Kind => kindOf(String.fromCharCode(code)))

function kindOf(char: string): Kind {
  if (/^[\s\p{Cf}\p{Cc}]/u.test(char)) return 'space'
  if (/^\d/.test(char)) return 'number'
  return /^[\p{L}\p{M}]/u.test(char) ? 'word' : 'sign'
}

function kindAt(text: string, at: number): Kind {
  return asciiKinds[text.charCodeAt(at)] ?? kindOf(text.charAt(at))
}

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
    const kind = text[at] === ')' ? 'space' : kindAt(text, at)
    const from = at
    at += 1
    if (kind !== 'sign') while (at < text.length && kindAt(text, at) === kind) at += 1
    if (kind === 'space') isApart = true
    else {
      pieces.push({ kind, text: meant(kind, text.slice(from, at)), isApart })
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

function meant(kind: DatePiece['kind'], text: string): string {
  if (kind === 'word') return folded(text)
  return kind === 'sign' ? (plainSigns[text] ?? text) : text
}

/** Typographic and full-width signs mean the plain ones. */
const plainSigns: Readonly<Record<string, string>> = {
  '\u2212': '-',
  '\u2013': '-',
  '\u2014': '-',
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
