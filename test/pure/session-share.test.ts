/** The share of a huge maildrop that one session takes: the rest is left for the next one, and nobody counts it as missing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRecord } from '../../src/ledger/ledger.ts'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { encodeRecord } from '../../src/ledger/record-codec.ts'
import { uidlHash } from '../../src/mail/header.ts'
import type { Listed, MessageNumber, Octets, ShortHash, Uidl } from '../../src/mail/message.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { planSession } from '../../src/pull/plan.ts'

const listing: Listed[] = Array.from({ length: 5000 }, (_, nth) => ({
  number: (nth + 1) as MessageNumber,
  uidl: `id-${nth}x` as Uidl,
  size: 100 as Octets,
}))

test('of the new messages of a huge maildrop a session takes the first ones, and the newest', async () => {
  const plan = await planSession(
    listing,
    new PackedRecords(Buffer.alloc(0)),
    { maxMessageBytes: 1000, messagesMax: 2500 },
    () => false,
  )
  const numbers = plan.transfer.map(({ number }) => Number(number))
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, nth) => from + nth)
  const newest = pullLimits.sessionNewest
  assert.deepEqual(numbers, [...range(1, 2500 - newest), ...range(5001 - newest, 5000)])
  assert.equal(plan.leftOut, 2500)
  for (const max of [5000, 5001, Infinity]) {
    const all = await planSession(
      listing,
      new PackedRecords(Buffer.alloc(0)),
      { maxMessageBytes: 1000, messagesMax: max },
      () => false,
    )
    assert.deepEqual([all.transfer.length, all.leftOut], [5000, 0])
  }
})

test('of stored messages that are due it looks at so many, and the others are neither new nor missing', async () => {
  const digest = '0123456789abcdef' as ShortHash
  const records = listing.map(({ uidl, size }) =>
    encodeRecord(
      newRecord(
        'stored',
        { uidl: uidlHash(uidl as Uidl), fingerprint: { hash: digest, weak: false }, digest, size },
        0,
      ),
    ),
  )
  const plan = await planSession(
    listing,
    new PackedRecords(Buffer.concat(records)),
    { maxMessageBytes: 1000, messagesMax: 2000 },
    () => true,
  )
  assert.deepEqual([plan.look.length, plan.transfer.length, plan.leftOut], [2000, 0, 3000])
  const unmatched: number[] = []
  for await (const { index } of plan.unmatched.inTurns()) unmatched.push(index)
  assert.deepEqual(
    unmatched,
    Array.from({ length: 2000 }, (_, nth) => nth),
  )
})
