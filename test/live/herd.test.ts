/** Many accounts become due while something is away; how they are visited when it is back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureLimits } from '../../src/failure/limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { herds, type HerdSeen, usualHerd } from '../support/herd.ts'

const sessionsMax = 20
const usual = {
  ...usualHerd,
  accounts: 300,
  servers: 3,
  destinations: 6,
  intervalSeconds: 10,
  dueAtOnce: false,
  sessionsMax,
  // It goes on as soon as all are visited: here that takes some ten seconds, and several times as long beside much else.
  firstSeconds: 240,
  drainSeconds: 240,
}

function isDrained(seen: HerdSeen, away: string): void {
  const told = JSON.stringify({ ...seen, said: undefined })
  assert.equal(seen.visited, usual.accounts, `${away} was away: all are visited: ${told}`)
  assert.equal(seen.atLast.failing, 0, `${away} was away: nobody counts as failing: ${told}`)
  // How soon, and how many are turned away, is measured by `npm run bench -- herd`.
  assert.ok(seen.checks.every(Number.isFinite), `${away} was away: "check now" is answered: ${told}`)
}

test('Redis, the network and the store are away, and come back: all are visited within what each server takes', {
  timeout: 900_000,
}, async () => {
  const [redis, network, store] = await herds([
    { ...usual, away: 'redis', awaySeconds: 4 },
    // The sessions under way have all slots, and stand still with their server.
    { ...usual, away: 'network', awaySeconds: 6, answersMs: 1200 },
    { ...usual, away: 'store', awaySeconds: 6, drainSeconds: 0 },
  ])
  assert.ok(redis && network && store)
  isDrained(redis, 'Redis')
  isDrained(network, 'the network')
  // A destination whose store is away is paused, and its accounts are not backed off by it.
  const latestMs = failureLimits.retryFirstMs + redisLimits.resumeSpreadMs + usual.intervalSeconds * 1000
  assert.ok(store.lastDueMs < latestMs, `the last account comes in ${store.lastDueMs} ms`)
})
