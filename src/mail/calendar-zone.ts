/** The clocks of a zone as a calendar part describes them itself (RFC 5545 section 3.6.5): from when on they are how far ahead of UTC. */
import { hour, minute, second } from '../units.ts'

export interface Observance {
  /** When it began first, as the clocks showed it. */
  readonly fromMs: number
  readonly aheadMs: number
  /** When it begins each year, if it does. */
  readonly yearly: Yearly | undefined
}

interface Yearly {
  /** 1 is January. */
  readonly month: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** The first one is 1, the last one is -1. */
  readonly nth: number
}

const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

/** `FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU`, which is how rules for zones are written. */
export function yearlyIn(rule: string): Yearly | undefined {
  const month = Number(/(?:^|;)BYMONTH=(\d{1,2})(?:;|$)/i.exec(rule)?.[1])
  const [, nth, day = ''] = /(?:^|;)BYDAY=([+-]?[1-5])(SU|MO|TU|WE|TH|FR|SA)(?:;|$)/i.exec(rule) ?? []
  if (!/(?:^|;)FREQ=YEARLY(?:;|$)/i.test(rule) || !(month >= 1 && month <= 12) || nth === undefined) return undefined
  return { month, weekday: weekdays.indexOf(day.toUpperCase()), nth: Number(nth) }
}

/** `+0200` or `-053000` */
export function offsetIn(value: string): number | undefined {
  const [, sign, hours, minutes, seconds = 0] = /^([+-])(\d\d)(\d\d)(\d\d)?$/.exec(value.trim()) ?? []
  if (sign === undefined) return undefined
  const ms = Number(hours) * hour + Number(minutes) * minute + Number(seconds) * second
  return sign === '-' ? -ms : ms
}

/** How far the clocks are ahead of UTC when they show this time; undefined if nothing is known of it. */
export function observedAhead(observances: readonly Observance[], localMs: number): number | undefined {
  const begun = observances.flatMap((observance) => {
    const begins = lastBeginning(observance, localMs)
    return begins === undefined ? [] : [{ begins, ahead: observance.aheadMs }]
  })
  if (begun.length > 0) return begun.reduce((a, b) => (b.begins > a.begins ? b : a)).ahead
  return observances.toSorted((a, b) => a.fromMs - b.fromMs)[0]?.aheadMs
}

function lastBeginning({ fromMs, yearly }: Observance, localMs: number): number | undefined {
  if (fromMs > localMs) return undefined
  if (yearly === undefined) return fromMs
  const year = new Date(localMs).getUTCFullYear()
  const timeOfDay = fromMs % (24 * hour)
  return (
    [year, year - 1]
      .map((one) => dayIn(one, yearly) + timeOfDay)
      .find((begins) => begins <= localMs && begins >= fromMs) ?? fromMs
  )
}

function dayIn(year: number, { month, weekday, nth }: Yearly): number {
  if (nth > 0) {
    const first = new Date(Date.UTC(year, month - 1, 1)).getUTCDay()
    return Date.UTC(year, month - 1, 1 + ((weekday - first + 7) % 7) + 7 * (nth - 1))
  }
  const last = new Date(Date.UTC(year, month, 0))
  return Date.UTC(year, month - 1, last.getUTCDate() - ((last.getUTCDay() - weekday + 7) % 7) + 7 * (nth + 1))
}
