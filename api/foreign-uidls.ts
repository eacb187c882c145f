/** The UIDLs of another program's state file, as their hashes: nothing else is asked of them, and there may be a million. */
import { UidlSet } from '../src/ledger/uidl-set.ts'
import { uidlHash } from '../src/mail/header.ts'
import type { ShortHash, Uidl } from '../src/mail/message.ts'

export class ForeignUidls {
  readonly #hashes = new UidlSet()
  #areOfImap = true

  get size(): number {
    return this.#hashes.size
  }

  /** getmail names the messages of an IMAP account by UIDVALIDITY and UID. */
  get areOfImap(): boolean {
    return this.#areOfImap
  }

  get hashes(): Iterable<ShortHash> {
    return this.#hashes
  }

  add(uidl: Uidl): void {
    this.#areOfImap &&= /^\d+\/\d+$/.test(uidl)
    this.#hashes.add(uidlHash(uidl))
  }

  has(uidl: Uidl): boolean {
    return this.#hashes.has(uidlHash(uidl))
  }
}
