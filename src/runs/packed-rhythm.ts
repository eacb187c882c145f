/**
 * Packs a rhythm into 79 octets, as text: it is handed on together with an account's record, by scripts and backups that take no bytes.
 */
import { freshFollowings, halfHours, type Rhythm } from './rhythm.ts'

/** The first octet: another way of packing gets another one, and what is not understood is learnt again. */
const form = 2
const minuteMs = 60_000
const mostShare = 0xffff
/** From 0 by steps of 1/1,100 of a message up to steps of 6 % at 39,000. */
const weights = Array.from({ length: 256 }, (_, level) => (2 ** (level / 12) - 1) / 64)
const counts = { recent: 2, halfHours, days: 7 } as const
const weightsFrom = 1 + 4 * 4 + 2 * counts.recent
const octets = weightsFrom + counts.recent + 1 + counts.halfHours + counts.days

export function packRhythm(rhythm: Rhythm): string {
  const packed = Buffer.alloc(octets)
  let at = packed.writeUInt8(form, 0)
  for (const ms of [rhythm.sinceMs, rhythm.weighedAtMs, rhythm.recentAtMs])
    at = packed.writeUInt32LE(within(ms / minuteMs, 0xffff_ffff), at)
  at = packed.writeUInt32LE(within(rhythm.loginDelaySeconds, 0xffff_ffff), at)
  for (const share of rhythm.shares) at = packed.writeUInt16LE(within(share * mostShare, mostShare), at)
  for (const weight of [...rhythm.recent, rhythm.awaited, ...rhythm.halfHours, ...rhythm.days])
    at = packed.writeUInt8(levelOf(weight, at + rhythm.recentAtMs / minuteMs), at)
  return packed.toString('base64url')
}

function within(value: number, most: number): number {
  return Math.min(Math.max(0, Math.round(value)), most)
}

/** One arrival more is less than a step of a large weight. So it is rounded up as often as it is near to that, or the weight would never grow. */
function levelOf(weight: number, nth: number): number {
  const exact = 12 * Math.log2(1 + 64 * Math.max(0, weight))
  const level = Math.round(exact)
  if (Math.abs(exact - level) < 1e-6) return within(level, 255)
  // These numbers are spread evenly between 0 and 1, in whatever order they are asked for.
  const spread = (nth * Math.SQRT2 * 1.618_034) % 1
  return within(Math.floor(exact + spread), 255)
}

/** Undefined: there is none, or a later version has written it. */
export function unpackRhythm(text: string | null | undefined): Rhythm | undefined {
  const packed = Buffer.from(text ?? '', 'base64url')
  if (packed[0] === 1) return unpackFirstForm(packed)
  if (packed.length !== octets || packed[0] !== form) return undefined
  const weightsAt = (from: number, count: number) =>
    Array.from(packed.subarray(weightsFrom + from, weightsFrom + from + count), (level) => weights[level] ?? 0)
  const { recent } = counts
  return {
    ...times(packed),
    shares: Array.from({ length: recent }, (_, nth) => packed.readUInt16LE(17 + 2 * nth) / mostShare),
    recent: weightsAt(0, recent),
    awaited: weightsAt(recent, 1)[0] ?? 0,
    halfHours: weightsAt(recent + 1, counts.halfHours),
    days: weightsAt(recent + 1 + counts.halfHours, counts.days),
  }
}

function times(packed: Buffer): Pick<Rhythm, 'sinceMs' | 'weighedAtMs' | 'recentAtMs' | 'loginDelaySeconds'> {
  const minutes = (nth: number) => packed.readUInt32LE(1 + 4 * nth) * minuteMs
  return {
    sinceMs: minutes(0),
    weighedAtMs: minutes(1),
    recentAtMs: minutes(2),
    loginDelaySeconds: packed.readUInt32LE(13),
  }
}

/** The form before: 24 hours, 64ths of a message in two octets each. */
function unpackFirstForm(packed: Buffer): Rhythm | undefined {
  if (packed.length !== 81) return undefined
  const weightAt = (nth: number) => packed.readUInt16LE(17 + 2 * nth) / 64
  return {
    ...times(packed),
    ...freshFollowings(),
    recent: [weightAt(0), 0],
    awaited: 0,
    halfHours: Array.from({ length: halfHours }, (_, nth) => weightAt(1 + Math.floor(nth / 2)) / 2),
    days: Array.from({ length: counts.days }, (_, nth) => weightAt(25 + nth)),
  }
}
