import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRecord } from '../../src/ledger/ledger.ts'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { encodeRecord } from '../../src/ledger/record-codec.ts'
import type { MessageNumber, Octets, ShortHash } from '../../src/mail/message.ts'
import { Erasures } from '../../src/pull/erasures.ts'
import type { LedgerView } from '../../src/pull/ledger-ports.ts'
import type { PullRun } from '../../src/pull/ports.ts'
import { account } from '../support/world.ts'

const nowMs = Date.UTC(2026, 10, 10, 12)

/** A ledger whose records are counted as they are decoded. */
class CountedRecords extends PackedRecords {
  decoded = 0

  override at(index: number) {
    this.decoded += 1
    return super.at(index)
  }
}

test('of 5,000 messages with one header, each that is due costs no look at all others', () => {
  for (const weak of [true, false]) {
    const fingerprint = { hash: 'f'.repeat(16) as ShortHash, weak }
    const records = new CountedRecords(
      Buffer.concat(
        Array.from({ length: 5000 }, (_, nth) => {
          const digest = nth.toString(16).padStart(16, '0') as ShortHash
          return encodeRecord(newRecord('stored', { uidl: digest, fingerprint, digest, size: 500 }, nowMs))
        }),
      ),
    )
    const run = { account: { ...account, retention: { mode: 'delete' } } } as unknown as PullRun
    const world = { clock: { steadySince: () => true } }
    const erasures = new Erasures({ ...run, world } as unknown as PullRun, { records } as unknown as LedgerView, nowMs)
    for (const record of records) {
      const message = { number: (record.index + 1) as MessageNumber, uidl: undefined, size: 500 as Octets }
      erasures.add({ message, record, sighting: { message, fingerprint, digest: record.digest, arrived: undefined } })
    }
    assert.equal(erasures.take().length, 5000)
    assert.ok(records.decoded <= 15_000, `${records.decoded} records were decoded`)
  }
})
