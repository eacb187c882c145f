import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { type Stack, startStack } from './support/stack.ts'

let stack: Stack
let destination: string
let client: ImapFlow
before(async () => {
  stack = await startStack()
  destination = await stack.destination('reader')
  client = await another('reader')
})
after(async () => {
  await client.logout()
  await stack.stop()
})

/** A mail program of somebody’s. */
async function another(user: string): Promise<ImapFlow> {
  const program = new ImapFlow({
    host: '127.0.0.1',
    port: stack.dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: 'wonder' },
    logger: false,
  })
  await program.connect()
  return program
}

const get = async (path: string) => await stack.call('GET', `/destinations/${destination}${path}`)
async function put(message: string, { folder = 'INBOX', at = new Date(), flags = [] as string[] } = {}) {
  const { uid } = (await client.append(folder, Buffer.from(message.replaceAll(/\r?\n/g, '\r\n')), flags, at)) as {
    uid: number
  }
  return uid
}

const plain = (subject: string, body = 'Hello.\n') =>
  `From: Ada <ada@example.org>\nTo: me@example.net\nSubject: ${subject}\nDate: Mon, 1 Jun 2026 10:00:00 +0000\n\n${body}`

test('folders: INBOX first, then those with a use, then by name', async () => {
  await client.mailboxCreate('Årsmöte/Kallelser')
  await put(plain('a'))
  const { body } = await get('/folders')
  assert.deepEqual(
    body.items.map(({ path, name, depth, use, selectable }) => [path, name, depth, use, selectable]),
    [
      ['INBOX', 'INBOX', 0, 'inbox', true],
      ['Sent', 'Sent', 0, 'sent', true],
      ['Drafts', 'Drafts', 0, 'drafts', true],
      ['Junk', 'Junk', 0, 'junk', true],
      ['Trash', 'Trash', 0, 'trash', true],
      ['Archive', 'Archive', 0, 'archive', true],
      ['Årsmöte', 'Årsmöte', 0, null, false],
      ['Årsmöte/Kallelser', 'Kallelser', 1, null, true],
    ],
  )
  assert.deepEqual([body.items[0]?.['messages'], body.items[0]?.['unseen']], [1, 1])
})
