import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeastRate } from '../../src/pop3/least-rate.ts'

/** Lets a server send at this rate, some octets every 100 ms, and tells when it was found too slow; undefined: never. */
function foundAt(octetsPerSecond: (ms: number) => number, untilMs: number, rate = new LeastRate(180_000)) {
  rate.due('at once', 0)
  for (let ms = 100; ms <= untilMs; ms += 100) {
    rate.heard(octetsPerSecond(ms) / 10, ms)
    if (ms % 10_000 === 0 && rate.tooSlow(ms) !== undefined) return ms
  }
  return undefined
}

test('600 octets a second are too slow after three minutes, and 1,200 never are, nor is a message that takes hours', () => {
  assert.ok(Math.abs((foundAt(() => 600, 600_000) ?? 0) - 180_000) <= 20_000)
  assert.equal(
    foundAt(() => 1200, 4 * 3_600_000),
    undefined,
  )
})

test('it is the average that counts: half a minute of nothing in every two minutes is no reason', () => {
  assert.equal(
    foundAt((ms) => (ms % 120_000 < 30_000 ? 0 : 2000), 3_600_000),
    undefined,
  )
})

test('what was fast an hour ago does not keep a server that drips now', () => {
  const fastMs = 3_600_000
  const found = foundAt((ms) => (ms < fastMs ? 50_000 : 600), 2 * fastMs)
  assert.ok(found !== undefined && found - fastMs <= 200_000, `${found}`)
})

test('neither the time in which nothing is due counts, nor what a server thinks before its listing', () => {
  const rate = new LeastRate(180_000)
  let nowMs = 0
  for (let nth = 0; nth < 100; nth += 1) {
    rate.due('at once', nowMs)
    rate.heard(5_000, (nowMs += 2_000))
    rate.due('never', nowMs)
    nowMs += 60_000
    assert.equal(rate.tooSlow(nowMs), undefined)
  }
  const listing = new LeastRate(180_000)
  listing.due('from its first octet', 0)
  assert.equal(listing.tooSlow(240_000), undefined)
  listing.heard(100, 240_000)
  assert.equal(listing.tooSlow(300_000), undefined)
  assert.equal(listing.tooSlow(430_000), 1)
})
