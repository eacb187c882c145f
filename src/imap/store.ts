/** imapflow made honest: a Store. The connection that appends never SELECTs: imapflow would run NOOP and SEARCH after each. */
import type { ImapFlow } from 'imapflow'
import { pausesDestination } from '../consequence.ts'
import { SessionFailed } from '../failure.ts'
import type { Intent, Token } from '../ledger.ts'
import { limits } from '../limits.ts'
import type { FolderPosition, Store } from '../ports.ts'
import { multiAppend } from './append.ts'
import { type Attribute, codeOf, execute, isRecord, isRefusal, type Untagged, within } from './command.ts'
import { encodedPathOf, pathOf, serverOf } from './connection.ts'
import { failed, troubleOf } from './trouble.ts'

export interface StoreAccess {
  /** A pooled connection for the time of one use. */
  borrow<T>(use: (client: ImapFlow) => Promise<T>): Promise<T>
  /** One of its own, to be closed by whoever asked. */
  connect(): Promise<ImapFlow>
  /** A store of our own is Dovecot, whether it says so or not. */
  readonly dovecot: boolean
  readonly signal?: AbortSignal | undefined
}

export async function openStore(access: StoreAccess): Promise<Store> {
  const { signal, dovecot } = access
  const multi = await access.borrow(async (client) => client.capabilities.has('MULTIAPPEND'))
  const folderLimits = new Map<string, number>()
  const wait = <T>(client: ImapFlow, during: string, work: Promise<T>) =>
    within(client, limits.storeReplyWaitMs, during, work, signal)
  return {
    batch: { messages: multi ? limits.windowMessagesMax : 1, octets: limits.batchOctetsMax },

    prepare: (folder) =>
      access.borrow(async (client) => {
        const { appendLimit, ...position } = await wait(client, 'STATUS', preparedFolder(client, folder))
        if (appendLimit !== undefined) folderLimits.set(folder, appendLimit)
        return position
      }),

    append: (folder, copies, flags) =>
      access.borrow((client) =>
        multiAppend(client, folder, copies, flags, signal, { folderLimit: folderLimits.get(folder), dovecot }),
      ),

    async find(intent, where) {
      const client = await access.connect()
      try {
        return await wait(client, 'the search', find(client, intent, where))
      } catch (error) {
        throw failed(error, serverOf(client), 'the search')
      } finally {
        client.close()
      }
    },
  }
}

interface FolderStatus extends FolderPosition {
  /** In octets, where the server has one for each folder (RFC 7889 section 5). */
  readonly appendLimit: number | undefined
}

/** STATUS; the folder is made and subscribed where it is missing. */
async function preparedFolder(client: ImapFlow, folder: string): Promise<FolderStatus> {
  const server = serverOf(client)
  const path = encodedPathOf(client, folder)
  try {
    return await statusOf(client, path)
  } catch (error) {
    const trouble = troubleOf(error, server, `the folder ${folder}`)
    if (!isMissing(error) && (trouble !== undefined || (await isListed(client, path))))
      throw failed(error, server, `the folder ${folder}`)
  }
  try {
    await execute(client, 'CREATE', [atom(path)])
  } catch (error) {
    // Another run may have made it at the same moment.
    const made = await statusOf(client, path).catch(() => undefined)
    if (made === undefined) throw failed(error, server, `making the folder ${folder}`)
    return made
  }
  try {
    await execute(client, 'SUBSCRIBE', [atom(path)])
  } catch (error) {
    // Not every server keeps subscriptions; the folder is there all the same.
    if (!isRefusal(error)) throw failed(error, server, `making the folder ${folder}`)
  }
  return await statusOf(client, path).catch((error: unknown) => {
    throw failed(error, server, `the folder ${folder}`)
  })
}

const atom = (value: string): Attribute => ({ type: 'ATOM', value })

/** RFC 9051 section 6.3.11. imapflow's own `status()` keeps a refusal's words to itself, and knows no APPENDLIMIT. */
async function statusOf(client: ImapFlow, path: string): Promise<FolderStatus> {
  const limitEach = client.capabilities.get('APPENDLIMIT') === true
  const items = ['UIDNEXT', 'UIDVALIDITY', ...(limitEach ? ['APPENDLIMIT'] : [])]
  const told = new Map<string, number>()
  await execute(client, 'STATUS', [atom(path), items.map(atom)], {
    STATUS: async ({ attributes }: Untagged) => {
      const list = attributes?.[1]
      if (!Array.isArray(list)) return
      const words = list.map((word: unknown) => (isRecord(word) ? String(word['value']) : ''))
      for (let nth = 0; nth + 1 < words.length; nth += 2) {
        if (/^\d+$/.test(words[nth + 1] ?? '')) told.set((words[nth] ?? '').toUpperCase(), Number(words[nth + 1]))
      }
    },
  })
  const [uidNext, uidValidity] = [told.get('UIDNEXT'), told.get('UIDVALIDITY')]
  if (uidNext === undefined || uidValidity === undefined) {
    const reply = 'OK without UIDNEXT and UIDVALIDITY'
    throw new SessionFailed({ kind: 'store refused', during: `STATUS of ${path}`, reply })
  }
  return { uidNext, uidValidity, appendLimit: told.get('APPENDLIMIT') }
}

function isMissing(error: unknown): boolean {
  return isRefusal(error) && ['NONEXISTENT', 'TRYCREATE'].includes(codeOf(error))
}

/** Whether LIST shows it: not every server says by a code that a folder is missing. */
async function isListed(client: ImapFlow, path: string): Promise<boolean> {
  let listed = false
  await execute(client, 'LIST', [{ type: 'STRING', value: '' }, atom(path)], {
    LIST: async () => {
      listed = true
    },
  })
  return listed
}

/**
 * Which of the intent's tokens are there. First in its folder, from the UID on at which nothing of it can stand before; then, for
 * those that are not, where that folder is another one by now (UIDVALIDITY), or the user has moved them: in all folders.
 */
async function find(
  client: ImapFlow,
  intent: Intent,
  where: 'its folder' | 'every folder',
): Promise<ReadonlySet<Token>> {
  const wanted = new Set(intent.entries.map(({ token }) => token))
  const path = pathOf(client, intent.folder)
  const here = await tokensIn(client, path, wanted, intent)
  if (where === 'its folder') return here
  for (const { path: other, flags } of await client.list()) {
    if (here.size === wanted.size) break
    if (flags.has('\\Noselect') || flags.has('\\NonExistent')) continue
    for (const token of await tokensIn(client, other, wanted, undefined)) here.add(token)
  }
  return here
}

/** @param intent where this is the intent's own folder: bounds the search by UIDNEXT while UIDVALIDITY is the same. */
async function tokensIn(
  client: ImapFlow,
  path: string,
  wanted: ReadonlySet<Token>,
  intent: Intent | undefined,
): Promise<Set<Token>> {
  const found = new Set<Token>()
  try {
    await client.mailboxOpen(path, { readOnly: true })
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (isMissing(error)) return found
    // A folder that is there and cannot be looked into just now may hold what we look for. That of others may be closed for good.
    const trouble = troubleOf(error, serverOf(client), 'the search')
    const own = intent !== undefined && (trouble !== undefined || (await isListed(client, encodedPathOf(client, path))))
    if (own || (trouble !== undefined && pausesDestination(trouble))) throw error
    return found
  }
  // Courier shows a new message only after NOOP.
  await execute(client, 'NOOP', [])
  const { mailbox } = client
  if (!mailbox) throw new SessionFailed({ kind: 'store unreachable', reason: 'the session ended during the search' })
  if (mailbox.exists === 0) return found
  const sameFolder = intent !== undefined && Number(mailbox.uidValidity) === intent.uidValidity
  const range = sameFolder ? `${intent.uidNext}:*` : `${Math.max(1, mailbox.exists - limits.searchedMessagesMax + 1)}:*`
  for await (const { headers } of client.fetch(
    range,
    { uid: true, headers: ['x-tributary-id'] },
    { uid: sameFolder },
  )) {
    const token = tokenIn(headers)
    if (token !== undefined && wanted.has(token)) found.add(token)
  }
  return found
}

/** The last part of `X-Tributary-Id` (CONTRACT section 7), of the topmost one: mail that passed two gateways has two. */
function tokenIn(header: Buffer | undefined): Token | undefined {
  const match = /^x-tributary-id:\s*[0-9a-f.\s]*?\.\s*([0-9a-f]{32})\s*$/im.exec(header?.toString('latin1') ?? '')
  return match?.[1] as Token | undefined
}
