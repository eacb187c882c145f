import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { Chance } from '../support/chance.ts'
import { attacks, grammarMail } from '../support/hostile-mail.ts'
import { startImapServer } from '../support/imap-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { watchLoop } from '../support/stretches.ts'
import { until } from '../support/until.ts'

let stack: Stack
let destination: string
before(async () => {
  stack = await startStack()
  destination = await stack.destination('reader')
})
after(async () => await stack.stop())

/** The target is 50 ms; the rest is for the collector, which works in threads of its own, and for what is not compiled yet. */
const heldMsMax = 200

async function put(folder: string, messages: readonly Buffer[]): Promise<void> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: stack.dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user: 'reader', pass: 'wonder' },
    logger: false,
  })
  await client.connect()
  await client.mailboxCreate(folder)
  for (const message of messages) await client.append(folder, message)
  await client.logout()
}

const get = async (path: string) => await stack.call('GET', `/destinations/${destination}${path}`)

for (const [nth, [what, attack]] of Object.entries(attacks).entries()) {
  test(`a folder with a mail of ${what} is listed, the mail is read and downloaded, and nobody waits for it`, async () => {
    const folder = `attack ${nth}`
    const bytes = attack()
    await put(folder, [Buffer.from('Subject: before\r\n\r\nx\r\n'), bytes])
    const watch = watchLoop()
    const { status, body } = await get(`/messages?folder=${encodeURIComponent(folder)}`)
    assert.equal(status, 200, JSON.stringify(body))
    const row = body.items.find(({ subject }) => subject !== 'before')
    assert.deepEqual([body.items.length, row?.['size'], row?.['unreadable']], [2, bytes.length, false])
    const uid = String(row?.['uid'])
    const place = `?folder=${encodeURIComponent(folder)}`
    assert.equal((await get(`/messages/${uid}${place}`)).status, 200)
    const held = watch.stop()
    assert.ok(held < heldMsMax, `held the loop for ${held} ms`)
    const url = `/api/v1/destinations/${destination}/messages/${uid}/source${place}`
    const { rawPayload } = await stack.app.inject({ url, headers: { authorization: `Bearer ${adminToken}` } })
    assert.equal(rawPayload.length, bytes.length)
  })
}

test('a mail with more than is read says so; one that is read whole does not', async () => {
  const named = (name: string) => attacks[name]!()
  await put('told', [named('9,990 empty parts'), named('19,000 recipients'), Buffer.from('To: a@b\r\n\r\nx\r\n')])
  const { body } = await get('/messages?folder=told')
  const told = await Promise.all(
    body.items.map(async ({ uid }) => (await get(`/messages/${String(uid)}?folder=told`)).body),
  )
  assert.deepEqual(
    new Set(told.map(({ incomplete, subject }) => `${String(subject)}: ${String(incomplete)}`)),
    new Set(['parts: true', 'recipients: true', 'null: false']),
  )
  const recipients = told.find(({ subject }) => subject === 'recipients')
  assert.ok(recipients !== undefined)
  assert.equal((recipients['to'] as unknown[]).length, 500)
})

test('a row that the store tells in no way that can be read says so, with its size and arrival, and is downloaded', async () => {
  const known = 'UID 1 FLAGS () RFC822.SIZE 5 INTERNALDATE "01-Jun-2026 10:00:00 +0000"'
  const store = await startImapServer({
    answers: {
      EXAMINE: '* 1 EXISTS\r\n* OK [UIDVALIDITY 1] so\r\n* OK [UIDNEXT 2] so\r\nTAG OK [READ-ONLY] done',
      'UID SEARCH': '* SEARCH 1\r\nTAG OK done',
      'UID FETCH': (command) => {
        if (command.includes('ENVELOPE')) return '* 1 FETCH (UID 1 ENVELOPE (NIL "open)\r\nTAG OK done'
        const source = command.includes('<0.') ? ' BODY[]<0> {5}\r\nx: y\n' : ''
        return `* 1 FETCH (${known}${source})\r\nTAG OK done`
      },
    },
  })
  try {
    const given = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user: 'me', password: 'secret' }
    const { id } = (await stack.call('POST', '/destinations', given)).body
    const { status, body } = await stack.call('GET', `/destinations/${id}/messages?folder=INBOX`)
    const [{ size, arrived, subject, unreadable } = {}] = body.items
    assert.deepEqual([status, size, arrived, subject, unreadable], [200, 5, '2026-06-01T10:00:00.000Z', null, true])
    const opened = await stack.call('GET', `/destinations/${id}/messages/1?folder=INBOX`)
    assert.deepEqual([opened.status, opened.body['incomplete'], opened.body['size']], [200, true, 5])
    const url = `/api/v1/destinations/${id}/messages/1/source?folder=INBOX`
    const source = await stack.app.inject({ url, headers: { authorization: `Bearer ${adminToken}` } })
    assert.equal(source.payload, 'x: y\n')
  } finally {
    await store.close()
  }
})

test('fifty mails that attack the list at once hold nobody up', async () => {
  const [parts, recipients] = [attacks['9,990 empty parts']!(), attacks['19,000 recipients']!()]
  await put(
    'fifty',
    Array.from({ length: 50 }, (_, nth) => (nth % 2 === 0 ? parts : recipients)),
  )
  // Dovecot takes each of them apart once, and may need longer for that than somebody waits.
  await until('the first list', async () => (await get('/messages?folder=fifty')).status === 200)
  const watch = watchLoop()
  const lists = await Promise.all(Array.from({ length: 3 }, () => get('/messages?folder=fifty')))
  const held = watch.stop()
  assert.deepEqual(
    lists.map(({ status, body }) => [status, body.items.length]),
    Array.from({ length: 3 }, () => [200, 50]),
  )
  assert.ok(held < heldMsMax, `held the loop for ${held} ms`)
})

test('mail by a grammar is listed and read, and holds nobody up', async () => {
  const seed = Number(process.env['TRIBUTARY_SEED'] ?? 20_260_401)
  const cases = Number(process.env['TRIBUTARY_CASES'] ?? 20)
  const chance = new Chance(seed)
  const messages = Array.from({ length: cases }, () => grammarMail(chance)).filter(({ length }) => length > 0)
  await put('grammar', messages)
  const watch = watchLoop()
  const { status, body } = await get(`/messages?folder=grammar&limit=500`)
  assert.deepEqual([status, body.items.length], [200, messages.length], `seed ${seed}`)
  assert.ok(
    body.items.every(({ unreadable }) => unreadable === false),
    `seed ${seed}`,
  )
  for (const { uid } of body.items)
    assert.equal((await get(`/messages/${String(uid)}?folder=grammar`)).status, 200, `seed ${seed}, uid ${String(uid)}`)
  const held = watch.stop()
  assert.ok(held < heldMsMax, `held the loop for ${held} ms, seed ${seed}`)
})
