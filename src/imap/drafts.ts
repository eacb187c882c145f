/** Drafts, where every mail program looks for them: in the folder that the store keeps for drafts (RFC 6154), with the flag \Draft. */
import { type MessagePlace, answered, fetchOne, foldersOf, open, type Reader, Unreadable } from './reading.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { codeWordsOf, within } from './command.ts'
import { encodedPathOf, serverOf } from './connection.ts'
import { imapLimits } from './limits.ts'
import type { UnheldOctets } from '../pull/store-ports.ts'
import { continuation, exactly, executePieces, quoted, SourceFailed } from './pieces.ts'
import { failed } from './trouble.ts'

type Place = Pick<MessagePlace, 'folder' | 'uid'>

/** Appends a draft that is never held whole. @returns once the store has it. */
export async function putUnheldDraft(reader: Reader, draft: UnheldOctets): Promise<Place> {
  const { client } = reader
  const folder = await draftsFolder(reader)
  const limit = client.capabilities.get('APPENDLIMIT')
  if (typeof limit === 'number' && limit < draft.octets)
    throw new SessionFailed({ kind: 'store refused', during: 'APPEND', reply: `${limit} octets at most (APPENDLIMIT)` })
  const path = quoted(encodedPathOf(client, folder))
  async function* pieces() {
    yield Buffer.from(`${path} (\\Draft \\Seen) {${draft.octets}}\r\n`)
    yield continuation
    yield* exactly(draft)
  }
  const append = executePieces(client, 'APPEND', pieces())
  const waitMs = imapLimits.appendWaitMs + draft.octets / imapLimits.appendOctetsPerMs
  const answer = await within(client, append, { waitMs, during: 'APPEND' }).catch((error: unknown) => {
    throw error instanceof SourceFailed ? error : failed(error, serverOf(client), 'APPEND')
  })
  const uid = Number(codeWordsOf(answer, 'APPENDUID')?.[1])
  return { folder, uid: Number.isSafeInteger(uid) && uid > 0 ? uid : await lastIn(reader, folder) }
}

/**
 * Appends a draft; one that it takes the place of goes then.
 *
 * @throws Unreadable `no message` if what it would take the place of is there, and is no draft: it stays.
 */
export async function putDraft(reader: Reader, draft: Buffer, replaces: Place | undefined): Promise<Place> {
  if (replaces !== undefined && (await isOther(reader, replaces))) throw new Unreadable('no message')
  const { client } = reader
  const folder = await draftsFolder(reader)
  const appended = await answered(reader, 'APPEND', client.append(folder, draft, ['\\Draft', '\\Seen']))
  // imapflow answers so where the session has ended.
  if (appended === false)
    throw new SessionFailed({ kind: 'store unreachable', reason: `${serverOf(client)} ended the session` })
  const uid = appended.uid ?? (await lastIn(reader, folder))
  if (replaces !== undefined) await dropDraft(reader, replaces)
  return { folder, uid }
}

/** Removes a draft, if it is there, and is one. */
export async function dropDraft(reader: Reader, place: Place): Promise<void> {
  if ((await draftFlag(reader, place, { readOnly: false })) !== true) return
  const { client } = reader
  // Without UIDPLUS, EXPUNGE would remove what others have marked as well.
  const removed = client.capabilities.has('UIDPLUS')
    ? client.messageDelete(String(place.uid), { uid: true })
    : client.messageFlagsAdd(String(place.uid), ['\\Deleted'], { uid: true })
  await answered(reader, 'STORE', removed)
}

async function isOther(reader: Reader, place: Place): Promise<boolean> {
  return (await draftFlag(reader, place)) === false
}

/** Undefined: it is not there. */
async function draftFlag(reader: Reader, place: Place, how: { readOnly?: boolean } = {}): Promise<boolean | undefined> {
  try {
    await open(reader, place, how)
    return (await fetchOne(reader, place.uid, { flags: true })).flags?.has('\\Draft') ?? false
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

async function draftsFolder(reader: Reader): Promise<string> {
  return (await foldersOf(reader)).find(({ use }) => use === 'drafts')?.path ?? (await madeFolder(reader))
}

async function madeFolder(reader: Reader): Promise<string> {
  const { client } = reader
  const during = { code: 'folder', folder: 'Drafts' } as const
  const made = client.mailboxCreate('Drafts').catch((error: unknown) => {
    throw failed(error, serverOf(client), during)
  })
  return (await answered(reader, during, made)).path
}

/** A store without UIDPLUS does not say which UID it gave: the draft is the last one there, unless somebody else was quicker. */
async function lastIn(reader: Reader, folder: string): Promise<number> {
  await open(reader, { folder })
  const found = await fetchLast(reader)
  if (found === undefined) throw new Unreadable('no message')
  return found
}

async function fetchLast(reader: Reader): Promise<number | undefined> {
  const message = await answered(reader, 'FETCH', reader.client.fetchOne('*', { uid: true }))
  return message === false ? undefined : message.uid
}
