/** Writes numbers, sizes and times in the reader's language and time zone. */
import { computed, signal } from '@preact/signals'
import { language } from './words/index.ts'

/** The present time; components that show times read it once a second. */
export const nowMs = signal(Date.now())
setInterval(() => {
  if (!document.hidden) nowMs.value = Date.now()
}, 1000)
document.addEventListener('visibilitychange', () => {
  nowMs.value = Date.now()
})

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const formats = computed(() => {
  const tag = language.value
  const unit = (name: string, digits: number, unitDisplay: 'short' | 'long' = 'short') =>
    new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay, maximumFractionDigits: digits })
  return {
    number: new Intl.NumberFormat(tag),
    list: new Intl.ListFormat(tag, { type: 'conjunction' }),
    relative: new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' }),
    moment: new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' }),
    period: new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'short' }),
    wholeDays: new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeZone: 'UTC' }),
    unzoned: new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'short', timeZone: 'UTC' }),
    exact: new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'long' }),
    time: new Intl.DateTimeFormat(tag, { timeStyle: 'short' }),
    dayOfYear: new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' }),
    date: new Intl.DateTimeFormat(tag, { dateStyle: 'medium' }),
    clock: new Intl.DateTimeFormat(tag, { timeStyle: 'medium' }),
    hour: new Intl.DateTimeFormat(tag, { weekday: 'short', hour: 'numeric' }),
    // The API counts days in UTC.
    day: new Intl.DateTimeFormat(tag, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }),
    bytes: (['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const).map((name, nth) =>
      // The short form of some languages says "130 byte".
      nth === 0 ? unit(name, 0, 'long') : unit(name, 1),
    ),
    rough: (['second', 'minute', 'hour', 'day'] as const).map(
      (name) =>
        new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 0 }),
    ),
    days: unit('day', 0),
    hours: unit('hour', 0),
    minutes: unit('minute', 0),
    seconds: unit('second', 0),
    tenths: unit('second', 1),
  }
})

export const number = (value: number): string => formats.value.number.format(value)
export const list = (parts: readonly string[]): string => formats.value.list.format(parts)
/** `24 Nov 2026, 14:05`. */
export const moment = (at: string | number): string => formats.value.moment.format(new Date(at))
/** `10:00 – 12:10`, with the days where there are two. */
export const timeSpan = (from: string, to: string): string =>
  formats.value.time.formatRange(new Date(from), new Date(to))
/** The exact time, with its time zone. */
export const exact = (at: string | number): string => formats.value.exact.format(new Date(at))
/** From when to when, in the reader's zone, with what both have in common written once. */
export const period = (from: string, to: string): string =>
  formats.value.period.formatRange(new Date(from), new Date(Math.max(Date.parse(from), Date.parse(to))))
/** The same for whole days, or for times whose zone nobody knows: both as if they were UTC. */
export const days = (fromMs: number, toMs: number, whole: boolean): string =>
  (whole ? formats.value.wholeDays : formats.value.unzoned).formatRange(fromMs, toMs)
export const clock = (at: string | number): string => formats.value.clock.format(new Date(at))
export const hour = (at: string | number): string => formats.value.hour.format(new Date(at))
export const day = (at: string | number): string => formats.value.day.format(new Date(at))

/** A short time for lists of mail: the time if it is today, the day if it is this year, else the date. */
export function brief(at: string): string {
  const [then, now] = [new Date(at), new Date()]
  const { time, dayOfYear, date } = formats.value
  if (then.toDateString() === now.toDateString()) return time.format(then)
  return (then.getFullYear() === now.getFullYear() ? dayOfYear : date).format(then)
}

/** Sizes in powers of a thousand, as providers and disks count them. */
export function bytes(octets: number): string {
  const { bytes: units } = formats.value
  const nth = octets < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(octets) / 3))
  const value = octets / 1000 ** nth
  // Three digits are enough.
  return units[nth]?.format(value >= 100 ? Math.round(value) : value) ?? ''
}

/** `0.4 sec`, `12 sec`, `3 min 10 sec`, `2 hr 5 min`. */
export function duration(ms: number): string {
  const { tenths, seconds, minutes, hours, days } = formats.value
  if (ms < 10 * secondMs) return tenths.format(Math.max(1, Math.round(ms / 100)) / 10)
  if (ms < minuteMs) return seconds.format(Math.round(ms / secondMs))
  const both = (large: Intl.NumberFormat, largeMs: number, small: Intl.NumberFormat, smallMs: number) => {
    const rest = Math.floor((ms % largeMs) / smallMs)
    return `${large.format(Math.floor(ms / largeMs))}${rest === 0 ? '' : ` ${small.format(rest)}`}`
  }
  if (ms < hourMs) return both(minutes, minuteMs, seconds, secondMs)
  return ms < dayMs ? both(hours, hourMs, minutes, minuteMs) : both(days, dayMs, hours, hourMs)
}

/** `40 seconds`, `5 minutes`, `2 hours`: a time that is foretold is not known better. */
export function roughly(ms: number): string {
  const [seconds, minutes, hours, days] = formats.value.rough
  if (ms < 55 * secondMs) return seconds?.format(Math.max(1, Math.ceil(ms / secondMs / 10)) * 10) ?? ''
  if (ms < 55 * minuteMs) return minutes?.format(Math.max(1, Math.round(ms / minuteMs))) ?? ''
  if (ms < 36 * hourMs) return hours?.format(Math.max(1, Math.round(ms / hourMs))) ?? ''
  return days?.format(Math.round(ms / dayMs)) ?? ''
}

/** `in 4 min`, `yesterday`. */
export function relative(at: string | number, now: number): string {
  const ms = new Date(at).getTime() - now
  const size = Math.abs(ms)
  const [largeMs, unit] =
    size < 55 * secondMs
      ? ([secondMs, 'second'] as const)
      : size < hourMs
        ? ([minuteMs, 'minute'] as const)
        : size < dayMs
          ? ([hourMs, 'hour'] as const)
          : ([dayMs, 'day'] as const)
  // Rounded to ten seconds, because a page that counts down every second is not calm.
  const count = unit === 'second' ? Math.round(ms / largeMs / 10) * 10 : Math.round(ms / largeMs)
  return formats.value.relative.format(count, unit).replace(/(?<=\p{L})\./gu, '')
}
