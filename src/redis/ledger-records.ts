/**
 * Holds the records of one account while a run writes them: their state when the run read them last, those that it has written
 * since, and the offset of the next one. Only the holder of the lease writes, so the length is known without asking.
 */
import type { Redis } from 'ioredis'
import type { LedgerRecord, RecordIdentity } from '../ledger/ledger.ts'
import { PackedRecords } from '../ledger/packed-records.ts'
import { encodeRecord, recordOctets } from '../ledger/record-codec.ts'
import type { AccountId, ShortHash } from '../mail/message.ts'
import type { GrowCounts } from '../pull/ledger-ports.ts'
import { asideRecordOf } from '../pull/quarantine.ts'
import { keys } from './key-names.ts'
import { appendRecords, type LedgerChange, type LedgerWriter } from './ledger-writes.ts'
import { redisLimits } from './limits.ts'
import { indexQuarantine } from './quarantine-index.ts'

/** A record with its place, or one that is appended. */
export type PlacedRecord = Omit<LedgerRecord, 'index'> & { readonly index?: number | undefined }

/** The data that are written together with records. */
export interface Beside {
  /** The intent that the records fulfil. */
  readonly intentId?: string
  readonly changes?: readonly LedgerChange[]
  readonly counted?: GrowCounts | undefined
}

export async function readRecords(redis: Redis, accountId: AccountId): Promise<PackedRecords> {
  return new PackedRecords(await readPacked(redis, accountId))
}

/**
 * Reads a ledger piece by piece: in one piece it would be held twice while it comes. Only the holder of its lease writes meanwhile.
 *
 * @param roomFor waits for room for so many records.
 */
export async function readPacked(redis: Redis, accountId: AccountId, roomFor?: RoomFor): Promise<Buffer> {
  const key = keys.ledger(accountId)
  const { ledgerPieceOctets } = redisLimits
  const first = await redis.getrangeBuffer(key, 0, ledgerPieceOctets - 1)
  const octets = first.length < ledgerPieceOctets ? first.length : await redis.strlen(key)
  if (octets > 0) await roomFor?.(octets / recordOctets)
  if (octets === first.length) return first
  const packed = Buffer.allocUnsafeSlow(octets)
  let length = first.copy(packed)
  while (length < octets) {
    const piece = await redis.getrangeBuffer(key, length, length + ledgerPieceOctets - 1)
    if (piece.length === 0) break
    length += piece.copy(packed, length)
  }
  return packed.subarray(0, length)
}

type RoomFor = (records: number) => Promise<void>

export function overwritten(record: LedgerRecord): LedgerChange {
  return ['record', record.index * recordOctets, encodeRecord(record)]
}

export class LedgerRecords {
  readonly #redis: Redis
  readonly #accountId: AccountId
  readonly #writer: LedgerWriter
  /** The length of the ledger, including the records that are being appended. */
  #octets = 0
  readonly #roomFor: RoomFor | undefined
  #looked: Promise<void> | undefined
  #records = new PackedRecords(Buffer.alloc(0))
  /** Indexes of records that this run has written since it read the ledger: each belongs to one message. */
  readonly #written = new Set<number>()
  #nameless: readonly number[] | undefined

  constructor(redis: Redis, accountId: AccountId, writer: LedgerWriter, roomFor?: RoomFor) {
    this.#roomFor = roomFor
    this.#redis = redis
    this.#accountId = accountId
    this.#writer = writer
  }

  /** The records when the run read them last. */
  get records(): PackedRecords {
    return this.#records
  }

  async look(): Promise<void> {
    this.#looked = this.#read()
    await this.#looked
  }

  /** Reads the ledger, unless the run has read it already. */
  async ensureLooked(): Promise<void> {
    await (this.#looked ??= this.#read())
  }

  /** The ledger was rewritten: the next step reads it again. */
  outdate(): void {
    this.#looked = undefined
  }

  isWritten(index: number): boolean {
    return this.#written.has(index)
  }

  /** Finds the record by which this message was set aside. From then on the record belongs to this message alone. */
  claim(message: RecordIdentity): LedgerRecord | undefined {
    const record = asideRecordOf(message, this.#free(message.uidl))
    if (record !== undefined) this.#written.add(record.index)
    return record
  }

  /** Writes records in their place, or appends those that have none, together with the data that belong to them. */
  async append(
    records: readonly PlacedRecord[],
    { intentId = '', changes = [], counted }: Beside = {},
  ): Promise<LedgerRecord[]> {
    await this.ensureLooked()
    const offset = this.#octets
    const all = [...changes]
    const added: Buffer[] = []
    const placed = records.map((record) => {
      const index = record.index ?? offset / recordOctets + added.length
      if (record.index === undefined) added.push(encodeRecord(record))
      else all.push(overwritten({ ...record, index }))
      return { ...record, index }
    })
    const packed = Buffer.concat(added)
    // This is set before the answer comes: records that are appended meanwhile go after these.
    this.#octets = offset + packed.length
    const kept = [keys.ledger, keys.intents, keys.quarantine, keys.spool, keys.asideOrder]
    const names = kept.map((name) => name(this.#accountId))
    const args = [offset, packed, intentId, ...all.flat()]
    counted?.()
    await this.#writer.write(appendRecords, names, args)
    if (all.some(([what]) => what === 'entry' || what === 'no entry'))
      await indexQuarantine(this.#redis, [this.#accountId])
    return placed
  }

  async #read(): Promise<void> {
    const packed = await readPacked(this.#redis, this.#accountId, this.#roomFor)
    this.#octets = packed.length
    this.#records = new PackedRecords(packed)
    this.#written.clear()
    this.#nameless = undefined
  }

  /** Records that bear this UIDL and belong to no message of this run yet; without one, those of messages without a UIDL that were set aside. */
  *#free(uidl: ShortHash | undefined): Generator<LedgerRecord> {
    for (const index of uidl === undefined ? this.#namelessAside() : this.#records.bearing('uidl', uidl))
      if (!this.#written.has(index)) yield this.#records.at(index)
  }

  /** Indexes of the records of messages without a UIDL that were set aside. */
  #namelessAside(): readonly number[] {
    if (this.#nameless !== undefined) return this.#nameless
    const nameless: number[] = []
    for (let index = 0; index < this.#records.length; index += 1)
      if (this.#records.stateAt(index) === 'quarantined' && this.#records.at(index).uidl === undefined)
        nameless.push(index)
    this.#nameless = nameless
    return nameless
  }
}
