import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { envelopeOf } from '../../src/mail/envelope.ts'
import { envelopeLines, fieldsOf } from '../../src/mail/header.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { AccountId, RunId } from '../../src/mail/message.ts'
import { Arrivals, arrivalsPage } from '../../src/redis/arrivals.ts'
import { keys } from '../../src/redis/key-names.ts'
import { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter, TestWorld } from '../support/world.ts'

const subjects = Array.from({ length: 7 }, (_, nth) => `subject ${nth}`)
let stack: Stack
let provider: ScriptedServer
let id: AccountId
before(async () => {
  ;[stack, provider] = await Promise.all([
    startStack(),
    startPop3Server({ messages: subjects.map((subject) => ({ bytes: letter(subject), uidl: subject })) }),
  ])
  await stack.startWorker()
  const destinationId = await stack.destination('alice')
  id = (await stack.account({ port: provider.port, destinationId, folder: 'Work' })) as AccountId
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

test('what a run brought is listed with the names under which it stands in its folder, and goes with its account', async () => {
  const run = await stack.pull(id)
  const first = (await stack.call('GET', `/runs/${run.id}/messages?limit=5`)).body
  const { cursor, omitted } = { cursor: String(first['next']), omitted: first['omitted'] }
  const second = (await stack.call('GET', `/runs/${run.id}/messages?limit=5&cursor=${cursor}`)).body
  const items = [...first.items, ...second.items]
  assert.deepEqual([first.items.length, second.items.length, second['next'], omitted], [5, 2, null, 0])
  assert.deepEqual(
    items.map(({ subject }) => subject),
    subjects.toReversed(),
  )
  const held = await readFolder(stack.dovecot.imapPort, 'alice', 'wonder', 'Work')
  for (const item of items) {
    const { uid } = held.find(({ bytes }) => bytes.includes(`Subject: ${String(item['subject'])}\r\n`)) ?? { uid: 0 }
    assert.deepEqual([item['uid'], item['folder'], item['from']], [uid, 'Work', 'a@example.org'])
    assert.deepEqual([item['date'], item['size']], ['2026-11-03T09:00:00.000Z', letter(String(item['subject'])).length])
    assert.ok(Math.abs(Date.parse(String(item['storedAt'])) - Date.now()) < 60_000)
  }
  const wrong = await stack.call('GET', `/runs/${run.id}/messages?cursor=x`)
  const errors = (wrong.body as { errors?: unknown }).errors
  const detail = 'must be the `next` of an earlier page of this list'
  assert.deepEqual([wrong.status, errors], [400, [{ in: 'query', pointer: '/cursor', detail }]])
  assert.equal((await stack.call('GET', '/runs/01J00000000000000000000000/messages')).status, 404)

  const { id: next } = await stack.pull(id)
  assert.deepEqual((await stack.call('GET', `/runs/${next}/messages`)).body, { items: [], next: null, omitted: 0 })
  assert.ok((await stack.redis.pttl(keys.arrived(id, run.id))) > 0)
  await stack.call('DELETE', `/accounts/${id}`)
  assert.equal(await stack.redis.exists(keys.arrived(id, run.id)), 0)
})

test('kept for 0 days, nothing is written', async () => {
  await new InstanceSettingsStore(stack.redis).change({ arrivedKeptDays: 0 })
  const destinationId = await stack.destination('bob')
  const other = (await stack.account({ port: provider.port, destinationId })) as AccountId
  const run = await stack.pull(other)
  assert.equal(run.stored, subjects.length)
  assert.equal(await stack.redis.exists(keys.arrived(other, run.id)), 0)
})

test('of a large import the newest are kept, and how many there were before; the next process goes on', async () => {
  const run = { accountId: '01J0000000000000000000MANY' as AccountId, id: '01J00000000000000000000RUN' as RunId }
  const arrival = (nth: number) => {
    return { storedAtMs: nth, octets: nth, envelope: Buffer.from('subject: x\r\n'), folder: 'INBOX', uid: undefined }
  }
  const some = (from: number, count: number) => Array.from({ length: count }, (_, nth) => arrival(from + nth))
  const arrivals = new Arrivals(stack.redis, run.accountId, run.id, 30)
  for (let from = 0; from < 2500; from += 250) arrivals.add(some(from, 250))
  await arrivals.settled()
  const anew = new Arrivals(stack.redis, run.accountId, run.id, 30)
  anew.add(some(2500, 10))
  await anew.settled()
  const page = await arrivalsPage(stack.redis, run, { limit: 500 })
  assert.deepEqual([page.omitted, page.items.length, page.next], [2510 - redisLimits.arrivalsKept, 500, 2010])
  assert.deepEqual([page.items[0]?.octets, page.items.at(-1)?.octets, page.items[0]?.uid], [2509, 2010, undefined])
  // More has come since: the next page goes on where this one ended.
  anew.add(some(2510, 100))
  await anew.settled()
  const { items } = await arrivalsPage(stack.redis, run, { limit: 500, before: page.next ?? 0 })
  assert.deepEqual([items[0]?.octets, items.at(-1)?.octets], [2009, 1610])
})

test('a store that tells of no UIDs has none listed; Redis in trouble holds nothing up', async () => {
  const world = new TestWorld(subjects.map((subject) => ({ bytes: letter(subject), uidl: subject })))
  await world.pull()
  assert.deepEqual(
    world.arrivals.map(({ folder, octets }) => [folder, octets]),
    subjects.map((subject) => ['INBOX', letter(subject).length]),
  )
  const arrivals = new Arrivals(stack.redis, id, '01J00000000000000000000RUX' as RunId, 30)
  await stack.redis.hset(keys.arrived(id, '01J00000000000000000000RUX'), 'not', 'a list')
  arrivals.add([{ storedAtMs: 0, octets: 0, envelope: Buffer.alloc(0), folder: 'INBOX', uid: 1 }])
  await arrivals.settled()
})

test('From, Subject and Date are what people read, whatever the header looks like', async () => {
  const read = async (header: string) => await envelopeOf(envelopeLines(fieldsOf(Buffer.from(header, 'latin1'))))
  const encoded = [
    '=?utf-8?q?J=C3=BCrgen?= <j@example.org>',
    '=?iso-8859-1?q?Gr=FC=DFe?=\r\n =?iso-8859-1?q?_an_alle?=',
  ]
  assert.deepEqual(
    await read(`X: y\r\nFrom: ${encoded[0]}\r\nSubject: ${encoded[1]}\r\nDate: Tue, 3 Nov 2026 10:00:00 +0100\r\n`),
    { from: '"Jürgen" <j@example.org>', subject: 'Grüße an alle', date: '2026-11-03T09:00:00.000Z' },
  )
  const nothing = { from: null, subject: null, date: null }
  assert.deepEqual(await read(''), nothing)
  assert.deepEqual(await read('Date: yesterday\r\n'), nothing)
  assert.deepEqual((await read('Subject: Gr\xc3\xbc\xc3\x9fe\r\n')).subject, 'Grüße')
  assert.ok(envelopeLines(fieldsOf(Buffer.from(`Subject: ${'x'.repeat(1e6)}\r\n`))).length < 1100)
  assert.equal(
    typeof (await read(`Subject: ${'=?utf-8?b?'.repeat(200)}\r\nFrom: ${'<'.repeat(999)}\r\n`)).subject,
    'string',
  )
})
