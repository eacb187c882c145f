/**
 * What a maildrop showed when its first import began. What it shows besides has come since: new mail, which waits neither for the import nor
 * for its budget. Neither places nor sizes tell the two apart, because mail is deleted meanwhile, by us as well.
 */
import { listedUidlHash } from '../mail/header.ts'
import type { Listed } from '../mail/message.ts'
import { slices } from '../slices.ts'

/** Hexadecimal digits of a UIDL's hash, and their octets: of 100,000 messages two or three share them, and a new one that does waits its turn. */
const digits = 8
const octets = digits / 2

export class Backlog {
  readonly #hashes: ReadonlySet<number>

  private constructor(hashes: ReadonlySet<number>) {
    this.#hashes = hashes
  }

  static async of(listing: readonly Listed[]): Promise<Backlog> {
    const hashes = new Set<number>()
    for await (const slice of slices(listing))
      for (const message of slice) {
        const hash = hashOf(message)
        if (hash !== undefined) hashes.add(hash)
      }
    return new Backlog(hashes)
  }

  /** @param text what `toString` gave. */
  static parse(text: string): Backlog {
    const packed = Buffer.from(text, 'base64')
    const hashes = new Set<number>()
    for (let at = 0; at + octets <= packed.length; at += octets) hashes.add(packed.readUInt32BE(at))
    return new Backlog(hashes)
  }

  toString(): string {
    const packed = Buffer.allocUnsafe(this.#hashes.size * octets)
    let at = 0
    for (const hash of this.#hashes) at = packed.writeUInt32BE(hash, at)
    return packed.toString('base64')
  }

  /** The messages that have come since. None is, where nothing of the backlog is listed any more: then ids do not last, or all have changed. */
  async freshAmong(messages: readonly Listed[], listing: readonly Listed[]): Promise<ReadonlySet<Listed>> {
    const fresh = new Set<Listed>()
    for await (const slice of slices(messages))
      for (const message of slice) {
        const hash = hashOf(message)
        if (hash !== undefined && !this.#hashes.has(hash)) fresh.add(message)
      }
    return fresh.size === 0 || (await this.#isAmong(listing)) ? fresh : new Set()
  }

  async #isAmong(listing: readonly Listed[]): Promise<boolean> {
    const isKnown = (message: Listed) => this.#hashes.has(hashOf(message) ?? -1)
    for await (const slice of slices(listing)) if (slice.some(isKnown)) return true
    return false
  }
}

/** Undefined without a UIDL: such a message counts to the backlog. */
function hashOf(message: Listed): number | undefined {
  const hash = listedUidlHash(message)
  return hash === undefined ? undefined : Number.parseInt(hash.slice(0, digits), 16)
}
