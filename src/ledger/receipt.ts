/** The one rule for DELE. */
import type { StoredRecord } from './ledger.ts'
import type { Sighting } from '../mail/message.ts'

declare const proof: unique symbol
/** Proof that the store holds this message, the ledger says so, and the provider showed the same bytes in this session. */
export interface Receipt {
  readonly [proof]: true
}
const held = {} as Receipt

/**
 * A receipt, if this session's sighting proves to be the recorded message: retrieved whole and of the same digest, or of
 * the same strong fingerprint and the size at which it was retrieved. A UIDL alone never does (QUIRKS: UIDLs repeat, change, are given away).
 */
export function prove(record: StoredRecord, seen: Sighting): Receipt | undefined {
  if (record.state !== 'stored') return undefined
  if (seen.digest !== undefined) return seen.digest === record.digest ? held : undefined
  if (record.fingerprint === undefined || seen.fingerprint === undefined) return undefined
  if (record.fingerprint.weak || seen.fingerprint.weak || record.resized) return undefined
  return record.fingerprint.hash === seen.fingerprint.hash && record.size === seen.message.size ? held : undefined
}
