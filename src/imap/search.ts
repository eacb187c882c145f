/** Looks for appended messages by the token in their `X-Tributary-Id` (CONTRACT section 7): SEARCH HEADER is not trusted with it. */
import type { ImapFlow } from 'imapflow'
import type { Intent } from '../ledger/ledger.ts'
import type { Token } from '../mail/message.ts'
import { imapLimits } from './limits.ts'
import { pullLimits } from '../pull/limits.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { type Trace, traceOf } from '../mail/trace.ts'
import type { StoreAccess } from './access.ts'
import { takenForOk, within } from './command.ts'
import { pathOf, serverOf } from './connection.ts'
import { openToLook, stagingRoot } from './folder.ts'
import { failed } from './trouble.ts'

/** Limits the time of each step of a search: a user with many folders must not wait for ever for one that never answers. */
export type Wait = <T>(work: Promise<T>) => Promise<T>

/** Looks at folders on a connection of its own, because it selects them. One call looks for everything that is needed at that time. */
export async function search<T>(
  { connect, signal }: Pick<StoreAccess, 'connect' | 'signal'>,
  look: (client: ImapFlow, wait: Wait) => Promise<T>,
): Promise<T> {
  const client = await connect()
  try {
    const looking = look(client, (work) =>
      within(client, work, { waitMs: imapLimits.storeReplyWaitMs, during: 'search', signal }),
    )
    // Each of its folders may answer at the last moment.
    return await within(client, looking, { waitMs: imapLimits.searchWaitMs, during: 'search', signal })
  } catch (error) {
    throw failed(error, serverOf(client), 'search')
  } finally {
    client.close()
  }
}

/** A message of a folder. A message that we did not append has no trace. */
export interface Placed {
  readonly uid: number
  readonly trace: Trace | undefined
}

/** What is known of the messages that are looked for, before they were appended. */
export type Sought = Pick<Intent, 'folder' | 'uidValidity' | 'uidNext'> & {
  readonly entries: readonly { readonly token: Token }[]
}

/** Tells which of the intent's tokens its folder holds. None of its messages can stand before the intent's UIDNEXT. */
export async function tokensInFolder(client: ImapFlow, wait: Wait, intent: Sought): Promise<Set<Token>> {
  const wanted = new Set(intent.entries.map(({ token }) => token))
  const arrived = await wait(arrivedIn(client, pathOf(client, intent.folder), intent))
  return new Set(arrived.flatMap(({ trace }) => (trace !== undefined && wanted.has(trace.token) ? [trace.token] : [])))
}

/**
 * Looks into every folder while a token is missing in the intent's own folder: the user may have moved the message, or UIDVALIDITY shows
 * that the folder is another one.
 */
export async function tokensAnywhere(client: ImapFlow, wait: Wait, intent: Sought): Promise<Set<Token>> {
  const found = await tokensInFolder(client, wait, intent)
  const wanted = new Set(intent.entries.map(({ token }) => token))
  if (found.size < wanted.size) {
    for await (const arrived of arrivedByFolder(client, wait)) {
      for (const { trace } of arrived) if (trace !== undefined && wanted.has(trace.token)) found.add(trace.token)
      if (found.size === wanted.size) break
    }
  }
  return found
}

/** Gives the latest messages of each folder. Messages in the folder of a run have not arrived. */
export async function* arrivedByFolder(client: ImapFlow, wait: Wait): AsyncGenerator<Placed[]> {
  const staging = pathOf(client, `${stagingRoot}/`)
  for (const { path, flags } of await wait(client.list())) {
    if (flags.has('\\Noselect') || flags.has('\\NonExistent') || path.startsWith(staging)) continue
    yield await wait(arrivedIn(client, path, undefined))
  }
}

/** All messages of a folder of our own. The UIDs are valid under this UIDVALIDITY alone. */
export interface Contents {
  readonly uidValidity: number
  /** The messages by UID. */
  readonly messages: readonly Placed[]
}

export async function allIn(client: ImapFlow, folder: string): Promise<Contents> {
  const { uidValidity } = await client.mailboxOpen(pathOf(client, folder), { readOnly: true })
  const all = await placed(client, '1:*', true)
  return { uidValidity: Number(uidValidity), messages: all.toSorted((a, b) => a.uid - b.uid) }
}

/** @param intent is given for the intent's own folder: it limits the search by UIDNEXT while UIDVALIDITY is the same. */
async function arrivedIn(client: ImapFlow, path: string, intent: Sought | undefined): Promise<Placed[]> {
  const mailbox = await openToLook(client, path, { isOwn: intent !== undefined, during: 'search' })
  if (mailbox === undefined) return []
  const sameFolder = intent !== undefined && Number(mailbox.uidValidity) === intent.uidValidity
  const range = sameFolder
    ? `${intent.uidNext}:*`
    : `${Math.max(1, mailbox.exists - pullLimits.searchedMessagesMax + 1)}:*`
  return await placed(client, range, sameFolder)
}

/** @param uid tells whether the range consists of UIDs. */
async function placed(client: ImapFlow, range: string, uid: boolean): Promise<Placed[]> {
  const { mailbox } = client
  if (!mailbox) throw new SessionFailed({ kind: 'store unreachable', reason: 'the session ended during the search' })
  const all: Placed[] = []
  if (mailbox.exists === 0) return all
  const wanted = { uid: true, headers: ['x-tributary-id'] }
  let status = 'OK'
  client.once('response', (answer) => {
    status = answer.response
  })
  for await (const message of client.fetch(range, wanted, { uid }))
    all.push({ uid: message.uid, trace: message.headers && traceOf(message.headers) })
  if (status.toUpperCase() !== 'OK')
    throw new SessionFailed({ kind: 'store refused', during: 'search', reply: `${status} ${takenForOk}` })
  return all
}
