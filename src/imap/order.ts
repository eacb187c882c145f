/** The order in which a folder is listed: its UIDs, the newest first (RFC 5256, RFC 9051 section 6.4.4). */
import type { MailboxObject, SearchObject } from 'imapflow'
import { SessionFailed } from '../failure/session-failed.ts'
import { atom, execute, isRecord, isRefusal, type Untagged } from './command.ts'
import { serverOf } from './connection.ts'
import { imapLimits } from './limits.ts'
import type { Uids } from './orders.ts'
import { answered, type Reader } from './reading.ts'
import { failed } from './trouble.ts'

/** All messages of the open folder, or the newest `sortedMessagesMax` in the order in which they came there. */
export async function folderOrder(reader: Reader, mailbox: MailboxObject): Promise<Uids> {
  const sorts = reader.client.capabilities.has('SORT') && mailbox.exists <= imapLimits.sortedMessagesMax
  const sorted = sorts ? await answered(reader, 'sorting', sortedUids(reader)) : undefined
  return sorted ?? (await foundUids(reader, mailbox, {}))
}

/** Asks the server to sort. The answer is undefined if it does not do so after all. */
async function sortedUids({ client }: Reader): Promise<Uids | undefined> {
  const uids: number[] = []
  const read = async ({ attributes = [] }: Untagged) => {
    for (const word of attributes) if (isRecord(word)) uids.push(...uidIn(word['value']))
  }
  try {
    await execute(client, 'UID SORT', [[atom('ARRIVAL')], atom('UTF-8'), atom('ALL')], { SORT: read })
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw failed(error, serverOf(client), 'sorting')
  }
  // REVERSE is not used: it would leave messages of one second in their order of arrival (RFC 5256 section 3).
  return Uint32Array.from(uids).reverse()
}

function uidIn(word: unknown): number[] {
  const uid = typeof word === 'string' && /^[1-9]\d{0,9}$/.test(word) ? Number(word) : 0
  return uid > 0 && uid < 2 ** 32 ? [uid] : []
}

/** Those that fit, the last ones first: a range of messages at a time, whose UIDs are parsed in one turn of the event loop. */
export async function foundUids(reader: Reader, { exists }: MailboxObject, query: SearchObject): Promise<Uids> {
  const found: number[] = []
  const first = Math.max(1, exists - imapLimits.sortedMessagesMax + 1)
  for (let to = exists; to >= first; to -= imapLimits.searchedTogether) {
    const from = Math.max(first, to - imapLimits.searchedTogether + 1)
    const some = await searched(reader, { ...query, seq: to === exists ? `${from}:*` : `${from}:${to}` })
    if (some === undefined) throw new SessionFailed({ kind: 'store refused', during: 'search', reply: 'NO' })
    // A server that names more than there are in the range is not listened to for long.
    for (const uid of some.slice(-imapLimits.searchedTogether).toReversed()) found.push(uid)
  }
  return Uint32Array.from(found)
}

/** Undefined: the store has refused the search. */
export async function searched(reader: Reader, query: SearchObject): Promise<number[] | undefined> {
  const found = await answered(reader, 'search', reader.client.search(query, { uid: true }))
  return Array.isArray(found) ? found : undefined
}
