/** `npm run bench -- rhythm`: when accounts are visited, against fixed intervals and Gmail's: how many visits for how much delay. */
import { parseArgs } from 'node:util'
import { packRhythm, unpackRhythm } from '../src/runs/packed-rhythm.ts'
import { learn, newRhythm, Outlook, type Rhythm } from '../src/runs/rhythm.ts'
import { nextVisit } from '../src/runs/schedule.ts'
import { seeded } from '../test/support/pieces.ts'
import { type Arrivals, madeArrivals, madeCrowd, realArrivals } from './arrivals.ts'

const { values: options } = parseArgs({
  options: { mail: { type: 'string' }, accounts: { type: 'string', default: '200' } },
})

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
  let packed: string | undefined
  return ({ fromMs, nowMs, stored }) => {
    const rhythm = unpackRhythm(packed) ?? newRhythm(nowMs)
    const learnt = learn(rhythm, { fromMs, toMs: nowMs, stored, longestMs: defaults.maxSeconds * 1000 })
    if (packed === undefined || learnt !== rhythm) packed = packRhythm(learnt)
    return next(learnt, nowMs)
  }
}

function ours(longestChosen: boolean): Poller {
  const random = seeded(7)
  const account = { interval: defaults, ...(longestChosen ? ({ longestChosen } as const) : {}) }
  return learner((rhythm, nowMs) => nextVisit(account, rhythm, { nowMs, lateMs: 0, random: random() }).afterMs)
}

/** Ours at another price of a visit, and with other bounds, to compare where others work. */
function oursAt(waitMs: number, shortestMs: number, longestMs: number): Poller {
  return learner((rhythm, nowMs) =>
    nowMs - rhythm.sinceMs < 14 * day
      ? shortestMs
      : Math.max(shortestMs, new Outlook(rhythm, nowMs).untilWaited(waitMs, longestMs)),
  )
}

const fixed = (ms: number): Poller => {
  return () => ms
}

/** Gmail asked every 5 to 60 minutes, sooner where mail came, later where none did; how exactly it never told. */
function gmail(): Poller {
  let ms = 60 * minute
  return ({ stored }) => (ms = stored > 0 ? Math.max(5 * minute, ms / 2) : Math.min(60 * minute, ms * 1.25))
}

/** The visits, as a part of those that a fixed interval of the same mean delay takes. By this part its delay is longer at the same visits, too. */
function partOfFixed({ visits, messages, delayMs, spanMs }: Outcome): number {
  return messages === 0 ? Number.NaN : (visits * 2 * delayMs) / messages / spanMs
}

/** What nobody can be better than that knows the rate, and not when a message comes: the interval goes by the root of the rate. */
function bestPart({ rate, fromMs, toMs }: Arrivals): number {
  if (rate === undefined) return Number.NaN
  let [rates, roots, hours] = [0, 0, 0]
  for (let atMs = fromMs; atMs < toMs; atMs += 60 * minute) {
    rates += rate(atMs)
    roots += Math.sqrt(rate(atMs))
    hours++
  }
  return roots ** 2 / hours / rates
}

function row(name: string, outcome: Outcome, best = Number.NaN): string {
  const { visits, messages, delayMs, spanMs } = outcome
  const cells = [
    (messages / (spanMs / day)).toFixed(1),
    (visits / (spanMs / day)).toFixed(0),
    (delayMs / messages / minute).toFixed(1),
    partOfFixed(outcome).toFixed(2),
    Number.isNaN(best) ? '' : best.toFixed(2),
  ]
  return `  ${name.padEnd(52)}${cells.map((cell) => cell.padStart(10)).join('')}`.trimEnd()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function compare(title: string, all: readonly Arrivals[]): void {
  const of = (poller: () => Poller) => together(all.map((arrivals) => simulate(arrivals, poller())))
  const [only] = all
  say(title)
  say(
    row(
      'every 2 minutes',
      of(() => fixed(2 * minute)),
    ),
  )
  say(
    row(
      'every 10 minutes',
      of(() => fixed(10 * minute)),
    ),
  )
  const best = only === undefined || all.some(({ rate }) => rate === undefined) ? Number.NaN : bestPart(only)
  say(
    row(
      'learnt, as it is by default',
      of(() => ours(false)),
      best,
    ),
  )
  say(
    row(
      'learnt, up to an hour',
      of(() => ours(true)),
      best,
    ),
  )
  say(
    row(
      'learnt, 5 to 60 minutes, a visit worth a minute',
      of(() => oursAt(minute, 5 * minute, 60 * minute)),
      best,
    ),
  )
  say(
    row(
      "5 to 60 minutes by the last visits (Gmail's)",
      of(() => gmail()),
      best,
    ),
  )
  say('')
}

say(
  `  ${' '.repeat(52)}${['mails/day', 'visits/day', 'delay min', 'of fixed', 'best'].map((cell) => cell.padStart(10)).join('')}`,
)
for (const accounts of madeArrivals()) compare(accounts[0]?.name ?? '', accounts)
compare(`${options.accounts} accounts of all kinds`, madeCrowd(Number(options.accounts)))
if (options.mail !== undefined)
  for (const arrivals of realArrivals(options.mail)) compare(`real: ${arrivals.name}`, [arrivals])
