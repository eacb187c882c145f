/**
 * What a maildrop showed when its first import began. What it shows besides has come since: new mail, which waits neither for the import nor
 * for its budget. Neither places nor sizes tell the two apart, because mail is deleted meanwhile, by us as well.
 */
import { listedUidlHash } from '../mail/header.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed } from '../mail/message.ts'
import { anyOf, slices } from '../slices.ts'

/** Hexadecimal digits of a UIDL's hash, and their octets: of 100,000 messages two or three share them, and a new one that does waits its turn. */
const digits = 8
const octets = digits / 2

export class Backlog {
  /** A table of hashes, with 0 where there is none: as a set of numbers those of a million messages would be 50 MB. */
  readonly #table: Uint32Array
  readonly #mask: number
  #size = 0
  #hasZero = false

  private constructor(hashes: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * hashes + 2))
    this.#table = new Uint32Array(places)
    this.#mask = places - 1
  }

  static async of(listing: MaildropListing): Promise<Backlog> {
    const backlog = new Backlog(listing.length)
    for await (const slice of slices(listing))
      for (const message of slice) {
        const hash = hashOf(message)
        if (hash !== undefined) backlog.#add(hash)
      }
    return backlog
  }

  /** @param text what `toString` gave. */
  static parse(text: string): Backlog {
    const packed = Buffer.from(text, 'base64')
    const backlog = new Backlog(Math.floor(packed.length / octets))
    for (let at = 0; at + octets <= packed.length; at += octets) backlog.#add(packed.readUInt32BE(at))
    return backlog
  }

  toString(): string {
    const packed = Buffer.alloc((this.#size + (this.#hasZero ? 1 : 0)) * octets)
    let at = this.#hasZero ? octets : 0
    for (const hash of this.#table) if (hash !== 0) at = packed.writeUInt32BE(hash, at)
    return packed.toString('base64')
  }

  #add(hash: number): void {
    if (hash === 0) this.#hasZero = true
    const place = this.#placeOf(hash)
    if (hash === 0 || this.#table[place] === hash) return
    this.#table[place] = hash
    this.#size += 1
  }

  #has(hash: number): boolean {
    return hash === 0 ? this.#hasZero : this.#table[this.#placeOf(hash)] === hash
  }

  /** Where the hash is, or would be. */
  #placeOf(hash: number): number {
    let place = hash & this.#mask
    while (this.#table[place] !== 0 && this.#table[place] !== hash) place = (place + 1) & this.#mask
    return place
  }

  /** The messages that have come since. None is, where nothing of the backlog is listed any more: then ids do not last, or all have changed. */
  async freshAmong(messages: readonly Listed[], listing: MaildropListing): Promise<ReadonlySet<Listed>> {
    const fresh = new Set<Listed>()
    for await (const slice of slices(messages))
      for (const message of slice) {
        const hash = hashOf(message)
        if (hash !== undefined && !this.#has(hash)) fresh.add(message)
      }
    return fresh.size === 0 || (await this.#isAmong(listing)) ? fresh : new Set()
  }

  async #isAmong(listing: MaildropListing): Promise<boolean> {
    return await anyOf(listing, (message) => {
      const hash = hashOf(message)
      return hash !== undefined && this.#has(hash)
    })
  }
}

/** Undefined without a UIDL: such a message counts to the backlog. */
function hashOf(message: Listed): number | undefined {
  const hash = listedUidlHash(message)
  return hash === undefined ? undefined : Number.parseInt(hash.slice(0, digits), 16)
}
