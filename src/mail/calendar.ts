/** Reads the events of a calendar part (RFC 5545), as far as people want to see them in a message: what, when, where, who. */
import { zoneOfName } from '../dates/zones.ts'
import { mailLimits } from './limits.ts'
import { type Observance, observedAhead, offsetIn, yearlyIn } from './calendar-zone.ts'

export interface CalendarTime {
  /** The moment, in ISO 8601; null for whole days, and where nobody can know it. */
  readonly at: string | null
  /** What its calendar shows: `2026-06-01`, or with a time `2026-06-01T10:00:00`. */
  readonly local: string
  /** The zone that it names. */
  readonly zone: string | null
}

export interface CalendarPerson {
  readonly name: string | null
  readonly address: string | null
}

export const repetitions = ['daily', 'weekly', 'monthly', 'yearly', 'otherwise'] as const

export interface CalendarEvent {
  readonly summary: string | null
  readonly location: string | null
  readonly start: CalendarTime | null
  /** Of whole days, the day after the last one. */
  readonly end: CalendarTime | null
  readonly organizer: CalendarPerson | null
  readonly attendees: readonly CalendarPerson[]
  readonly cancelled: boolean
  readonly repeats: (typeof repetitions)[number] | null
}

interface Line {
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
  readonly value: string
}

/** A component with its lines; of those within it alone the zone's are kept. */
interface Component {
  readonly kind: string
  readonly lines: Line[]
}

export function eventsIn(text: string): CalendarEvent[] {
  const zones = new Map<string, Observance[]>()
  const events: Component[] = []
  const open: Component[] = []
  let zone: Observance[] = []
  let isCancelled = false
  for (const written of linesOf(text)) {
    const line = lineOf(written)
    if (line === undefined) continue
    const kind = line.value.trim().toUpperCase()
    if (line.name === 'BEGIN') {
      if (open.length >= mailLimits.calendarLevelsMax) break
      open.push({ kind, lines: [] })
      if (kind === 'VTIMEZONE') zone = []
      continue
    }
    const component = open.at(-1)
    if (line.name === 'END') {
      open.pop()
      if (component === undefined) continue
      if (component.kind === 'VEVENT' && events.length < mailLimits.calendarEventsMax) events.push(component)
      if (/^(?:STANDARD|DAYLIGHT)$/.test(component.kind)) zone.push(...observanceOf(component))
      const id = component.kind === 'VTIMEZONE' ? valueOf(component, 'TZID') : undefined
      if (id !== undefined) zones.set(id, zone)
      continue
    }
    if (line.name === 'METHOD' && kind === 'CANCEL') isCancelled = true
    if (component !== undefined && component.lines.length < mailLimits.calendarLinesMax) component.lines.push(line)
  }
  return events.map((event) => eventOf(event, zones, isCancelled))
}

/** Unfolds them (RFC 5545 section 3.1). */
function linesOf(text: string): string[] {
  return text
    .slice(0, mailLimits.calendarLettersMax)
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/)
}

/** `NAME;PARAMETER=value;OTHER="value":value` */
function lineOf(line: string): Line | undefined {
  const [head] = /^(?:[^":]|"[^"]*")*/.exec(line) ?? ['']
  if (line[head.length] !== ':') return undefined
  const [name = '', ...parameters] = head.match(/(?:[^";]|"[^"]*")+/g) ?? []
  const pairs = parameters.slice(0, mailLimits.calendarParametersMax).map((parameter) => {
    const at = parameter.indexOf('=')
    return [parameter.slice(0, at).toUpperCase(), parameter.slice(at + 1).replace(/^"|"$/g, '')] as const
  })
  return { name: name.toUpperCase(), parameters: new Map(pairs), value: line.slice(head.length + 1) }
}

const lineIn = ({ lines }: Component, name: string) => lines.find((line) => line.name === name)
const valueOf = (component: Component, name: string) => lineIn(component, name)?.value.trim()

function textOf(value: string | undefined): string | null {
  const text = (value ?? '')
    .slice(0, mailLimits.calendarTextMax)
    .replace(/\\(.)/g, (_whole, sign: string) => (/n/i.test(sign) ? ' ' : sign))
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
  return text.trim() || null
}

function personOf(line: Line): CalendarPerson {
  const address = /^mailto:(.+)$/i.exec(line.value.trim())?.[1]
  return { name: textOf(line.parameters.get('CN')), address: textOf(address) }
}

function eventOf(
  event: Component,
  zones: ReadonlyMap<string, readonly Observance[]>,
  isCancelled: boolean,
): CalendarEvent {
  const start = timeOf(lineIn(event, 'DTSTART'), zones)
  const end = timeOf(lineIn(event, 'DTEND'), zones) ?? endAfter(start, valueOf(event, 'DURATION'))
  const organizer = lineIn(event, 'ORGANIZER')
  const attendees = event.lines.filter(({ name }) => name === 'ATTENDEE').slice(0, mailLimits.calendarAttendeesMax)
  const rule = valueOf(event, 'RRULE')
  return {
    summary: textOf(valueOf(event, 'SUMMARY')),
    location: textOf(valueOf(event, 'LOCATION')),
    start,
    end,
    organizer: organizer === undefined ? null : personOf(organizer),
    attendees: attendees.map(personOf),
    cancelled: isCancelled || valueOf(event, 'STATUS')?.toUpperCase() === 'CANCELLED',
    repeats: rule === undefined ? null : repetitionOf(rule),
  }
}

function repetitionOf(rule: string): (typeof repetitions)[number] {
  const every = Number(/(?:^|;)INTERVAL=(\d+)/i.exec(rule)?.[1] ?? 1)
  const frequency = /(?:^|;)FREQ=(\w+)/i.exec(rule)?.[1]?.toLowerCase()
  return (every === 1 && repetitions.find((one) => one === frequency)) || 'otherwise'
}

/** What a calendar shows, as if it were UTC. */
function shownIn(value: string): { readonly ms: number; readonly isDay: boolean; readonly isUtc: boolean } | undefined {
  const [, day = '', time, zulu] = /^(\d{8})(?:T(\d{6})(Z)?)?$/i.exec(value.trim()) ?? []
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${(time ?? '000000').replace(/(\d\d)(\d\d)(\d\d)/, '$1:$2:$3')}Z`
  const ms = Date.parse(iso)
  return day === '' || Number.isNaN(ms) ? undefined : { ms, isDay: time === undefined, isUtc: zulu !== undefined }
}

function timeOf(line: Line | undefined, zones: ReadonlyMap<string, readonly Observance[]>): CalendarTime | null {
  const shown = line && shownIn(line.value)
  if (line === undefined || shown === undefined) return null
  const zone = line.parameters.get('TZID') ?? null
  const local = localOf(shown.ms, shown.isDay)
  if (shown.isDay) return { at: null, local, zone: null }
  if (shown.isUtc) return { at: new Date(shown.ms).toISOString(), local, zone: 'UTC' }
  const own = zone === null ? undefined : zones.get(zone)
  const named = zone === null ? undefined : zoneOfName(zone.replace(/^\/[^/]+\/[^/]+\//, ''))
  const ahead = named?.(shown.ms) ?? (own && observedAhead(own, shown.ms))
  return {
    at: ahead === undefined ? null : new Date(shown.ms - ahead).toISOString(),
    local,
    zone: textOf(zone ?? undefined),
  }
}

function localOf(ms: number, isDay: boolean): string {
  return new Date(ms).toISOString().slice(0, isDay ? 10 : 19)
}

/** RFC 5545 section 3.3.6. */
function endAfter(start: CalendarTime | null, duration: string | undefined): CalendarTime | null {
  const [whole, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/i.exec(duration ?? '') ??
    []
  if (start === null || whole === undefined) return null
  const day = 24 * 3600
  const ms =
    1000 *
    (Number(weeks) * 7 * day + Number(days) * day + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
  const isDay = start.local.length === 10
  const local = localOf(Date.parse(isDay ? start.local : `${start.local}Z`) + ms, isDay)
  return { ...start, local, at: start.at && new Date(Date.parse(start.at) + ms).toISOString() }
}

function observanceOf(component: Component): Observance[] {
  const from = shownIn(valueOf(component, 'DTSTART') ?? '')
  const ahead = offsetIn(valueOf(component, 'TZOFFSETTO') ?? '')
  if (from === undefined || ahead === undefined) return []
  return [{ fromMs: from.ms, aheadMs: ahead, yearly: yearlyIn(valueOf(component, 'RRULE') ?? '') }]
}
