/** How much of what an account may send in an hour is taken already by what waits. */
import { hour } from '../units.ts'
import type { SendRefusal } from './refused.ts'

export interface SendRate {
  /** Undefined: as much as its provider takes. */
  readonly perHour: number | undefined
  /** Its messages that wait to be sent. */
  readonly waiting: number
  readonly nowMs: number
}

/** Refuses what could not go out within the hour, with the time when there is room again; undefined: it may wait. */
export function overRate(address: string, { perHour, waiting, nowMs }: SendRate): SendRefusal | undefined {
  if (perHour === undefined || waiting < perHour) return undefined
  const freeAtMs = nowMs + ((waiting - perHour + 1) / perHour) * hour
  const time = new Date(freeAtMs).toISOString().slice(11, 16)
  return {
    code: 452,
    enhanced: '4.7.1',
    sentence: `${address} sends ${perHour} messages an hour, and ${waiting} wait; try again at ${time} UTC`,
  }
}
