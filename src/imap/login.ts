/** The uses of a login outside of a run: it is tried, filled, read and emptied. */
import type { ImapFlow } from 'imapflow'
import { encodePath } from 'imapflow/lib/tools.js'
import type { Copy } from '../pull/store-ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { multiAppend } from './append.ts'
import { atom, execute, isRefusal, sequence, within, wordsOf } from './command.ts'
import { connectStore, encodedPathOf, type Login, serverOf } from './connection.ts'
import { isMissing, isStaging, listed, stagingRoot } from './folder.ts'
import { imapLimits } from './limits.ts'
import { failed } from './trouble.ts'

export async function tryLogin(login: Login): Promise<'accepted' | 'refused'> {
  try {
    const client = await connectStore(login)
    client.close()
    return 'accepted'
  } catch (error) {
    if (error instanceof SessionFailed && error.failure.kind === 'store refused') return 'refused'
    throw error
  }
}

/** Puts messages into INBOX, all of them or none. */
export async function fillLogin(login: Login, copies: readonly Copy[]): Promise<void> {
  const client = await connectStore(login)
  try {
    const answer = await multiAppend(client, { folder: 'INBOX', copies, flags: [] }, { dovecot: true })
    if (answer.status === 'stored') return
    if (answer.status === 'broken') throw new SessionFailed(answer.failure)
    const reply = answer.status === 'refused' ? answer.reply : [...answer.reasons.values()].join('; ')
    throw new SessionFailed({ kind: 'store refused', during: 'filling', reply })
  } finally {
    client.close()
  }
}

export interface ReadMessage {
  readonly bytes: Buffer
  readonly internalDate: Date
  readonly from: string
  readonly subject: string
}

/** Reads the messages of INBOX, in its order. */
export async function* readLogin(login: Login): AsyncIterable<ReadMessage> {
  const client = await connectStore(login)
  const during = 'reading back'
  const answered = <T>(work: Promise<T>) => within(client, work, { waitMs: imapLimits.appendWaitMs, during })
  try {
    await answered(client.mailboxOpen('INBOX', { readOnly: true }))
    const fetched = client.fetch('1:*', { source: true, envelope: true, internalDate: true })
    for (;;) {
      const next = await answered(fetched.next())
      if (next.done) return
      const { source, envelope, internalDate } = next.value
      yield {
        bytes: source ?? Buffer.alloc(0),
        internalDate: new Date(internalDate ?? 0),
        from: envelope?.from?.[0]?.address ?? '',
        subject: envelope?.subject ?? '',
      }
    }
  } catch (error) {
    throw failed(error, serverOf(client), during)
  } finally {
    client.close()
  }
}

/**
 * Removes all folders and all mail of a login, for good. It is an error if the store refuses a removal, or does not carry it out: the
 * next person who is given that login would read the remaining mail.
 *
 * @throws SessionFailed if mail is left, or may be left.
 */
export async function emptyLogin(login: Login): Promise<void> {
  const client = await connectStore(login)
  const during = 'emptying'
  const answered = <T>(work: Promise<T>) => within(client, work, { waitMs: imapLimits.appendWaitMs, during })
  try {
    const folders = await answered(client.list())
    const shown = folders.map(({ path, flags }) => ({
      path,
      holdsMail: !flags.has('\\Noselect') && !flags.has('\\NonExistent'),
    }))
    // No LIST of all folders shows these.
    const staged = await answered(listed(client, `${encodedPathOf(client, `${stagingRoot}/`)}*`))
    let refusal: SessionFailed | undefined
    // The deepest folders go first: a folder that contains folders cannot be removed.
    for (const { path, holdsMail } of shown.toSorted((a, b) => b.path.length - a.path.length)) {
      if (path.toUpperCase() === 'INBOX') continue
      try {
        await answered(execute(client, 'DELETE', [atom(encodePath(client, path))]))
      } catch (error) {
        if (!isRefusal(error)) throw error
        // The other folders are removed all the same.
        if (holdsMail && !isMissing(error)) refusal ??= refusedOf(path, error)
      }
    }
    for (const path of staged.filter(isStaging)) {
      await answered(execute(client, 'DELETE', [atom(path)])).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    }
    await answered(emptyInbox(client))
    if (refusal !== undefined) throw refusal
  } catch (error) {
    throw failed(error, serverOf(client), during)
  } finally {
    client.close()
  }
}

/** Uses the commands themselves: imapflow's messageDelete() answers a refusal with `false`, without the server's words. */
async function emptyInbox(client: ImapFlow): Promise<void> {
  const { exists } = await client.mailboxOpen('INBOX')
  if (exists === 0) return
  await execute(client, 'STORE', [sequence('1:*'), atom('+FLAGS.SILENT'), [atom('\\Deleted')]])
  await execute(client, 'EXPUNGE', [])
  const left = (await client.mailboxOpen('INBOX')).exists
  if (left > 0)
    throw new SessionFailed({
      kind: 'store refused',
      during: 'emptying',
      reply: `OK, and INBOX still holds ${left} of ${exists} messages`,
    })
}

function refusedOf(path: string, error: unknown): SessionFailed {
  return new SessionFailed({ kind: 'store refused', during: 'emptying', reply: `${path}: ${wordsOf(error)}` }, error)
}
