/** Finds the date under which a message is stored (CONTRACT section 7): when it arrived at the provider, according to its header. */
import type { HeaderField } from './header.ts'
import { mailLimits } from './limits.ts'

/** Takes the topmost Received whose date is believable, otherwise Date, otherwise now. A date is believable from 1990 to two hours from now. */
export function arrivalOf(fields: readonly HeaderField[], nowMs: number): Date {
  const believable = (text: string): number | undefined => {
    const ms = parseDateTime(text)
    if (ms === undefined || ms < mailLimits.arrivalEarliestMs || ms > nowMs + mailLimits.arrivalAheadMs)
      return undefined
    return ms
  }
  for (const field of fields) {
    if (field.name !== 'received') continue
    // The date stands after the last semicolon (RFC 5321 section 4.4); comments before it may hold semicolons too.
    const ms = believable(field.behindLast(';'))
    if (ms !== undefined) return new Date(ms)
  }
  for (const field of fields) {
    const ms = field.name === 'date' ? believable(field.value) : undefined
    if (ms !== undefined) return new Date(ms)
  }
  return new Date(nowMs)
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** The names of zones in old mail (RFC 5322 section 4.3), as hours east. Other letters mean +0000. */
const zoneHours: Readonly<Record<string, number>> = {
  ut: 0,
  gmt: 0,
  utc: 0,
  z: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
}

/** No two runs of white space stand side by side in it: a field may be 100,000 octets of white space. */
const dateTime =
  /^\s*(?:[a-z]{3,9}(?:\s*,)?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([+-]\d{4}|[a-z]{1,5})?/i

/**
 * Reads a date of RFC 5322 section 3.3, and the obsolete forms of section 4.3 (years of two digits, named zones, comments). The answer is
 * in
 * milliseconds since 1970, and undefined for anything else. `Date.parse` is not used, because V8 reads "foo 5" as a day in May 2001.
 */
export function parseDateTime(text: string): number | undefined {
  const match = dateTime.exec(text.replace(/\([^()]*\)/g, ' '))
  if (match === null) return undefined
  const [, day = '', monthName = '', yearText = '', hour = '', minute = '', second = '0', zone = '+0000'] = match
  const month = months.indexOf(monthName.toLowerCase())
  if (month === -1) return undefined
  let year = Number(yearText)
  // RFC 5322 section 4.3: 00..49 is 2000..2049, 50..99 and all three-digit years count from 1900.
  if (yearText.length === 2) year += year < 50 ? 2000 : 1900
  else if (yearText.length === 3) year += 1900
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  if (d < 1 || d > 31 || h > 23 || m > 59 || s > 60) return undefined
  const asUtc = Date.UTC(year, month, d, h, m, s)
  if (new Date(Date.UTC(year, month, d)).getUTCDate() !== d) return undefined
  return asUtc - zoneMinutes(zone) * 60_000
}

function zoneMinutes(zone: string): number {
  if (zone.startsWith('+') || zone.startsWith('-')) {
    const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5))
    return zone.startsWith('-') ? -minutes : minutes
  }
  return (zoneHours[zone.toLowerCase()] ?? 0) * 60
}
