/** Lists the messages of a folder, newest first, a page at a time (RFC 5256, RFC 9051 section 6.4.4). */
import type { FetchQueryObject, MailboxObject, SearchObject } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'
import { imapLimits } from './limits.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { atom, type Attribute, execute, isRecord, isRefusal, OutOfTime, string, type Untagged } from './command.ts'
import { serverOf } from './connection.ts'
import { type Heading, headingOf } from './heading.ts'
import { ungarbled } from './garbled.ts'
import { charsetOf, hasAttachments, partsOf } from './parts.ts'
import { answered, open, type Reader, Unreadable } from './reading.ts'
import { siftFor } from './sifting.ts'
import { failed } from './trouble.ts'

export interface Wanted {
  readonly folder: string
  /** Words that the message contains. */
  readonly search?: string | undefined
  readonly unread: boolean
  readonly limit: number
  /** `next` of an earlier page. */
  readonly after?: string | undefined
}

export interface Row extends Heading {
  readonly uid: number
  readonly attachments: boolean
  /** The store's answer on it could not be read: nothing but its size, its flags and its arrival is known. */
  readonly unreadable: boolean
  /** The charset that its text names. */
  readonly charset: string | null
}

export interface Listing {
  readonly rows: readonly Row[]
  readonly next: string | null
  readonly total: number
  readonly uidValidity: number
}

/**
 * The place where the next page begins: UIDVALIDITY, the number of messages before it, and the last UIDs of the page, of which at least one
 * usually still exists.
 */
export const pagePlace = /^(\d{1,10}):(\d{1,10}):(\d{1,10}(?:,\d{1,10})*)$/
const uidsRemembered = 5

export async function messagesOf(reader: Reader, wanted: Wanted): Promise<Listing> {
  const [, validity, position, lastUids] = pagePlace.exec(wanted.after ?? '') ?? []
  const after =
    validity === undefined ? undefined : { position: Number(position), uids: (lastUids ?? '').split(',').map(Number) }
  const place = { folder: wanted.folder, uidValidity: validity === undefined ? undefined : Number(validity) }
  const mailbox = await open(reader, place)
  const uidValidity = Number(mailbox.uidValidity)
  if (mailbox.exists === 0) return { rows: [], next: null, total: 0, uidValidity }
  const all = await uidsInOrder(reader, mailbox, wanted).catch((error: unknown) => {
    // Without an index the store opens every message.
    throw wanted.search !== undefined && error instanceof OutOfTime ? new Unreadable('search too long') : error
  })
  const known = after?.uids.map((uid) => all.indexOf(uid)).find((nth) => nth !== -1)
  const from = after === undefined ? 0 : known === undefined ? after.position : known + 1
  const uids = all.slice(from, from + wanted.limit)
  const to = from + uids.length
  const next = to < all.length ? `${uidValidity}:${to}:${uids.slice(-uidsRemembered).toReversed().join()}` : null
  return { rows: await rowsOf(reader, uids), next, total: all.length, uidValidity }
}

/**
 * Finds the UIDs of a folder, the newest first. In a folder with more than `sortedMessagesMax` messages, only that many are looked at, in
 * their order of arrival.
 */
async function uidsInOrder(reader: Reader, mailbox: MailboxObject, wanted: Wanted): Promise<readonly number[]> {
  const { client } = reader
  const large = mailbox.exists > imapLimits.sortedMessagesMax
  const sorts = client.capabilities.has('SORT') && !large
  const sorted = sorts ? await answered(reader, 'sorting', sortedUids(reader, wanted)) : undefined
  if (sorted !== undefined) return sorted
  const query: SearchObject = {
    ...(wanted.unread ? { seen: false } : {}),
    ...(wanted.search === undefined ? {} : { text: wanted.search }),
    ...(large ? { seq: `${mailbox.exists - imapLimits.sortedMessagesMax + 1}:*` } : {}),
  }
  const found = await answered(reader, 'search', client.search(query, { uid: true }))
  if (!Array.isArray(found)) throw new SessionFailed({ kind: 'store refused', during: 'search', reply: 'NO' })
  return found.toReversed()
}

/** Asks the server to sort. The answer is undefined if it does not do so after all. */
async function sortedUids({ client }: Reader, { search, unread }: Wanted): Promise<number[] | undefined> {
  const criteria = [
    ...(unread ? [atom('UNSEEN')] : []),
    ...(search === undefined ? [] : [atom('TEXT'), textOf(search)]),
  ]
  const uids: number[] = []
  try {
    await execute(
      client,
      'UID SORT',
      [[atom('ARRIVAL')], atom('UTF-8'), ...(criteria.length > 0 ? criteria : [atom('ALL')])],
      {
        SORT: async ({ attributes = [] }: Untagged) => {
          for (const word of attributes) if (isRecord(word)) uids.push(Number(word['value']))
        },
      },
    )
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw failed(error, serverOf(client), 'sorting')
  }
  // REVERSE is not used: it would leave messages of one second in their order of arrival (RFC 5256 section 3).
  return uids.toReversed()
}

/** Writes words as a quoted string or, if they are not ASCII, as a literal (RFC 9051 section 4.3). */
function textOf(words: string): Attribute {
  if (/^[\x20-\x7e]*$/.test(words)) return string(words)
  return { type: 'LITERAL', value: Buffer.from(words), isLiteral8: false }
}

async function rowsOf(reader: Reader, uids: readonly number[]): Promise<Row[]> {
  siftFor(reader.client, 'list')
  const rows = new Map<number, Row>()
  for (let from = 0; from < uids.length; from += imapLimits.listedTogether) {
    const some = uids.slice(from, from + imapLimits.listedTogether)
    await fetchRows(reader, some, { envelope: true, bodyStructure: true }, (row) => rows.set(row.uid, row))
    const missing = some.filter((uid) => !rows.has(uid))
    // Those that are not told now have been removed since.
    if (missing.length > 0)
      await fetchRows(reader, missing, {}, (row) => rows.set(row.uid, { ...row, unreadable: true }))
  }
  for (const [uid, row] of await ungarbled(reader, [...rows.values()])) rows.set(uid, row)
  return uids.flatMap((uid) => rows.get(uid) ?? [])
}

/** Makes a row of each answer as it comes: the structures of many messages are never held together. */
async function fetchRows(
  reader: Reader,
  uids: readonly number[],
  details: FetchQueryObject,
  take: (row: Row) => void,
): Promise<void> {
  const query = { uid: true, flags: true, internalDate: true, size: true, ...details }
  const fetching = async () => {
    for await (const message of reader.client.fetch(packMessageRange([...uids]), query, { uid: true })) {
      const parts = partsOf(message.bodyStructure)
      const told = { attachments: hasAttachments(parts), unreadable: false, charset: charsetOf(parts) }
      take({ uid: message.uid, ...headingOf(message), ...told })
    }
  }
  await answered(reader, 'FETCH', fetching())
}
