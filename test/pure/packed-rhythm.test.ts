/** What is kept of an account's rhythm: a hundred characters, in which nothing is lost that counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learn } from '../../src/runs/observation.ts'
import { Outlook } from '../../src/runs/outlook.ts'
import { packRhythm, unpackRhythm } from '../../src/runs/packed-rhythm.ts'
import { newRhythm, type Rhythm } from '../../src/runs/rhythm.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const startMs = Date.UTC(2026, 5, 1)

/** Every half-hour so many messages, each found by a visit of its own. */
function fed(rhythm: Rhythm, fromMs: number, days: number, perHalfHour: (atMs: number) => number): Rhythm {
  let kept = rhythm
  for (let atMs = fromMs; atMs < fromMs + days * day; atMs += hour / 2) {
    const count = perHalfHour(atMs)
    for (let nth = 1; nth <= count; nth++) {
      const spanMs = hour / 2 / count
      const seen = { fromMs: atMs + (nth - 1) * spanMs, toMs: atMs + nth * spanMs - 1, stored: 1, asked: false }
      kept = unpackRhythm(packRhythm(learn(kept, { ...seen, longestMs: hour }))) ?? newRhythm(0)
    }
  }
  return kept
}

test('a rhythm takes 106 characters, which any script and backup takes', () => {
  const packed = packRhythm(fed(newRhythm(startMs), startMs, 3, () => 1))
  assert.match(packed, /^[\w-]{106}$/)
  assert.equal(packRhythm(unpackRhythm(packed) ?? newRhythm(0)), packed)
  for (const text of [undefined, null, '', 'AA', `Z${packed.slice(1)}`, packed.slice(0, 40)])
    assert.equal(unpackRhythm(text), undefined)
})

test('a message more counts, though it is less than what is rounded off', () => {
  const nowMs = startMs + 21 * day
  const rhythm = fed(newRhythm(startMs), startMs, 21, () => 10)
  const perHour = new Outlook(rhythm, nowMs).meanRate * hour
  assert.ok(Math.abs(perHour / 20 - 1) < 0.1, `${perHour}`)
  for (let halfHour = 0; halfHour < 48; halfHour++) {
    const rate = new Outlook(rhythm, nowMs).usualRate(nowMs + (halfHour * hour) / 2) * hour
    assert.ok(Math.abs(rate / 20 - 1) < 0.4, `${halfHour}: ${rate}`)
  }
})

test('what was learnt fades though it is rounded off', () => {
  const before = fed(newRhythm(startMs), startMs, 28, () => 2)
  const isNight = (atMs: number) => (atMs % day) / hour < 6
  const after = fed(before, startMs + 28 * day, 28, (atMs) => (isNight(atMs) ? 0 : 2))
  const rate = (hours: number) => new Outlook(after, startMs + 56 * day).usualRate(startMs + 56 * day + hours * hour)
  assert.ok(rate(2) < rate(12) / 2, `${rate(2) / rate(12)}`)
})

test('much mail and little: from a message a month to thousands a day', () => {
  const weights = [0, 0.001, 0.04, 1, 17, 900, 30_000]
  const rhythm = { ...newRhythm(startMs), days: weights, awaited: 1, recent: [50, 0.3], shares: [0.7, 0.001] }
  const read = unpackRhythm(packRhythm(rhythm))
  for (const [nth, weight] of weights.entries())
    assert.ok(Math.abs((read?.days[nth] ?? -1) - weight) <= weight * 0.06 + 0.001, `${weight}: ${read?.days[nth]}`)
  assert.ok(Math.abs((read?.shares[0] ?? 0) - 0.7) < 0.001 && Math.abs((read?.recent[0] ?? 0) - 50) < 3)
  assert.ok(Math.abs((read?.awaited ?? 0) - 1) < 0.06)
})

test('what the version before has written is read: whole hours, and mail that follows mail as it was taken then', () => {
  const packed = Buffer.alloc(81)
  packed.writeUInt8(1, 0)
  for (const [nth, ms] of [startMs, startMs + 20 * day, startMs + 20 * day + hour].entries())
    packed.writeUInt32LE(ms / minute, 1 + 4 * nth)
  packed.writeUInt32LE(600, 13)
  packed.writeUInt16LE(3 * 64, 17)
  packed.writeUInt16LE(8 * 64, 17 + 2 * (1 + 9))
  packed.writeUInt16LE(8 * 64, 17 + 2 * (25 + 4))
  const read = unpackRhythm(packed.toString('base64url'))
  assert.deepEqual(
    [read?.sinceMs, read?.weighedAtMs, read?.recentAtMs, read?.loginDelaySeconds],
    [startMs, startMs + 20 * day, startMs + 20 * day + hour, 600],
  )
  assert.deepEqual([read?.recent, read?.awaited], [[3, 0], 0])
  assert.deepEqual([read?.halfHours[17], read?.halfHours[18], read?.halfHours[19], read?.halfHours[20]], [0, 4, 4, 0])
  assert.equal(read?.days[4], 8)
  assert.deepEqual(read?.shares, newRhythm(0).shares)
})
