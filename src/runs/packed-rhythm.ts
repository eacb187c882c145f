/**
 * Packs a rhythm into 81 octets, as text: it is handed on together with an account's record, by scripts and backups that take no bytes.
 */
import type { Rhythm } from './rhythm.ts'

/** The first octet: another way of packing gets another one, and what is not understood is learnt again. */
const form = 1
const minuteMs = 60_000
/** Weights are kept as 64ths, up to 1,023. */
const fraction = 64
const cells = { hours: 24, days: 7 } as const
const octets = 1 + 4 * 4 + 2 * (1 + cells.hours + cells.days)

export function packRhythm(rhythm: Rhythm): string {
  const packed = Buffer.alloc(octets)
  let at = packed.writeUInt8(form, 0)
  for (const ms of [rhythm.sinceMs, rhythm.weighedAtMs, rhythm.recentAtMs])
    at = packed.writeUInt32LE(within(ms / minuteMs, 0xffff_ffff), at)
  at = packed.writeUInt32LE(within(rhythm.loginDelaySeconds, 0xffff_ffff), at)
  for (const weight of [rhythm.recent, ...rhythm.hours, ...rhythm.days])
    at = packed.writeUInt16LE(within(weight * fraction, 0xffff), at)
  return packed.toString('base64url')
}

function within(value: number, most: number): number {
  return Math.min(Math.max(0, Math.round(value)), most)
}

/** Undefined: there is none, or a later version has written it. */
export function unpackRhythm(text: string | null | undefined): Rhythm | undefined {
  const packed = Buffer.from(text ?? '', 'base64url')
  if (packed.length !== octets || packed[0] !== form) return undefined
  const minutes = (nth: number) => packed.readUInt32LE(1 + 4 * nth) * minuteMs
  const weights = (from: number, count: number) =>
    Array.from({ length: count }, (_, nth) => packed.readUInt16LE(17 + 2 * (from + nth)) / fraction)
  return {
    sinceMs: minutes(0),
    weighedAtMs: minutes(1),
    recentAtMs: minutes(2),
    loginDelaySeconds: packed.readUInt32LE(13),
    recent: packed.readUInt16LE(17) / fraction,
    hours: weights(1, cells.hours),
    days: weights(1 + cells.hours, cells.days),
  }
}
