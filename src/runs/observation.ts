/**
 * What a visit teaches of an account's rhythm: the mail that came before it, and that somebody waits for some. Pure. A scheduled visit that
 * finds nothing teaches nothing that would have to be written down.
 */
import { runLimits } from './limits.ts'
import { Outlook } from './outlook.ts'
import {
  awaitedAt,
  dayMs,
  weekDayAt,
  fade,
  halfHourMs,
  halfHourAt,
  newRhythm,
  type Rhythm,
  remembered,
} from './rhythm.ts'

/** What one visit has seen. */
export interface Observation {
  /** When the maildrop was seen before, and everything in it was stored. Undefined: what this visit stored may be old. */
  readonly fromMs: number | undefined
  readonly toMs: number
  /** The number of messages that came in between. */
  readonly stored: number
  /** Somebody asked for this visit. */
  readonly asked: boolean
  /** The account's longest interval. */
  readonly longestMs: number
}

/** @returns the same object if nothing is to be written down. */
export function learn(rhythm: Rhythm, observation: Observation): Rhythm {
  const { fromMs, toMs, stored, asked, longestMs } = observation
  if (fromMs === undefined) return rhythm
  if (toMs < runLimits.clockSetFromMs) return rhythm
  if (rhythm.sinceMs < runLimits.clockSetFromMs) return newRhythm(toMs)
  // Between two times of which one is no time, nobody knows how long it was.
  if (fromMs < runLimits.clockSetFromMs) return rhythm
  const spanMs = toMs - fromMs
  // Nobody looked, or the clock was stepped. Such a time is no silence, and the mail of it has no hour.
  if (spanMs < 0 || spanMs > Math.max(runLimits.unwatchedFromMs, 2 * longestMs)) return movedBy(rhythm, spanMs)
  if (stored > 0) return withArrivals(rhythm, { fromMs, toMs, count: Math.min(stored, runLimits.arrivalsCountedMax) })
  return asked ? withSomebodyWaiting(rhythm, toMs) : rhythm
}

interface Batch {
  readonly fromMs: number
  readonly toMs: number
  readonly count: number
}

function withArrivals(rhythm: Rhythm, batch: Batch): Rhythm {
  const { toMs, count } = batch
  const anchor = anchored(rhythm, toMs)
  const [newHalfHours, newDays] = [[...anchor.halfHours], [...anchor.days]]
  // A weight is written as it was at weighedAtMs: a later arrival counts for more.
  const growth = Math.exp((toMs - anchor.weighedAtMs) / runLimits.rhythmFadesMs)
  const middles = middlesOf(batch)
  const each = (count / middles.length) * growth
  for (const atMs of middles) {
    const [halfHour, day] = [halfHourAt(atMs), weekDayAt(atMs)]
    newHalfHours[halfHour] = (newHalfHours[halfHour] ?? 0) + each
    newDays[day] = (newDays[day] ?? 0) + each
  }
  const recent = remembered(rhythm, toMs).map((arrivals) => Math.min(arrivals + count, runLimits.arrivalsCountedMax))
  const shares = sharesAfter(rhythm, batch)
  const { weighedAtMs } = anchor
  // Who waited has got it.
  return {
    ...rhythm,
    weighedAtMs,
    halfHours: newHalfHours,
    days: newDays,
    shares,
    recent,
    awaited: 0,
    recentAtMs: toMs,
  }
}

/** Each arrival counts for what it was to be expected by: its hour, or the mail before it. What one visit found together follows nothing. */
function sharesAfter(rhythm: Rhythm, batch: Batch): readonly number[] {
  const { fromMs, toMs, count } = batch
  const outlook = new Outlook(rhythm, fromMs)
  const middles = middlesOf(batch)
  const usualRate = middles.reduce((rates, atMs) => rates + outlook.usualRate(atMs), 0) / middles.length
  const following = outlook.following(toMs - fromMs)
  const expected = usualRate * (toMs - fromMs) * outlook.unfollowedShare + sum(following)
  if (expected <= 0) return rhythm.shares
  const learnt = count / (outlook.arrivals + count + runLimits.sharePriorArrivals)
  return rhythm.shares.map((share, nth) => share + learnt * ((following[nth] ?? 0) / expected - share))
}

/** When its messages came is not known: they are taken as spread over its time. */
function middlesOf({ fromMs, toMs }: Batch): number[] {
  const pieces = Math.ceil((toMs - fromMs + 1) / halfHourMs)
  return Array.from({ length: pieces }, (_, nth) => fromMs + ((toMs - fromMs) * (nth + 0.5)) / pieces)
}

/** Whoever asks again while they wait tells nothing new: a program may ask every minute. */
function withSomebodyWaiting(rhythm: Rhythm, nowMs: number): Rhythm {
  if (awaitedAt(rhythm, nowMs) > runLimits.awaitedAgainBelow) return rhythm
  return { ...rhythm, recent: remembered(rhythm, nowMs), awaited: runLimits.awaitedIfAsked, recentAtMs: nowMs }
}

function movedBy(rhythm: Rhythm, byMs: number): Rhythm {
  const { sinceMs, weighedAtMs, recentAtMs } = rhythm
  const moved = { sinceMs: sinceMs + byMs, weighedAtMs: weighedAtMs + byMs }
  return { ...rhythm, ...moved, recentAtMs: Math.min(recentAtMs, recentAtMs + byMs) }
}

/** Weights are carried to the present once a day: each time they are, all of them are rounded off. */
function anchored(rhythm: Rhythm, nowMs: number): Rhythm {
  const passedMs = nowMs - rhythm.weighedAtMs
  if (passedMs >= 0 && passedMs < dayMs) return rhythm
  const factor = fade(passedMs, runLimits.rhythmFadesMs)
  const faded = (weights: readonly number[]) => weights.map((weight) => weight * factor)
  return { ...rhythm, weighedAtMs: nowMs, halfHours: faded(rhythm.halfHours), days: faded(rhythm.days) }
}

function sum(weights: readonly number[]): number {
  return weights.reduce((total, weight) => total + weight, 0)
}
