/** imapflow made honest: a Store. The connection that appends never SELECTs: imapflow would run NOOP and SEARCH after each. */
import type { ImapFlow } from 'imapflow'
import { SessionFailed } from '../failure.ts'
import type { Intent, Token } from '../ledger.ts'
import { limits } from '../limits.ts'
import type { FolderPosition, Store } from '../ports.ts'
import { codeOf, isRefusal, multiAppend } from './append.ts'
import { isRecord, pathOf, unreachable, within, wordsOf } from './connection.ts'

export interface StoreAccess {
  /** A pooled connection for the time of one use. */
  borrow<T>(use: (client: ImapFlow) => Promise<T>): Promise<T>
  /** One of its own, to be closed by whoever asked. */
  connect(): Promise<ImapFlow>
  readonly signal?: AbortSignal | undefined
}

export async function openStore(access: StoreAccess): Promise<Store> {
  const { signal } = access
  const multi = await access.borrow(async (client) => client.capabilities.has('MULTIAPPEND'))
  const wait = <T>(client: ImapFlow, during: string, work: Promise<T>) =>
    within(client, limits.storeReplyWaitMs, during, work, signal)
  return {
    batch: { messages: multi ? limits.windowMessagesMax : 1, octets: limits.batchOctetsMax },

    prepare: (folder) => access.borrow((client) => wait(client, 'STATUS', positionOf(client, folder))),

    append: (folder, copies, flags) => access.borrow((client) => multiAppend(client, folder, copies, flags, signal)),

    async find(intent, where) {
      const client = await access.connect()
      try {
        const position = await wait(client, 'the search', find(client, intent, where))
        return position
      } catch (error) {
        throw unreachable(error)
      } finally {
        client.close()
      }
    },
  }
}

/** STATUS; the folder is made and subscribed where it is missing. */
async function positionOf(client: ImapFlow, folder: string): Promise<FolderPosition> {
  const path = pathOf(client, folder)
  try {
    return await statusOf(client, path)
  } catch (error) {
    if (!isMissing(error)) throw refusedOr(error, `the folder ${folder}`)
  }
  try {
    // Another run may make it at the same moment: ALREADYEXISTS is fine, and imapflow says so without throwing.
    await client.mailboxCreate(path)
    return await statusOf(client, path)
  } catch (error) {
    throw refusedOr(error, `making the folder ${folder}`)
  }
}

async function statusOf(client: ImapFlow, path: string): Promise<FolderPosition> {
  const status = await client.status(path, { uidNext: true, uidValidity: true })
  // imapflow answers false, and throws nothing, where the server said NO, and where the session had already ended.
  if (!status || status.uidNext === undefined || status.uidValidity === undefined) {
    throw new SessionFailed(
      client.usable
        ? { kind: 'store refused', during: `STATUS of ${path}`, reply: 'NO' }
        : { kind: 'store unreachable', reason: 'the session ended before STATUS' },
    )
  }
  return { uidNext: status.uidNext, uidValidity: Number(status.uidValidity) }
}

function isMissing(error: unknown): boolean {
  if (!isRecord(error)) return false
  if (error['code'] === 'NotFound') return true
  return (
    isRefusal(error) &&
    (['NONEXISTENT', 'TRYCREATE'].includes(codeOf(error)) ||
      /not? (?:exist|found)|unknown mailbox/i.test(wordsOf(error)))
  )
}

function refusedOr(error: unknown, during: string): SessionFailed {
  if (isRefusal(error)) {
    const reply = wordsOf(error)
    return new SessionFailed(
      codeOf(error) === 'OVERQUOTA' ? { kind: 'store full', reply } : { kind: 'store refused', during, reply },
      error,
    )
  }
  return unreachable(error)
}

/**
 * Which of the intent's tokens are there. First in its folder, from the UID on at which nothing of it can stand before; then,
 * where that folder is another one by now (UIDVALIDITY) or holds nothing of it, in all folders: the user may have moved it.
 */
async function find(
  client: ImapFlow,
  intent: Intent,
  where: 'its folder' | 'every folder',
): Promise<ReadonlySet<Token>> {
  const wanted = new Set(intent.entries.map(({ token }) => token))
  const path = pathOf(client, intent.folder)
  const here = await tokensIn(client, path, wanted, intent)
  if (here.size > 0 || where === 'its folder') return here
  for (const { path: other, flags } of await client.list()) {
    if (flags.has('\\Noselect') || flags.has('\\NonExistent')) continue
    const found = await tokensIn(client, other, wanted, undefined)
    if (found.size > 0) return found
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
    if (isRefusal(error) || isMissing(error)) return found
    throw error
  }
  // Courier shows a new message only after NOOP.
  await client.noop()
  const { mailbox } = client
  if (!mailbox || mailbox.exists === 0) return found
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
