/** Shows what an invitation says: what, when in the reader's zone, where, and who. */
import { Icon } from '../../components/icon.tsx'
import { days, period } from '../../intl.ts'
import type { Message, Person } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { nameOf } from './letters.tsx'

type CalendarEvent = Message['events'][number]

export function Events({ of: events }: { readonly of: readonly CalendarEvent[] }) {
  return (
    <>
      {events.map((event, nth) => (
        <EventCard key={nth} event={event} />
      ))}
    </>
  )
}

function EventCard({ event }: { readonly event: CalendarEvent }) {
  const { calendar: say } = words.value.mail
  const { summary, location, organizer, attendees, cancelled, repeats } = event
  const when = whenOf(event)
  return (
    <section class="event" aria-label={say.event}>
      <h3>
        <Icon name="calendar" />
        <span class={cancelled ? 'event-off' : ''}>{summary ?? say.event}</span>
        {cancelled && <strong class="event-cancelled">{say.cancelled}</strong>}
      </h3>
      <dl>
        {when !== null && (
          <>
            <dt>{say.when}</dt>
            <dd>
              {when}
              {repeats !== null && `, ${say.repeats[repeats]}`}
            </dd>
          </>
        )}
        {location !== null && (
          <>
            <dt>{say.where}</dt>
            <dd>{location}</dd>
          </>
        )}
        {organizer !== null && (
          <>
            <dt>{say.organizer}</dt>
            <dd>{nameOf(organizer)}</dd>
          </>
        )}
        {attendees.length > 0 && (
          <>
            <dt>{say.attendees}</dt>
            <dd>{attendees.map((person: Person) => nameOf(person)).join(', ')}</dd>
          </>
        )}
      </dl>
    </section>
  )
}

const dayMs = 24 * 3_600_000

function whenOf({ start, end }: CalendarEvent): string | null {
  if (start === null) return null
  if (start.at !== null) return period(start.at, end?.at ?? start.at)
  const isDay = start.local.length === 10
  // The end of whole days is the day after them.
  const endMs = end === null ? undefined : Date.parse(isDay ? end.local : `${end.local}Z`) - (isDay ? dayMs : 0)
  const startMs = Date.parse(isDay ? start.local : `${start.local}Z`)
  const shown = days(startMs, Math.max(startMs, endMs ?? startMs), isDay)
  return isDay ? shown : `${shown} ${words.value.mail.calendar.zone(start.zone)}`
}
