/**
 * Reads a mailbox for people, over imapflow and on connections of its own: these SELECT, and the connections of runs never do. A folder is
 * opened read-only (EXAMINE) except for a change of flags, so that looking at a message changes nothing.
 */
import type { FetchMessageObject, ImapFlow, ListResponse, MailboxObject } from 'imapflow'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { singleLine } from '../printable.ts'
import { imapLimits } from './limits.ts'
import { isRecord, isRefusal, within } from './command.ts'
import { pathOf, serverOf } from './connection.ts'
import { isMissing, isStaging } from './folder.ts'
import type { OrdersOf } from './orders.ts'
import { failed, troubleOf } from './trouble.ts'

export type Reason = 'no folder' | 'no message' | 'no part' | 'other UIDs' | 'search too long'

/** The requested thing does not exist, or cannot be read in this way. Trouble with the store is a SessionFailed. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly reason: Reason
  constructor(reason: Reason) {
    super(reason)
    this.reason = reason
  }
}

/** The place of a message. Under another UIDVALIDITY the same UID is another message (RFC 9051 section 2.3.1.1). */
export interface MessagePlace {
  readonly folder: string
  readonly uid: number
  readonly uidValidity?: number | undefined
}

export interface ReadWaits {
  /** The time for each answer of the store, and for a connection to become free. */
  readonly answerMs: number
  /** The time for all requests to the store that one request of a person needs. */
  readonly endMs: number
  /** The time in which a download has to make progress. */
  readonly stalledMs: number
}

export const usualReadWaits: ReadWaits = {
  answerMs: imapLimits.readWaitMs,
  endMs: imapLimits.readEndMs,
  stalledMs: imapLimits.readStalledMs,
}

/** A connection on which somebody reads. */
export interface Reader {
  readonly client: ImapFlow
  readonly waits: ReadWaits
  readonly orders?: OrdersOf
}

/** Waits for one answer of the store while somebody looks at an empty screen. */
export async function answered<T>({ client, waits }: Reader, during: Phase, work: Promise<T>): Promise<T> {
  return await within(client, work, { waitMs: waits.answerMs, during }).catch((error: unknown) => {
    throw failed(error, serverOf(client), during)
  })
}

export async function open(
  { client, waits }: Reader,
  { folder, uidValidity }: Omit<MessagePlace, 'uid'>,
  { readOnly = true }: { readOnly?: boolean } = {},
): Promise<MailboxObject> {
  const path = pathOf(client, folder)
  // A run is at work there.
  if (isStaging(path)) throw new Unreadable('no folder')
  const during = { code: 'folder', folder } as const
  const opening: Promise<MailboxObject | undefined> = client.mailboxOpen(path, { readOnly })
  const mailbox = await within(client, opening, {
    waitMs: waits.answerMs,
    during,
  }).catch((error: unknown) => {
    const missing = isMissing(error) || (isRecord(error) && error['mailboxMissing'] === true)
    const refused = isRefusal(error) && troubleOf(error, serverOf(client), during) === undefined
    throw missing || refused ? new Unreadable('no folder') : failed(error, serverOf(client), during)
  })
  // imapflow answers so where the session has ended.
  if (mailbox === undefined)
    throw new SessionFailed({ kind: 'store unreachable', reason: `${serverOf(client)} ended the session` })
  // A store that tells none, or none that is a number of RFC 3501: no UID of it means anything.
  if (!Number.isSafeInteger(Number(mailbox.uidValidity))) {
    throw new SessionFailed({ kind: 'store refused', during, reply: 'OK without UIDVALIDITY' })
  }
  if (uidValidity !== undefined && Number(mailbox.uidValidity) !== uidValidity) throw new Unreadable('other UIDs')
  return mailbox
}

export const folderUses = ['inbox', 'sent', 'drafts', 'junk', 'trash', 'archive'] as const

export interface Folder {
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly use: (typeof folderUses)[number] | null
  readonly messages: number
  readonly unseen: number
  readonly selectable: boolean
}

/** Lists the folders: INBOX first, then those with a special use, then by name. A folder stands after its parent. */
export async function foldersOf(reader: Reader): Promise<Folder[]> {
  const { client } = reader
  const statusQuery = { messages: true, unseen: true }
  // For the open folder Dovecot repeats the count that it last sent on this connection.
  if (client.mailbox !== false) await answered(reader, 'NOOP', client.noop())
  const all = await answered(reader, 'folder list', client.list({ statusQuery }))
  const shown = all.filter(({ path }) => !isStaging(path))
  const ranks = new Map<string, number>()
  for (const folder of shown) {
    const use = useOf(folder)
    if (use !== null && !ranks.has(folder.path)) ranks.set(folder.path, folderUses.indexOf(use))
  }
  /** Compares level by level, so that a folder sorts first by its parents. */
  const levels = ({ path, parent, delimiter, name }: ListResponse) => {
    const above = parent.slice(0, imapLimits.readFolderLevelsMax)
    const at = above.map((_, nth) => above.slice(0, nth + 1).join(delimiter))
    return [...above, name].map((level, nth) => ({ rank: ranks.get(at[nth] ?? path) ?? folderUses.length, level }))
  }
  return shown
    .map((folder) => ({ folder, key: levels(folder) }))
    .toSorted((a, b) => {
      for (let nth = 0; nth < Math.min(a.key.length, b.key.length); nth += 1) {
        const [one, other] = [a.key[nth]!, b.key[nth]!]
        const order = one.rank - other.rank || one.level.localeCompare(other.level)
        if (order !== 0) return order
      }
      return a.key.length - b.key.length
    })
    .slice(0, imapLimits.readFoldersMax)
    .map(({ folder }) => ({
      path: folder.path,
      name: singleLine(folder.name) || '?',
      depth: Math.min(folder.parent.length, imapLimits.readFolderLevelsMax),
      use: useOf(folder),
      messages: folder.status?.messages ?? 0,
      unseen: folder.status?.unseen ?? 0,
      selectable: !folder.flags.has('\\Noselect'),
    }))
}

function useOf(folder: ListResponse | undefined): Folder['use'] {
  return folderUses.find((use) => folder?.specialUse?.toLowerCase() === `\\${use}`) ?? null
}

export interface Flags {
  readonly seen: boolean
  readonly flagged: boolean
}

/** Sets the given flags, and leaves the others. */
export async function setFlags(reader: Reader, place: MessagePlace, wanted: Partial<Flags>): Promise<Flags> {
  const { client } = reader
  await open(reader, place, { readOnly: false })
  for (const [flag, on] of [
    ['\\Seen', wanted.seen],
    ['\\Flagged', wanted.flagged],
  ] as const) {
    if (on === undefined) continue
    const options = { uid: true, silent: true }
    const stored = on
      ? client.messageFlagsAdd(String(place.uid), [flag], options)
      : client.messageFlagsRemove(String(place.uid), [flag], options)
    await answered(reader, 'STORE', stored)
  }
  const { flags = new Set() } = await fetchOne(reader, place.uid, { flags: true })
  return flagsOf(flags)
}

export function flagsOf(flags: ReadonlySet<string>) {
  return { seen: flags.has('\\Seen'), flagged: flags.has('\\Flagged'), answered: flags.has('\\Answered') }
}

export async function fetchOne(
  reader: Reader,
  uid: number,
  query: Parameters<ImapFlow['fetchOne']>[1],
): Promise<FetchMessageObject> {
  const message = await answered(reader, 'FETCH', reader.client.fetchOne(String(uid), query, { uid: true }))
  if (message === false || message.uid !== uid) throw new Unreadable('no message')
  return message
}
