/** The one rule for DELE: only `prove` gives a receipt. */
import { isGone, type LedgerRecord } from './ledger.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Sighting } from '../mail/message.ts'

declare const proof: unique symbol
/** Proves that the store holds a message, that the ledger says so, and that the provider showed the same bytes in this session. */
export interface Receipt {
  readonly [proof]: true
}
const receipt = {} as Receipt

/**
 * Gives a receipt if this session's sighting proves to be the recorded message: it was retrieved whole and has the same digest,
 * or it was there all the time under its UIDL, and has the same strong fingerprint and the size at which it was retrieved. A UIDL alone
 * proves nothing: UIDLs repeat, change and are given to other messages (docs/quirks.md). A record whose message was gone proves nothing
 * for another one but by its bytes. If a fraction came of what LIST told, even the bytes prove nothing: they are not the message.
 */
export function prove(record: LedgerRecord, sighting: Sighting): Receipt | undefined {
  if (record.state !== 'stored' || record.cameShort || sighting.cameShort) return undefined
  if (sighting.digest !== undefined) return sighting.digest === record.digest ? receipt : undefined
  if (record.fingerprint === undefined || sighting.fingerprint === undefined) return undefined
  if (record.fingerprint.weak || sighting.fingerprint.weak || record.resized || isGone(record)) return undefined
  // A size of 0 was told by nobody, or is no size of a message with a header.
  const isSameSize = record.size > 0 && record.size === sighting.message.size
  if (record.fingerprint.hash !== sighting.fingerprint.hash || !isSameSize) return undefined
  // Without a UIDL nobody knows whether it is the one that was there before.
  return record.uidl !== undefined && record.uidl === listedUidlHash(sighting.message) ? receipt : undefined
}
