/** Days and years: what numbers mean that stand for a date, and which days there are. */
import { day as dayMs, hour, minute, second } from '../units.ts'
import { dateLimits } from './limits.ts'

/** A month counts from 0. */
export interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** What else a text tells, where day and month could be either. */
export interface Hints {
  readonly weekday: number | undefined
  /** A half of the day (AM, PM) or a zone of the United States. */
  readonly isAmerican: boolean
}

/** Programs in Thailand write the years of the Buddhist era: 2004 is 2547. */
const buddhistYears = 543

/**
 * The year that digits mean. RFC 5322 section 4.3: 00 to 49 is 2000 to 2049, other years of two digits and all of three count from 1900 (a
 * program of 1999 wrote the year 2004 as 104, 0104 or 19104). 0000 and 0001 are what programs write that know no date (.NET, Go, MySQL).
 */
export function yearOf(digits: string): number | undefined {
  if (/^000[01]$/.test(digits)) return undefined
  const value = Number(/^191\d\d$/.test(digits) ? digits.slice(2) : digits)
  const asWritten = value < 50 ? value + 2000 : value < 1000 ? value + 1900 : value
  const year = asWritten > dateLimits.yearMax ? asWritten - buddhistYears : asWritten
  return digits.length <= 5 && year >= dateLimits.yearMin && year <= dateLimits.yearMax ? year : undefined
}

/** Undefined if there is no such day. */
export function dayOf(year: number | undefined, month: number, day: number): Day | undefined {
  if (year === undefined || month < 0 || month > 11 || day < 1) return undefined
  return new Date(Date.UTC(year, month, day)).getUTCMonth() === month && day <= 31 ? { year, month, day } : undefined
}

/** The day of a named month, and the year, in whichever order they stand. */
export function dayInMonth(month: number, first: string, second: string): Day | undefined {
  const isYear = (digits: string) => digits.length > 3 || Number(digits) > 31 || Number(digits) === 0
  const [dayText, year] = isYear(first) ? [second, first] : [first, second]
  return dayOf(yearOf(year), month, Number(dayText))
}

/**
 * The day that three numbers mean. A year of four digits in front means year, month, day. Else the year stands last, and the day first, as nearly
 * everywhere; but the month first, or the year, where the weekday says so or there is no such day; and the month first behind strokes, where the
 * text is American in other things too.
 */
export function dayOfNumbers(
  [a, b, c]: readonly [string, string, string],
  sign: string,
  hints: Hints,
): Day | undefined {
  const [x, y, z] = [Number(a), Number(b), Number(c)]
  if (a.length > 2) return dayOf(yearOf(a), y - 1, z) ?? dayOf(yearOf(a), z - 1, y)
  const dayFirst = dayOf(yearOf(c), y - 1, x)
  const monthFirst = dayOf(yearOf(c), x - 1, y)
  const yearFirst = c.length <= 2 ? dayOf(yearOf(a), y - 1, z) : undefined
  const inOrder =
    hints.isAmerican && sign === '/' ? [monthFirst, dayFirst, yearFirst] : [dayFirst, monthFirst, yearFirst]
  const days = inOrder.filter((day) => day !== undefined)
  return days.find((day) => new Date(msOf(day, 0)).getUTCDay() === hints.weekday) ?? days[0]
}

export type Half = 'am' | 'pm'

/** The time in a day, in milliseconds; undefined if there is no such time. A leap second is the second before it, as Dovecot and java.time have it. */
export function timeOf(parts: readonly string[], half: Half | undefined): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0] = parts.map(Number)
  if (parts.some((part) => part.length > 2) || minutes > 59 || seconds > 60) return undefined
  // A day may end at 24:00 (ISO 8601).
  if (hours > 23 && !(hours === 24 && minutes === 0 && seconds === 0)) return undefined
  const shift = half === 'pm' && hours < 12 ? 12 : half === 'am' && hours === 12 ? -12 : 0
  return (hours + shift) * hour + minutes * minute + Math.min(seconds, 59) * second
}

export function msOf({ year, month, day }: Day, timeMs: number): number {
  return Math.floor(Date.UTC(year, month, day) / dayMs) * dayMs + timeMs
}
