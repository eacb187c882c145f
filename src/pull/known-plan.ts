/**
 * A plan that is known: the last run has found that this listing, under this account's settings and this ledger, leaves nothing to do. The
 * next visit compares the listing, and where it is the same, it is over: no ledger is read, no store is opened. Pure. Whatever writes to
 * the account's data ends the plan (redis/scripts/note-known.lua, take-lease.lua; docs/decisions/0045).
 */
import { createHash } from 'node:crypto'
import type { Account } from '../account/account.ts'
import type { Clock } from '../clock.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import { retentionMark } from '../ledger/record-codec.ts'
import { UidlSet } from '../ledger/uidl-set.ts'
import { uidlHash } from '../mail/header.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { AccountId } from '../mail/message.ts'
import { slices } from '../slices.ts'
import { day } from '../units.ts'
import { pullLimits } from './limits.ts'

/** Raise this when plan.ts, or what it calls, decides otherwise about a listing than before: then no earlier plan is taken for today's. */
export const plannerVersion = 1

export interface KnownPlan {
  /** The hash of the listing: numbers, UIDLs and sizes. */
  readonly listing: string
  /** The hash of the server's answers of which the listing was made, if it is known: where it is the same, nothing need be read in them. */
  readonly answers?: string | undefined
  /** The hash of the settings by which it was decided. */
  readonly settings: string
  /** The number of messages that were listed. */
  readonly listed: number
  /** Milliseconds since 1970: it was decided then, and holds until the first rule by date would decide otherwise. */
  readonly madeAtMs: number
  readonly untilMs: number
}

/** The account, as the plan depends on it. */
export interface PlannedAccount {
  readonly account: Account
  /** The account that fetched the same mail to the same place before. */
  readonly predecessor?: AccountId | undefined
}

/** Whether the plan is today's: then there is nothing to do. */
export async function isKnown(
  plan: KnownPlan,
  planned: PlannedAccount,
  listing: MaildropListing,
  clock: Clock,
): Promise<boolean> {
  return plan.listed === listing.length && holds(plan, planned, clock) && plan.listing === (await listingHash(listing))
}

/** Whether the plan could be today's, whatever the maildrop lists. A clock that was stepped tells nothing about rules by date. */
export function holds({ madeAtMs, untilMs, settings }: KnownPlan, planned: PlannedAccount, clock: Clock): boolean {
  const nowMs = clock.nowMs()
  return madeAtMs <= nowMs && nowMs < untilMs && clock.steadySince(madeAtMs) && settings === settingsHash(planned)
}

/** Hashes what the listing says of each message. */
export async function listingHash(listing: MaildropListing): Promise<string> {
  const hash = createHash('sha256')
  for await (const slice of slices(listing)) {
    let lines = ''
    for (const { number, size, unsized, uidl } of slice) lines += `${number} ${unsized ?? size} ${uidl ?? ''}\n`
    hash.update(lines, 'latin1')
  }
  return hash.digest('base64url').slice(0, hashChars)
}

/** 132 bits. */
const hashChars = 22

/** Hashes all settings of the account but those that say when it is visited, and those of sending: host, port and user too. */
export function settingsHash({ account, predecessor }: PlannedAccount): string {
  const { interval: _interval, longestChosen: _longest, paused: _paused, ...others } = account
  const {
    smtp: _smtp,
    senderName: _name,
    signature: _signature,
    sentCopy: _copy,
    sendLimit: _limit,
    ...settings
  } = others
  // Their order is that in which somebody has set them, or left them unsaid.
  const inOrder = Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const text = JSON.stringify([plannerVersion, predecessor ?? null, inOrder])
  return createHash('sha256').update(text).digest('base64url').slice(0, hashChars)
}

/**
 * Whether each message has a UIDL of its own and a size. Otherwise another message may stand under the same listing, and only a look at it
 * would tell.
 */
export async function tellsAll(listing: MaildropListing): Promise<boolean> {
  const uidls = new UidlSet(listing.length)
  for await (const slice of slices(listing))
    for (const { uidl, unsized } of slice)
      if (uidl === undefined || unsized !== undefined || !uidls.add(uidlHash(uidl))) return false
  return true
}

/** When the retention first wants a message deleted that it leaves alone today; Infinity if it never does. */
export function retentionUntilMs(record: LedgerRecord, account: Account, nowMs: number): number {
  const { retention } = account
  if (retention.mode !== 'keepDays' || record.state !== 'stored' || record.cameShort || record.deletedAtSource)
    return Infinity
  if (record.returnedUnder === retentionMark(account)) return Infinity
  const dueMs = record.storedAtSeconds * 1000 + retention.days * day
  return dueMs > nowMs ? dueMs : Infinity
}

/** When the record of a message that is gone may be forgotten; Infinity if that is not known yet, or is past. */
export function forgettableMs({ missingSinceSeconds }: LedgerRecord, nowMs: number): number {
  const forgetMs = missingSinceSeconds * 1000 + pullLimits.forgetAfterMs
  return missingSinceSeconds > 0 && forgetMs > nowMs ? forgetMs : Infinity
}
