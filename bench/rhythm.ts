/**
 * `npm run bench -- rhythm`: when accounts are visited, against fixed intervals and Gmail's: how many visits for how much delay. Nothing is
 * started; it is simulated with the learner and the decision of the worker, which see at each visit how much has come since the last one.
 */
import { parseArgs } from 'node:util'
import { runLimits } from '../src/runs/limits.ts'
import { learn } from '../src/runs/observation.ts'
import { Outlook } from '../src/runs/outlook.ts'
import { packRhythm, unpackRhythm } from '../src/runs/packed-rhythm.ts'
import { newRhythm, type Rhythm } from '../src/runs/rhythm.ts'
import { nextVisit } from '../src/runs/schedule.ts'
import { seeded } from '../test/support/pieces.ts'
import { type Arrivals, madeArrivals, madeCrowd, realArrivals } from './arrivals.ts'

const { values: options } = parseArgs({
  options: {
    mail: { type: 'string' },
    accounts: { type: 'string', default: '60' },
    seeds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
  },
})
const seeds = Array.from({ length: Number(options.seeds) }, (_, nth) => 20_260_105 + 1000 * nth)

const minute = 60_000
const day = 1440 * minute
/** Nobody has history before: the first weeks are the same as a fixed interval, and are not counted. */
const learningMs = 21 * day

/** Called at each visit. @returns the milliseconds to the next one. */
type Poller = (visit: { readonly fromMs: number; readonly nowMs: number; readonly stored: number }) => number

interface Outcome {
  readonly visits: number
  readonly messages: number
  /** The sum over all messages. */
  readonly delayMs: number
  readonly spanMs: number
}

function simulate({ times, fromMs, toMs }: Arrivals, poller: Poller): Outcome {
  const countedMs = fromMs + learningMs
  let [lastMs, next, visits, messages, delayMs] = [fromMs, 0, 0, 0, 0]
  for (let nowMs = fromMs; nowMs < toMs; ) {
    const first = next
    for (; (times[next] ?? Number.POSITIVE_INFINITY) <= nowMs; next++) {
      if ((times[next] ?? 0) < countedMs) continue
      messages++
      delayMs += nowMs - (times[next] ?? 0)
    }
    if (nowMs >= countedMs) visits++
    const step = poller({ fromMs: lastMs, nowMs, stored: next - first })
    lastMs = nowMs
    nowMs += step
  }
  return { visits, messages, delayMs, spanMs: toMs - countedMs }
}

function together(outcomes: readonly Outcome[]): Outcome {
  const total = (of: keyof Outcome) => outcomes.reduce((sum, outcome) => sum + outcome[of], 0)
  return { visits: total('visits'), messages: total('messages'), delayMs: total('delayMs'), spanMs: total('spanMs') }
}

const defaults = { minSeconds: 120, maxSeconds: 3600 }

/** Ours, as it is: what is learnt is packed and unpacked. @param next the decision. */
function learner(next: (rhythm: Rhythm, nowMs: number) => number): Poller {
  let kept: Rhythm | undefined
  return ({ fromMs, nowMs, stored }) => {
    const rhythm = kept ?? newRhythm(nowMs)
    const seen = { fromMs, toMs: nowMs, stored, asked: false, longestMs: defaults.maxSeconds * 1000 }
    const learnt = learn(rhythm, seen)
    if (learnt !== kept) kept = unpackRhythm(packRhythm(learnt))
    return next(learnt, nowMs)
  }
}

function byDefault(): Poller {
  const random = seeded(7)
  const account = { interval: defaults }
  return learner((rhythm, nowMs) => nextVisit(account, rhythm, { nowMs, lateMs: 0, random: random() }).afterMs)
}

interface Bounds {
  readonly shortestMs: number
  readonly longestMs: number
}

/** Ours at another price of a visit, and with other bounds, to compare where others work. */
function atPrice(waitMs: number, { shortestMs, longestMs }: Bounds): Poller {
  return learner((rhythm, nowMs) =>
    nowMs - rhythm.sinceMs < runLimits.rhythmLearntMs
      ? shortestMs
      : Math.max(shortestMs, new Outlook(rhythm, nowMs).untilWaited(waitMs, longestMs)),
  )
}

const gmails: Bounds = { shortestMs: 5 * minute, longestMs: 60 * minute }

/** Gmail asked every 5 to 60 minutes, sooner where mail came, later where none did; how exactly it never told. */
function gmail(): Poller {
  const { shortestMs, longestMs } = gmails
  let ms = longestMs
  return ({ stored }) => (ms = stored > 0 ? Math.max(shortestMs, ms / 2) : Math.min(longestMs, ms * 1.25))
}

const visitsADay = ({ visits, spanMs }: Outcome) => visits / (spanMs / day)
const meanDelayMs = ({ delayMs, messages }: Outcome) => delayMs / messages

/** The visits, as a part of those that a fixed interval of the same mean delay takes. By this part its delay is longer at the same visits, too. */
function partOfFixed(outcome: Outcome): number {
  return (visitsADay(outcome) * 2 * meanDelayMs(outcome)) / day
}

/** What nobody can be better than that knows the rate, and not when a message comes: the interval goes by the root of the rate. */
function bestPart({ rate, fromMs, toMs }: Arrivals): number {
  if (rate === undefined) return Number.NaN
  let [rates, roots, hours] = [0, 0, 0]
  for (let atMs = fromMs + learningMs; atMs < toMs; atMs += 60 * minute) {
    rates += rate(atMs)
    roots += Math.sqrt(rate(atMs))
    hours++
  }
  return roots ** 2 / hours / rates
}

/** Seconds of waiting that a visit is worth. */
const prices = [2, 12, 72, 432, 2592]

/** Where ours is at the other's visits, and where at its delay, each as a part of the other's: between two prices, by their logarithms. */
function beside(other: Point, ours: readonly Outcome[]): { visits: number; delay: number } {
  const points = ours.map((outcome): readonly [number, number] => [visitsADay(outcome), meanDelayMs(outcome)])
  const swapped = points.map(([visits, delay]): readonly [number, number] => [delay, visits]).toReversed()
  return {
    delay: valueAt(points, other.visitsADay) / other.delayMs,
    visits: valueAt(swapped, other.delayMs) / other.visitsADay,
  }
}

interface Point {
  readonly visitsADay: number
  readonly delayMs: number
}

/** @param points by their first coordinate, the largest first. @returns NaN beyond them. */
function valueAt(points: readonly (readonly [number, number])[], at: number): number {
  for (const [nth, [x1, y1]] of points.entries()) {
    const [x2, y2] = points[nth + 1] ?? [Number.NaN, Number.NaN]
    if (at > x1 || at < x2 || Number.isNaN(x2)) continue
    return y1 * (y2 / y1) ** (Math.log(at / x1) / Math.log(x2 / x1))
  }
  return Number.NaN
}

const columns = ['mails/day', 'visits/day', 'delay min', 'of fixed', 'best', "Gmail's"]
const pairs = ['fixed 5 min', 'fixed 15 min', "Gmail's 5-60"]

function compare(title: string, all: readonly Arrivals[]): void {
  if (!title.includes(options.only) || all.length === 0) return
  const of = (poller: () => Poller) => together(all.map((arrivals) => simulate(arrivals, poller())))
  const sweep = (bounds: Bounds) => prices.map((seconds) => of(() => atPrice(seconds * 1000, bounds)))
  const [outcome, its] = [of(byDefault), of(gmail)]
  const [first] = all
  const best = first === undefined ? Number.NaN : bestPart(first)
  const mails = outcome.messages / (outcome.spanMs / day)
  const cells = [mails.toFixed(1), visitsADay(outcome).toFixed(0), (meanDelayMs(outcome) / minute).toFixed(1)]
  const parts = [partOfFixed(outcome), best, partOfFixed(its)].map(partText)
  const free = sweep({ shortestMs: 2 * minute, longestMs: 60 * minute })
  const fixed = [5, 15].map((minutes) => beside({ visitsADay: 1440 / minutes, delayMs: (minutes / 2) * minute }, free))
  const compared = [...fixed, beside({ visitsADay: visitsADay(its), delayMs: meanDelayMs(its) }, sweep(gmails))]
  const texts = compared.map(({ visits, delay }) => `${partText(visits)} ${partText(delay)}`.padStart(14))
  say(title, [...[...cells, ...parts].map((cell) => cell.padStart(10)), ...texts])
}

function partText(part: number): string {
  return Number.isNaN(part) ? '-' : part.toFixed(2)
}

function say(title: string, cells: readonly string[]): void {
  process.stdout.write(`  ${title.padEnd(48)}${cells.join('')}\n`)
}

say('', [...columns.map((name) => name.padStart(10)), ...pairs.map((name) => name.padStart(14))])
say('', [' '.repeat(60), ...pairs.map(() => 'visits delay'.padStart(14))])
const made = seeds.map((seed) => madeArrivals(seed))
for (const [nth, [first]] of made[0]?.entries() ?? []) {
  if (first !== undefined)
    compare(
      first.name,
      made.flatMap((kinds) => kinds[nth] ?? []),
    )
}
for (const seed of seeds)
  compare(`${options.accounts} accounts of all kinds, seed ${seed}`, madeCrowd(Number(options.accounts), seed + 1))
if (options.mail !== undefined)
  for (const arrivals of realArrivals(options.mail)) compare(`real: ${arrivals.name}`, [arrivals])
