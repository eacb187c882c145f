/**
 * Reads a date that is written exactly as RFC 5322 section 3.3 has it, which nearly all are: one look, where the reader of all other forms
 * (attempt.ts) makes dozens of pieces. It gives what that reader gives, or nothing.
 */
import { dateLimits } from './limits.ts'

const usual =
  /^ ?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) ([+-])(\d\d)(\d\d)(?: \([A-Z]{1,5}\))?$/

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * @param text a comment at its end may be the name of the zone, which tells nothing beside the digits.
 * @returns milliseconds since 1970; undefined: it is written in another way.
 */
export function readUsualDate(text: string): number | undefined {
  const match = usual.exec(text)
  if (match === null) return undefined
  const [, day = '', month = '', year = '', hours, minutes, seconds, sign, zoneHours, zoneMinutes] = match
  const nth = months.indexOf(month)
  const atMidnight = new Date(Date.UTC(Number(year), nth, Number(day)))
  const isDay = atMidnight.getUTCMonth() === nth && Number(day) > 0
  if (!isDay || Number(year) < dateLimits.yearMin || Number(year) > dateLimits.yearMax) return undefined
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  return atMidnight.getTime() + ((Number(hours) * 60 + Number(minutes) - zone) * 60 + Number(seconds)) * 1000
}
