/** Messages are handed in over the API: what is answered with 202 is on the disk, as it goes out, and everybody sees their own alone. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { after, before, test } from 'node:test'
import { tidyOutbox } from '../../api/outbox-upkeep.ts'
import type { OutboxEntry as Shown } from '../../api/schemas/outbox.ts'
import { diskLimits } from '../../src/disk/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { countForPerson } from '../../src/redis/outbox-writes.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { attemptEnded, undecidable } from '../../src/send/transitions.ts'
import type { DoomedDeskOptions } from '../support/doomed-desk.ts'
import { readFolder } from '../support/reader.ts'
import { storeLetters } from '../support/store-letters.ts'
import { adminToken, type Body, type Stack, startStack } from '../support/stack.ts'

const smtp = { host: 'smtp.example.net', port: 465, tls: 'implicit' }
let stack: Stack
let destinationId: string
let accountId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  accountId = await stack.account({ destinationId, address: 'me@example.net', smtp, senderName: 'Me Myself' })
})
after(async () => {
  await stack.stop()
})

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
async function ask(
  method: Method,
  path: string,
  payload?: object | string | Buffer | Readable,
  { token = adminToken, type = '', key = '' } = {},
) {
  const response = await stack.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(type === '' ? {} : { 'content-type': type }),
      ...(key === '' ? {} : { 'idempotency-key': key }),
    },
    ...(payload === undefined ? {} : { payload }),
  })
  const body = (response.payload === '' ? {} : response.json()) as Body & Shown
  return { status: response.statusCode, body, detail: String(body['detail']), headers: response.headers }
}

const rfc822 = { type: 'message/rfc822' }
const letter = { identity: 'me@example.net', to: [{ address: 'a@example.org' }], subject: 'Tea', text: 'At four?\n' }
const send = async (fields: object = {}, terms = {}) =>
  await ask('POST', `/destinations/${destinationId}/messages`, { ...letter, ...fields }, terms)
const sendWhole = async (message: string | Buffer | Readable, query = '', key = '') =>
  await ask('POST', `/destinations/${destinationId}/messages${query}`, message, { ...rfc822, key })

const folder = () => join(stack.server.folder, 'outbox')
const bodyOf = (id: string) => readFileSync(join(folder(), id), 'latin1')
const fieldOf = (message: string, name: string) =>
  new RegExp(`^${name}: ((?:.|\r\n[ \t])*)`, 'im').exec(message.split('\r\n\r\n')[0] ?? '')?.[1]

test('a message as JSON lies in the outbox, composed, and Bcc is on no wire', async () => {
  const { status, body, headers } = await send({
    to: [{ name: 'Ada, Countess', address: 'ada@example.org' }],
    cc: [{ address: 'c@example.org' }],
    bcc: [{ address: 'secret@example.org' }],
    subject: 'Giờ trà',
    html: '<p>At four?</p>',
    attachments: [
      { filename: 'tea.bin', contentType: 'application/x-tea', content: Buffer.from([0, 1, 255]).toString('base64') },
    ],
  })
  assert.equal(status, 202, JSON.stringify(body))
  assert.equal(headers.location, `/api/v1/outbox/${body.id}`)
  assert.deepEqual(
    body.recipients.map(({ address, state }) => [address, state]),
    [
      ['ada@example.org', 'queued'],
      ['c@example.org', 'queued'],
      ['secret@example.org', 'queued'],
    ],
  )
  assert.deepEqual([body.state, body.accountId, body.subject, body.origin], ['queued', accountId, 'Giờ trà', 'api'])
  const message = bodyOf(body.id)
  assert.equal(message.length, body.octets)
  assert.doesNotMatch(message, /bcc|secret/i)
  assert.doesNotMatch(message, /(?<!\r)\n|\r(?!\n)/)
  assert.equal(fieldOf(message, 'From'), 'Me Myself <me@example.net>')
  assert.equal(fieldOf(message, 'To'), '"Ada, Countess" <ada@example.org>')
  assert.match(fieldOf(message, 'Message-ID') ?? '', /^<[\w-]+@example\.net>$/)
  assert.equal(fieldOf(message, 'Message-ID'), `<${body.messageId}>`)
  assert.ok(fieldOf(message, 'Date'))
  assert.match(message, /Content-Type: application\/x-tea; name=tea\.bin/)
  assert.match(message, /AAH\//)
  assert.match((await stack.world.sendings.get(body.id))?.bcc ?? '', /^Bcc: secret@example\.org\r\n$/)
})

test('an address may be text alone, with a name or without', async () => {
  const taken = await send({ to: ['a@example.org', '"Ada, Countess" <ada@example.org>'] })
  assert.equal(taken.status, 202, JSON.stringify(taken.body))
  const { recipients } = taken.body as object as { recipients: { address: string }[] }
  assert.deepEqual(
    recipients.map(({ address }) => address),
    ['a@example.org', 'ada@example.org'],
  )
})

test('a domain beyond ASCII needs nothing of the provider, and old line ends are line ends', async () => {
  const { body } = await send({ to: ['x@bücher.example', 'x@xn--bcher-kva.example'], text: 'At\rfour\r\nor\nfive?' })
  const { utf8, recipients } = (await stack.world.sendings.get(body.id)) ?? {}
  assert.deepEqual([utf8, recipients?.length], [false, 1])
  assert.match(bodyOf(body.id), /^To: x@xn--bcher-kva\.example,/m)
  assert.match(bodyOf(body.id), /\r\n\r\nAt\r\nfour\r\nor\r\nfive\?\r\n$/)
  const named = await send({ to: ['zoë@example.org'] })
  assert.equal((await stack.world.sendings.get(named.body.id))?.utf8, true)
})

test('an answer goes on with the thread, and a message that is passed on is attached; both are marked', async () => {
  const parent = 'Message-ID: <2@x>\r\nReferences: <0@x>\r\n <1@x>\r\nSubject: Tea\r\n\r\nCome.\r\n'
  await storeLetters(stack.dovecot.imapPort, 'alice', 'wonder', [parent])
  const { body } = await send({ inReplyTo: { folder: 'INBOX', uid: 1 } })
  const message = bodyOf(body.id)
  assert.equal(fieldOf(message, 'In-Reply-To'), '<2@x>')
  assert.equal(fieldOf(message, 'References')?.replace(/\s+/g, ' '), '<0@x> <1@x> <2@x>')
  const passed = await send({ forward: { folder: 'INBOX', uid: 1 } })
  assert.equal(passed.status, 202, passed.detail)
  assert.match(bodyOf(passed.body.id), /Content-Type: message\/rfc822[^]*\r\n\r\nMessage-ID: <2@x>\r\n[^]*Come\.\r\n/)
  const [stored] = await readFolder(stack.dovecot.imapPort, 'alice', 'wonder')
  assert.ok(stored?.flags.includes('\\Answered') && stored.flags.includes('$Forwarded'), String(stored?.flags))
  const gone = await send({ inReplyTo: { folder: 'INBOX', uid: 999 } })
  assert.equal(gone.status, 404, gone.detail)
})

test('a message as it is goes out as it is, to whom its header says', async () => {
  const rest =
    'From: Me <me@example.net>\r\nTo: a@example.org,\r\n b@example.org\r\nMessage-ID: <own@x>\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\n'
  const { status, body, detail } = await sendWhole(`${rest}BCC : c@example.org\r\n\r\nHello\r\n`)
  assert.equal(status, 202, detail)
  assert.deepEqual(
    body.recipients.map(({ address }) => address),
    ['a@example.org', 'b@example.org', 'c@example.org'],
  )
  assert.equal(bodyOf(body.id), `${rest}\r\nHello\r\n`)
  assert.equal(body.messageId, 'own@x')
})

test('a message of many megabytes comes as a stream', async () => {
  const line = Buffer.from(`${'x'.repeat(76)}\r\n`)
  const most = 64 * 1024 * 1024
  const pieces = function* () {
    yield Buffer.from('From: me@example.net\r\nTo: a@example.org\r\nSubject: Long\r\n\r\n')
    const piece = Buffer.concat(Array.from({ length: 1000 }, () => line))
    for (let octets = 0; octets < most; octets += piece.length) yield piece
  }
  const onDisk = () => readdirSync(folder()).reduce((sum, name) => sum + statSync(join(folder(), name)).size, 0)
  const before = onDisk()
  let [given, highest] = [0, 0]
  const watched = function* () {
    for (const piece of pieces()) {
      highest = Math.max(highest, given - (onDisk() - before))
      given += piece.length
      yield piece
    }
  }
  const { status, body, detail } = await sendWhole(Readable.from(watched()))
  assert.equal(status, 202, detail)
  assert.ok(body.octets > most)
  assert.ok(highest < most / 16, `${highest} octets were not on the disk yet`)
  assert.ok(given > most)
  assert.equal((await ask('POST', `/outbox/${body.id}/cancel`)).body.state, 'cancelled')
  assert.ok(!readdirSync(folder()).includes(body.id))
})

test('what may not go out is refused with its reason, and leaves nothing', async () => {
  const there = readdirSync(folder()).toSorted()
  const from = (text: string) => `${text}\r\nTo: a@example.org\r\n\r\nHello\r\n`
  const refused = [
    [
      await sendWhole(from('From: boss@example.com')),
      422,
      /boss@example\.com is not an address of this mailbox: send as me@example\.net/,
    ],
    [await sendWhole(from('From: me@example.net\r\nFrom: boss@example.com')), 422, /2 From fields/],
    [await sendWhole('From: me@example.net\r\n\r\nHello\r\n'), 422, /no recipients/],
    [await sendWhole('From: me@example.net\r\nTo: a@example.org\r\n\r\nHel\nlo\r\n'), 422, /CR or LF alone/],
    [await send({ to: [] }), 422, /no recipients/],
    [await send({ identity: 'boss@example.com' }), 400, /One value is wrong/],
    [await send({ to: [{ address: 'a@example.org, b@example.org' }] }), 400, /One value is wrong/],
    [await send({ to: ['a@example.org, b@example.org'] }), 400, /One value is wrong/],
    [await send({ subject: 'Two\r\nBcc: x@example.org' }), 400, /wrong/],
    [await send({ attachments: [{ filename: 'x', contentType: 'text/plain\r\nX: y', content: '' }] }), 400, /wrong/],
    [await send({ attachments: [{ filename: 'x', content: 'abcde' }] }), 400, /wrong/],
    [await send({ attachments: [{ filename: 'x', content: 'ab=' }] }), 400, /wrong/],
    [await send({ sendAt: '2999-01-01T00:00:00Z' }), 400, /wrong/],
    [await send({ sendAt: `${new Date().getUTCFullYear()}-02-30T00:00:00Z` }), 400, /wrong/],
    [await ask('POST', `/destinations/${destinationId}/messages`), 400, /wrong/],
    [
      await ask('POST', `/destinations/${destinationId}/messages`, 'x', { type: 'text/plain' }),
      415,
      /media type|text\/plain/i,
    ],
  ] as const
  for (const [answer, status, detail] of refused) {
    assert.equal(answer.status, status, answer.detail)
    assert.match(answer.detail, detail)
  }
  assert.deepEqual(readdirSync(folder()).toSorted(), there)
})

test('the same key gives the first message, as JSON and as a whole', async () => {
  const first = await send({}, { key: 'one' })
  const again = await send({}, { key: 'one' })
  assert.deepEqual([again.status, again.body.id], [202, first.body.id])
  const message = 'From: me@example.net\r\nTo: a@example.org\r\n\r\nOnce.\r\n'
  const whole = await Promise.all(Array.from({ length: 5 }, async () => await sendWhole(message, '', 'two')))
  assert.equal(new Set(whole.map(({ body }) => body.id)).size, 1)
  assert.equal(readdirSync(folder()).filter((name) => name.startsWith(whole[0]?.body.id ?? '-')).length, 1)
  assert.notEqual((await sendWhole(message)).body.id, (await sendWhole(message)).body.id)
})

test('one that is to be sent later waits, is listed, and is cancelled until it is being sent', async () => {
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  const { body } = await send({ sendAt })
  assert.deepEqual([body.state, body.sendAt, body.nextAttemptAt], ['queued', sendAt, sendAt])
  const list = await ask('GET', `/destinations/${destinationId}/outbox?state=queued&limit=1`)
  assert.equal((list.body.items[0] as unknown as Shown).id, body.id)
  const next = await ask('GET', `/destinations/${destinationId}/outbox?limit=1&cursor=${String(list.body['next'])}`)
  assert.notEqual((next.body.items[0] as unknown as Shown).id, body.id)
  const gone = await ask('POST', `/outbox/${body.id}/cancel`)
  assert.deepEqual([gone.status, gone.body.state], [200, 'cancelled'])
  assert.ok(!readdirSync(folder()).includes(body.id))
  const again = await ask('POST', `/outbox/${body.id}/cancel`)
  assert.deepEqual(
    [again.status, again.detail],
    [409, `The message ${body.id} is cancelled: nothing is sent of it any more; write it anew.`],
  )
  const { sendings } = stack.world
  const other = await send()
  const claimed = await sendings.claim(accountId, 'token', 60_000, 100)
  assert.ok(claimed.some(({ id }) => id === other.body.id))
  const late = await ask('POST', `/outbox/${other.body.id}/cancel`)
  assert.deepEqual([late.status, /is sending/.test(late.detail)], [409, true])
  for (const { id } of claimed)
    await sendings.during(
      id,
      'token',
      (entry) => attemptEnded(entry, { kind: 'accepted', reply: '250 ok' }, Date.now()),
      { mustHold: false },
    )
  const sent = await ask('GET', `/outbox/${other.body.id}`)
  assert.deepEqual([sent.body.state, sent.body.recipients[0]?.reply], ['accepted', '250 ok'])
})

test('one that is unknown waits for a person, who has it sent again', async () => {
  const { body } = await send()
  const { sendings } = stack.world
  await sendings.claim(accountId, 'token', 60_000, 100)
  await sendings.during(body.id, 'token', undecidable, { mustHold: true })
  await sendings.endAbandoned((await sendings.nowMs()) + 60_001)
  const unknown = await ask('GET', `/outbox/${body.id}`)
  assert.equal(unknown.body.state, 'unknown')
  assert.match(unknown.body.failure?.message ?? '', /it may have arrived/)
  const again = await ask('POST', `/outbox/${body.id}/retry`)
  assert.deepEqual([again.status, again.body.state], [202, 'queued'])
  await stack.world.outboxFiles.remove(body.id)
  const bare = await ask('POST', `/outbox/${body.id}/retry`)
  assert.deepEqual([bare.status, /not on the disk/.test(bare.detail)], [409, true])
  assert.equal((await ask('POST', `/outbox/${body.id}/cancel`)).status, 200)
})

test('a draft is where mail programs look for it, is replaced, and goes when it is sent', async () => {
  const path = `/destinations/${destinationId}/drafts`
  const draftsOf = async (folder: string) => await readFolder(stack.dovecot.imapPort, 'alice', 'wonder', folder)
  const first = await ask('PUT', path, { ...letter, bcc: [{ address: 'secret@example.org' }], subject: 'One' })
  assert.equal(first.status, 200, first.detail)
  const { folder: drafts, uid } = first.body as unknown as { folder: string; uid: number }
  const [draft] = await draftsOf(drafts)
  assert.ok(draft?.uid === uid && draft.flags.includes('\\Draft'), String(draft?.flags))
  assert.match(draft.bytes.toString(), /^Bcc: secret@example\.org\r$/m)
  const second = await ask('PUT', path, { ...letter, subject: 'Two', replaces: { folder: drafts, uid } })
  const left = await draftsOf(drafts)
  assert.equal(left.length, 1)
  assert.match(left[0]?.bytes.toString() ?? '', /Subject: Two/)
  const mail = await ask('PUT', path, { ...letter, replaces: { folder: 'INBOX', uid: 1 } })
  assert.equal(mail.status, 404)
  assert.equal((await readFolder(stack.dovecot.imapPort, 'alice', 'wonder')).length, 1)
  assert.equal((await draftsOf(drafts)).length, 1)
  const place = second.body as unknown as { folder: string; uid: number }
  const sent = await send({ draft: { folder: place.folder, uid: place.uid } })
  assert.equal(sent.status, 202, sent.detail)
  assert.equal((await draftsOf(drafts)).length, 0)
  await send({ draft: { folder: 'INBOX', uid: 1 } })
  assert.equal((await readFolder(stack.dovecot.imapPort, 'alice', 'wonder')).length, 1)
})

test('an owner sends as the addresses of the own mailbox alone, and sees nobody else’s', async () => {
  const other = await stack.destination('bob')
  const tokenOf = async (of: string, scope: string) => {
    const { body } = await stack.call('POST', '/tokens', { name: of, scopes: [scope], destinationId: of })
    return String(body['token'])
  }
  const [bob, reader] = [await tokenOf(other, 'operate'), await tokenOf(destinationId, 'read')]
  const { body } = await send()
  for (const [method, path] of [
    ['GET', `/outbox/${body.id}`],
    ['POST', `/outbox/${body.id}/cancel`],
    ['POST', `/outbox/${body.id}/retry`],
    ['GET', `/destinations/${destinationId}/outbox`],
    ['POST', `/destinations/${destinationId}/messages`],
  ] as const) {
    const { status, detail } = await ask(method, path, method === 'POST' ? letter : undefined, { token: bob })
    assert.equal(status, 404, path)
    assert.match(detail, /^There is no (?:message in the outbox|destination) \w+\.$/)
  }
  const own = await ask('POST', `/destinations/${other}/messages`, letter, { token: bob })
  assert.equal(own.status, 400)
  assert.match(JSON.stringify(own.body), /me@example\.net is the address of none of this mailbox/)
  assert.equal((await ask('GET', `/outbox/${body.id}`, undefined, { token: reader })).status, 200)
  assert.equal((await send({}, { token: reader })).status, 403)
})

test('an account with messages to send stays, and what changes is told', async () => {
  const { body } = await send({ subject: 'Told' })
  const gone = await ask('DELETE', `/accounts/${accountId}`)
  assert.equal(gone.status, 409)
  assert.match(gone.detail, /has messages that are still to be sent; wait until they have gone, or cancel them/)
  const events = (await stack.world.events.after('0-0')).filter(({ kind }) => kind === 'outbox')
  const told = events
    .filter(({ destinationId: of }) => of === destinationId)
    .map(({ json }) => JSON.parse(json) as object)
  assert.ok(told.some((one) => isDeepStrictEqual(one, { id: body.id, destinationId, accountId, state: 'queued' })))
  const audit = await ask('GET', '/audit?limit=1')
  assert.match(JSON.stringify(audit.body.items[0]), /Told/)
})

test('what was sent is found by its Message-ID, and what waits for a person is counted', async () => {
  const { body } = await send({ subject: 'Found again' })
  const { messageId } = body
  const found = async (query: string) => {
    const { body: page } = await ask('GET', `/destinations/${destinationId}/outbox?${query}`)
    return page.items.map(({ subject }) => subject)
  }
  for (const written of [messageId, `<${messageId}>`])
    assert.deepEqual(await found(`messageId=${encodeURIComponent(written)}`), ['Found again'])
  assert.deepEqual(await found('messageId=nobody%40example.org'), [])
  assert.deepEqual(await found(`messageId=${encodeURIComponent(messageId)}&state=accepted`), [])
  const counted = async () => (await ask('GET', '/stats')).body['outbox']
  const before = (await counted()) as { needsPerson: number }
  const { sendings } = stack.world
  await sendings.change(body.id, (entry) => ({
    ...entry,
    state: 'deferred',
    failure: { kind: 'credentials refused', reply: null },
  }))
  const one = { needsPerson: before.needsPerson + 1, destinations: [destinationId] }
  assert.deepEqual(await counted(), one)
  // An earlier version has not counted.
  await stack.redis.del(keys.sendForPerson, keys.sendForPersonOf(destinationId))
  await sendings.ensureCounted()
  assert.deepEqual(await counted(), one)
  // It is read, and settled before it is counted.
  const json = (await stack.redis.hget(keys.sendings, body.id)) ?? ''
  const read = { json, before: JSON.parse(json) as OutboxEntry }
  await ask('POST', `/outbox/${body.id}/cancel`)
  assert.equal(await countForPerson(stack.redis, read), 'changed')
  assert.deepEqual(await counted(), before)
  // An earlier version has counted it nevertheless.
  await stack.redis.sadd(keys.sendForPerson, body.id)
  await stack.redis.sadd(keys.sendForPersonOf(destinationId), body.id)
  await sendings.ensureCounted()
  assert.deepEqual(await counted(), before)
})

test('beyond its bounds nothing is taken', async () => {
  await stack.redis.hset(keys.sendOctets, destinationId, redisLimits.sendOctetsMax)
  const full = await send()
  assert.equal(full.status, 507)
  assert.match(full.detail, /wait until messages have gone, or cancel some/)
  await stack.redis.hdel(keys.sendOctets, destinationId)
})

for (const at of ['before the commit', 'before the entry', 'after the entry'] as const)
  test(`a process that is killed ${at} has accepted what is in the outbox, and nothing else`, async () => {
    const before = new Set(readdirSync(folder()))
    const count = await stack.redis.hlen(keys.sendings)
    const options: DoomedDeskOptions = { url: stack.server.url, folder: stack.server.folder, destinationId, at }
    const script = fileURLToPath(new URL('../support/doomed-desk.js', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [, signal] = (await once(child, 'close')) as [number | null, string | null]
    assert.equal(signal, 'SIGKILL')
    const left = readdirSync(folder()).filter((name) => !before.has(name))
    assert.equal(left.length, 1)
    assert.equal(await stack.redis.hlen(keys.sendings), at === 'after the entry' ? count + 1 : count)
    const { sendings, outboxFiles } = stack.world
    utimesSync(join(folder(), left[0] ?? ''), 1, 1)
    await tidyOutbox({ sendings, outboxFiles, log: stack.world.log }, 1000 + diskLimits.outboxOrphanMs + 1)
    const kept = readdirSync(folder()).filter((name) => left.includes(name))
    assert.deepEqual(kept, at === 'after the entry' ? left : [])
    if (at === 'after the entry') assert.match(bodyOf(left[0] ?? ''), /The doomed one/)
  })
