/** The orders of folders that were asked for last. They are kept, so that somebody who scrolls does not make the store sort or search for each page. */
import type { MailboxObject } from 'imapflow'
import { imapLimits } from './limits.ts'

export type Uids = Uint32Array

export interface Searched {
  /** How many messages the folder has. */
  readonly messages: number
  /** In how many of them, the last ones, the store has searched the whole text. */
  readonly text: number
  /** In how many of them, the newest, letters with marks were taken for those without, in sender, recipients, subject and first words. */
  readonly folded: number
  /** Spellings that were found there, and searched for in the text. */
  readonly spellings: readonly string[]
}

/** UIDs in the order in which they are listed. */
export interface FolderOrder {
  readonly uids: Uids
  /** Where words were looked for; null: all messages are there. */
  readonly searched: Searched | null
}

/** Keeps orders up to a number of octets. */
export class Orders {
  readonly #octetsMax: number
  readonly #kept = new Map<string, { readonly state: string; readonly order: FolderOrder }>()
  #octets = 0

  constructor(octetsMax: number = imapLimits.ordersOctetsMax) {
    this.#octetsMax = octetsMax
  }

  get octets(): number {
    return this.#octets
  }

  /** @param state what has to be the same for the order to be true. */
  get(key: string, state: string): FolderOrder | undefined {
    const kept = this.#kept.get(key)
    if (kept?.state !== state) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.order
  }

  keep(key: string, state: string, order: FolderOrder): void {
    this.#drop(key)
    this.#kept.set(key, { state, order })
    this.#octets += octetsOf(key, order)
    for (const oldest of this.#kept.keys()) {
      if (this.#octets <= this.#octetsMax) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)
    if (kept !== undefined) this.#octets -= octetsOf(key, kept.order)
    this.#kept.delete(key)
  }
}

/** What is kept of the orders of folders, and whose mailbox it is. */
export interface OrdersOf {
  readonly memory: Orders
  readonly mailbox: string
}

/** What an entry takes beside its UIDs and its name. */
const entryOctets = 512

function octetsOf(key: string, { uids }: FolderOrder): number {
  return entryOctets + 2 * key.length + uids.byteLength
}

/** Gives the order of the open folder by this name, as it was found last, or finds it. */
export async function knownOrder(
  { orders }: { readonly orders?: OrdersOf },
  mailbox: MailboxObject,
  name: string,
  find: () => Promise<FolderOrder>,
): Promise<FolderOrder> {
  const state = contentsOf(mailbox)
  if (orders === undefined || state === undefined) return await find()
  const key = `${orders.mailbox}\0${mailbox.path}\0${name}`
  const known = orders.memory.get(key, state)
  if (known !== undefined) return known
  const order = await find()
  orders.memory.keep(key, state, order)
  return order
}

/**
 * Says which messages a folder has: UIDs are only added at the end (RFC 9051 section 2.3.1.1), so with the same UIDNEXT and as many messages
 * they are the same messages. Undefined if the store does not tell UIDNEXT.
 */
function contentsOf({ uidValidity, uidNext, exists }: Partial<MailboxObject>): string | undefined {
  return uidNext === undefined ? undefined : `${uidValidity}:${uidNext}:${exists}`
}
