/** One attempt to read a date from one place of a text on: it takes piece after piece, until it has a date, or meets what is in no date. */
import { type Day, dayInMonth, dayOfNumbers, type Half, msOf, timeOf } from './calendar.ts'
import { monthOf, weekdayOf } from './names.ts'
import type { DatePiece } from './pieces.ts'
import { zoneAt } from './zone-at.ts'
import { isAmerican, utc, type Zone, zoneOfComment, zoneOfDigits } from './zones.ts'

/** Words that stand in dates and tell nothing. */
const fillers = new Set(
  'date sent on at of the de del di den der dne le la el am um kl kell ore h uhr hrs hours st nd rd th er o m s t d r date and et y il dia d g gada a as las alle klo godz ob om pukul saat v min sec г года р року в'.split(
    ' ',
  ),
)
/** Signs that part the pieces of a date, or stand around it. */
const parting = new Set('. , : ; / - " \' ` < > [ ] | * _ @ ’ ´ ׳'.split(' '))
const halves: Readonly<Record<string, Half>> = {
  am: 'am',
  pm: 'pm',
  vorm: 'am',
  nachm: 'pm',
  fm: 'am',
  em: 'pm',
  πμ: 'am',
  μμ: 'pm',
  ص: 'am',
  م: 'pm',
}

/** What a text must hold: a day with a time that signs part; with a time of any form ("1700"); or a day alone, which is its midnight. */
export type WantedDate = 'clock' | 'time' | 'day'

type Outcome = 'next' | 'over' | 'wrong'

export class Attempt {
  readonly #pieces: readonly DatePiece[]
  readonly #comments: readonly string[]
  #at: number
  #wanted: WantedDate = 'clock'
  /** Numbers that stand alone: day and year, or all three. */
  readonly #numbers: string[] = []
  #day: { readonly parts: readonly [string, string, string]; readonly sign: string } | undefined
  #month: { readonly month: number; readonly isWeekday: boolean } | undefined
  #weekday: number | undefined
  #time: readonly string[] | undefined
  #half: Half | undefined
  #zone: Zone | undefined
  #zoneWord = ''
  #hasDigitsZone = false
  /** The place behind time, half of the day and zone: a zone stands there. */
  #behindTime = -1

  constructor(pieces: readonly DatePiece[], comments: readonly string[], from: number) {
    this.#pieces = pieces
    this.#comments = comments
    this.#at = from
  }

  read(wanted: WantedDate): number | undefined {
    this.#wanted = wanted
    for (let piece = this.#piece(); piece !== undefined; piece = this.#piece()) {
      const outcome = this.#take(piece)
      if (outcome === 'wrong' && !this.#isComplete) return undefined
      if (outcome !== 'next') break
    }
    return this.#answer()
  }

  #piece(ahead = 0): DatePiece | undefined {
    return this.#pieces[this.#at + ahead]
  }

  get #isComplete(): boolean {
    const hasDay = this.#day !== undefined || this.#numbers.length === (this.#month === undefined ? 3 : 2)
    return this.#time !== undefined && hasDay
  }

  #take(piece: DatePiece): Outcome {
    if (piece.kind === 'number') return this.#number(piece)
    if (piece.kind === 'word') return this.#word(piece)
    const next = this.#piece(1)
    if (/^[+-]$/.test(piece.text) && next?.kind === 'number' && this.#isZoneSign(piece))
      return this.#digitsZone(piece.text, 1)
    this.#at += 1
    // The sign of a program that knows no zone: "10:00:00 +" and nothing.
    return parting.has(piece.text) || (piece.text === '+' && this.#time !== undefined) ? 'next' : 'wrong'
  }

  /** A minus may also part the numbers of a date. */
  #isZoneSign({ text, isApart }: DatePiece): boolean {
    if (this.#hasDigitsZone) return false
    if (text === '+') return true
    return this.#time !== undefined && (isApart || this.#behindTime === this.#at || this.#isComplete)
  }

  /** @param ahead how far ahead of the place the digits stand. */
  #digitsZone(sign: string, ahead: number): Outcome {
    const digits = this.#piece(ahead)?.text ?? ''
    const colon = this.#piece(ahead + 1)
    const minutes = this.#piece(ahead + 2)
    const isParted = /^[:.]$/.test(colon?.text ?? '') && colon?.isApart === false
    const hasMinutes =
      isParted && minutes?.kind === 'number' && !minutes.isApart && minutes.text.length === 2 && digits.length <= 2
    const zone = zoneOfDigits(sign, digits, hasMinutes ? minutes.text : undefined)
    // "JST-9", "CET-1CEST": so TZ of POSIX is written, where east is minus.
    const isPosix = this.#piece()?.isApart === false && this.#zone?.(0) !== 0 && this.#zone?.(0) === -(zone?.(0) ?? 0)
    this.#zone = (isPosix ? undefined : zone) ?? this.#zone ?? utc
    this.#hasDigitsZone = true
    this.#at += ahead + (hasMinutes ? 3 : 1)
    return this.#isComplete ? 'over' : 'next'
  }

  #number(piece: DatePiece): Outcome {
    const { parts, sign, length } = this.#group()
    if (parts.length > 1 && sign === ':') {
      if (this.#time !== undefined || parts.length > 4) return 'wrong'
      // "28/Oct/2004:17:00:38", as web servers write it.
      if (parts.length === 4 && piece.text.length === 4 && this.#numbers.length === 1) {
        this.#numbers.push(piece.text)
        return this.#clock(parts.slice(1), length)
      }
      return this.#clock(parts.slice(0, 3), length)
    }
    if (parts.length === 3) return this.#threeNumbers(parts as [string, string, string], sign, length)
    if (
      parts.length === 2 &&
      sign === '.' &&
      this.#time === undefined &&
      (this.#month !== undefined || this.#hasWholeYear) &&
      this.#piece(3)?.text !== '.'
    )
      return this.#clock(parts, length)
    if (parts.length > 3) return 'wrong'
    if (
      this.#isComplete &&
      !this.#hasDigitsZone &&
      this.#zone === undefined &&
      /^(?:0\d|1[0-4])?\d\d$|^[1-9][03]0$/.test(piece.text) &&
      piece.text.length > 2
    )
      // "17:10:00 0200": the sign is lost, and most of the world is east.
      return this.#digitsZone('+', 0)
    return this.#numberAlone(piece)
  }

  #numberAlone({ text, isApart }: DatePiece): Outcome {
    const next = this.#piece(1)
    const [word, behind] = [next?.kind === 'word' ? next.text : '', this.#piece(2)]
    const isHour = word === 'h' && (next?.isApart === false || (this.#wanted !== 'clock' && this.#hasWholeYear))
    if (this.#time === undefined && isHour)
      return this.#clock(behind?.kind === 'number' ? [text, behind.text] : [text], behind?.kind === 'number' ? 3 : 2)
    if (this.#time === undefined && text.length <= 2 && /^(?:am|pm|uhr)$/.test(word)) return this.#clock([text], 1)
    if (this.#isComplete) return 'over'
    this.#at += 1
    if (this.#day === undefined && (text.length === 8 || text.length === 14) && this.#numbers.length === 0) {
      this.#day = { parts: [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)], sign: '-' }
      if (text.length === 14) return this.#clock(pairs(text.slice(8)), 0)
      return 'next'
    }
    const isBare = /^(?:\d{4}|\d{6})$/.test(text) && this.#time === undefined
    if (
      isBare &&
      this.#wanted !== 'clock' &&
      this.#hasWholeYear &&
      (this.#day !== undefined || this.#numbers.length === (this.#month === undefined ? 3 : 2)) &&
      (isApart || this.#day !== undefined)
    )
      return this.#clock(pairs(text), 0)
    const [minutes, seconds] = [this.#piece(), this.#piece(1)]
    const isSpaced = [minutes, seconds].every((piece) => piece?.kind === 'number' && piece.text.length === 2)
    if (
      this.#wanted !== 'clock' &&
      this.#hasWholeYear &&
      this.#time === undefined &&
      text.length === 2 &&
      isSpaced &&
      this.#numbers.length > 1
    )
      return this.#clock([text, minutes?.text ?? '', seconds?.text ?? ''], 2)
    // Day and year are known: what comes now is no part of the date.
    if (this.#day !== undefined || this.#numbers.length >= (this.#month === undefined ? 3 : 2)) return 'over'
    this.#numbers.push(text)
    return text.length <= 5 ? 'next' : 'wrong'
  }

  /** A date, or a time with dots in place of colons where there is a date already. */
  #threeNumbers(parts: [string, string, string], sign: string, length: number): Outcome {
    // "8.12.10/8.12.11" is a pair of versions.
    const hasDay = this.#month !== undefined || this.#day !== undefined
    if (this.#day?.sign === '.' && !this.#hasWholeYear) return 'wrong'
    if (this.#time === undefined && (sign === '.' ? hasDay : sign === '-' && this.#month !== undefined))
      return this.#clock(parts, length)
    if (hasDay || this.#numbers.length > 0 || parts.some(({ length: digits }) => digits > 4)) return 'wrong'
    this.#day = { parts, sign }
    this.#at += length
    return 'next'
  }

  /** Takes a time, its fraction of a second with it, which is not read. */
  #clock(parts: readonly string[], length: number): Outcome {
    this.#time = parts
    this.#at += length
    const [point, digits] = [this.#piece(), this.#piece(1)]
    if (/^[.,:]$/.test(point?.text ?? '') && point?.isApart === false && digits?.kind === 'number' && !digits.isApart)
      this.#at += 2
    this.#behindTime = this.#at
    return timeOf(parts, this.#half) === undefined ? 'wrong' : 'next'
  }

  /** The numbers from here on that one sign parts: "17:00:38", "2004-10-28". White space and comments may stand around a colon. */
  #group(): { readonly parts: readonly string[]; readonly sign: string; readonly length: number } {
    const parts = [this.#piece()?.text ?? '']
    const sign = this.#piece(1)?.text ?? ''
    let length = 1
    while (/^[:./-]$/.test(sign)) {
      const [parting, number] = [this.#piece(length), this.#piece(length + 1)]
      if (parting?.text !== sign || (parting.isApart && sign !== ':') || number?.kind !== 'number') break
      if (number.isApart && (sign !== ':' || parts.length > 2)) break
      // "2004-0400": a year and a zone.
      if (sign === '-' && number.text.length > 2 && parts.length === 1) break
      parts.push(number.text)
      length += 2
    }
    return { parts, sign, length }
  }

  #word({ text }: DatePiece): Outcome {
    const month = monthOf(text)
    const weekday = weekdayOf(text)
    if (this.#day === undefined && month !== undefined && (this.#month === undefined || this.#month.isWeekday)) {
      this.#month = { month, isWeekday: weekday !== undefined && this.#numbers.length === 0 }
      this.#weekday ??= weekday
      this.#at += 1
      return 'next'
    }
    const half = halves[text] ?? this.#lettersOfHalf()
    if (half !== undefined && this.#half === undefined) {
      this.#half = half
      const isParted = halves[text] === undefined
      this.#at += isParted ? 3 : 1
      if (isParted && this.#piece()?.text === '.') this.#at += 1
      this.#behindTime = this.#at
      return 'next'
    }
    if (weekday !== undefined && !(this.#time !== undefined && zoneAt(this.#pieces, this.#at) !== undefined)) {
      this.#weekday = weekday
      this.#at += 1
      return 'next'
    }
    if (this.#time !== undefined && this.#zone === undefined && this.#zoneByName()) return 'next'
    if (fillers.has(text)) {
      this.#at += 1
      return 'next'
    }
    // A zone that nobody knows, before the year of asctime.
    if (this.#behindTime === this.#at && text.length <= 5 && this.#piece(1)?.kind === 'number') {
      this.#at += 1
      return 'next'
    }
    return 'wrong'
  }

  /** "a.m.", "P. M.", in Greek "π.μ." and "μ.μ." */
  #lettersOfHalf(): Half | undefined {
    const [half, dot, m] = [this.#piece()?.text, this.#piece(1)?.text, this.#piece(2)?.text]
    if (this.#time === undefined || dot !== '.' || half === undefined || !/^[mμ]$/.test(m ?? '')) return undefined
    return /^[aπ]$/.test(half) ? 'am' : /^[pμ]$/.test(half) ? 'pm' : undefined
  }

  #zoneByName(): boolean {
    const named = zoneAt(this.#pieces, this.#at)
    if (named === undefined) return false
    this.#zone = named.zone
    this.#zoneWord = named.word
    this.#at += named.length
    this.#behindTime = this.#at
    return true
  }

  #answer(): number | undefined {
    if (this.#time === undefined && (this.#wanted !== 'day' || !this.#hasWholeYear)) return undefined
    const day = this.#dayRead()
    const timeMs = this.#time === undefined ? 0 : timeOf(this.#time, this.#half)
    if (day === undefined || timeMs === undefined) return undefined
    const localMs = msOf(day, timeMs)
    return localMs - (this.#zone ?? this.#zoneInComments() ?? utc)(localMs)
  }

  /** Without a time, only what can be nothing else is a day: a named month, or numbers in one, with a year of four digits. */
  get #hasWholeYear(): boolean {
    const numbers = this.#day?.parts ?? (this.#month === undefined ? [] : this.#numbers)
    return numbers.some((digits) => digits.length === 4)
  }

  #dayRead(): Day | undefined {
    const hints = { weekday: this.#weekday, isAmerican: this.#half !== undefined || isAmerican(this.#zoneWord) }
    if (this.#day !== undefined) return dayOfNumbers(this.#day.parts, this.#day.sign, hints)
    const [first, second, third] = this.#numbers
    if (first === undefined || second === undefined) return undefined
    if (this.#month !== undefined) return third === undefined ? dayInMonth(this.#month.month, first, second) : undefined
    return third === undefined ? undefined : dayOfNumbers([first, second, third], ' ', hints)
  }

  #zoneInComments(): Zone | undefined {
    for (const comment of this.#comments) {
      const zone = zoneOfComment(comment)
      if (zone !== undefined) return zone
    }
    return undefined
  }
}

function pairs(digits: string): string[] {
  return [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)].filter((pair) => pair !== '')
}
