import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crowd, usualCrowd } from '../support/crowd.ts'

test('a thousand accounts at servers that hang, drip and refuse, registered first, keep healthy ones from nothing', {
  timeout: 360_000,
}, async () => {
  const wish = { ...usualCrowd, messages: 0, healthy: 200, seconds: 42, intervalSeconds: 12 }
  const { within30s, punctuality, ended, badOpenMost } = await crowd(wish)
  assert.deepEqual(ended, [])
  assert.equal(within30s, wish.healthy, 'all are visited within 30 s')
  assert.ok(punctuality.p99 < 10_000, `99 of 100 visits are less than 10 s late: ${JSON.stringify(punctuality)}`)
  assert.ok(badOpenMost > 0, 'the bad ones are visited too')
})

test('a thousand accounts, each at a server of its own that says nothing, do not keep a server that came last from anything', {
  timeout: 360_000,
}, async () => {
  const wish = { ...usualCrowd, kinds: ['silent'], where: 'addresses', messages: 0, healthy: 200, seconds: 31 } as const
  const { within30s, ended } = await crowd(wish)
  assert.deepEqual(ended, [])
  assert.equal(within30s, wish.healthy, 'all are visited within 30 s')
})
