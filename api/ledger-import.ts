/** Imports another program's state file: the ledger learns which messages that program has fetched, and these messages stay at the provider. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import {
  type ForeignStateFormat,
  readForeignState,
  StateFileUnreadable,
  type StateOwner,
} from '../src/ledger/foreign-state.ts'
import { newRecord } from '../src/ledger/ledger.ts'
import { uidlHash } from '../src/mail/header.ts'
import type { RunId, ShortHash, Uidl } from '../src/mail/message.ts'
import { standing } from '../src/pull/reconcile.ts'
import { exclusively } from '../src/redis/exclusively.ts'
import type { Lease } from '../src/redis/lease.ts'
import { RedisLedger } from '../src/redis/ledger.ts'
import { noCounts } from '../src/runs/run.ts'
import { newId } from './app.ts'
import { Problem } from './http/problems.ts'
import { apiLimits } from './limits.ts'

/** @throws Problem if the file cannot be read, or holds nothing of this account. */
export async function uidlsIn(format: ForeignStateFormat, file: Buffer, account: Account): Promise<ReadonlySet<Uidl>> {
  try {
    const { uidls, others } = await readForeignState(format, file, account)
    if (uidls.size > 0) return uidls
    const whose = others.length === 0 ? 'It holds no UIDLs.' : `Its UIDLs are those of ${namesOf(others)}.`
    throw new Problem('malformed', `Nothing in this file is of ${account.user} at ${account.host}. ${whose}`)
  } catch (error) {
    if (!(error instanceof StateFileUnreadable)) throw error
    throw new Problem('malformed', `This is no state file of ${format}: line ${error.line} is ${error.message}.`, [
      { pointer: `/${error.line - 1}`, detail: error.message },
    ])
  }
}

function namesOf(owners: readonly StateOwner[]): string {
  const named = owners.slice(0, 10).map(({ user, host }) => `${user} at ${host}`)
  return named.join(', ') + (owners.length > named.length ? ` and ${owners.length - named.length} more` : '')
}

/** @returns how many UIDLs the ledger did not know. @throws Problem while a run of the account is under way. */
export async function skipFetched(redis: Redis, account: Account, uidls: ReadonlySet<Uidl>): Promise<number> {
  const patience = { waitMs: apiLimits.leaseWaitMs, pollMs: apiLimits.leasePollMs, late: runUnderWay }
  return await exclusively(redis, account.id, patience, async (lease) => await skip(redis, lease, account, uidls))
}

async function skip(redis: Redis, lease: Lease, { createdAtMs }: Account, uidls: ReadonlySet<Uidl>): Promise<number> {
  const ledger = new RedisLedger(redis, lease, Date.now, { id: newId() as RunId, counts: noCounts() })
  const { records, continuity } = await ledger.view()
  const hashes = new Set<ShortHash>()
  for (const uidl of uidls) {
    const hash = uidlHash(uidl)
    if (records.bearing('uidl', hash).length === 0) hashes.add(hash)
  }
  const nowMs = Date.now()
  // Size and fingerprint are not known yet: plan.ts learns the size when the message is first listed.
  const skipped = [...hashes].map((uidl) =>
    newRecord('skipped', { uidl, fingerprint: undefined, digest: undefined, size: 0 }, nowMs),
  )
  // If an account has never run, it need not be compared with the store because of these records.
  if (standing(continuity, records.length, createdAtMs) === 'new') await ledger.whole(undefined)
  await ledger.adopt(skipped)
  return skipped.length
}

function runUnderWay(): Problem {
  return new Problem(
    'busy',
    'A run of this account is under way; pause the account, wait for the run to end (GET /accounts/:id), and send the file again.',
  )
}
