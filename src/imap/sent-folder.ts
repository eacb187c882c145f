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

/** A message that stands in the folder. Ours bears a token. */
export interface HeldCopy {
  readonly uid: number
  readonly token: Token | undefined
}

/** What is looked for. */
export interface SoughtCopy {
  /** Without angle brackets. */
  readonly messageId: string
  readonly octets: number
  /** Whether these bytes are the message, but for fields that may differ (send/same-message.ts). */
  readonly isSame: (message: Buffer) => boolean
}

export class SentFolder {
  readonly folder: string
  readonly #client: ImapFlow
  readonly #signal: AbortSignal | undefined

  private constructor(client: ImapFlow, folder: string, signal: AbortSignal | undefined) {
    this.#client = client
    this.folder = folder
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
    return new SentFolder(client, own === undefined ? 'Sent' : own.path.split(separator).join('/'), signal)
  }

  close(): void {
    this.#client.close()
  }

  /** The messages that are it, in this order: by Message-ID; where a program has given it none, by what else it says. */
  async look(
    sought: SoughtCopy,
  ): Promise<{ readonly uidValidity: number; readonly copies: readonly HeldCopy[] } | undefined> {
    return await this.#work(async (client) => {
      const mailbox = await openToLook(client, pathOf(client, this.folder), { isOwn: true, during })
      if (mailbox === undefined) return undefined
      const uidValidity = Number(mailbox.uidValidity)
      if (mailbox.exists === 0) return { uidValidity, copies: [] }
      // Some stores search by words, or not at all: what they find is looked at, and else the newest are.
      const found = await client
        .search({ header: { 'message-id': sought.messageId } }, { uid: true })
        .catch(() => false)
      const uids = Array.isArray(found) ? found.slice(-imapLimits.sentLookedAt) : []
      const searched = uids.length === 0 ? [] : await headsOf(client, packMessageRange(uids), true)
      const named = searched.filter((one) => one.messageId === sought.messageId)
      if (named.length > 0) return { uidValidity, copies: named }
      const newest = `${Math.max(1, mailbox.exists - imapLimits.sentLookedAt + 1)}:*`
      const heads = await headsOf(client, newest, false)
      const byHead = heads.filter((one) => one.messageId === sought.messageId)
      return { uidValidity, copies: byHead.length > 0 ? byHead : await alike(client, heads, sought) }
    })
  }

  /**
   * Removes a copy of ours, and no other message: its token is read first. Without UIDPLUS (RFC 4315) it is marked only, because EXPUNGE would
   * remove what somebody else has marked.
   *
   * @returns false: it is not there any more, or another message is.
   */
  async remove(uid: number, uidValidity: number, token: string): Promise<boolean> {
    return await this.#work(async (client) => {
      const mailbox = await client.mailboxOpen(pathOf(client, this.folder))
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

interface Head extends HeldCopy {
  readonly octets: number
  readonly messageId: string | undefined
}

async function headsOf(client: ImapFlow, range: string, isUid: boolean): Promise<Head[]> {
  const heads: Head[] = []
  const query = { uid: true, size: true, headers: ['message-id', 'x-tributary-id'] }
  for await (const { uid, size = 0, headers = Buffer.alloc(0) } of client.fetch(range, query, { uid: isUid })) {
    const value = fieldsOf(headers).find(({ name }) => name === 'message-id')?.value
    const messageId = value === undefined ? undefined : (/<([^<>]*)>/.exec(value)?.[1] ?? value)
    heads.push({ uid, octets: size, messageId, token: traceOf(headers)?.token })
  }
  return heads
}

/** What a program has filed without a Message-ID. Only what may be it by its size is read. */
async function alike(client: ImapFlow, heads: readonly Head[], sought: SoughtCopy): Promise<HeldCopy[]> {
  const near = heads.filter(({ messageId, token, octets }) => {
    const differs = Math.abs(octets - sought.octets)
    return messageId === undefined && token === undefined && differs <= imapLimits.sentDiffersMax
  })
  for (const { uid, octets } of near.slice(-imapLimits.sentReadMax)) {
    if (octets > imapLimits.sentReadOctetsMax) continue
    const message = await client.fetchOne(String(uid), { source: true }, { uid: true })
    if (message && message.source !== undefined && sought.isSame(message.source)) return [{ uid, token: undefined }]
  }
  return []
}
