/** What an answer to a message says of it (RFC 5322 section 3.6.4). */
import { headerFields, fetchItem } from './items.ts'
import { imapLimits } from './limits.ts'
import { answered, type Folder, foldersOf, type MessagePlace, open, type Reader, Unreadable } from './reading.ts'

export interface ThreadOf {
  /** In its angle brackets; null if it has none that can be read. */
  readonly messageId: string | null
  /** Of the answer: those of the message, and the message itself. */
  readonly references: readonly string[]
}

const item = headerFields(['MESSAGE-ID', 'IN-REPLY-TO', 'REFERENCES'], imapLimits.threadOctetsMax)

export async function threadOf(reader: Reader, place: MessagePlace): Promise<ThreadOf> {
  await open(reader, place)
  let header: string | undefined
  await fetchItem(reader, [place.uid], { name: 'BODY', item }, (_uid, octets) => {
    header = octets.toString('latin1')
  })
  if (header === undefined) throw new Unreadable('no message')
  return threadIn(header)
}

export function threadIn(header: string): ThreadOf {
  const unfolded = header.replace(/\r?\n[ \t]+/g, ' ')
  const [messageId] = idsIn(unfolded, /^message-id:(.*)$/im)
  if (messageId === undefined) return { messageId: null, references: [] }
  const before = idsIn(unfolded, /^references:(.*)$/im)
  const answered = idsIn(unfolded, /^in-reply-to:(.*)$/im)
  // Where References is missing, one parent stands in for it; of several nobody knows which.
  const known = before.length > 0 || answered.length !== 1 ? before : answered
  const all = [...new Set([...known, messageId])]
  // The first one is the beginning of the thread; the last ones are the nearest.
  const most = imapLimits.referencesMax
  return { messageId, references: all.length <= most ? all : [...all.slice(0, 1), ...all.slice(1 - most)] }
}

/** What a draft says of the message that it answers: its own place in the thread. */
export async function threadOfDraft(reader: Reader, place: MessagePlace): Promise<ThreadOf | undefined> {
  await open(reader, place)
  let header = ''
  await fetchItem(reader, [place.uid], { name: 'BODY', item }, (_uid, octets) => {
    header = octets.toString('latin1')
  })
  const unfolded = header.replace(/\r?\n[ \t]+/g, ' ')
  const [messageId] = idsIn(unfolded, /^in-reply-to:(.*)$/im)
  return messageId === undefined ? undefined : { messageId, references: idsIn(unfolded, /^references:(.*)$/im) }
}

/** Where the message is that has this Message-ID: INBOX is looked into first, and the folder of what was sent last. Undefined: nowhere. */
export async function placeNamed(reader: Reader, messageId: string): Promise<MessagePlace | undefined> {
  const isLooked = ({ use, selectable, messages }: Folder) =>
    selectable && messages > 0 && use !== 'drafts' && use !== 'junk' && use !== 'trash'
  const folders = (await foldersOf(reader)).filter(isLooked)
  const inOrder = [...folders.filter(({ use }) => use !== 'sent'), ...folders.filter(({ use }) => use === 'sent')]
  for (const { path } of inOrder.slice(0, imapLimits.namedFoldersMax)) {
    await open(reader, { folder: path })
    const asked = reader.client.search({ header: { 'message-id': messageId } }, { uid: true })
    const found = (await answered(reader, 'search', asked)) || []
    // A store may search by words: what it finds is looked at.
    for (const uid of found.slice(-imapLimits.namedLookedAt).toReversed())
      if ((await threadOf(reader, { folder: path, uid })).messageId === messageId) return { folder: path, uid }
  }
  return undefined
}

const idsIn = (unfolded: string, name: RegExp): readonly string[] =>
  (name.exec(unfolded)?.[1] ?? '').match(/<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>/g) ?? []

/** Marks a message as answered or passed on (RFC 3501, RFC 5788). */
export async function markAnswered(reader: Reader, place: MessagePlace, how: 'answered' | 'forwarded'): Promise<void> {
  await open(reader, place, { readOnly: false })
  const flag = how === 'answered' ? '\\Answered' : '$Forwarded'
  await reader.client.messageFlagsAdd(String(place.uid), [flag], { uid: true, silent: true })
}
