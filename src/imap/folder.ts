/** Handles the folders of a store: asks for their positions, makes missing ones, and opens them to look for messages that were stored. */
import type { ImapFlow, MailboxObject } from 'imapflow'
import { encodePath } from 'imapflow/lib/tools.js'
import { pausesDestination } from '../failure/consequence.ts'
import type { Phase } from '../failure/phase.ts'
import type { FolderPosition } from '../pull/store-ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { atom, codeOf, execute, isRecord, isRefusal, string, type Untagged } from './command.ts'
import { levelMistake } from '../account/destination.ts'
import { encodedPathOf, separatorOf, serverOf } from './connection.ts'
import { failed, troubleOf } from './trouble.ts'

export interface FolderStatus extends FolderPosition {
  /** The limit in octets, if the server has one for each folder (RFC 7889 section 5). */
  readonly appendLimit: number | undefined
}

/**
 * The folders of runs lie below it (staging.ts). In deploy/dovecot.conf it is a namespace of its own, which nobody's LIST shows; in another
 * Dovecot these are ordinary folders while a run is at work.
 */
export const stagingRoot = 'tributary-staging'

/** Tells whether a folder is one of the gateway's own, for mail on its way. */
export function isStaging(path: string): boolean {
  return /^(?:INBOX\W)?tributary-staging(?:\W|$)/i.test(path)
}

/** Asks for the position of a folder; a missing one is made and subscribed. */
export async function preparedFolder(client: ImapFlow, folder: string): Promise<FolderStatus> {
  const server = serverOf(client)
  const path = encodedPathOf(client, folder)
  try {
    return await statusOf(client, path)
  } catch (error) {
    const trouble = troubleOf(error, server, { code: 'folder', folder })
    if (!isMissing(error) && (trouble !== undefined || (await isListed(client, path))))
      throw failed(error, server, { code: 'folder', folder })
  }
  demandLevels(client, folder)
  try {
    await execute(client, 'CREATE', [atom(path)])
  } catch (error) {
    // Another run may have made it at the same moment.
    const status = await statusOf(client, path).catch(() => undefined)
    if (status === undefined) throw failed(error, server, { code: 'folder creation', folder })
    return status
  }
  try {
    await execute(client, 'SUBSCRIBE', [atom(path)])
  } catch (error) {
    // Not every server stores subscriptions; the folder exists all the same.
    if (!isRefusal(error)) throw failed(error, server, { code: 'folder creation', folder })
  }
  return await statusOf(client, path).catch((error: unknown) => {
    throw failed(error, server, { code: 'folder', folder })
  })
}

/**
 * Refuses to make a folder in other levels than its name has here: where `.` parts them, `me@example.net` would become two folders. A
 * folder that is there is used as it is.
 */
function demandLevels(client: ImapFlow, folder: string): void {
  const reply = levelMistake(folder, separatorOf(client) ?? '/')
  if (reply === undefined) return
  throw new SessionFailed({ kind: 'store refused', during: { code: 'folder creation', folder }, reply })
}

/** Sends STATUS (RFC 9051 section 6.3.11). imapflow's own `status()` drops the words of a refusal, and knows no APPENDLIMIT. */
export async function statusOf(client: ImapFlow, path: string): Promise<FolderStatus> {
  const limitEach = client.capabilities.get('APPENDLIMIT') === true
  const items = ['UIDNEXT', 'UIDVALIDITY', ...(limitEach ? ['APPENDLIMIT'] : [])]
  const values = new Map<string, number>()
  await execute(client, 'STATUS', [atom(path), items.map(atom)], {
    STATUS: async ({ attributes }: Untagged) => {
      const list = attributes?.[1]
      if (!Array.isArray(list)) return
      const words = list.map((word: unknown) => (isRecord(word) ? String(word['value']) : ''))
      for (let nth = 0; nth + 1 < words.length; nth += 2) {
        if (/^\d+$/.test(words[nth + 1] ?? '')) values.set((words[nth] ?? '').toUpperCase(), Number(words[nth + 1]))
      }
    },
  })
  const [uidNext, uidValidity] = [values.get('UIDNEXT'), values.get('UIDVALIDITY')]
  if (uidNext === undefined || uidValidity === undefined) {
    const reply = 'OK without UIDNEXT and UIDVALIDITY'
    throw new SessionFailed({ kind: 'store refused', during: { code: 'STATUS', folder: path }, reply })
  }
  return { uidNext, uidValidity, appendLimit: values.get('APPENDLIMIT') }
}

export function isMissing(error: unknown): boolean {
  return isRefusal(error) && ['NONEXISTENT', 'TRYCREATE'].includes(codeOf(error))
}

/**
 * Opens a folder read-only to look for messages that we have stored. The answer is undefined if there is no such folder, or if it is not
 * the account's own and is closed to us.
 */
export async function openToLook(
  client: ImapFlow,
  path: string,
  { isOwn, during }: { readonly isOwn: boolean; readonly during: Phase },
): Promise<MailboxObject | undefined> {
  try {
    await client.mailboxOpen(path, { readOnly: true })
  } catch (error) {
    if (isMissing(error)) {
      // A store that shows its state all the same has it, and the refusal proves no absence.
      const status = isOwn ? await statusOf(client, encodePath(client, path)).catch(() => undefined) : undefined
      if (status !== undefined) throw error
      return undefined
    }
    if (!isRefusal(error)) throw error
    // The account's own folder may hold the messages, even if it cannot be opened just now. Other people's folders may be closed for good.
    const trouble = troubleOf(error, serverOf(client), during)
    const isDoubtful = isOwn
      ? trouble !== undefined || (await isListed(client, encodePath(client, path)))
      : trouble !== undefined && pausesDestination(trouble)
    if (isDoubtful) throw error
    return undefined
  }
  // Courier shows a new message only after NOOP.
  await execute(client, 'NOOP', [])
  if (!client.mailbox)
    throw new SessionFailed({ kind: 'store unreachable', reason: `${serverOf(client)} ended the session` })
  const { exists, uidValidity } = client.mailbox as Partial<MailboxObject>
  // An OK that tells nothing of the folder proves nothing about its messages (RFC 9051 section 6.3.2).
  if (exists === undefined || uidValidity === undefined)
    throw new SessionFailed({ kind: 'store refused', during, reply: 'OK, without EXISTS or UIDVALIDITY' })
  return client.mailbox
}

/** Tells whether LIST shows a folder: not every server reports by a code that it is missing. */
export async function isListed(client: ImapFlow, path: string): Promise<boolean> {
  return (await listedFolders(client, path)).length > 0
}

/** Lists the names that match a pattern (RFC 9051 section 6.3.9), as the server writes them. */
export async function listed(client: ImapFlow, pattern: string): Promise<string[]> {
  return (await names(client, pattern)).map(({ path }) => path)
}

/**
 * Lists those that are folders. Another name is a level above folders, or what is left of a folder if Dovecot was killed while it made or
 * deleted it: no mail is in it, and it can be made a folder.
 */
export async function listedFolders(client: ImapFlow, pattern: string): Promise<string[]> {
  return (await names(client, pattern)).filter(({ isFolder }) => isFolder).map(({ path }) => path)
}

async function names(client: ImapFlow, pattern: string): Promise<{ path: string; isFolder: boolean }[]> {
  const all: { path: string; isFolder: boolean }[] = []
  await execute(client, 'LIST', [string(''), atom(pattern)], {
    LIST: async ({ attributes }: Untagged) => {
      const [flags, , name] = attributes ?? []
      const words = Array.isArray(flags)
        ? flags.map((flag: unknown) => (isRecord(flag) ? String(flag['value']) : ''))
        : []
      const isFolder = !words.some((word) => /^\\(?:noselect|nonexistent)$/i.test(word))
      all.push({ path: isRecord(name) ? String(name['value']) : '', isFolder })
    },
  })
  return all
}
