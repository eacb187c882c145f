/** What is being written lies in the mailbox: written anew, found, thrown away and sent, and nothing else is lost by it. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { storeLetters } from '../support/store-letters.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let destination: string
before(async () => {
  stack = await startStack()
  destination = await stack.destination('alice')
  const smtp = { host: 'smtp.example.net', port: 465, tls: 'implicit' }
  await stack.account({ destinationId: destination, address: 'me@example.net', smtp })
  await storeLetters(stack.dovecot.imapPort, 'alice', 'wonder', [
    'From: ada@example.org\r\nMessage-ID: <2@example.org>\r\nReferences: <1@example.org>\r\nSubject: Tea\r\n\r\nAt four?\r\n',
  ])
})
after(async () => await stack.stop())

interface Place {
  readonly folder: string
  readonly uid: number
}
const letter = {
  identity: 'me@example.net',
  to: [{ name: 'Ada', address: 'ada@example.org' }],
  subject: 'Re: Tea',
  text: 'At five.\n',
}
async function put(fields: object): Promise<Place> {
  const { status, body } = await stack.call('PUT', `/destinations/${destination}/drafts`, { ...letter, ...fields })
  assert.equal(status, 200, JSON.stringify(body))
  return body as unknown as Place
}
const list = async (folder: string) => {
  const { body } = await stack.call('GET', `/destinations/${destination}/messages?folder=${folder}`)
  return body.items.map(({ uid, subject }) => [Number(uid), subject] as const)
}
const source = async ({ folder, uid }: Place) => {
  const url = `/api/v1/destinations/${destination}/messages/${uid}/source?folder=${folder}`
  return (await stack.app.inject({ url, headers: { authorization: `Bearer ${adminToken}` } })).payload
}

test('a draft lies where mail programs look for it, with Bcc and what it answers; the next one stands in its place', async () => {
  const content = Buffer.from([0, 255]).toString('base64')
  const first = await put({
    bcc: [{ address: 'secret@example.org' }],
    attachments: [{ filename: 'tea.bin', contentType: 'application/x-tea', content }],
    inReplyTo: { folder: 'INBOX', uid: 1 },
  })
  assert.equal(first.folder, 'Drafts')
  const { body } = await stack.call('GET', `/destinations/${destination}/messages/${first.uid}?folder=Drafts`)
  const { bcc, to, text, attachments } = body as unknown as {
    bcc: unknown
    to: unknown
    text: unknown
    attachments: unknown[]
  }
  assert.deepEqual(
    [bcc, to],
    [[{ name: null, address: 'secret@example.org' }], [{ name: 'Ada', address: 'ada@example.org' }]],
  )
  assert.deepEqual([text, attachments.length], ['At five.\r\n', 1])
  // Whoever opens it anew does not know any more what it answers.
  const second = await put({ subject: 'Re: Tea and milk', replaces: first })
  assert.deepEqual(await list('Drafts'), [[second.uid, 'Re: Tea and milk']])
  assert.match(
    await source(second),
    /^In-Reply-To: <2@example\.org>\r\nReferences: <1@example\.org> <2@example\.org>\r$/m,
  )
})

test('what is sent is no draft any more, and goes on with the thread of the draft', async () => {
  const [[uid] = []] = await list('Drafts')
  const draft = { folder: 'Drafts', uid }
  const { status, body } = await stack.call('POST', `/destinations/${destination}/messages`, { ...letter, draft })
  assert.equal(status, 202, JSON.stringify(body))
  assert.deepEqual(await list('Drafts'), [])
  const { body: answered } = await stack.call('GET', `/destinations/${destination}/messages?folder=INBOX`)
  assert.equal(answered.items[0]?.['answered'], true, 'found again by the Message-ID that the draft names')
})

test('a draft is thrown away; what is no draft is not, whoever names it', async () => {
  const { folder, uid } = await put({ to: [], subject: '', text: '' })
  const at = `/destinations/${destination}/drafts`
  for (const path of [`${at}/1?folder=INBOX`, `${at}/${uid}?folder=${folder}`, `${at}/${uid}?folder=${folder}`])
    assert.equal((await stack.call('DELETE', path)).status, 204, path)
  assert.deepEqual([await list('INBOX'), await list('Drafts')], [[[1, 'Tea']], []])
})

test('what is cancelled before it went is a draft again, with Bcc; what has ended is not', async () => {
  const bcc = [{ address: 'secret@example.org' }]
  const { body: sent } = await stack.call('POST', `/destinations/${destination}/messages`, { ...letter, bcc })
  const cancel = `/outbox/${sent['id']}/cancel?draft=true`
  assert.equal((await stack.call('POST', cancel)).status, 200)
  const [[uid] = []] = await list('Drafts')
  const { body } = await stack.call('GET', `/destinations/${destination}/messages/${uid}?folder=Drafts`)
  assert.deepEqual((body as unknown as { bcc: unknown }).bcc, [{ name: null, address: 'secret@example.org' }])
  assert.equal((await stack.call('POST', cancel)).status, 409)
  assert.equal((await list('Drafts')).length, 1)
})

test('what is larger than a draft of the page is a draft again as well, octet by octet', {
  timeout: 480_000,
}, async () => {
  const line = Buffer.from(`${'x'.repeat(74)}\r\n`)
  const head = Buffer.from('From: me@example.net\r\nTo: a@example.org\r\nBcc: s@example.org\r\nSubject: Large\r\n\r\n')
  const lines = Math.ceil((43 * 1024 * 1024) / line.length)
  async function* large() {
    yield head
    const many = Buffer.concat(Array.from({ length: 1000 }, () => line))
    for (let sent = 0; sent < lines; sent += 1000) yield many
  }
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  const taken = await stack.app.inject({
    method: 'POST',
    url: `/api/v1/destinations/${destination}/messages?sendAt=${sendAt}`,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'message/rfc822' },
    payload: Readable.from(large()),
  })
  const { id, octets } = taken.json<{ id: string; octets: number }>()
  assert.equal(taken.statusCode, 202)
  const before = await list('Drafts')
  const { status, body } = await stack.call('POST', `/outbox/${id}/cancel?draft=true`)
  assert.deepEqual([status, body['state']], [200, 'cancelled'], JSON.stringify(body))
  const [draft] = (await list('Drafts')).filter(([uid]) => !before.some(([known]) => known === uid))
  const { body: listed } = await stack.call('GET', `/destinations/${destination}/messages?folder=Drafts`)
  const { size } = listed.items.find(({ uid }) => uid === draft?.[0]) as unknown as { size: number }
  assert.deepEqual([draft?.[1], size], ['Large', octets + 'Bcc: s@example.org\r\n'.length])
})

test('a draft is written as an identity of the mailbox, to whole addresses', async () => {
  for (const [fields, pointer] of [
    [{ identity: 'other@example.net' }, '/identity'],
    [{ cc: [{ address: 'nonsense' }] }, '/cc/0/address'],
  ] as const) {
    const { status, body } = await stack.call('PUT', `/destinations/${destination}/drafts`, { ...letter, ...fields })
    assert.deepEqual([status, (body as { errors?: { pointer: string }[] }).errors?.[0]?.pointer], [400, pointer])
  }
})
