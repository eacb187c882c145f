import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { apiLimits } from '../../api/limits.ts'
import { mailLimits } from '../../src/mail/limits.ts'
import { StateFileUnreadable, readForeignState, type ForeignStateFormat } from '../../src/ledger/foreign-state.ts'
import { pending } from '../../src/deadline.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter, TestWorld } from '../support/world.ts'
import { newRecord } from '../../src/ledger/ledger.ts'
import { uidlHash } from '../../src/mail/header.ts'
import type { Uidl } from '../../src/mail/message.ts'

/** As the programs wrote them over the same maildrop of a Dovecot; fetchmail's and mpop's with a second user's before or behind. */
const files: Readonly<Record<ForeignStateFormat, string>> = {
  getmail: 'oldmail-127.0.0.1-110-me',
  fetchmail: 'fetchids',
  mpop: 'mpop-uidls',
}
const fixture = (name: string) => readFileSync(`test/fixtures/foreign-state/${name}`)
const fetched = ['000000016b057391', '000000026b057391', '000000036b057391']
const me = { host: '127.0.0.1', user: 'me' }

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(async () => {
  await stack.stop()
})

async function send(
  id: string,
  format: string,
  body: Buffer | string,
  type = 'application/octet-stream',
  more: Readonly<Record<string, string>> = {},
) {
  const response = await stack.app.inject({
    method: 'POST',
    url: `/api/v1/accounts/${id}/ledger/import?format=${format}`,
    headers: { authorization: `Bearer ${adminToken}`, ...(type === '' ? {} : { 'content-type': type }), ...more },
    payload: body,
  })
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

for (const [format, file] of Object.entries(files) as [ForeignStateFormat, string][]) {
  test(`a switch from ${format} fetches what came since, and nothing twice`, async () => {
    const messages = [...fetched, 'newer'].map((uidl) => ({ bytes: letter(`${format} ${uidl}`), uidl }))
    const provider = await startPop3Server({ messages })
    const retention = { mode: 'delete' }
    const id = await stack.account({ port: provider.port, destinationId, folder: format, retention })
    const notice = 'Of the 4 messages in the maildrop 3 are in this file; the others count as not fetched yet.'
    for (const imported of [3, 0]) {
      const { status, body } = await send(id, format, fixture(file))
      assert.deepEqual([status, body], [200, { imported, listed: 3, notice }])
    }
    const run = await stack.pull(id)
    assert.deepEqual([run.listed, run.stored, run.deleted, run.failure], [4, 1, 1, null])
    const stored = await readFolder(stack.dovecot.imapPort, 'alice', 'wonder', format)
    assert.match(String(stored.map(({ bytes }) => bytes)), /Subject: \S+ newer/)
    assert.deepEqual((await stack.pull(id)).stored, 0)
    assert.deepEqual(
      provider.maildrop().map(({ uidl }) => uidl),
      fetched,
      'what others have stored is not ours to delete',
    )
    const { body } = await send(id, format, fixture(file))
    assert.deepEqual(body, { imported: 0, listed: 3, notice: null })
    await provider.close()
    const alone = await send(id, format, fixture(file))
    assert.deepEqual(alone, { status: 200, body: { imported: 0, listed: null, notice: null } }, 'nobody to be asked')
  })
}

test('of several users and hosts in a file only this account’s count, and a file without any says whose it holds', async () => {
  const of = async (format: ForeignStateFormat, text: string | Buffer, wanted = me) =>
    [...(await readForeignState(format, [Buffer.from(text)], wanted, new Set<Uidl>())).uidls].toSorted()
  assert.deepEqual(await of('fetchmail', fixture('fetchids')), fetched)
  assert.deepEqual(await of('mpop', fixture('mpop-uidls')), fetched)
  const other = { host: '127.0.0.1', user: 'other@example.net' }
  const theirs = ['000000016b057392', '000000026b057392']
  assert.deepEqual(await of('fetchmail', fixture('fetchids'), other), theirs)
  assert.deepEqual(await of('mpop', fixture('mpop-uidls'), other), theirs)
  const lines = 'me@POP.Example.NET a\r\nme@pop.example.net b@c d\nMe@pop.example.net e\nj doe@x@pop.example.net f\n'
  const wanted = { host: 'pop.example.net', user: 'me' }
  assert.deepEqual(await of('fetchmail', lines, wanted), ['a', 'b@c d'])
  assert.deepEqual(await of('fetchmail', lines, { ...wanted, user: 'j doe@x' }), ['f'])
  assert.deepEqual(await of('mpop', ' 2 POP.example.net j doe\n#a\nb\n', { ...wanted, user: 'j doe' }), ['#a', 'b'])

  const id = await stack.account({ port: 1, user: 'nobody', destinationId })
  const { status, body } = await send(id, 'mpop', fixture('mpop-uidls'))
  assert.equal(status, 400)
  assert.equal(
    body['detail'],
    'Nothing in this file is of nobody at 127.0.0.1. Its UIDLs are those of other@example.net at 127.0.0.1, me at 127.0.0.1.',
  )
})

test('a file that is none of that program’s is refused with its line, and changes nothing', async () => {
  const bad: readonly (readonly [ForeignStateFormat, string, number])[] = [
    ['getmail', 'a\x001\nb 2\n', 2],
    ['getmail', `${'x'.repeat(mailLimits.uidlOctetsMax + 1)}\x001\n`, 1],
    ['getmail', fixture('fetchids').toString(), 1],
    ['fetchmail', 'me@127.0.0.1 a\n\nme@127.0.0.1\n', 3],
    ['fetchmail', 'me a\n', 1],
    ['fetchmail', 'me@127.0.0.1 \x01\n', 1],
    ['mpop', '# c\n 2 127.0.0.1 me\na\n', 4],
    ['mpop', ' 2 127.0.0.1 me\na\n 1 127.0.0.1 you\nb\n', 3],
    ['mpop', 'a\n', 1],
  ]
  const id = await stack.account({ port: 2, destinationId })
  for (const [format, text, line] of bad) {
    await assert.rejects(readForeignState(format, [Buffer.from(text)], me, new Set<Uidl>()), (thrown) => {
      assert.ok(thrown instanceof StateFileUnreadable, String(thrown))
      assert.equal(thrown.line, line, text)
      return true
    })
    const { status, body } = await send(id, format, text)
    assert.equal(status, 400)
    assert.match(String(body['detail']), new RegExp(`^This is no state file of ${format}: line ${line} is `))
  }
  assert.equal((await send(id, 'getmail', '')).status, 400)
  assert.equal((await send(id, 'thunderbird', 'a')).status, 400)
  assert.equal((await send('01J00000000000000000000000', 'getmail', 'a\x001\n')).status, 404)
  assert.equal((await send(id, 'getmail', Buffer.alloc(apiLimits.foreignStateOctetsMax + 1))).status, 413)
  assert.equal((await send(id, 'getmail', 'a\x001\n', 'text/plain')).body['imported'], 1)
  assert.equal((await send(id, 'getmail', 'b\x001\n', 'application/json')).body['imported'], 1)
  for (const _ of ['first', 'again'])
    assert.equal((await send(id, 'getmail', 'c\x001\n', '', { 'idempotency-key': 'state' })).body['imported'], 1)
  assert.equal((await send(id, 'getmail', 'd\x001\n', '', { 'idempotency-key': 'state' })).status, 422)
})

test('a file of another kind of account is told of at once: how many of its ids the maildrop lists, and what to do', async () => {
  const provider = await startPop3Server({ messages: ['a', 'b'].map((uidl) => ({ bytes: letter(uidl), uidl })) })
  const imap = Array.from({ length: 812 }, (_, nth) => `1700000000/${nth}\x001\n`).join('')
  const id = await stack.account({ port: provider.port, destinationId, user: 'imap' })
  const { body } = await send(id, 'getmail', imap)
  assert.deepEqual([body['imported'], body['listed']], [812, 0])
  assert.match(
    String(body['notice']),
    /^None of the ids in this file is that of one of the 2 messages in the maildrop, .* an IMAP account .* "onlyNew"/,
  )
  assert.ok(!provider.commands.some((line) => /^(?:RETR|TOP|DELE)/.test(line)))
  await provider.close()
  const unasked = await send(id, 'getmail', imap)
  assert.deepEqual([unasked.status, unasked.body['listed']], [200, null])
  assert.match(String(unasked.body['notice']), /^These look like the ids of an IMAP account/)

  const empty = await startPop3Server({ messages: [] })
  await stack.call('PATCH', `/accounts/${id}`, { port: empty.port, password: 'secret' })
  assert.deepEqual((await send(id, 'getmail', 'c\x001\n')).body, {
    imported: 1,
    listed: 0,
    notice: 'The maildrop is empty just now: whether the file belongs to it cannot be seen.',
  })
  await empty.close()
})

test('while a run is under way nothing is taken over, and the answer says what to do', async () => {
  const answered = pending()
  const provider = await startPop3Server({
    messages: [{ bytes: letter('slow') }],
    capabilities: ['USER', 'UIDL', 'TOP'],
    holds: { on: 'RETR', until: answered.promise },
  })
  const id = await stack.account({ port: provider.port, destinationId, folder: 'slow' })
  const pull = stack.pull(id)
  await until('a message on its way', () => provider.commands.some((line) => line.startsWith('RETR')))
  const { status, body } = await send(id, 'getmail', 'a\x001\n')
  answered.resolve()
  assert.equal(status, 409)
  assert.match(String(body['detail']), /pause the account, wait for the run to end .* send the file again/)
  assert.equal((await pull).stored, 1)
  await provider.close()
})

test('a message known by its UIDL alone has its size learnt at first sight; then another one under that UIDL is fetched', async () => {
  const world = new TestWorld([
    { bytes: letter('old'), uidl: 'a' },
    { bytes: letter('twice'), uidl: 'b' },
    { bytes: letter('thrice'), uidl: 'b' },
  ])
  const named = ['a', 'b'].map((uidl) => ({
    uidl: uidlHash(uidl as Uidl),
    fingerprint: undefined,
    digest: undefined,
    size: 0,
  }))
  await world.ledger.adopt(named.map((known) => newRecord('skipped', known, world.nowMs)))
  assert.equal((await world.pull()).stored, 2, 'a repeated UIDL tells nothing')
  assert.equal([...world.ledger.records][0]?.size, letter('old').length)
  assert.equal((await world.pull()).stored, 0)
  world.provider[0] = { bytes: letter('another', { body: 'longer than before' }), uidl: 'a' }
  assert.equal((await world.pull()).stored, 1)
  assert.equal((await world.pull({ retention: { mode: 'delete' } })).deleted, 3)
})
