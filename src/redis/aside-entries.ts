/**
 * The quarantine entries of one account, as its run writes them beside the records (ledger.ts): it sets messages aside, carries out people's
 * wishes (quarantine.ts), and keeps each entry with its record.
 */
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import type { LedgerRecord, NewRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { AccountId, Sighting } from '../mail/message.ts'
import type { AsideReason } from '../pull/ledger-ports.ts'
import { entryFollowing, entryFor, quarantineEntryOf, type QuarantineEntry, recordOf } from '../pull/quarantine.ts'
import { slices } from '../slices.ts'
import { keys } from './key-names.ts'
import { type LedgerRecords, overwritten } from './ledger-records.ts'
import type { LedgerChange } from './ledger-writes.ts'
import { redisLimits } from './limits.ts'
import { entryIn, entriesOf } from './quarantine.ts'
import { isWishDue, octetsWished, wishAt, wishFor, type Wishes, wishField } from './wishes.ts'

/** If two entries are made in one millisecond, the later one still sorts after the earlier one. */
const newEntryId = monotonicFactory()

export class AsideEntries {
  readonly #redis: Redis
  readonly #accountId: AccountId
  readonly #records: LedgerRecords
  readonly #nowMs: () => number
  #wishes: Wishes = new Map()
  /** The ids of the entries that are to be tried again, by the index of the record. */
  readonly #retried = new Map<number, string>()

  constructor(redis: Redis, accountId: AccountId, records: LedgerRecords, nowMs: () => number) {
    this.#redis = redis
    this.#accountId = accountId
    this.#records = records
    this.#nowMs = nowMs
  }

  /**
   * Carries out dismissals: a message that was set aside is left at the provider like one that a first run skips.
   *
   * @returns the messages that are to be tried again, as in `LedgerView.retries`.
   */
  async carryOut(wishes: Wishes): Promise<Map<number, number>> {
    this.#wishes = wishes
    this.#retried.clear()
    const retries = new Map<number, number>()
    if (wishes.size === 0) return retries
    let isChanged = false
    let changes: LedgerChange[] = []
    const write = async () => {
      if (changes.length > 0) await this.#records.append([], { changes })
      isChanged ||= changes.length > 0
      changes = []
    }
    for (const entry of await this.#all()) {
      const wish = this.#wishes.get(entry.id)
      if (wish === undefined || !isWishDue(wish, this.#nowMs())) continue
      const record = recordOf(entry, this.#records.records)
      if (wish === 'dismiss') {
        if (record !== undefined) changes.push(overwritten({ ...record, state: 'skipped' }))
        changes.push(...withoutEntry(entry))
        // Redis takes a million arguments of one call.
        if (changes.length >= redisLimits.recordsPerCall) await write()
      } else if (record !== undefined) {
        retries.set(record.index, octetsWished(wish))
        this.#retried.set(record.index, entry.id)
      }
    }
    await write()
    if (isChanged) await this.#records.look()
    return retries
  }

  /** The ledger was rewritten: records have other places. */
  outdate(): void {
    this.#retried.clear()
  }

  /** Whether somebody, or its time, wants a spooled message of the quarantine tried again. */
  isRetried(entryId: string): boolean {
    const wish = this.#wishes.get(entryId)
    return wish !== undefined && wish !== 'dismiss' && !octetsWished(wish) && isWishDue(wish, this.#nowMs())
  }

  /** The changes that set a message aside, beside its record. It keeps the entry that it has. */
  async setAside(
    sighting: Sighting,
    { record, before }: { readonly record: NewRecord; readonly before: LedgerRecord | undefined },
    reason: AsideReason,
  ): Promise<LedgerChange[]> {
    const [entryBefore] = before === undefined ? [] : await this.#of([before])
    const made = { id: newEntryId(), atMs: this.#nowMs() }
    const { message, spooled } = sighting
    const entry = entryFor({ ...record, name: message.uidl, spooled }, entryBefore, made, reason)
    const changes: LedgerChange[] = [['entry', entry.id, JSON.stringify(entry)]]
    const wish = this.#wishes.get(entry.id)
    if (wish !== undefined) changes.push(['wish done', wishField(entry.id), wish])
    if (reason.octets !== undefined) changes.push(['wish', wishField(entry.id), wishFor(reason.octets)])
    else if (typeof entry.nextAttemptAt === 'string')
      changes.push(['wish', wishField(entry.id), wishAt(Date.parse(entry.nextAttemptAt))])
    return changes
  }

  /** The changes that remove the entries of these records: their messages are stored. */
  async removal(records: readonly LedgerRecord[]): Promise<LedgerChange[]> {
    return (await this.#of(records)).flatMap(withoutEntry)
  }

  /** Amends quarantined records together with their entries, which would not be found again under another name. */
  async amend(records: readonly LedgerRecord[]): Promise<void> {
    const entries = await this.#all()
    for (let from = 0; from < records.length; from += redisLimits.recordsPerCall) {
      const changes = records.slice(from, from + redisLimits.recordsPerCall).flatMap((record): LedgerChange[] => {
        const before = this.#records.records.at(record.index)
        const entry =
          before.uidl === record.uidl && before.size === record.size ? undefined : quarantineEntryOf(before, entries)
        if (entry === undefined) return [overwritten(record)]
        return [overwritten(record), ['entry', entry.id, JSON.stringify(entryFollowing(entry, record))]]
      })
      await this.#records.append([], { changes })
    }
  }

  /**
   * Finds the entries of records that are to be forgotten, and yields the id of each and the field of its wish, in turns. A record whose
   * message is spooled is removed from `forgotten`: no other copy of its bytes is left, and people decide when they are deleted.
   */
  async forgotten(records: PackedRecords, forgotten: Set<number>): Promise<string[]> {
    const quarantined: LedgerRecord[] = []
    for await (const slice of slices([...forgotten]))
      quarantined.push(...slice.map((index) => records.at(index)).filter(({ state }) => state === 'quarantined'))
    const entries = quarantined.length === 0 ? [] : await this.#all()
    const gone: string[] = []
    for (const record of quarantined) {
      const entry = quarantineEntryOf(record, entries)
      if (entry?.spooled !== undefined) forgotten.delete(record.index)
      else if (entry !== undefined) gone.push(entry.id, wishField(entry.id))
    }
    return gone
  }

  /** Reads the entries of records. There may be thousands in all: they are read only where one of these was not to be tried again. */
  async #of(records: readonly LedgerRecord[]): Promise<QuarantineEntry[]> {
    const ids = records.flatMap(({ index }) => this.#retried.get(index) ?? [])
    if (ids.length < records.length) {
      const all = await this.#all()
      return records.flatMap((record) => quarantineEntryOf(record, all) ?? [])
    }
    const found = await this.#redis.hmget(keys.quarantine(this.#accountId), ...ids)
    return found.flatMap((json) => entryIn(json) ?? [])
  }

  async #all(): Promise<QuarantineEntry[]> {
    return await entriesOf(this.#redis, this.#accountId)
  }
}

function withoutEntry({ id, spooled }: QuarantineEntry): LedgerChange[] {
  const letGo: LedgerChange[] = spooled === undefined ? [] : [['let go', spooled, '']]
  return [['no entry', id, wishField(id)], ...letGo]
}
