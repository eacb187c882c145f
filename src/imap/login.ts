/** Two things that people do to a login, beside appending to it: try it, and empty it. */
import { SessionFailed } from '../failure.ts'
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
