/**
 * Finds in what is pulled the mail that was sent through the account, which some providers show, and what comes back of it. The first is known by
 * the digest of all its bytes alone, and filed in Sent; whatever has passed a server on its way to us has other bytes. The second is stored as all
 * mail is, and then noted with what was sent.
 */
import type { Account } from '../src/account/account.ts'
import type { Logger } from '../src/log.ts'
import type { Arrival } from '../src/pull/ports.ts'
import type { ShortHash } from '../src/mail/message.ts'
import type { FolderPlace, Letter, Sorted } from '../src/pull/letter.ts'
import type { Sorting } from '../src/pull/sorting.ts'
import type { Sendings } from '../src/redis/outbox.ts'
import { type BounceMail, bounceOf } from '../src/send/bounce.ts'
import { type BouncePlace, meantByRecipient, withBounce } from '../src/send/bounced.ts'
import type { OutboxEntry } from '../src/send/entry.ts'
import { sendLimits } from '../src/send/limits.ts'
import { copySeen } from '../src/send/sent-copy.ts'

type Outgoing = Pick<Sendings, 'sentAs' | 'all' | 'get' | 'byMessageId' | 'list' | 'change'>

export interface SentMailWorld {
  readonly sendings: Outgoing
  /** The folder of sent mail of the account's destination. */
  sentFolder(): Promise<string>
  nowMs(): number
  readonly log: Logger
}

/** What was found in a letter, until it stands in its folder. */
type Found = { readonly sent: string } | { readonly bounce: BounceMail; readonly entryId: string | undefined }

export class SentMail implements Sorting {
  readonly #world: SentMailWorld
  readonly #account: Pick<Account, 'id' | 'address' | 'destinationId'>
  readonly #noted = new Set<Promise<void>>()
  readonly #found = new WeakMap<object, Found>()
  #latest: Promise<readonly OutboxEntry[]> | undefined
  #folder: Promise<string> | undefined

  constructor(world: SentMailWorld, account: Pick<Account, 'id' | 'address' | 'destinationId'>) {
    this.#world = world
    this.#account = account
  }

  /** What it finds is written down before the letters are stored: a worker that ends in between has lost none of it. */
  async sort(letters: readonly Letter[]): Promise<ReadonlyMap<Letter, Sorted>> {
    const found = new Map<Letter, Sorted>()
    const sent = await this.#sentAs(letters.map(({ sighting }) => sighting.digest))
    for (const letter of letters) {
      const entry = sent.get(letter.sighting.digest)
      if (entry !== undefined) {
        found.set(letter, { place: await this.#placed(entry), finding: this.#finding({ sent: entry.id }) })
        continue
      }
      const bounce = bounceOf(letter.bytes)
      if (bounce === undefined) continue
      const place = { folder: null, uid: undefined, atMs: this.#world.nowMs() }
      const entryId = await this.#bounced(bounce, place).catch(() => undefined)
      found.set(letter, { finding: this.#finding({ bounce, entryId }) })
    }
    return found
  }

  async places(digests: readonly ShortHash[]): Promise<ReadonlyMap<ShortHash, FolderPlace>> {
    const places = new Map<ShortHash, FolderPlace>()
    for (const [digest, entry] of await this.#sentAs(digests)) places.set(digest, await this.#placed(entry))
    return places
  }

  async #sentAs(digests: readonly ShortHash[]): Promise<Map<ShortHash, OutboxEntry>> {
    const { sendings } = this.#world
    const ids = await sendings.sentAs(this.#account.id, digests)
    const entries = new Map((await sendings.all([...new Set(ids.values())])).map((one) => [one.id, one]))
    const sent = new Map<ShortHash, OutboxEntry>()
    for (const [digest, id] of ids) {
      const entry = entries.get(id)
      if (entry !== undefined && !this.#isToItself(entry)) sent.set(digest, entry)
    }
    return sent
  }

  /** Ours, if it was filed, is looked after later in any case. */
  async #placed({ id }: OutboxEntry): Promise<FolderPlace> {
    await this.#seen(id, this.#world.nowMs() + sendLimits.copyLookedForAgainMs)
    // Its name may be another one by now than that under which ours was filed.
    this.#folder ??= this.#world.sentFolder()
    return { folder: await this.#folder, flags: ['\\Seen'] }
  }

  #finding(found: Found): object {
    const finding = {}
    this.#found.set(finding, found)
    return finding
  }

  /** A provider that adds nothing to what it delivers may show this very copy as the one that has arrived. */
  #isToItself({ recipients, identity }: OutboxEntry): boolean {
    const own = [this.#account.address.toLowerCase(), identity.toLowerCase()]
    return recipients.some(({ address }) => own.includes(address.toLowerCase()))
  }

  /** It neither waits nor fails: what is lost here is where a bounce lies. */
  arrived(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) {
      const { finding } = arrival
      const found = typeof finding === 'object' && finding !== null ? this.#found.get(finding) : undefined
      if (found === undefined) continue
      const noting = this.#follow(found, arrival)
        .catch(() => this.#world.log.warn({ event: 'bounce not noted' }))
        .finally(() => this.#noted.delete(noting))
      this.#noted.add(noting)
    }
  }

  /** Resolves when all is noted. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#noted)
  }

  async #follow(found: Found, { folder, uid }: Arrival): Promise<void> {
    const atMs = this.#world.nowMs()
    if ('sent' in found) await this.#seen(found.sent, atMs)
    else await this.#bounced(found.bounce, { folder, uid, atMs }, found.entryId)
  }

  /** Ours, if it was filed, goes then. */
  async #seen(id: string, atMs: number): Promise<void> {
    await this.#world.sendings.change(id, (entry) => {
      const copy = copySeen(entry, atMs)
      return copy && { ...entry, copy }
    })
  }

  /** @returns the entry that it means. */
  async #bounced(bounce: BounceMail, place: BouncePlace, known?: string): Promise<string | undefined> {
    const id = known ?? (await this.#meantBy(bounce))?.id
    if (id !== undefined) await this.#world.sendings.change(id, (before) => withBounce(before, bounce, place))
    return id
  }

  /** By its Message-ID, or by the envelope id that it was sent with; else by whom it went to. */
  async #meantBy(bounce: BounceMail): Promise<OutboxEntry | undefined> {
    const { sendings } = this.#world
    const { id: accountId, destinationId } = this.#account
    for (const messageId of bounce.messageIds) {
      const entry = await sendings.byMessageId(accountId, messageId.replace(/^<|>$/g, ''))
      if (entry !== undefined) return entry
    }
    // There may be thousands of bounces, of which nothing is ours.
    this.#latest ??= sendings
      .list(destinationId, { limit: sendLimits.bouncesAmongMax })
      .then(({ items }) => items.filter((entry) => entry.accountId === accountId))
    const own = await this.#latest
    const { envelopeId } = bounce
    const named = own.find(({ id, dsn }) => envelopeId !== null && (envelopeId === id || envelopeId === dsn?.envid))
    return named ?? meantByRecipient(own, bounce, accountId, this.#world.nowMs())
  }
}
