/** When an account is visited over months: by what was found at each visit and nothing else, for many ways in which mail comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learn } from '../../src/runs/observation.ts'
import { packRhythm, unpackRhythm } from '../../src/runs/packed-rhythm.ts'
import { newRhythm, type Rhythm } from '../../src/runs/rhythm.ts'
import { nextVisit, type Visited } from '../../src/runs/schedule.ts'
import { seeded } from '../support/pieces.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** A Monday, at midnight. */
const startMs = Date.UTC(2026, 0, 5)
const usual: Visited = { interval: { minSeconds: 120, maxSeconds: 3600 } }

type Rate = (atMs: number) => number
const hourOf = (atMs: number) => Math.floor((atMs % day) / hour)
const isWorkday = (atMs: number) => Math.floor((atMs - startMs) / day) % 7 < 5
/** Messages an hour: four from 8 to 18 o'clock on workdays, and none besides. */
const office: Rate = (atMs) => (isWorkday(atMs) && hourOf(atMs) >= 8 && hourOf(atMs) < 18 ? 4 : 0)

/** Each by chance. */
function arrivalsBy(rate: Rate, days: number, random: () => number): number[] {
  const times: number[] = []
  for (let atMs = startMs; atMs < startMs + days * day; atMs += minute)
    if (random() < rate(atMs) / 60) times.push(atMs + random() * minute)
  return times
}

/** Each of them starts a conversation of seven messages. */
const conversationsOf = (starts: readonly number[], random: () => number): number[] =>
  starts
    .flatMap((atMs) => Array.from({ length: 7 }, () => (atMs += -Math.log(1 - random()) * 10 * minute)))
    .toSorted((a, b) => a - b)

interface Simulation {
  readonly rhythm: Rhythm
  readonly intervals: readonly { readonly fromMs: number; readonly ms: number }[]
  readonly delays: readonly { readonly atMs: number; readonly ms: number }[]
}

function simulate(times: readonly number[], days: number, account = usual): Simulation {
  const random = seeded(11)
  let [rhythm, next] = [newRhythm(startMs), 0]
  const [intervals, delays]: [{ fromMs: number; ms: number }[], { atMs: number; ms: number }[]] = [[], []]
  for (let [fromMs, nowMs] = [startMs, startMs]; nowMs < startMs + days * day; ) {
    const first = next
    for (; (times[next] ?? Infinity) <= nowMs; next++)
      delays.push({ atMs: times[next] ?? 0, ms: nowMs - (times[next] ?? 0) })
    const longestMs = account.interval.maxSeconds * 1000
    const learnt = learn(rhythm, { fromMs, toMs: nowMs, stored: next - first, asked: false, longestMs })
    if (learnt !== rhythm) rhythm = unpackRhythm(packRhythm(learnt)) ?? newRhythm(nowMs)
    const { afterMs } = nextVisit(account, rhythm, { nowMs, lateMs: 0, random: random() })
    intervals.push({ fromMs: nowMs, ms: afterMs })
    fromMs = nowMs
    nowMs += afterMs
  }
  return { rhythm, intervals, delays }
}

const mean = (values: readonly { readonly ms: number }[]) => values.reduce((sum, { ms }) => sum + ms, 0) / values.length

/** From one day to another. */
function part({ intervals, delays }: Simulation, fromDay: number, toDay: number) {
  const [fromMs, toMs] = [startMs + fromDay * day, startMs + toDay * day]
  const visits = intervals.filter((interval) => interval.fromMs >= fromMs && interval.fromMs < toMs)
  const delayMs = mean(delays.filter(({ atMs }) => atMs >= fromMs && atMs < toMs))
  // By this part visits are fewer than with a fixed interval of the same mean delay, and the delay is shorter at the same visits.
  return { visits, delayMs, ofFixed: (visits.length * 2 * delayMs) / (toMs - fromMs) }
}

test('one account with mail at work alone: half the delay of a fixed interval with as many visits', () => {
  const { ofFixed } = part(simulate(arrivalsBy(office, 56, seeded(1)), 56), 21, 56)
  assert.ok(ofFixed < 0.45, `${ofFixed}`)
})

test('mail without any rhythm costs hardly more than a fixed interval: it is learnt that nothing follows', () => {
  const simulation = simulate(
    arrivalsBy(() => 1, 70, seeded(4)),
    70,
  )
  const { ofFixed } = part(simulation, 21, 70)
  assert.ok(ofFixed < 1.04, `${ofFixed}`)
  assert.ok((simulation.rhythm.shares[0] ?? 1) < 0.1, `${simulation.rhythm.shares[0]}`)
})

test('conversations are learnt: much of the mail follows mail', () => {
  const random = seeded(5)
  const starts = arrivalsBy((atMs) => (hourOf(atMs) >= 9 && hourOf(atMs) < 22 ? 0.12 : 0.01), 70, random)
  const simulation = simulate(conversationsOf(starts, random), 70)
  assert.ok((simulation.rhythm.shares[0] ?? 0) > 0.4, `${simulation.rhythm.shares[0]}`)
  assert.ok(part(simulation, 21, 70).ofFixed < 0.5)
})

test('letters of the night are met at night', () => {
  const random = seeded(6)
  const times = Array.from({ length: 70 }, (_, night) => startMs + night * day + 3 * hour + random() * 15 * minute)
  const { visits, delayMs } = part(simulate(times, 70), 21, 70)
  assert.ok(delayMs < 5 * minute, `${delayMs / minute}`)
  assert.ok(visits.length / 49 < 80, `${visits.length / 49}`)
})

test('when clocks are put forward or back, and in zones where the day begins at another hour, mail waits hardly longer', () => {
  const delay = (rate: Rate) => part(simulate(arrivalsBy(rate, 70, seeded(7)), 70), 42, 56).delayMs
  const before = delay(office)
  for (const hours of [1, -1]) {
    const after = delay((atMs) => office(atMs < startMs + 42 * day ? atMs : atMs + hours * hour))
    assert.ok(after < before * 1.5, `${hours}: ${after / minute}, not ${before / minute}`)
  }
  for (const hours of [5, 10, -8]) {
    const there = delay((atMs) => office(startMs + ((atMs - startMs + 7 * day + hours * hour) % (7 * day))))
    assert.ok(there < before * 1.5, `${hours}: ${there / minute}, not ${before / minute}`)
  }
})

test('who begins to work by night, or is back from a holiday, waits some minutes and not long', () => {
  const nightly: Rate = (atMs) => office(atMs < startMs + 42 * day ? atMs : atMs + 12 * hour)
  const changed = simulate(arrivalsBy(nightly, 84, seeded(8)), 84)
  const [first, later] = [part(changed, 42, 49).delayMs, part(changed, 70, 84).delayMs]
  assert.ok(first < 6 * minute && later < 2.5 * minute, `${first / minute} ${later / minute}`)
  const away: Rate = (atMs) => (atMs >= startMs + 35 * day && atMs < startMs + 49 * day ? 0 : office(atMs))
  const holiday = simulate(arrivalsBy(away, 84, seeded(9)), 84)
  assert.ok(part(holiday, 49, 56).delayMs < 2.5 * minute, `${part(holiday, 49, 56).delayMs / minute}`)
})

test('a folder that somebody moves there changes little for the weeks after', () => {
  const times = arrivalsBy(office, 70, seeded(10))
  const moved = Array.from({ length: 30_000 }, () => startMs + 40 * day + 3 * hour)
  const [plain, after] = [times, [...times, ...moved].toSorted((a, b) => a - b)].map((all) => simulate(all, 70))
  assert.ok(plain !== undefined && after !== undefined)
  const [visits, as] = [part(after, 42, 70).visits.length, part(plain, 42, 70).visits.length]
  assert.ok(Math.abs(visits / as - 1) < 0.15, `${visits} ${as}`)
})

test('no interval is shorter than the shortest or longer than the longest, whatever comes', () => {
  const random = seeded(12)
  const bounds = [
    { minSeconds: 60, maxSeconds: 90 },
    { minSeconds: 120, maxSeconds: 3600 },
    { minSeconds: 600, maxSeconds: 86_400 },
  ]
  for (const interval of bounds)
    for (const perHour of [0.001, 2, 40]) {
      const rate: Rate = (atMs) => (Math.floor(atMs / (5 * hour)) % 3 === 0 ? perHour : perHour / 50)
      const days = interval.minSeconds === 60 ? 16 : 28
      const account: Visited = { interval, longestChosen: true }
      for (const { ms } of simulate(arrivalsBy(rate, days, random), days, account).intervals)
        assert.ok(ms >= interval.minSeconds * 1000 && ms <= interval.maxSeconds * 1000, `${ms}`)
    }
})
