import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWorthwhile } from '../../deploy/space.ts'

const mebi = 1024 * 1024

test('a large storage is purged when a tenth of it is free, a small one for any message', () => {
  assert.equal(isWorthwhile({ octets: 5000, freeOctets: 0 }), false)
  assert.equal(isWorthwhile({ octets: 5000, freeOctets: 1 }), true)
  assert.equal(isWorthwhile({ octets: 64 * mebi, freeOctets: 1 }), true)
  assert.equal(isWorthwhile({ octets: 1000 * mebi, freeOctets: 99 * mebi }), false)
  assert.equal(isWorthwhile({ octets: 1000 * mebi, freeOctets: 100 * mebi }), true)
  assert.equal(isWorthwhile({ octets: 0, freeOctets: 0 }), false)
})
