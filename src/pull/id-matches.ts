/**
 * Holds the messages that are taken for their records' by UIDL and size alone. Some servers make ids of positions, or give an id to another
 * message: there the ids lie where the sizes are equal. It is noticed by a few headers where all ids have the form of positions, and where
 * a message turns out to be one that is listed under another id; then none of these matches holds (doubt.ts). Each of them may be one of
 * 100,000: two numbers a message are all that is kept.
 */
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, Sighting } from '../mail/message.ts'
import { slices } from '../slices.ts'
import { pullLimits } from './limits.ts'
import type { Match, Unmatched } from './unmatched.ts'

const none = -1

export class IdMatches {
  readonly #listing: MaildropListing
  readonly #records: PackedRecords
  readonly #unmatched: Unmatched
  /** The index of the record, by the message's place in the listing. */
  readonly #indexes: Int32Array
  /** The place of the message in the listing, by the record's index. */
  readonly #places: Int32Array
  /** The messages that are to be deleted, and wait for their proof until all others have come, by the record's index. */
  readonly #due = new Map<number, Listed>()
  /** Messages that this session identifies otherwise, and the records for whose they were taken. */
  readonly #former = new Map<Listed, LedgerRecord>()
  /** The indexes of the records of messages that came back changed, as far as a header tells that is nobody's own. */
  readonly #returned: number[] = []
  #doubted: Listed[] = []
  /** Messages that have come with other bytes than those of their records. */
  #unsure: Match[] = []
  /** Those of them that have kept their records, because nothing had shown yet that bytes last, by the record's index. */
  readonly #kept = new Map<number, Match>()
  #areBytesStable = false
  #areWrong = false
  /** The number of messages whose record a copy of them has taken. */
  #copies = 0

  constructor(listing: MaildropListing, records: PackedRecords, unmatched: Unmatched) {
    this.#listing = listing
    this.#records = records
    this.#unmatched = unmatched
    this.#indexes = new Int32Array(listing.length).fill(none)
    this.#places = new Int32Array(records.length).fill(none)
  }

  /** Adds a match. A record that knows nothing but UIDL and size of its message can never be compared with it. */
  add(place: number, { index, state, fingerprint, digest, returnedUnder }: LedgerRecord): void {
    if (fingerprint === undefined && digest === undefined) return
    // What was set aside unread has the fingerprint of nothing.
    if (state === 'quarantined' && fingerprint?.weak !== false) return
    this.#indexes[place] = index
    this.#places[index] = place
    if (returnedUnder > 0 && fingerprint?.weak === true && digest !== undefined) this.#returned.push(index)
  }

  /** Adds the match of a message that is compared by its bytes after all others. */
  addDue({ message, record }: Match): void {
    this.#due.set(record.index, message)
  }

  /** Whether that match still holds. */
  isDue(index: number): boolean {
    return this.#due.has(index)
  }

  /** Takes back that match, because the message's bytes are on their way. */
  releaseDue(index: number): void {
    this.#due.delete(index)
    this.#unmatched.release(index)
  }

  /** The match of a record, if it has one here. */
  at(index: number): Match | undefined {
    const place = this.#places[index] ?? none
    const message = (place === none ? undefined : this.#listing.at(place)) ?? this.#due.get(index)
    return message && { message, record: this.#records.at(index) }
  }

  /**
   * Gives so many matches from all over the maildrop. The last and the first are always among them: if one message is gone or new before the
   * last one, that one has moved. The others are other ones at each visit, so that none is believed for ever.
   */
  sample(messages: number, nowMs: number): Match[] {
    if (messages === 0) return []
    const places: number[] = []
    for (const [place, index] of this.#indexes.entries()) if (index !== none) places.push(place)
    const count = Math.min(messages, places.length)
    const [last, first, inner] = [places.pop(), places.shift(), places]
    // A multiple of the golden ratio: visits at equal distances do not come back to the same places soon.
    const shift = (nowMs * 0.618_033_988_75) % 1
    const others = Array.from({ length: Math.max(0, count - 2) }, (_, nth) => {
      return inner[Math.floor(((nth + shift) * inner.length) / (count - 2))]
    })
    return [last, first, ...others]
      .map((place) => this.at(this.#indexes[place ?? none] ?? none))
      .filter((match) => match !== undefined)
  }

  /**
   * The matches of messages that are left at the provider because they seem to have come back changed. Under the id of each may be another
   * message, which nothing but its bytes would show.
   */
  returned(): Match[] {
    return this.#returned.map((index) => this.at(index)).filter((match) => match !== undefined)
  }

  /** Whether the headers of these messages are those of their records. Those that others may have, too, prove no more than the id. */
  confirm(matches: readonly Match[], sightings: readonly Sighting[]): boolean {
    if (matches.some(({ record }, nth) => !isOf(sightings[nth] as Sighting, record))) return false
    for (const [nth, { record }] of matches.entries())
      if (sightings[nth]?.fingerprint?.weak === false) this.#remove(record.index)
    return true
  }

  /** Takes back a match: the message is looked at, or its bytes are compared, like those of any other one. */
  doubt({ message, record }: Match): Listed {
    this.#remove(record.index)
    this.#unmatched.release(record.index)
    this.#former.set(message, record)
    return message
  }

  /** Whether the headers of doubted messages are not those of the records for whose they were taken. */
  areBelied(sightings: readonly Sighting[]): boolean {
    return sightings.some((sighting) => {
      const former = this.#former.get(sighting.message)
      return former !== undefined && !isOf(sighting, former)
    })
  }

  /** Takes back all matches. */
  async doubtAll(): Promise<Listed[]> {
    const messages = [...this.#due.values()]
    for (const index of this.#due.keys()) this.#unmatched.release(index)
    this.#due.clear()
    let place = 0
    for await (const slice of slices(this.#listing)) {
      for (const message of slice) {
        const index = this.#indexes[place] ?? none
        place += 1
        if (index === none) continue
        this.#remove(index)
        this.#unmatched.release(index)
        messages.push(message)
      }
    }
    return messages
  }

  /**
   * Decides whose record a retrieved message is. If its bytes are those of a record that another message has by its id alone, it is this
   * message's, and the other one is doubted.
   *
   * @param found the unmatched record of the same bytes.
   * @returns undefined: the message is new. `later`: the others that come decide about it (takeDoubted).
   */
  settle(sighting: Sighting, found: LedgerRecord | undefined): LedgerRecord | 'later' | undefined {
    const { message, digest } = sighting
    const former = this.#former.get(message)
    const bearing = digest === undefined ? [] : this.#records.bearing('digest', digest)
    if (found !== undefined) {
      this.#areWrong ||= former !== undefined && hasOtherBytes(sighting, former)
      this.#areBytesStable = true
      return found
    }
    const claim = former === undefined ? 'none' : this.#claimOf(sighting, former, bearing.length > 0)
    if (former !== undefined && claim === 'unsure') {
      this.#unsure.push({ message, record: former })
      return 'later'
    }
    if (former !== undefined && claim === 'its own') {
      if (this.#unmatched.has(former.index)) return former
      // A copy of it has taken its record. It may be one message more, or another one may have the record of a copy.
      if ((this.#copies += 1) > pullLimits.idProbes) return undefined
    } else if (former !== undefined) this.#areWrong = true
    for (const index of bearing) {
      const match = this.at(index) ?? this.#kept.get(index)
      if (match === undefined) continue
      this.#areBytesStable = true
      this.#kept.delete(index)
      this.#doubted.push(this.doubt(match))
      return match.record
    }
    return undefined
  }

  /**
   * The messages whose matches were taken back while others were retrieved: all of them, if one of these was wrong.
   *
   * Where a header is nobody's own, other bytes are another message, unless the server writes a line of its own into all that it gives.
   * One message that has come as it was tells these apart.
   */
  async takeDoubted(): Promise<Listed[]> {
    const doubted = this.#doubted
    this.#doubted = []
    for (const match of this.#unsure) {
      this.#areBytesStable ||= this.#cameUnchanged(match.record)
      this.#unmatched.match(match.record)
      this.#kept.set(match.record.index, match)
    }
    this.#unsure = []
    if (this.#areBytesStable) {
      for (const match of this.#kept.values()) doubted.push(this.doubt(match))
      this.#kept.clear()
    }
    const others = this.#areWrong ? await this.doubtAll() : []
    this.#areWrong = false
    return doubted.concat(others)
  }

  /**
   * Whether a message that has come is the one for which its id was taken. Servers write lines of their own into what they give, so that
   * a header that is nobody else's is enough. Of any other header the bytes tell, once it is known that this server gives them unchanged.
   *
   * @param areKnown some record has these bytes.
   */
  #claimOf(sighting: Sighting, former: LedgerRecord, areKnown: boolean): 'its own' | 'none' | 'unsure' {
    if (!isOf(sighting, former)) return 'none'
    if (!hasOtherBytes(sighting, former) || sighting.fingerprint?.weak !== true) return 'its own'
    if (areKnown) return 'none'
    if (!this.#areBytesStable) return 'unsure'
    return this.#isCopied(former) ? 'its own' : 'none'
  }

  /** Whether so many records were made for one id, header and size that one more copy would tell nothing. */
  #isCopied({ uidl, size, fingerprint }: LedgerRecord): boolean {
    const alike = fingerprint === undefined ? [] : this.#records.bearing('fingerprint', fingerprint.hash)
    const isCopy = (other: LedgerRecord) => !other.deletedAtSource && other.uidl === uidl && other.size === size
    return alike.filter((index) => isCopy(this.#records.at(index))).length > pullLimits.idProbes
  }

  /**
   * Whether some message of this header was deleted in a later session than the one that stored it. Its header is nobody's own, so it had
   * come again with the same bytes.
   */
  #cameUnchanged({ fingerprint }: LedgerRecord): boolean {
    const alike = fingerprint === undefined ? [] : this.#records.bearing('fingerprint', fingerprint.hash)
    return alike.some((index) => {
      const { state, deletedAtSource, missingSinceSeconds, storedAtSeconds } = this.#records.at(index)
      // A deletion has the time when its session began.
      return state === 'stored' && deletedAtSource && missingSinceSeconds > storedAtSeconds
    })
  }

  #remove(index: number): void {
    this.#due.delete(index)
    const place = this.#places[index] ?? none
    if (place === none) return
    this.#places[index] = none
    this.#indexes[place] = none
  }
}

function hasOtherBytes({ digest }: Sighting, record: LedgerRecord): boolean {
  return record.digest !== undefined && record.digest !== digest
}

/** Whether nothing speaks against it that the message is the record's. */
function isOf({ fingerprint, digest }: Sighting, record: LedgerRecord): boolean {
  if (fingerprint === undefined || record.fingerprint === undefined)
    return digest === undefined || digest === record.digest
  return fingerprint.hash === record.fingerprint.hash
}
