/** When an account is visited next: what is learnt of its mail, and what is decided by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learn as learnSeen, type Observation } from '../../src/runs/observation.ts'
import { Outlook } from '../../src/runs/outlook.ts'
import { packRhythm, unpackRhythm } from '../../src/runs/packed-rhythm.ts'
import { newRhythm, type Rhythm } from '../../src/runs/rhythm.ts'
import { type Scheduled, shownRhythm } from '../../src/runs/shown-rhythm.ts'
import { type NextVisit, nextVisit, type Visited } from '../../src/runs/schedule.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** A Monday, at midnight. */
const startMs = Date.UTC(2026, 5, 1)
const usual: Visited = { interval: { minSeconds: 120, maxSeconds: 3600 } }
const upToADay: Visited = { interval: { minSeconds: 120, maxSeconds: 86_400 } }

/** A scheduled visit, unless it says otherwise. */
const learn = (rhythm: Rhythm, seen: Omit<Observation, 'asked'> & { asked?: boolean }): Rhythm =>
  learnSeen(rhythm, { asked: false, ...seen })

function next(
  account: Visited,
  rhythm: Rhythm | undefined,
  nowMs: number,
  random = 0.5,
): NextVisit & { dueMs: number } {
  const visit = nextVisit(account, rhythm, { nowMs, lateMs: 0, random })
  return { ...visit, dueMs: nowMs + visit.afterMs }
}

/** Learns from a visit every ten minutes. @param come the messages of those ten minutes. */
function learnt(days: number, come: (atMs: number) => number, before = newRhythm(startMs), fromMs = startMs): Rhythm {
  let rhythm = before
  for (let toMs = fromMs + 10 * minute; toMs <= fromMs + days * day; toMs += 10 * minute) {
    const observation = { fromMs: toMs - 10 * minute, toMs, stored: come(toMs - 5 * minute), longestMs: hour }
    const after = learn(rhythm, observation)
    if (after !== rhythm) rhythm = unpackRhythm(packRhythm(after)) ?? newRhythm(toMs)
  }
  return rhythm
}

const hourOf = (ms: number) => new Date(ms).getUTCHours()
const isWorkday = (ms: number) => ![0, 6].includes(new Date(ms).getUTCDay())
/** One message in ten minutes, from 8 to 18 o'clock on workdays. */
const office = (atMs: number) => (isWorkday(atMs) && hourOf(atMs) >= 8 && hourOf(atMs) < 18 ? 1 : 0)

/** The fifth Wednesday. */
const wednesdayMs = startMs + 30 * day
const atWork = learnt(30, office)

test('an account without 14 days of history is visited at its shortest interval', () => {
  for (const rhythm of [undefined, newRhythm(startMs)]) {
    const { dueMs, rhythm: why } = next(usual, rhythm, startMs + 13 * day, 0)
    assert.deepEqual([dueMs - startMs - 13 * day, why], [120_000, { code: 'learning', seconds: 120 }])
  }
})

test('mail that comes at work: often by day, seldom at night and on Sunday', () => {
  const noon = next(usual, atWork, wednesdayMs + 12 * hour).rhythm
  assert.equal(noon.code, 'busy hour')
  assert.ok(noon.seconds < 4 * 60, `${noon.seconds}`)
  const [night, sunday] = [
    next(usual, atWork, wednesdayMs + hour),
    next(usual, atWork, wednesdayMs + 4 * day + 12 * hour),
  ]
  assert.deepEqual([night.rhythm.code, sunday.rhythm.code], ['quiet hour', 'quiet hour'])
  assert.ok(night.rhythm.seconds > 20 * 60 && sunday.rhythm.seconds > 20 * 60)
})

test('a long interval ends where the next busy hour begins', () => {
  const [night, before] = [2, 7.4].map((hours) => next(upToADay, atWork, wednesdayMs + hours * hour))
  assert.ok(night !== undefined && before !== undefined && before.rhythm.seconds < night.rhythm.seconds)
  assert.ok(before.dueMs < wednesdayMs + 8.1 * hour, `${(before.dueMs - wednesdayMs) / hour}`)
})

test('mail that came a moment ago brings the next visit sooner, and only for a while', () => {
  const nowMs = wednesdayMs + 2 * hour
  const after = learn(atWork, { fromMs: nowMs - 20 * minute, toMs: nowMs, stored: 2, longestMs: hour })
  const { code, seconds } = next(usual, after, nowMs).rhythm
  assert.equal(code, 'recent mail')
  assert.ok(seconds < 8 * 60, `${seconds}`)
  assert.equal(next(usual, after, nowMs + 4 * hour).rhythm.code, 'quiet hour')
})

test('who asks for a visit that finds nothing waits for mail: the next one comes sooner, until it has come', () => {
  const nowMs = wednesdayMs + 2 * hour
  const seen = { fromMs: nowMs - 20 * minute, toMs: nowMs, stored: 0, longestMs: hour }
  assert.equal(learn(atWork, seen), atWork, 'a scheduled visit that finds nothing teaches nothing')
  const asked = learn(atWork, { ...seen, asked: true })
  const { code, seconds } = next(usual, unpackRhythm(packRhythm(asked)), nowMs).rhythm
  assert.equal(code, 'asked for')
  assert.ok(seconds >= 120 && seconds < 5 * 60, `${seconds}`)
  assert.ok(next(usual, asked, nowMs + hour).rhythm.seconds > 2 * seconds)
  assert.equal(next(usual, asked, nowMs + 3 * hour).rhythm.code, 'quiet hour')
  // The hours are those of arrivals alone.
  assert.deepEqual([asked.halfHours, asked.days, asked.shares], [atWork.halfHours, atWork.days, atWork.shares])
  // A program that asks every minute tells nothing new.
  const again = { ...seen, fromMs: nowMs, toMs: nowMs + minute, asked: true }
  assert.equal(learn(asked, again), asked)
  assert.equal(learn(asked, { ...again, stored: 1 }).awaited, 0)
  // A fixed interval stays as it is, and LOGIN-DELAY is kept.
  const exact: Visited = { interval: { minSeconds: 900, maxSeconds: 900 } }
  assert.equal(next(exact, asked, nowMs).rhythm.seconds, 900)
  assert.equal(next(usual, { ...asked, loginDelaySeconds: 1200 }, nowMs).rhythm.code, 'login delay')
})

test('no delay to be expected grows beyond 15 minutes unless somebody has set the longest interval', () => {
  const nowMs = startMs + 60 * day
  const silent = newRhythm(startMs)
  for (const random of [0, 0.5, 0.999]) {
    const waits = (account: Visited) => next(account, silent, nowMs, random).dueMs - nowMs
    assert.ok(waits(usual) <= 30 * minute, 'half of the interval is the delay to be expected')
    assert.ok(waits({ ...usual, longestChosen: true }) > 50 * minute, 'somebody has given what the default is')
    assert.ok(waits({ interval: { minSeconds: 120, maxSeconds: 7200 } }) > 100 * minute)
    assert.ok(waits({ interval: { minSeconds: 3600, maxSeconds: 3600 } }) === 60 * minute)
  }
  assert.equal(next(usual, silent, nowMs).rhythm.code, 'silent')
})

test('an account of the same shortest and longest interval is visited exactly so', () => {
  const account: Visited = { interval: { minSeconds: 60, maxSeconds: 60 } }
  const after = (lateMs: number, random: number) => nextVisit(account, atWork, { nowMs: startMs, lateMs, random })
  for (const random of [0, 0.999]) {
    // The visit came 2 s late and took 3 s: the next one is due 60 s after this one was.
    assert.equal(after(5000, random).afterMs, 55_000)
    // It came or lasted so long that half of the interval is all that is left to the provider.
    assert.equal(after(50_000, random).afterMs, 30_000)
    // The clock was set back, or somebody asked for it before it was due.
    assert.equal(after(-40_000, random).afterMs, 60_000)
  }
  assert.deepEqual(after(0, 0).rhythm, { code: 'fixed', seconds: 60 })
})

test('never sooner than the server allows', () => {
  const rhythm = { ...atWork, loginDelaySeconds: 900 }
  for (const interval of [usual.interval, { minSeconds: 10, maxSeconds: 10 }]) {
    for (const random of [0, 0.999]) {
      const moment = { nowMs: wednesdayMs + 12 * hour, lateMs: 100_000, random }
      const { afterMs, rhythm: why } = nextVisit({ interval }, unpackRhythm(packRhythm(rhythm)), moment)
      assert.ok(afterMs >= 900_000 && afterMs <= 990_000)
      assert.deepEqual(why, { code: 'login delay', seconds: 900 })
    }
  }
})

test('an interval varies within its bounds, and in the middle of them about itself', () => {
  const nowMs = wednesdayMs + hour
  const spreadOf = (account: Visited) => [0, 0.5, 1].map((random) => next(account, atWork, nowMs, random).dueMs - nowMs)
  const [least = 0, mean = 0, most = 0] = spreadOf({ interval: { minSeconds: 120, maxSeconds: 7200 } })
  assert.ok(least < mean && mean < most && most - least > mean * 0.05)
  assert.ok(Math.abs((least + most) / 2 - mean) < 1000)
  const bounded = spreadOf({ interval: { minSeconds: 120, maxSeconds: 125 } })
  assert.ok(bounded.every((ms) => ms >= 120_000 && ms <= 125_000))
})

test('what a first import stores is no rhythm', () => {
  const first = learn(newRhythm(startMs), { fromMs: undefined, toMs: startMs + hour, stored: 40_000, longestMs: hour })
  assert.deepEqual(first, newRhythm(startMs))
})

test('much mail at once counts as a little: somebody has moved a folder there', () => {
  const nowMs = wednesdayMs + 2 * hour
  const moved = learn(atWork, { fromMs: nowMs - hour / 2, toMs: nowMs, stored: 100_000, longestMs: hour })
  const rateOf = (rhythm: Rhythm) => new Outlook(rhythm, nowMs + day).meanRate
  assert.ok(rateOf(moved) < 1.1 * rateOf(atWork))
})

test('a time in which nobody looked is no silence', () => {
  const backMs = wednesdayMs + 90 * day
  const back = learn(atWork, { fromMs: wednesdayMs, toMs: backMs, stored: 700, longestMs: hour })
  const before = new Outlook(atWork, wednesdayMs)
  const after = new Outlook(back, backMs)
  assert.equal(after.watchedMs, before.watchedMs)
  assert.ok(Math.abs(after.meanRate / before.meanRate - 1) < 0.01)
})

test('a clock that steps spoils nothing', () => {
  const nowMs = wednesdayMs + 12 * hour
  const rate = (rhythm: Rhythm) => new Outlook(rhythm, nowMs).usualRate(nowMs)
  for (const stepMs of [400 * day, -400 * day, -2 * hour]) {
    const stepped = learn(atWork, { fromMs: wednesdayMs, toMs: wednesdayMs + stepMs, stored: 1, longestMs: hour })
    const back = learn(stepped, { fromMs: nowMs + stepMs, toMs: nowMs, stored: 1, longestMs: hour })
    assert.ok(Math.abs(rate(back) / rate(atWork) - 1) < 0.05, `${stepMs / day} days`)
    assert.notEqual(next(usual, back, nowMs).rhythm.code, 'learning')
  }
  // What is shown while the clock is wrong is within the bounds, too.
  for (const stepMs of [400 * day, -400 * day]) {
    const { seconds } = next(usual, atWork, nowMs + stepMs).rhythm
    assert.ok(seconds >= 120 && seconds <= 1800)
  }
})

test('a clock that was never set, as on a board without a battery, teaches nothing', () => {
  const nowMs = wednesdayMs + 12 * hour
  const bootMs = 5 * minute
  const booted = learn(atWork, { fromMs: wednesdayMs, toMs: bootMs, stored: 3, longestMs: hour })
  const again = learn(booted, { fromMs: bootMs, toMs: bootMs + minute, stored: 1, longestMs: hour })
  const kept = unpackRhythm(packRhythm(again)) ?? newRhythm(nowMs)
  const back = learn(kept, { fromMs: bootMs + minute, toMs: nowMs, stored: 1, longestMs: hour })
  assert.deepEqual(next(usual, back, nowMs).rhythm, next(usual, atWork, nowMs).rhythm)
  const made = learn(newRhythm(bootMs), { fromMs: bootMs + minute, toMs: nowMs, stored: 1, longestMs: hour })
  assert.equal(next(usual, made, nowMs).rhythm.code, 'learning')
})

test('other habits are learnt within weeks', () => {
  const nightly = learnt(35, (atMs) => (hourOf(atMs) === 3 ? 1 : 0), atWork, wednesdayMs)
  const nowMs = wednesdayMs + 35 * day
  assert.equal(next(usual, nightly, nowMs + 3.2 * hour).rhythm.code, 'busy hour')
  const [night, noon] = [next(usual, nightly, nowMs + 3.2 * hour), next(usual, nightly, nowMs + 12 * hour)]
  assert.ok(night.rhythm.seconds * 2 < noon.rhythm.seconds, `${night.rhythm.seconds} ${noon.rhythm.seconds}`)
})

test('a longest interval of days does not keep mail from being learnt', () => {
  const account: Visited = { interval: { minSeconds: 600, maxSeconds: 7 * 86_400 } }
  let rhythm = newRhythm(startMs)
  let nowMs = startMs + 60 * day
  const waits: number[] = []
  for (let visits = 0; visits < 40; visits++) {
    const dueMs = next(account, rhythm, nowMs).dueMs
    waits.push(dueMs - nowMs)
    const stored = Math.floor((dueMs - startMs) / hour) - Math.floor((nowMs - startMs) / hour)
    rhythm = learn(rhythm, { fromMs: nowMs, toMs: dueMs, stored, longestMs: 7 * day })
    nowMs = dueMs
  }
  assert.ok((waits[0] ?? 0) > 3 * hour && (waits.at(-1) ?? 0) < hour, waits.join())
})

test('it is said why an account is visited when it is', () => {
  const visitedMs = wednesdayMs + 12 * hour
  const usually: Scheduled = {
    account: { ...usual, paused: false },
    state: { attention: false, failures: 0 },
    rhythm: atWork,
    dueMs: visitedMs + next(usual, atWork, visitedMs, 0.9).afterMs,
    visitedMs,
    isDeferred: false,
    isDestinationPaused: false,
    putOff: undefined,
    isWaiting: false,
    hasMore: false,
    nowMs: visitedMs + minute,
  }
  const { seconds } = next(usual, atWork, visitedMs).rhythm
  const inAnHour = visitedMs + hour
  const cases: readonly (readonly [Partial<Scheduled>, object])[] = [
    [{}, { code: 'busy hour', seconds }],
    [
      { account: { ...usual, paused: true }, dueMs: null },
      { code: 'paused', seconds: null },
    ],
    [
      { state: { attention: true, failures: 9 }, dueMs: null },
      { code: 'needs attention', seconds: null },
    ],
    [{ isWaiting: true }, { code: 'waiting', seconds: 0 }],
    [{ visitedMs: undefined }, { code: 'due at once', seconds: 0 }],
    [{ dueMs: visitedMs + 1000 }, { code: 'due at once', seconds: 0 }],
    // Its interval was made longer since.
    [
      { account: { interval: { minSeconds: 3600, maxSeconds: 3600 }, paused: false }, dueMs: visitedMs + 600_000 },
      { code: 'fixed', seconds: 3600 },
    ],
    [
      {
        account: { interval: { minSeconds: 3600, maxSeconds: 3600 }, paused: false },
        dueMs: visitedMs + 600_000,
        hasMore: true,
      },
      { code: 'more to fetch', seconds: 600 },
    ],
    [
      { dueMs: visitedMs, hasMore: true },
      { code: 'due at once', seconds: 0 },
    ],
    [
      { state: { attention: false, failures: 3 }, dueMs: inAnHour },
      { code: 'backing off', seconds: 3600 },
    ],
    [
      { dueMs: inAnHour, isDestinationPaused: true },
      { code: 'destination paused', seconds: 3600 },
    ],
    [
      { dueMs: inAnHour, isDeferred: true },
      { code: 'throttled', seconds: 3600 },
    ],
    [{ dueMs: inAnHour }, { code: 'put off', seconds: 3600 }],
    [
      { dueMs: inAnHour, nowMs: inAnHour },
      { code: 'due at once', seconds: 0 },
    ],
    [
      { rhythm: undefined, dueMs: visitedMs + 125_000 },
      { code: 'learning', seconds: 120 },
    ],
    [{ putOff: { untilMs: visitedMs + 900_000, isByLoginDelay: true } }, { code: 'login delay', seconds: 900 }],
    [
      { putOff: { untilMs: visitedMs + 120_000, isByLoginDelay: false }, visitedMs: undefined, dueMs: null },
      { code: 'put off', seconds: 60 },
    ],
  ]
  for (const [changes, shown] of cases) assert.deepEqual(shownRhythm({ ...usually, ...changes }), shown)
})
