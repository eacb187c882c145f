/**
 * Finds in what is pulled the mail that was sent through the account, which some providers show, and what comes back of it. The first is known by
 * the digest of all its bytes alone, and filed in Sent; whatever has passed a server on its way to us has other bytes. The second is stored as all
 * mail is, and then noted with what was sent.
 */
import type { Account } from '../src/account/account.ts'
import type { Logger } from '../src/log.ts'
import type { Arrival } from '../src/pull/ports.ts'
import type { Letter, Sorted } from '../src/pull/letter.ts'
import type { Sendings } from '../src/redis/outbox.ts'
import { type BounceMail, bounceOf } from '../src/send/bounce.ts'
import { meantByRecipient, withBounce } from '../src/send/bounced.ts'
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
type Found = { readonly sent: string } | { readonly bounce: BounceMail }

export class SentMail {
  readonly #world: SentMailWorld
  readonly #account: Pick<Account, 'id' | 'address' | 'destinationId'>
  readonly #noted = new Set<Promise<void>>()
  readonly #found = new WeakMap<object, Found>()

  constructor(world: SentMailWorld, account: Pick<Account, 'id' | 'address' | 'destinationId'>) {
    this.#world = world
    this.#account = account
  }

  async sort(letters: readonly Letter[]): Promise<ReadonlyMap<Letter, Sorted>> {
    const found = new Map<Letter, Sorted>()
    const digests = letters.map(({ sighting }) => sighting.digest)
    const ids = await this.#world.sendings.sentAs(this.#account.id, digests)
    const entries = new Map((await this.#world.sendings.all([...new Set(ids.values())])).map((one) => [one.id, one]))
    for (const letter of letters) {
      const entry = entries.get(ids.get(letter.sighting.digest) ?? '')
      if (entry !== undefined && !this.#isToItself(entry)) {
        const folder = entry.copy.folder ?? (await this.#world.sentFolder())
        found.set(letter, { place: { folder, flags: ['\\Seen'] }, finding: this.#finding({ sent: entry.id }) })
        continue
      }
      const bounce = bounceOf(letter.bytes)
      if (bounce !== undefined) found.set(letter, { finding: this.#finding({ bounce }) })
    }
    return found
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

  /** It neither waits nor fails: what is lost here is a note. */
  arrived(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) {
      const { finding } = arrival
      const found = typeof finding === 'object' && finding !== null ? this.#found.get(finding) : undefined
      if (found === undefined) continue
      const noting = ('sent' in found ? this.#seen(found.sent) : this.#bounced(found.bounce, arrival))
        .catch(() => this.#world.log.warn({ event: 'bounce not noted' }))
        .finally(() => this.#noted.delete(noting))
      this.#noted.add(noting)
    }
  }

  /** Resolves when all is noted. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#noted)
  }

  /** Ours, if it was filed, goes now. */
  async #seen(id: string): Promise<void> {
    await this.#world.sendings.change(id, (entry) => {
      const copy = copySeen(entry, this.#world.nowMs())
      return copy && { ...entry, copy }
    })
  }

  async #bounced(bounce: BounceMail, { folder, uid }: Arrival): Promise<void> {
    const entry = await this.#meantBy(bounce)
    if (entry === undefined) return
    const place = { folder, uid, atMs: this.#world.nowMs() }
    await this.#world.sendings.change(entry.id, (before) => withBounce(before, bounce, place))
  }

  /** By its Message-ID, or by the envelope id that it was sent with; else by whom it went to. */
  async #meantBy(bounce: BounceMail): Promise<OutboxEntry | undefined> {
    const { sendings } = this.#world
    const { id: accountId, destinationId } = this.#account
    for (const messageId of bounce.messageIds) {
      const entry = await sendings.byMessageId(accountId, messageId.replace(/^<|>$/g, ''))
      if (entry !== undefined) return entry
    }
    const { items } = await sendings.list(destinationId, { limit: sendLimits.bouncesAmongMax })
    const own = items.filter((entry) => entry.accountId === accountId)
    const { envelopeId } = bounce
    const named = own.find(({ id, dsn }) => envelopeId !== null && (envelopeId === id || envelopeId === dsn?.envid))
    return named ?? meantByRecipient(own, bounce, accountId, this.#world.nowMs())
  }
}
