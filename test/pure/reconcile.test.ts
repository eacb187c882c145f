import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import type { Continuity } from '../../src/ledger/ledger.ts'
import { standing } from '../../src/pull/reconcile.ts'

const keeperSinceMs = 1000

test('a ledger is doubtful unless this very Redis knows it to be whole, or it can have nothing to lose', () => {
  const cases: readonly [string | undefined, records: number, createdAtMs: number, ReturnType<typeof standing>][] = [
    ['this Redis', 7, 0, 'whole'],
    ['this Redis', 0, 0, 'whole'],
    // It was restored, or took over from another one.
    ['another Redis', 7, 0, 'doubtful'],
    ['another Redis', 0, 2000, 'doubtful'],
    // It never ran: it is younger than this Redis, and has no record.
    [undefined, 0, 2000, 'new'],
    [undefined, 0, keeperSinceMs, 'new'],
    // It may have run before Redis was restored from a copy that knows nothing of that.
    [undefined, 0, 999, 'doubtful'],
    [undefined, 1, 2000, 'doubtful'],
  ]
  for (const [wholeUnder, records, createdAtMs, wanted] of cases) {
    const continuity: Continuity = { keeper: 'this Redis', keeperSinceMs, wholeUnder, mark: undefined }
    assert.equal(standing(continuity, records, createdAtMs), wanted, `${wholeUnder} ${records} ${createdAtMs}`)
  }
})

test('a ledger is doubtful until the store was read after the account that fetched the same source before', () => {
  const before = { keeper: 'this Redis', keeperSinceMs, mark: undefined }
  const [first, second] = ['FIRST', 'SECOND'] as AccountId[]
  for (const wholeUnder of [undefined, 'this Redis']) {
    assert.equal(standing({ ...before, wholeUnder, predecessor: first }, 0, 2000), 'doubtful')
    assert.equal(standing({ ...before, wholeUnder, predecessor: second, wholeAfter: first }, 7, 2000), 'doubtful')
  }
  const read = { ...before, predecessor: first, wholeAfter: first }
  assert.equal(standing({ ...read, wholeUnder: 'this Redis' }, 7, 2000), 'whole')
  assert.equal(standing({ ...read, wholeUnder: 'another Redis' }, 7, 2000), 'doubtful')
  // The account has left that source again, and no other one was at the new one before.
  assert.equal(standing({ ...before, wholeUnder: 'this Redis', wholeAfter: first }, 7, 2000), 'whole')
})
