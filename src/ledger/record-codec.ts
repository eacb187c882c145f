/** Packs one record into 40 octets, so that the records of 100,000 messages are 4 MB in one Redis value. All numbers are big-endian. */
import { type LedgerRecord, type NewRecord, type RecordState, recordStates } from './ledger.ts'
import type { ShortHash } from '../mail/message.ts'

export const recordOctets = 40

/** The offset of each field. */
const at = {
  flags: 0,
  missed: 1,
  deletion: 2,
  size: 4,
  uidl: 8,
  fingerprint: 16,
  digest: 24,
  storedAt: 32,
  missingSince: 36,
} as const

/** The two low bits of `flags` hold the state, as its place in `recordStates`. */
const stateMask = 0b11
const flag = {
  uidl: 1 << 2,
  fingerprint: 1 << 3,
  weak: 1 << 4,
  digest: 1 << 5,
  deletedAtSource: 1 << 6,
  resized: 1 << 7,
} as const

/**
 * The two octets of `deletion`: what is known about deleting the message. The high 11 bits hold the retention under which it came back, then
 * one bit says that it came short, and the low 4 bits count refused deletions. They are zero in records from before this was known.
 */
const deletion = { returnedShift: 5, cameShort: 1 << 4, refusedMask: 0b1111 } as const
export const refusedMarksMax = deletion.refusedMask
/** The number of retentions that are told apart. */
const retentionsMax = (1 << 11) - 1

/** Names the retention of an account in a record: another one after each change, and never 0. */
export function retentionMark({ retentionChanges = 0 }: { readonly retentionChanges?: number }): number {
  return 1 + (retentionChanges % retentionsMax)
}

export function encodeRecord(record: NewRecord): Buffer {
  const octets = Buffer.allocUnsafe(recordOctets).fill(0)
  let flags = recordStates.indexOf(record.state)
  if (record.uidl !== undefined) flags |= flag.uidl
  if (record.fingerprint !== undefined) flags |= flag.fingerprint | (record.fingerprint.weak ? flag.weak : 0)
  if (record.digest !== undefined) flags |= flag.digest
  if (record.deletedAtSource) flags |= flag.deletedAtSource
  if (record.resized) flags |= flag.resized
  octets[at.flags] = flags
  octets[at.missed] = Math.min(record.missedListings, 0xff)
  const refused = Math.min(record.refusedMarks, refusedMarksMax) | (record.cameShort ? deletion.cameShort : 0)
  octets.writeUInt16BE((record.returnedUnder << deletion.returnedShift) | refused, at.deletion)
  octets.writeUInt32BE(Math.min(record.size, 0xffff_ffff), at.size)
  octets.write(record.uidl ?? '', at.uidl, 'hex')
  octets.write(record.fingerprint?.hash ?? '', at.fingerprint, 'hex')
  octets.write(record.digest ?? '', at.digest, 'hex')
  octets.writeUInt32BE(record.storedAtSeconds, at.storedAt)
  octets.writeUInt32BE(record.missingSinceSeconds, at.missingSince)
  return octets
}

/** The fields that are hashes: the offset of each, and the flag that says whether it is set. */
export const hashedFields = {
  uidl: { offset: at.uidl, flag: flag.uidl },
  fingerprint: { offset: at.fingerprint, flag: flag.fingerprint },
  digest: { offset: at.digest, flag: flag.digest },
} as const
export type HashedField = keyof typeof hashedFields

/** @param packed holds records one after the other. */
export function decodeRecord(packed: Buffer, index: number): LedgerRecord {
  const base = index * recordOctets
  const flags = packed.readUInt8(base + at.flags)
  const hash = (offset: number) => packed.toString('hex', base + offset, base + offset + 8) as ShortHash
  return {
    index,
    state: stateIn(flags),
    uidl: flags & flag.uidl ? hash(at.uidl) : undefined,
    fingerprint: flags & flag.fingerprint ? { hash: hash(at.fingerprint), weak: (flags & flag.weak) !== 0 } : undefined,
    digest: flags & flag.digest ? hash(at.digest) : undefined,
    size: packed.readUInt32BE(base + at.size),
    resized: (flags & flag.resized) !== 0,
    storedAtSeconds: packed.readUInt32BE(base + at.storedAt),
    missingSinceSeconds: packed.readUInt32BE(base + at.missingSince),
    missedListings: packed.readUInt8(base + at.missed),
    deletedAtSource: (flags & flag.deletedAtSource) !== 0,
    ...decodeDeletion(packed, index),
  }
}

/** What is known about deleting a record's message. */
export type Deletion = Pick<LedgerRecord, 'cameShort' | 'returnedUnder' | 'refusedMarks'>

export function decodeDeletion(packed: Buffer, index: number): Deletion {
  const bits = packed.readUInt16BE(index * recordOctets + at.deletion)
  return {
    cameShort: (bits & deletion.cameShort) !== 0,
    returnedUnder: bits >> deletion.returnedShift,
    refusedMarks: bits & deletion.refusedMask,
  }
}

export function decodeState(packed: Buffer, index: number): RecordState {
  return stateIn(packed.readUInt8(index * recordOctets + at.flags))
}

function stateIn(flags: number): RecordState {
  return recordStates[flags & stateMask] as RecordState
}
