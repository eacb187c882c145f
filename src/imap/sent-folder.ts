/** The folder of a mailbox for what was sent: finds it, looks into it for a message, and takes away a copy that we have appended. */
import type { ImapFlow } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'
import { fieldsOf } from '../mail/header.ts'
import type { Token } from '../mail/message.ts'
import { traceOf } from '../mail/trace.ts'
import { atom, execute, sequence, within } from './command.ts'
import { pathOf, separatorOf, serverOf } from './connection.ts'
import { isStaging, openToLook } from './folder.ts'
import { imapLimits } from './limits.ts'
import { silence } from './move.ts'
import { failed } from './trouble.ts'

const during = 'search'

/** A message that stands in a folder. Ours bears a token. */
export interface HeldCopy {
  readonly folder: string
  readonly uidValidity: number
  readonly uid: number
  readonly token: Token | undefined
}

/** A copy that stands elsewhere, since somebody has moved it, or has given the folder another name. */
export interface MovedCopy extends HeldCopy {
  /** It was thrown away. */
  readonly isInTrash: boolean
}

/** What is looked for. */
export interface SoughtCopy {
  /** Without angle brackets. */
  readonly messageId: string
  readonly octets: number
  /** Whether these bytes are the message, but for fields that may differ (send/same-message.ts). */
  readonly isSame: (message: Buffer) => Promise<boolean>
}

export class SentFolder {
  readonly folder: string
  readonly #client: ImapFlow
  readonly #others: readonly OtherFolder[]
  readonly #signal: AbortSignal | undefined

  private constructor(
    client: ImapFlow,
    folder: string,
    { others, signal }: { readonly others: readonly OtherFolder[]; readonly signal: AbortSignal | undefined },
  ) {
    this.#client = client
    this.folder = folder
    this.#others = others
    this.#signal = signal
  }

  /**
   * By its special use (RFC 6154), or else by a name that it has in some language; where there is none, it is to be made.
   *
   * @param client a connection of its own, since this one selects folders; it is closed with this.
   */
  static async find(client: ImapFlow, signal?: AbortSignal): Promise<SentFolder> {
    const listing = within(client, client.list(), { waitMs: imapLimits.storeReplyWaitMs, during, signal })
    const all = await listing.catch((error: unknown) => {
      throw failed(error, serverOf(client), during)
    })
    const usable = all.filter(({ path, flags }) => !isStaging(path) && !flags.has('\\Noselect'))
    const own = usable.find(({ specialUse }) => specialUse === '\\Sent')
    const separator = separatorOf(client) ?? '/'
    const nameOf = (path: string) => path.split(separator).join('/')
    const others = usable
      .filter((one) => one !== own && !(one.specialUse && notLookedInto.has(one.specialUse)))
      .map(({ path, specialUse }) => ({ folder: nameOf(path), isTrash: specialUse === '\\Trash' }))
      .toSorted((one, other) => Number(other.isTrash) - Number(one.isTrash))
      .slice(0, imapLimits.sentFoldersMax)
    return new SentFolder(client, own === undefined ? 'Sent' : nameOf(own.path), { others, signal })
  }

  close(): void {
    this.#client.close()
  }

  /** The messages that are it, in this order: by Message-ID; where a program has given it none, by what else it says. */
  async look(sought: SoughtCopy): Promise<readonly HeldCopy[]> {
    return await this.#work(async (client) => {
      const { folder } = this
      const mailbox = await openToLook(client, pathOf(client, folder), { isOwn: true, during })
      if (mailbox === undefined || mailbox.exists === 0) return []
      const uidValidity = Number(mailbox.uidValidity)
      const placed = (copies: readonly Held[]) => copies.map(({ uid, token }) => ({ folder, uidValidity, uid, token }))
      // Some stores search by words, or not at all: what they find is looked at, and else the newest are.
      const found = await client
        .search({ header: { 'message-id': sought.messageId } }, { uid: true })
        .catch(() => false)
      const uids = Array.isArray(found) ? found.slice(-imapLimits.sentLookedAt) : []
      const searched = uids.length === 0 ? [] : await headsOf(client, packMessageRange(uids), true)
      const named = searched.filter((one) => one.messageId === sought.messageId)
      if (named.length > 0) return placed(named)
      const newest = `${Math.max(1, mailbox.exists - imapLimits.sentLookedAt + 1)}:*`
      const heads = await headsOf(client, newest, false)
      const byHead = heads.filter((one) => one.messageId === sought.messageId)
      return placed(byHead.length > 0 ? byHead : await alike(client, heads, sought))
    })
  }

  /**
   * What has got into another folder: ours by its token; another's by its Message-ID and all that it says, since what has come by mail has the same.
   *
   * @param token of our copy; undefined: only what was thrown away is looked for.
   */
  async lookElsewhere(sought: SoughtCopy, token: string | undefined): Promise<readonly MovedCopy[]> {
    const moved: MovedCopy[] = []
    for (const { folder, isTrash } of this.#others) {
      if (token === undefined && !isTrash) continue
      const found = await this.#work((client) => movedTo(client, folder, { sought, token }))
      moved.push(...found.map((one) => ({ ...one, isInTrash: isTrash })))
    }
    return moved
  }

  /**
   * Removes a copy of ours, and no other message: its token is read first. Without UIDPLUS (RFC 4315) it is marked only, because EXPUNGE would
   * remove what somebody else has marked.
   *
   * @returns false: it is not there any more, or another message is.
   */
  async remove({ folder, uid, uidValidity }: HeldCopy, token: string): Promise<boolean> {
    return await this.#work(async (client) => {
      const mailbox = await client.mailboxOpen(pathOf(client, folder))
      if (Number(mailbox.uidValidity) !== uidValidity) return false
      const [ours] = await headsOf(client, String(uid), true)
      if (ours?.token !== token) return false
      const marked = [sequence(String(uid)), atom('+FLAGS.SILENT'), [atom('\\Deleted')]]
      await execute(client, 'UID STORE', marked, silence)
      if (client.capabilities.has('UIDPLUS')) await execute(client, 'UID EXPUNGE', [sequence(String(uid))], silence)
      return true
    })
  }

  async #work<T>(use: (client: ImapFlow) => Promise<T>): Promise<T> {
    const client = this.#client
    try {
      return await within(client, use(client), { waitMs: imapLimits.searchWaitMs, during, signal: this.#signal })
    } catch (error) {
      throw this.#signal?.aborted ? error : failed(error, serverOf(client), during)
    }
  }
}

interface OtherFolder {
  readonly folder: string
  readonly isTrash: boolean
}

/** Views of other folders (RFC 6154), what was not sent yet, and what nobody puts there. */
const notLookedInto: ReadonlySet<string> = new Set(['\\All', '\\Flagged', '\\Important', '\\Drafts', '\\Junk'])

type Held = Pick<HeldCopy, 'uid' | 'token'>

interface Head extends Held {
  readonly octets: number
  readonly messageId: string | undefined
  /** Servers have brought it (RFC 5321 section 4.4). */
  readonly hasCome: boolean
}

async function headsOf(client: ImapFlow, range: string, isUid: boolean): Promise<Head[]> {
  const heads: Head[] = []
  const query = { uid: true, size: true, headers: ['message-id', 'x-tributary-id', 'received'] }
  for await (const { uid, size = 0, headers = Buffer.alloc(0) } of client.fetch(range, query, { uid: isUid })) {
    const fields = fieldsOf(headers)
    const value = fields.find(({ name }) => name === 'message-id')?.value
    const messageId = value === undefined ? undefined : (/<([^<>]*)>/.exec(value)?.[1] ?? value)
    const hasCome = fields.some(({ name }) => name === 'received')
    heads.push({ uid, octets: size, messageId, hasCome, token: traceOf(headers)?.token })
  }
  return heads
}

/** What a program has filed without a Message-ID. Only what may be it by its size is read. */
async function alike(client: ImapFlow, heads: readonly Head[], sought: SoughtCopy): Promise<Held[]> {
  const near = heads.filter(({ messageId, token, octets }) => {
    const differs = Math.abs(octets - sought.octets)
    return messageId === undefined && token === undefined && differs <= imapLimits.sentDiffersMax
  })
  for (const head of near.slice(-imapLimits.sentReadMax))
    if (await isSame(client, head, sought)) return [{ uid: head.uid, token: undefined }]
  return []
}

async function isSame(client: ImapFlow, { uid, octets }: Head, sought: SoughtCopy): Promise<boolean> {
  if (octets > imapLimits.sentReadOctetsMax) return false
  const message = await client.fetchOne(String(uid), { source: true }, { uid: true })
  return message !== false && message.source !== undefined && (await sought.isSame(message.source))
}

/** Whatever was moved lately is among the newest. */
async function movedTo(
  client: ImapFlow,
  folder: string,
  { sought, token }: { readonly sought: SoughtCopy; readonly token: string | undefined },
): Promise<HeldCopy[]> {
  const mailbox = await openToLook(client, pathOf(client, folder), { isOwn: false, during })
  if (mailbox === undefined || mailbox.exists === 0) return []
  const newest = `${Math.max(1, mailbox.exists - imapLimits.sentLookedAtElsewhere + 1)}:*`
  const uidValidity = Number(mailbox.uidValidity)
  const found: HeldCopy[] = []
  for (const head of await headsOf(client, newest, false)) {
    const isOurs = token !== undefined && head.token === token
    const mayBeTheirs = head.token === undefined && !head.hasCome && head.messageId === sought.messageId
    if (isOurs || (mayBeTheirs && (await isSame(client, head, sought))))
      found.push({ folder, uidValidity, uid: head.uid, token: head.token })
  }
  return found
}
