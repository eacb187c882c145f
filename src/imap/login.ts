/** What people do with a login, beside what the gateway does: try it, fill it, read it, empty it. */
import type { Copy } from '../pull/ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { multiAppend } from './append.ts'
import { connectStore, type Login } from './connection.ts'

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
    const answer = await multiAppend(client, 'INBOX', copies, [])
    if (answer.status === 'stored') return
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

/** What INBOX holds, in its order. */
export async function* readLogin(login: Login): AsyncIterable<ReadMessage> {
  const client = await connectStore(login)
  try {
    await client.mailboxOpen('INBOX', { readOnly: true })
    const wanted = { source: true, envelope: true, internalDate: true }
    for await (const { source, envelope, internalDate } of client.fetch('1:*', wanted)) {
      yield {
        bytes: source ?? Buffer.alloc(0),
        internalDate: new Date(internalDate ?? 0),
        from: envelope?.from?.[0]?.address ?? '',
        subject: envelope?.subject ?? '',
      }
    }
  } finally {
    client.close()
  }
}

/** Removes all folders and all mail of a login, for good. */
export async function emptyLogin(login: Login): Promise<void> {
  const client = await connectStore(login)
  try {
    const folders = await client.list()
    // The deepest first: a folder that has folders in it cannot go.
    for (const { path } of folders.toSorted((a, b) => b.path.length - a.path.length)) {
      if (path.toUpperCase() !== 'INBOX') await client.mailboxDelete(path).catch(() => {})
    }
    await client.mailboxOpen('INBOX')
    await client.messageDelete('1:*')
  } finally {
    client.close()
  }
}
