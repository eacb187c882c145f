/** Reads the calendar parts of a message (RFC 5545, RFC 6047). */
import { type CalendarEvent, eventsIn } from '../mail/calendar.ts'
import { partText } from './body.ts'
import { imapLimits } from './limits.ts'
import type { Part, Parts } from './parts.ts'
import type { Reader } from './reading.ts'

export async function calendarOf(reader: Reader, uid: number, { attachments }: Parts): Promise<CalendarEvent[]> {
  const events = new Map<string, CalendarEvent>()
  for (const part of attachments.filter(isCalendar).slice(0, imapLimits.calendarPartsMax)) {
    // An invitation often stands in a message twice: as a part of the alternative, and as a file.
    for (const event of eventsIn(await partText(reader, uid, part, imapLimits.calendarOctetsMax)))
      events.set(JSON.stringify(event), event)
  }
  return [...events.values()].slice(0, imapLimits.calendarEventsMax)
}

function isCalendar({ type, filename }: Part): boolean {
  return type === 'text/calendar' || type === 'application/ics' || (filename !== null && /\.ics$/i.test(filename))
}
