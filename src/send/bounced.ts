/** Ties a bounce to what was sent. It adds a note for people, and changes no state: anybody can write one. */
import { singleLine } from '../printable.ts'
import { day } from '../units.ts'
import type { BounceMail } from './bounce.ts'
import type { BouncedRecipient } from './delivery-status.ts'
import type { Bounce, OutboxEntry, Recipient } from './entry.ts'
import { sendLimits } from './limits.ts'

/** Where the bounce lies. */
export interface BouncePlace {
  /** Null: it is not stored yet. */
  readonly folder: string | null
  readonly uid: number | undefined
  readonly atMs: number
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

function isFor({ address, originalAddress }: BouncedRecipient, to: string): boolean {
  return same(address, to) || (originalAddress !== null && same(originalAddress, to))
}

/** An address with and without a tag is one mailbox with most servers (RFC 5233), and some name the mailbox alone. */
const untagged = (address: string) => address.replace(/\+[^@]*(?=@)/, '').toLowerCase()

/** The one of those whom it went to. */
function writtenOf(one: BouncedRecipient, recipients: readonly Recipient[]): string | undefined {
  const exact = recipients.find(({ address }) => isFor(one, address))
  if (exact !== undefined) return exact.address
  const alike = recipients.filter(({ address }) => untagged(address) === untagged(one.address))
  return alike.length === 1 ? alike[0]?.address : undefined
}

/** Undefined: all of it is noted already, or there are too many notes. What was noted before it was stored gets its place later. */
export function withBounce(entry: OutboxEntry, bounce: BounceMail, place: BouncePlace): OutboxEntry | undefined {
  const { recipients, bounces } = entry
  // Of a list or a forwarded address the name that failed is one that nobody wrote to.
  const own = bounce.recipients.filter((one) => writtenOf(one, recipients) !== undefined)
  const named = own.length > 0 ? own : bounce.recipients
  const notes = (named.length > 0 ? named : [undefined]).map((one): Bounce => {
    return {
      atMs: place.atMs,
      address: (one && writtenOf(one, recipients)) ?? one?.address ?? null,
      status: one?.status ?? null,
      diagnostic: one?.diagnostic == null ? null : singleLine(one.diagnostic),
      folder: place.folder,
      uid: place.uid ?? null,
    }
  })
  const added = notes
    .filter((note) => !bounces.some((known) => isSameNote(known, note)))
    .slice(0, Math.max(0, sendLimits.bouncesNotedMax - bounces.length))
  const isPlaced = (known: Bounce) =>
    known.folder === null && place.folder !== null && notes.some((note) => isSameNote(known, note))
  if (added.length === 0 && !bounces.some(isPlaced)) return undefined
  const { folder, uid = null } = place
  return {
    ...entry,
    bounces: [...bounces.map((known) => (isPlaced(known) ? { ...known, folder, uid } : known)), ...added],
  }
}

function isSameNote(one: Bounce, other: Bounce): boolean {
  return one.address === other.address && one.status === other.status && one.diagnostic === other.diagnostic
}

/**
 * The one of these that a bounce means which names no message of ours: a provider may have given it another Message-ID. It is the only one that
 * went to that address of late; of several nobody knows which.
 */
export function meantByRecipient(
  entries: readonly OutboxEntry[],
  { recipients }: BounceMail,
  accountId: string,
  nowMs: number,
): OutboxEntry | undefined {
  const meant = entries.filter(
    (entry) =>
      entry.accountId === accountId &&
      nowMs - entry.sendAtMs < sendLimits.bouncesForDays * day &&
      ['accepted', 'unknown', 'rejected', 'deferred'].includes(entry.state) &&
      entry.recipients.some(
        ({ address, state }) =>
          (state === 'accepted' || state === 'unknown') && recipients.some((one) => isFor(one, address)),
      ),
  )
  return meant.length === 1 ? meant[0] : undefined
}
