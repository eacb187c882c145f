/** The times at which mail arrives: made ones, from a seed, and those of real messages. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { arrivalOf } from '../src/mail/arrival.ts'
import { fieldsOf, headerOf } from '../src/mail/header.ts'
import { seeded } from '../test/support/pieces.ts'

export interface Arrivals {
  readonly name: string
  /** Milliseconds since 1970, in order. */
  readonly times: readonly number[]
  readonly fromMs: number
  readonly toMs: number
  /** The rate that made them, in messages an hour, for those that come one by one. */
  readonly rate?: Rate
}

type Rate = (atMs: number) => number
type Random = () => number

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const weeks = 12
/** A Monday. */
const fromMs = Date.UTC(2026, 0, 5)
const toMs = fromMs + weeks * 7 * day
const middleMs = (fromMs + toMs) / 2

const hourOf = (atMs: number) => Math.floor((atMs % day) / hour)
const isWeekend = (atMs: number) => Math.floor((atMs - fromMs) / day) % 7 >= 5

/** Somebody's mail at work, with little outside: an eighth of it, most of the hours of a week. */
const office = (perHour: number): Rate => {
  return (atMs) => {
    const at = hourOf(atMs)
    if (isWeekend(atMs)) return 0.03 * perHour
    return at >= 8 && at < 18 ? perHour : at >= 18 && at < 22 ? 0.1 * perHour : 0.02 * perHour
  }
}
const officeAlone = (perHour: number): Rate => {
  return (atMs) => (!isWeekend(atMs) && hourOf(atMs) >= 8 && hourOf(atMs) < 18 ? perHour : 0)
}
const awake = (perHour: number): Rate => {
  return (atMs) => (hourOf(atMs) >= 7 && hourOf(atMs) < 23 ? perHour : 0.1 * perHour)
}
const even = (perHour: number): Rate => {
  return () => perHour
}
/** From the middle on, one hour sooner: clocks were put forward. */
const forward = (rate: Rate): Rate => {
  return (atMs) => rate(atMs < middleMs ? atMs : atMs + hour)
}
/** Somebody who works by day and, from the middle on, by night. */
const byNight = (rate: Rate): Rate => {
  return (atMs) => rate(atMs < middleMs ? atMs : atMs + 12 * hour)
}
/** Two weeks of holiday. */
const away = (rate: Rate): Rate => {
  return (atMs) => (atMs < middleMs || atMs >= middleMs + 14 * day ? rate(atMs) : 0.05 * rate(atMs))
}

/** By what they are like: several accounts of each, as one alone has its luck. */
export function madeArrivals(seed: number): Arrivals[][] {
  const random = seeded(seed)
  const several = (count: number, make: () => Arrivals) => Array.from({ length: count }, make)
  const chosen = (name: string, make: () => number[]) => several(2, () => ({ ...frame(name), times: make() }))
  return [
    ...[12, 4, 1].map((perHour) => several(2, () => one(`office, ${perHour} an hour`, office(perHour), random))),
    several(2, () => one('office, 4 an hour, nothing outside', officeAlone(4), random)),
    several(2, () => one('office, one an hour, nothing outside', officeAlone(1), random)),
    chosen('office, 4 an hour in conversations', () => conversations(office(1.6), random, talk)),
    several(2, () => one('office, 4 an hour, clocks go forward', forward(office(4)), random)),
    several(2, () => one('office, 4 an hour, then by night', byNight(office(4)), random)),
    several(2, () => one('office, 4 an hour, with a holiday', away(office(4)), random)),
    several(2, () => one('private, one an hour by day', awake(1), random)),
    chosen('newsletters at night', () => newsletters(random)),
    chosen('bursts: long conversations by day', () => conversations(byDay(0.12), random, bursts)),
    several(10, () => ({ ...frame('silent: a message a month'), times: byRate(even(1 / 720), random) })),
    several(2, () => one('no rhythm: one an hour, always', even(1), random)),
  ]
}

/** Many accounts of all kinds. How much comes to each differs as it does between people: by its logarithm. */
export function madeCrowd(count: number, seed: number): Arrivals[] {
  const random = seeded(seed)
  return Array.from({ length: count }, (_, nth) => {
    const perDay = 4 * Math.exp(1.5 * normal(random))
    return { ...frame(`account ${nth}`), times: timesOf(nth % 10, perDay, random) }
  })
}

function timesOf(kind: number, perDay: number, random: Random): number[] {
  if (kind < 5) return byRate(office(perDay / 7.5), random)
  if (kind < 7) return byRate(awake(perDay / 16), random)
  if (kind < 8) return newsletters(random)
  return kind < 9 ? conversations(byDay(perDay / 100), random, bursts) : byRate(even(1 / 720), random)
}

function frame(name: string) {
  return { name, fromMs, toMs }
}

function one(name: string, rate: Rate, random: Random): Arrivals {
  return { ...frame(name), times: byRate(rate, random), rate }
}

/** Arrivals one by one, each by chance, at a rate that is the same within an hour. */
function byRate(rate: Rate, random: Random): number[] {
  const times: number[] = []
  for (let atMs = fromMs; atMs < toMs; atMs += hour) {
    const perMs = rate(atMs) / hour
    for (let inMs = chance(perMs, random); inMs < hour; inMs += chance(perMs, random)) times.push(atMs + inMs)
  }
  return times
}

function chance(perMs: number, random: Random): number {
  if (perMs === 0) return Number.POSITIVE_INFINITY
  return -Math.log(1 - random()) / perMs
}

/** Three senders between 2 and 5 o'clock, most nights, some with several letters at once; and little else. */
function newsletters(random: Random): number[] {
  const times = byRate(even(0.1), random)
  for (let night = fromMs; night < toMs; night += day) {
    for (let sender = 0; sender < 3; sender++) {
      if (random() > 0.85) continue
      let atMs = night + (2 + sender) * hour + random() * 15 * minute
      for (let left = 1 + Math.floor(random() * 3); left > 0; left--) times.push((atMs += random() * 2 * minute))
    }
  }
  return times.toSorted((a, b) => a - b)
}

const byDay = (perHour: number): Rate => {
  return (atMs) => (hourOf(atMs) >= 9 && hourOf(atMs) < 22 ? perHour : 0.1 * perHour)
}

interface Talk {
  /** The messages of a conversation, in the mean. */
  readonly messages: number
  /** The time between two of them, in the mean. */
  readonly gapMs: number
}
const bursts: Talk = { messages: 7, gapMs: 10 * minute }
const talk: Talk = { messages: 2.5, gapMs: 12 * minute }

/** @param rate that of the first message of each. */
function conversations(rate: Rate, random: Random, { messages, gapMs }: Talk): number[] {
  const times: number[] = []
  for (const start of byRate(rate, random)) {
    let atMs = start
    for (let left = 1 - (messages - 1) * Math.log(1 - random()); left >= 1; left--) {
      times.push(atMs)
      atMs += chance(1 / gapMs, random)
    }
  }
  return times.filter((atMs) => atMs < toMs).toSorted((a, b) => a - b)
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Lines that a fetcher has written: it came when the owner's computer asked, and not when it arrived. */
const fetched = /fetchmail|getmail|with (?:IMAP|POP3)|localhost|jalapeno/i
const fewest = 200

/** The arrivals of the messages below a folder, by their subfolder and what stands before `__` in their name; and those of a subfolder together. */
export function realArrivals(folder: string): Arrivals[] {
  const found = new Map<string, number[]>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.includes('__')) continue
    const fields = fieldsOf(headerOf(readFileSync(join(entry.parentPath, entry.name))))
    const trusted = fields.filter(({ name, value }) => name !== 'received' || !fetched.test(value))
    const arrival = arrivalOf(trusted, Date.now())
    if (arrival === undefined) continue
    const whole = basename(entry.parentPath)
    for (const name of [whole, `${whole}, ${entry.name.replace(/(?:-\d+)?__.*/, '')}`])
      found.set(name, [...(found.get(name) ?? []), Number(arrival)])
  }
  return [...found].flatMap(([name, all]) => {
    const sorted = all.toSorted((a, b) => a - b)
    // Some are years older or younger than the others: tests, and wrong clocks.
    const times = sorted.slice(Math.floor(sorted.length * 0.1), Math.ceil(sorted.length * 0.95))
    const [first = 0, last = 0] = [times[0], times.at(-1)]
    const isUseful = times.length >= fewest && last - first > 35 * day && last - first < 600 * day
    return isUseful ? [{ name, times, fromMs: first, toMs: last }] : []
  })
}
