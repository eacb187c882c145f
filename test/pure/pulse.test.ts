/** Whether a server answers, as the place of a visit sees it (src/pop3/pulse.ts). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pop3Limits } from '../../src/pop3/limits.ts'
import { Pulse } from '../../src/pop3/pulse.ts'

const { stillMs, leastOctetsPerSecond } = pop3Limits

test('a server that says nothing stands still, and is told of once each such time', () => {
  const pulse = new Pulse()
  pulse.due(true, 0)
  assert.equal(pulse.standsStill(stillMs - 1), undefined)
  assert.equal(pulse.standsStill(stillMs), 'mute')
  assert.equal(pulse.standsStill(stillMs + 1), undefined)
  assert.equal(pulse.standsStill(2 * stillMs), 'mute')
})

test('one that drips stands still; one that keeps the least rate, or answers, does not', () => {
  const dripping = new Pulse()
  dripping.due(true, 0)
  dripping.heard((leastOctetsPerSecond * stillMs) / 1000 - 1)
  assert.equal(dripping.standsStill(stillMs), 'mute')
  const enough = new Pulse()
  enough.due(true, 0)
  enough.heard((leastOctetsPerSecond * stillMs) / 1000)
  assert.equal(enough.standsStill(stillMs), undefined)
  const answering = new Pulse()
  answering.due(true, 0)
  answering.answered(stillMs - 1)
  assert.equal(answering.standsStill(stillMs + 1), undefined)
  assert.equal(answering.standsStill(3 * stillMs), 'still', 'it has greeted')
})

test('time in which nothing was asked of it does not count: the store may be slow', () => {
  const pulse = new Pulse()
  pulse.due(true, 0)
  pulse.due(false, 1000)
  assert.equal(pulse.standsStill(1000 + 10 * stillMs), undefined)
  pulse.due(true, 100_000)
  assert.equal(pulse.standsStill(100_000 + stillMs - 1000), 'mute')
})
