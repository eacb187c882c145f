import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRecord, type NewRecord } from '../../src/ledger/ledger.ts'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { encodeRecord } from '../../src/ledger/record-codec.ts'
import { listedUidlHash } from '../../src/mail/header.ts'
import type { Listed, MessageNumber, Octets, ShortHash, Uidl } from '../../src/mail/message.ts'
import { missing } from '../../src/pull/lessons.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { matchTooLarge, planSession } from '../../src/pull/plan.ts'
import { Unmatched } from '../../src/pull/unmatched.ts'
import { turnsDuring } from '../support/turns.ts'

const nowMs = Date.UTC(2026, 10, 10, 12)
const unknown = { uidl: undefined, fingerprint: undefined, digest: undefined, size: 1 }

function unmatchedOf(records: readonly NewRecord[]): Unmatched {
  return new Unmatched(new PackedRecords(Buffer.concat(records.map(encodeRecord))))
}

test('what a listing misses of 50,000 records is looked for in turns of the event loop', async () => {
  const missedLong = { missedListings: pullLimits.missedListingsMin, deletedAtSource: true }
  const record = { ...newRecord('stored', unknown, nowMs), ...missedLong }
  const unmatched = unmatchedOf(Array.from({ length: 50_000 }, () => record))
  const turns = await turnsDuring(async () => {
    for await (const { index } of missing(unmatched, nowMs)) assert.fail(`${index} was missed often enough`)
  })
  assert.ok(turns > 1)
})

const tooLarge = (number: number, size: number): Listed => ({
  number: number as MessageNumber,
  uidl: undefined,
  size: size as Octets,
})

test('a message too large and without UIDL is looked for among 50,000 records in turns of the event loop', async () => {
  const others = Array.from({ length: 50_000 }, () => newRecord('stored', unknown, nowMs))
  const unmatched = unmatchedOf([...others, newRecord('quarantined', { ...unknown, size: 5000 }, nowMs)])
  const message = tooLarge(1, 5000)
  const turns = await turnsDuring(async () => {
    const matches = await matchTooLarge([message], unmatched)
    assert.equal(matches.get(message)?.index, 50_000)
  })
  assert.ok(turns > 1)
})

test('two messages too large, without UIDL and of one size are two', async () => {
  const aside = newRecord('quarantined', { ...unknown, size: 5000 }, nowMs)
  const messages = [1, 2, 3].map((number) => tooLarge(number, 5000))
  const matches = await matchTooLarge(messages, unmatchedOf([aside, newRecord('stored', unknown, nowMs), aside]))
  assert.deepEqual(
    messages.map((message) => matches.get(message)?.index),
    [0, 2, undefined],
  )
})

for (const [form, uidlAt] of [
  ['positions', (number: number) => `${number}`],
  ['nothing known', (number: number) => `id${number}${number}`],
] as const) {
  test(`100,000 known messages whose ids have the form of ${form} are planned in turns of the event loop, and doubted likewise`, async () => {
    const fingerprint = { hash: '0123456789abcdef' as ShortHash, weak: false }
    const listing = Array.from({ length: 100_000 }, (_, nth): Listed => {
      return { number: (nth + 1) as MessageNumber, uidl: uidlAt(nth + 1) as Uidl, size: 9 as Octets }
    })
    const records = listing.map((message) =>
      encodeRecord(newRecord('stored', { ...unknown, uidl: listedUidlHash(message), fingerprint, size: 9 }, nowMs)),
    )
    const packed = new PackedRecords(Buffer.concat(records))
    const turns = await turnsDuring(async () => {
      const { look, transfer, idForm, idMatches, idProbes } = await planSession(
        listing,
        packed,
        { maxMessageBytes: 1000 },
        () => false,
      )
      assert.deepEqual([look, transfer], [[], []])
      assert.equal(idForm, form === 'positions' ? 'positions' : undefined)
      assert.equal(idProbes, form === 'positions' ? 8 : 0)
      assert.deepEqual(idMatches.sample(0, 0), [])
      const numbersAt = (ms: number) => idMatches.sample(8, ms).map(({ message }) => message.number)
      assert.deepEqual(numbersAt(0), [100_000, 1, 2, 16_668, 33_334, 50_001, 66_667, 83_333])
      // At another visit only the ends are the same ones.
      assert.equal(new Set([...numbersAt(0), ...numbersAt(nowMs)]).size, 14)
      assert.equal((await idMatches.doubtAll()).length, 100_000)
    })
    assert.ok(turns > 40, `${turns}`)
  })
}
