/** Imports another program's state file: the ledger learns which messages that program has fetched, and these messages stay at the provider. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import {
  type ForeignStateFormat,
  readForeignState,
  StateFileUnreadable,
  type StateOwner,
} from '../src/ledger/foreign-state.ts'
import { underSignals } from '../src/deadline.ts'
import { type NewRecord, newRecord } from '../src/ledger/ledger.ts'
import type { MaildropListing } from '../src/mail/listing.ts'
import type { RunId, ShortHash } from '../src/mail/message.ts'
import { listOnce } from '../src/pop3/list-once.ts'
import { standing } from '../src/pull/reconcile.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { exclusively } from '../src/redis/exclusively.ts'
import { atGuestSlot, NoSlot } from '../src/redis/guest-slots.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { Lease } from '../src/redis/lease.ts'
import { RedisLedger } from '../src/redis/ledger.ts'
import { withPredecessor } from '../src/redis/predecessors.ts'
import { TestedSources } from '../src/redis/tested-sources.ts'
import { noCounts } from '../src/runs/run.ts'
import type { Seal } from '../src/seal.ts'
import { ownTraits } from '../src/sasl/kept-traits.ts'
import { slices } from '../src/slices.ts'
import { newId } from './app.ts'
import { ForeignUidls } from './foreign-uidls.ts'
import { Problem } from './http/problems.ts'
import { currentReach } from './http/reach.ts'
import { apiLimits } from './limits.ts'
import type { Imported } from './schemas/ledger.ts'

/** @throws Problem if the file cannot be read, or holds nothing of this account. */
export async function uidlsIn(
  format: ForeignStateFormat,
  file: AsyncIterable<Buffer>,
  account: Account,
): Promise<ForeignUidls> {
  try {
    const { uidls, others } = await readForeignState(format, file, account, new ForeignUidls())
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

export interface LedgerImportWorld {
  readonly redis: Redis
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
}

/** Takes the messages of these ids for fetched, and says how many of them the maildrop lists. @throws Problem while a run of the account is under way. */
export async function takeOver(
  world: LedgerImportWorld,
  record: AccountRecord,
  uidls: ForeignUidls,
): Promise<Imported> {
  const { redis } = world
  const { account } = record
  const patience = { waitMs: apiLimits.leaseWaitMs, pollMs: apiLimits.leasePollMs, late: runUnderWay }
  return await exclusively(redis, account.id, patience, async (lease) => {
    const imported = await skip(redis, lease, account, uidls)
    const list = async (signal: AbortSignal) => await listingOf(world, record, signal)
    const messages = await underSignals([lease.lost], list, apiLimits.importListingWaitMs)
    if (messages === undefined) return { imported, listed: null, notice: uidls.areOfImap ? ofImap : null }
    let listed = 0
    for await (const slice of slices(messages))
      listed += slice.filter(({ uidl }) => uidl !== undefined && uidls.has(uidl)).length
    return { imported, listed, notice: listedNotice(listed, messages.length) }
  })
}

/** Undefined: the provider could not be asked. A run that follows soon must not fail for this login. */
async function listingOf(
  { redis, seal, settings }: LedgerImportWorld,
  { account, sealedPassword, ...rest }: AccountRecord,
  signal: AbortSignal,
): Promise<MaildropListing | undefined> {
  const password = seal.open(sealedPassword, account.id, 'password')
  const reach = await currentReach(settings, rest, 'pop3')
  // It only says how many messages are there: where the server has no slot for it, or wants no login yet, that is left out.
  const seen = await atGuestSlot(
    redis,
    account,
    async (loginGate) =>
      await listOnce({ ...account, ...ownTraits(account, rest), password, reach, signal, loginGate }),
  ).catch((error: unknown) => {
    if (error instanceof NoSlot) return undefined
    throw error
  })
  if (seen !== undefined) await new TestedSources(redis).note(account)
  return seen
}

const ofImap =
  'These look like the ids of an IMAP account, which say nothing about POP3: nearly all mail would be fetched again. The provider could not be asked just now.'

/** What an operator wants to know before the account is resumed. */
export function listedNotice(listed: number, messages: number): string | null {
  if (messages === 0) return 'The maildrop is empty just now: whether the file belongs to it cannot be seen.'
  const all = messages === 1 ? 'the only message' : `the ${messages} messages`
  if (listed === 0)
    return `None of the ids in this file is that of one of ${all} in the maildrop, and they would be fetched again. Mostly such a file is of an IMAP account or of another maildrop: leave the account paused, and send the file of the POP3 account; where there is none, set firstRun to { "mode": "onlyNew" }.`
  return listed < messages
    ? `Of ${all} in the maildrop ${listed} ${listed === 1 ? 'is' : 'are'} in this file; the others count as not fetched yet.`
    : null
}

async function skip(redis: Redis, lease: Lease, { createdAtMs }: Account, uidls: ForeignUidls): Promise<number> {
  const predecessor = (await withPredecessor(redis, lease.accountId))?.predecessor
  const ledger = new RedisLedger(redis, lease, Date.now, { id: newId() as RunId, counts: noCounts(), predecessor })
  const { records, continuity } = await ledger.view()
  const nowMs = Date.now()
  // Size and fingerprint are not known yet: plan.ts learns the size when the message is first listed.
  const skippedOf = (uidl: ShortHash) =>
    newRecord('skipped', { uidl, fingerprint: undefined, digest: undefined, size: 0 }, nowMs)
  // If an account has never run, it need not be compared with the store because of these records.
  if (standing(continuity, records.length, createdAtMs) === 'new') await ledger.whole(undefined)
  let imported = 0
  let some: NewRecord[] = []
  const adopt = async () => {
    await ledger.adopt(some)
    imported += some.length
    some = []
  }
  for (const hash of uidls.hashes) {
    if (records.bearing('uidl', hash).length === 0) some.push(skippedOf(hash))
    if (some.length >= apiLimits.adoptedTogether) await adopt()
  }
  if (some.length > 0) await adopt()
  return imported
}

function runUnderWay(): Problem {
  return new Problem(
    'busy',
    'A run of this account is under way; pause the account, wait for the run to end (GET /accounts/:id), and send the file again.',
  )
}
