import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Login } from '../../src/imap/connection.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Account } from '../../src/account/account.ts'
import { certificate } from '../support/certificates.ts'
import { startCyrus, type TestCyrus } from '../support/cyrus.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { startProxy } from '../support/proxy.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { letter, type ProviderMessage, TestWorld } from '../support/world.ts'

const logins = ['implicit', 'starttls', 'bytes', 'folder', 'lost', 'refused', 'tight']
const users = Object.fromEntries(logins.map((login) => [login, 'secret']))
const own = certificate()

let dovecot: TestDovecot
let cyrus: TestCyrus
const pool = new StorePool(
  { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' },
  { lateMs: 1 },
)
before(async () => {
  ;[dovecot, cyrus] = await Promise.all([startDovecot(users), startCyrus(users, own)])
})
after(async () => {
  await pool.close()
  await Promise.all([dovecot.stop(), cyrus.stop()])
})

const text = (bytes: Buffer) => bytes.toString('latin1')

// What servers have been seen to trip over; line ends are CRLF alone, since Dovecot makes CR CR LF of it.
const oddities = [
  letter('plain'),
  letter('dots', { body: '.\r\n..\r\n.dot' }),
  letter('8 bit', { body: 'caf\xe9 \x80\xff' }),
  letter('a line of 20,000', { body: 'x'.repeat(20_000) }),
  letter('large', { body: `${'y'.repeat(76)}\r\n`.repeat(20_000) }),
  letter('form feed and tab', { body: '\f\t\v\x7f\x1b[0m' }),
  letter('says {5} like a literal', { body: 'a {5}\r\nb {5+}' }),
  Buffer.from('Subject: no body and no end of line'),
]
const withNul = letter('nul', { body: 'a\0b' })

for (const make of ['Dovecot', 'Cyrus'] as const) {
  describe(`${make} as somebody else’s server`, () => {
    const ports = () => (make === 'Dovecot' ? dovecot : cyrus)
    const authority = () => (make === 'Dovecot' ? readFileSync(dovecot.places.certFile, 'utf8') : own.cert)

    /** A world that gathers into that user's mail, in clear if nothing else is said. */
    async function worldOf(user: string, messages: readonly Buffer[], login: Partial<Login> = {}): Promise<TestWorld> {
      const given = messages.map((bytes, nth): ProviderMessage => ({ bytes, uidl: `u${nth}` }))
      const world = new TestWorld(given)
      world.window = 50
      const at = { host: '127.0.0.1', port: ports().imapPort, tls: 'none', user, password: 'secret' } as const
      world.realStore = await pool.store({ kind: 'imap', id: `${make} ${user}`, ...at, ...login })
      return world
    }
    const pull = async (world: TestWorld, changes: Partial<Account> = {}) =>
      await world.pull({ maxMessageBytes: 100_000_000, ...changes })
    const read = async (user: string, folder?: string) => await readFolder(ports().imapPort, user, 'secret', folder)
    const sources = async (user: string, folder?: string) =>
      (await read(user, folder)).map(({ bytes }) => text(withoutTrace(bytes).source))

    for (const tls of ['implicit', 'starttls'] as const) {
      test(`by its own user and password over ${tls} TLS, its certificate checked`, async () => {
        const port = tls === 'implicit' ? ports().imapsPort : ports().imapPort
        const secure = { host: 'localhost', port, tls }
        await assert.rejects(worldOf(tls, [], secure), /no safe TLS connection: its certificate is signed by itself/)
        const trusted = { ...secure, ca: authority() }
        const unnamed = { ...trusted, host: '127.0.0.1' }
        await assert.rejects(worldOf(tls, [], unnamed), /no safe TLS connection: its certificate is for another host/)
        const wrong = { ...trusted, password: 'guess' }
        await assert.rejects(worldOf(tls, [], wrong), /The mail store \S+ refused the login: ".*\(login .*\)"/)
        const world = await worldOf(tls, [letter('one'), letter('two')], trusted)
        assert.equal((await pull(world)).stored, 2)
        assert.deepEqual(await sources(tls), [text(letter('one')), text(letter('two'))])
      })
    }

    test('every byte is there when it is read back, with flags and dates', async () => {
      const world = await worldOf('bytes', [...oddities, withNul])
      assert.equal(world.realStore?.batch.messages, pullLimits.windowMessagesMax)
      const counts = await pull(world, { flags: ['\\Flagged'] })
      assert.deepEqual([counts.stored, counts.quarantined], [oddities.length + 1, 0])
      const wanted = oddities.map((bytes) => text(bytes).replace(/(?<!\r\n)$/, '\r\n'))
      // Dovecot shows NUL as 0x80 over IMAP, and keeps it.
      const nul = make === 'Dovecot' ? text(withNul).replace('\0', '\x80') : text(withNul)
      // A first import of this size has an order of its own (src/pull/order.ts).
      assert.deepEqual((await sources('bytes')).toSorted(), [...wanted, nul].toSorted())
      const stored = await read('bytes')
      assert.ok(stored.every(({ flags }) => flags.includes('\\Flagged')))
      const arrived = Date.parse((stored[0]?.internalDate ?? '').replaceAll('-', ' '))
      assert.equal(arrived, Date.parse('Tue, 3 Nov 2026 10:00:00 +0100'))
      assert.equal((await pull(world)).stored, 0)
    })

    test('a folder of several levels, with a name of many letters', async () => {
      const world = await worldOf('folder', [letter('one')])
      assert.equal((await pull(world, { folder: 'Büro & Co/Old' })).stored, 1)
      const name = make === 'Dovecot' ? 'B&APw-ro &- Co/Old' : 'INBOX.B&APw-ro &- Co.Old'
      assert.deepEqual(await sources('folder', name), [text(letter('one'))])
      world.provider.push({ bytes: letter('two'), uidl: 'two' })
      assert.equal((await pull(world, { folder: 'Büro & Co/Old' })).stored, 1)
    })

    test('an append whose answer was lost is found by its tokens, and nothing is stored twice', async () => {
      const proxy = await startProxy(ports().imapPort)
      const messages = Array.from({ length: 5 }, (_, nth) => letter(`nr ${nth}`))
      const world = await worldOf('lost', messages, { port: proxy.port })
      proxy.lose('APPENDUID')
      const counts = await pull(world, { folder: 'Work' })
      assert.equal(world.ledger.open.size, 0)
      assert.deepEqual([counts.recovered, counts.stored], [0, 5])
      const name = make === 'Dovecot' ? 'Work' : 'INBOX.Work'
      assert.deepEqual(await sources('lost', name), messages.map(text))
      await proxy.close()
    })
  })
}

test('what Cyrus refuses is set aside in its words, and the others arrive', async () => {
  const noHeader = Buffer.from('no header at all\r\n')
  const mbox = Buffer.from('>From someone\r\nSubject: from an mbox\r\n\r\nHello.\r\n')
  const messages = [letter('one'), noHeader, letter('two'), mbox, letter('three')]
  const world = new TestWorld(messages.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  const at = { host: '127.0.0.1', port: cyrus.imapPort, tls: 'none', user: 'refused', password: 'secret' } as const
  world.realStore = await pool.store({ kind: 'imap', id: 'Cyrus refused', ...at })
  world.window = 50
  const counts = await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual([counts.stored, counts.deferred, counts.deleted], [3, 2, 3])
  assert.equal((await world.pullUntilJudged()).quarantined, 2)
  assert.deepEqual(
    world.ledger.quarantined.map(({ reason }) => 'reply' in reason && [reason.kind, reason.reply]),
    [noHeader, mbox].map(() => ['store refused', 'NO Message contains invalid header']),
  )
  assert.deepEqual(
    world.provider.map(({ bytes }) => text(bytes)),
    [noHeader, mbox].map(text),
  )
})

test('a quota of Cyrus is the store’s, whatever the message: nothing is set aside', async () => {
  const world = new TestWorld([{ bytes: letter('one'), uidl: 'one' }])
  const at = { host: '127.0.0.1', port: cyrus.imapPort, tls: 'none', user: 'tight', password: 'secret' } as const
  world.realStore = await pool.store({ kind: 'imap', id: 'Cyrus tight', ...at })
  assert.equal((await world.pull()).stored, 1)
  await cyrus.setQuota('tight', 1)
  world.provider.push({ bytes: letter('two', { body: 'x'.repeat(5000) }), uidl: 'two' })
  await assert.rejects(world.pull(), /The mail store is full: "NO .*quota/i)
  assert.deepEqual(world.ledger.quarantined, [])
  await cyrus.setQuota('tight', 1000)
  assert.equal((await world.pull()).stored, 1)
})
