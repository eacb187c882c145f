/** Compares what provider, store and ledger hold of an account: each message must be there once, and all three must agree. */
import assert from 'node:assert/strict'
import type { Redis } from 'ioredis'
import type { Intent, LedgerRecord } from '../../src/ledger/ledger.ts'
import type { AccountId, RunId, Sighting } from '../../src/mail/message.ts'
import { Backlog } from '../../src/pull/backlog.ts'
import { Lease } from '../../src/redis/lease.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import { noCounts } from '../../src/runs/run.ts'
import { type ReadMessage, withoutTrace } from './reader.ts'

/** Opens the account's ledger under a lease of its own, while `use` works. @param nowMs is the time that is written into it. */
export async function withLedger<T>(
  redis: Redis,
  accountId: string,
  use: (ledger: RedisLedger) => Promise<T>,
  nowMs = Date.now(),
): Promise<T> {
  let lease = await Lease.take(redis, accountId as AccountId, 60_000)
  for (; typeof lease === 'number'; lease = await Lease.take(redis, accountId as AccountId, 60_000)) {
    const leftMs = lease
    await new Promise((resolve) => setTimeout(resolve, leftMs + 10))
  }
  try {
    const run = { id: 'AUDIT' as RunId, counts: noCounts() }
    return await use(new RedisLedger(redis, lease, () => nowMs, run))
  } finally {
    await lease.release()
  }
}

export interface LedgerContent {
  readonly records: readonly LedgerRecord[]
  readonly intents: readonly Intent[]
}

export async function ledgerOf(redis: Redis, accountId: string): Promise<LedgerContent> {
  return await withLedger(redis, accountId, async (ledger) => ({
    records: [...(await ledger.view()).records],
    intents: await ledger.intents(),
  }))
}

/** Gives the stored messages as the provider sent them, without our trace block. */
export const sourcesOf = (stored: readonly ReadMessage[]): string[] =>
  stored.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1'))

/** Asserts that every letter is in the store once, and nothing else is. */
export function assertEachOnce(stored: readonly ReadMessage[], letters: readonly Buffer[]): void {
  const wanted = countsOf(letters.map((bytes) => bytes.toString('latin1')))
  const found = countsOf(sourcesOf(stored))
  const missing = [...wanted].filter(([text, times]) => (found.get(text) ?? 0) < times)
  const double = [...found].filter(([text, times]) => times > (wanted.get(text) ?? 0))
  const show = (some: readonly [string, number][]) => some.slice(0, 3).map(([text]) => text.slice(0, 60))
  assert.deepEqual(
    { missing: missing.length, double: double.length },
    { missing: 0, double: 0 },
    `of ${letters.length} letters: missing ${missing.length} ${JSON.stringify(show(missing))}, double or strange ${double.length} ${JSON.stringify(show(double))}`,
  )
}

/** Asserts that every message which the provider no longer has is in the store. */
export function assertNoneLost(
  stored: readonly ReadMessage[],
  left: readonly ReadMessage[],
  letters: readonly Buffer[],
): void {
  const kept = countsOf([...sourcesOf(stored), ...left.map(({ bytes }) => bytes.toString('latin1'))])
  const lost = letters.filter((bytes) => !kept.has(bytes.toString('latin1')))
  assert.equal(lost.length, 0, `deleted at the provider and not stored: ${String(lost[0]).slice(0, 60)}`)
}

/** Asserts that each message of the store has one record, that each record of a stored message has its message, and that no intent is open. */
export function assertAgree({ records, intents }: LedgerContent, stored: readonly ReadMessage[]): void {
  assert.deepEqual(intents, [], 'an intent is open')
  const told = stored.map(({ bytes }) => {
    // SOURCE.UIDLHASH.FINGERPRINT.TOKEN (CONTRACT section 7).
    const id = /^X-Tributary-Id: ([0-9a-f.\s]+)\r\n/m.exec(withoutTrace(bytes).trace)?.[1] ?? ''
    return id.replace(/\s/g, '').split('.').slice(1, 3).join('.')
  })
  const known = records.filter(({ state }) => state === 'stored')
  assert.deepEqual(
    known.map(({ uidl, fingerprint }) => `${uidl}.${fingerprint?.hash}`).toSorted(),
    told.toSorted(),
    'ledger and store',
  )
}

/** Writes a ledger as an early first run would have left it: with messages that it passed over and that nobody has seen since. */
export async function seedMissed(redis: Redis, accountId: string, missed: readonly Missed[]): Promise<void> {
  await withLedger(redis, accountId, async (ledger) => {
    await ledger.begin(
      missed.map(({ sighting }) => sighting),
      await Backlog.of([]),
    )
    const { records } = await ledger.view()
    const amended = missed.map(({ sinceMs, listings }, nth) => ({
      ...records.at(nth),
      missingSinceSeconds: Math.floor(sinceMs / 1000),
      missedListings: listings,
    }))
    await ledger.amend(amended)
    // This ledger is no older than the store, so nothing need be read back.
    await ledger.whole(undefined)
  })
}

export interface Missed {
  readonly sighting: Sighting
  readonly sinceMs: number
  readonly listings: number
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}
