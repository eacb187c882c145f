/** The rows of a list: what the store tells of some messages in few words. */
import type { FetchQueryObject } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'
import { ungarbled } from './garbled.ts'
import { type Heading, headingOf } from './heading.ts'
import { imapLimits } from './limits.ts'
import { charsetOf, firstOf, hasAttachments, type Part, partsOf } from './parts.ts'
import { answered, type Reader } from './reading.ts'
import { siftFor } from './sifting.ts'
import { snippetsOf } from './snippets.ts'

export interface Row extends Heading {
  readonly uid: number
  readonly attachments: boolean
  /** The store's answer on it could not be read: nothing but its size, its flags and its arrival is known. */
  readonly unreadable: boolean
  /** The first words of its text. */
  readonly snippet: string | null
}

interface Told extends Omit<Row, 'snippet'> {
  readonly charset: string | null
  readonly begins: Part | null
}

const bare = { uid: true, flags: true, internalDate: true, size: true }

/** @returns those that are still there, in this order. */
export async function rowsOf(reader: Reader, uids: readonly number[]): Promise<Row[]> {
  siftFor(reader.client, 'list')
  const rows = new Map<number, Told>()
  const snippets = new Map<number, string>()
  for (let from = 0; from < uids.length; from += imapLimits.listedTogether) {
    const some = uids.slice(from, from + imapLimits.listedTogether)
    const told = new Map<number, Told>()
    await fetchTold(reader, some, { ...bare, envelope: true, bodyStructure: true }, (row) => told.set(row.uid, row))
    // Even its flags may be too many to be read. What is not told by its UID alone has been removed since.
    for (const query of [bare, { uid: true }]) {
      const missing = some.filter((uid) => !told.has(uid))
      if (missing.length > 0)
        await fetchTold(reader, missing, query, (row) => told.set(row.uid, { ...row, unreadable: true }))
    }
    for (const [uid, row] of await ungarbled(reader, [...told.values()])) told.set(uid, row)
    const readable = [...told.values()].filter(({ unreadable }) => !unreadable)
    for (const [uid, snippet] of await snippetsOf(reader, readable)) snippets.set(uid, snippet)
    for (const [uid, row] of told) rows.set(uid, row)
  }
  return uids.flatMap((uid) => {
    const told = rows.get(uid)
    if (told === undefined) return []
    const { charset: _charset, begins: _begins, ...row } = told
    return [{ ...row, snippet: snippets.get(uid) ?? null }]
  })
}

/** Makes a row of each answer as it comes: the structures of many messages are never held together. */
async function fetchTold(
  reader: Reader,
  uids: readonly number[],
  query: FetchQueryObject,
  take: (row: Told) => void,
): Promise<void> {
  const fetching = async () => {
    for await (const message of reader.client.fetch(packMessageRange([...uids]), query, { uid: true })) {
      const parts = partsOf(message.bodyStructure)
      const told = { attachments: hasAttachments(parts), unreadable: false }
      take({ uid: message.uid, ...headingOf(message), ...told, charset: charsetOf(parts), begins: firstOf(parts) })
    }
  }
  await answered(reader, 'FETCH', fetching())
}
