/** A folder whose levels hold the separator of its destination is refused at its field, once the separator is known. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startImapServer } from '../support/imap-server.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => await stack.stop())

test('before a run has met the separator the first run tells; from then on it is a 400 at the field, for new and changed accounts', async () => {
  const store = await startImapServer({ separator: '.' })
  const provider = await startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }] })
  const login = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user: 'me', password: 'secret' }
  const { body: made } = await stack.call('POST', '/destinations', login)
  const destinationId = made.id
  const account = (folder: string, user: string) =>
    stack.call('POST', '/accounts', {
      address: 'me@example.net',
      host: '127.0.0.1',
      port: provider.port,
      tls: 'none',
      user,
      password: 'secret',
      paused: true,
      destinationId,
      folder,
    })
  const first = await account('Collected/me@example.net', 'me')
  assert.equal(first.status, 201, JSON.stringify(first.body))
  const id = first.body.id
  await stack.startWorker()
  const told = /"\." parts the levels of folders there, so "me@example\.net" would become several folders/
  assert.match((await stack.pull(id)).failure?.message ?? '', told)

  const refused = [
    await account('Collected/me@example.net', 'other'),
    await stack.call('PATCH', `/accounts/${id}`, { folder: 'More/me@example.net' }),
  ]
  for (const { status, body } of refused) {
    assert.equal(status, 400)
    const errors = JSON.stringify(body['errors'])
    assert.ok(errors.includes('"/folder"'), errors)
    assert.match(JSON.parse(errors)[0].detail, told)
  }
  // What it has stays as it is, and may be changed into what fits.
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { paused: true })).status, 200)
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { folder: 'Collected/me' })).status, 200)
  assert.equal((await account('Collected/other', 'other')).status, 201)
  const hosted = await stack.destination('alice')
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { destinationId: hosted, folder: 'a.b/c' })).status, 200)
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { destinationId })).status, 400)
  await stack.stopWorker()
  await provider.close()
  await store.close()
})

test('a folder that the hosted store cannot make is a 400 at the field, and the longest that it can holds mail', async () => {
  const provider = await startPop3Server({ messages: [{ bytes: Buffer.from('Subject: one\r\n\r\none\r\n') }] })
  const destinationId = await stack.destination('hugo')
  const login = { host: '127.0.0.1', tls: 'none', user: 'me', password: 'secret', port: provider.port }
  const fields = { address: 'me@example.net', ...login, destinationId }
  await stack.startWorker()
  for (const folder of [
    '.',
    '..',
    '../x',
    'x/./y',
    '~',
    '~root',
    'dbox-Mails',
    'x/dbox-Mails',
    'é'.repeat(95),
    'x'.repeat(256),
  ]) {
    const { status, body } = await stack.call('POST', '/accounts', { ...fields, folder })
    assert.deepEqual([status, JSON.stringify(body['errors']).includes('"/folder"')], [400, true], folder)
  }
  for (const folder of ['é'.repeat(94), 'x'.repeat(200), '.x', '..x', 'x~', '...']) {
    const id = await stack.account({ port: provider.port, destinationId, folder, user: `of ${folder.slice(0, 4)}` })
    assert.equal((await stack.pull(id)).failure, null, folder)
  }
  await provider.close()
})
