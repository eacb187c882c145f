/** Appends messages to an INBOX over IMAP. */
import { ImapFlow } from 'imapflow'

export async function storeLetters(
  port: number,
  user: string,
  pass: string,
  letters: readonly (string | Buffer)[],
  folder = 'INBOX',
): Promise<void> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass },
    logger: false,
  })
  await client.connect()
  try {
    for (const letter of letters) await client.append(folder, letter)
  } finally {
    await client.logout()
  }
}
