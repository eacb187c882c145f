/** Lists the messages of a folder, newest first, a page at a time, from any place in it. */
import { imapLimits } from './limits.ts'
import { OutOfTime } from './command.ts'
import { find } from './finding.ts'
import { foundUids, folderOrder } from './order.ts'
import { knownOrder, type FolderOrder, type Searched, type Uids } from './orders.ts'
import { answered, open, type Reader, Unreadable } from './reading.ts'
import { type Row, rowsOf } from './rows.ts'
import type { MailboxObject } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'

/** Where a page begins: behind an earlier one, with a message, with the first message before a time, or after so many. */
export type Beginning =
  | { readonly kind: 'cursor'; readonly cursor: string }
  | { readonly kind: 'message'; readonly uid: number }
  | { readonly kind: 'before'; readonly ms: number }
  | { readonly kind: 'offset'; readonly offset: number }

export interface Wanted {
  readonly folder: string
  /** Words that the message contains. */
  readonly search?: string | undefined
  readonly unread: boolean
  readonly limit: number
  /** If nothing is said, with the newest. */
  readonly from?: Beginning
}

export interface Listing {
  readonly rows: readonly Row[]
  readonly next: string | null
  readonly total: number
  /** How many are listed before the first row. */
  readonly offset: number
  readonly uidValidity: number
  /** Where the words were looked for. */
  readonly searched: Searched | null
}

/**
 * The place where the next page begins: UIDVALIDITY, the number of messages before it, and the last UIDs of the page, of which at least one
 * usually still exists.
 */
export const pagePlace = /^(\d{1,10}):(\d{1,10}):(\d{1,10}(?:,\d{1,10})*)$/
const uidsRemembered = 5

export async function messagesOf(reader: Reader, wanted: Wanted): Promise<Listing> {
  const validity = wanted.from?.kind === 'cursor' ? pagePlace.exec(wanted.from.cursor)?.[1] : undefined
  const place = { folder: wanted.folder, uidValidity: validity === undefined ? undefined : Number(validity) }
  const mailbox = await open(reader, place)
  const uidValidity = Number(mailbox.uidValidity)
  const { uids: all, searched } = await fittingIn(reader, mailbox, wanted).catch((error: unknown) => {
    // Without an index the store opens every message.
    throw wanted.search !== undefined && error instanceof OutOfTime ? new Unreadable('search too long') : error
  })
  const from = Math.min(await placeOf(reader, all, wanted.from ?? { kind: 'offset', offset: 0 }), all.length)
  const uids = [...all.subarray(from, from + wanted.limit)]
  const to = from + uids.length
  const next = to < all.length ? `${uidValidity}:${to}:${uids.slice(-uidsRemembered).toReversed().join()}` : null
  return { rows: await rowsOf(reader, uids), next, total: all.length, offset: from, uidValidity, searched }
}

async function fittingIn(reader: Reader, mailbox: MailboxObject, { search, unread }: Wanted): Promise<FolderOrder> {
  const all = await knownOrder(reader, mailbox, '', async () => ({
    uids: mailbox.exists === 0 ? new Uint32Array() : await folderOrder(reader, mailbox),
    searched: null,
  }))
  const found =
    search === undefined
      ? all
      : await knownOrder(reader, mailbox, search, async () => {
          const { uids, searched } = await find(reader, mailbox, all.uids, search)
          return { uids: all.uids.filter((uid) => uids.has(uid)), searched }
        })
  if (!unread || found.uids.length === 0) return found
  const unseen = new Set(await foundUids(reader, mailbox, { seen: false }))
  return { ...found, uids: found.uids.filter((uid) => unseen.has(uid)) }
}

/** How many messages are listed before it. */
async function placeOf(reader: Reader, all: Uids, from: Beginning): Promise<number> {
  switch (from.kind) {
    case 'cursor':
      return placeBehind(all, from.cursor)
    case 'offset':
      return from.offset
    case 'before':
      return await placeBefore(reader, all, from.ms)
    case 'message': {
      const place = all.indexOf(from.uid)
      if (place === -1) throw new Unreadable('no message')
      return place
    }
  }
}

function placeBehind(all: Uids, cursor: string): number {
  const [, , position, lastUids = ''] = pagePlace.exec(cursor) ?? []
  const known = lastUids
    .split(',')
    .map((uid) => all.indexOf(Number(uid)))
    .find((nth) => nth !== -1)
  return known === undefined ? Number(position ?? 0) : known + 1
}

/** Asks for the arrival of some messages between two places, until the places meet. */
async function placeBefore(reader: Reader, all: Uids, ms: number): Promise<number> {
  let [low, high] = [0, all.length]
  while (low < high) {
    const step = (high - low) / (imapLimits.datesTogether + 1)
    const places = Array.from({ length: imapLimits.datesTogether }, (_, nth) => Math.floor(low + step * (nth + 1)))
    const probes = [...new Set([low, ...places])].filter((place) => place < high)
    const arrivals = await arrivalsOf(
      reader,
      probes.map((place) => all[place] ?? 0),
    )
    const known = probes.filter((place) => arrivals.has(all[place] ?? 0))
    if (known.length === 0) return low
    const older = known.find((place) => (arrivals.get(all[place] ?? 0) ?? 0) < ms)
    const newer = known.filter((place) => older === undefined || place < older).at(-1)
    const [lowBefore, highBefore] = [low, high]
    high = older ?? high
    low = newer === undefined ? low : newer + 1
    if (low === lowBefore && high === highBefore) return high
  }
  return low
}

async function arrivalsOf(reader: Reader, uids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const arrivals = new Map<number, number>()
  const fetching = async () => {
    const query = { uid: true, internalDate: true }
    for await (const { uid, internalDate } of reader.client.fetch(packMessageRange([...uids]), query, { uid: true })) {
      const at = new Date(internalDate ?? Number.NaN).getTime()
      if (!Number.isNaN(at)) arrivals.set(uid, at)
    }
  }
  await answered(reader, 'FETCH', fetching())
  return arrivals
}
