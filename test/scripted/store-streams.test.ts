/** What is not held is streamed into a store, whether or not this takes literals that it did not ask for: its reader is never far ahead. */
import assert from 'node:assert/strict'
import { connect as dial, createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { putUnheldDraft } from '../../src/imap/drafts.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { usualReadWaits } from '../../src/imap/reading.ts'
import type { UnheldOctets } from '../../src/pull/store-ports.ts'
import { MiB } from '../../src/units.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'

const octets = 48 * MiB
/** What may be under way: in this process (imapLimits.unsentOctetsMax), and in the sockets of the system. */
const aheadMax = 24 * MiB
const piece = Buffer.alloc(64 * 1024, `${'x'.repeat(62)}\r\n`)
const head = Buffer.from('Subject: Large\r\n\r\n')
const without = ['IMAP4rev1', 'UIDPLUS']

interface Streaming {
  readonly pool: StorePool
  readonly target: Parameters<StorePool['borrow']>[0]
  readonly server: ScriptedStore
  readonly source: UnheldOctets
  /** The most octets that were read and had not come to the store. */
  readonly ahead: () => number
  /** All that were read. */
  readonly wasRead: () => number
}

async function streaming(behaviour: StoreBehaviour, use: (it: Streaming) => Promise<void>, failsAt = octets) {
  const server = await startImapServer(behaviour)
  let received = 0
  let read = 0
  let ahead = 0
  const relay = createServer((client) => {
    const store = dial(server.port, '127.0.0.1')
    client.on('data', ({ length }) => (received += length)).on('error', () => store.destroy())
    store.on('error', () => client.destroy())
    client.pipe(store).pipe(client)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port } = relay.address() as AddressInfo
  const nowhere = { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' } as const
  const pool = new StorePool(nowhere, { lateMs: 20 })
  const target = {
    kind: 'imap',
    id: 'x',
    host: '127.0.0.1',
    port,
    tls: 'none',
    user: 'me',
    password: 'secret',
  } as const
  async function* pieces() {
    for (let given = 0; given < octets; given += piece.length) {
      if (given >= failsAt) throw new Error('the disk failed')
      read += piece.length
      ahead = Math.max(ahead, read - received)
      yield piece
    }
  }
  try {
    const source = { octets, read: pieces }
    await use({ pool, target, server, source, ahead: () => ahead, wasRead: () => read })
  } finally {
    await pool.close()
    relay.close()
    await server.close()
  }
}

const copyOf = (rest: UnheldOctets) => ({
  token: 'a'.repeat(32) as never,
  literal: [head],
  rest,
  internalDate: new Date(0),
})
const opened = async ({ pool, target }: Streaming) =>
  await pool.store(target, { staging: { accountId: 'a', holder: '1-x' }, mayCommit: () => true })

for (const capabilities of [without, [...without, 'LITERAL+'], [...without, 'LITERAL-']])
  test(`a copy is read as the store takes it (${capabilities.join(' ')})`, async () => {
    await streaming({ capabilities }, async (it) => {
      const store = await opened(it)
      await store.prepare('Sent')
      const answer = await store.append('Sent', [copyOf(it.source)], ['\\Seen'])
      assert.equal(answer.status, 'stored')
      const stored = it.server.stored.at(-1)?.literal
      assert.deepEqual([stored?.length, stored?.subarray(0, head.length)], [head.length + octets, head])
      assert.ok(it.ahead() < aheadMax, `${it.ahead()} octets ahead`)
    })
  })

test('a draft is read as the store takes it', async () => {
  await streaming({ capabilities: without }, async (it) => {
    const { pool, target, source, server } = it
    const place = await pool.borrow(
      target,
      async (client) => await putUnheldDraft({ client, waits: usualReadWaits }, source),
    )
    assert.deepEqual([place.folder, server.stored.at(-1)?.literal.length], ['Drafts', octets])
    assert.ok(it.ahead() < aheadMax, `${it.ahead()} octets ahead`)
  })
})

test('a store that refuses a message by its size is given none of it, and takes the next one on the same connection', async () => {
  const refusesLiteral = (size: number) => (size > MiB ? 'NO [LIMIT] too large' : undefined)
  await streaming({ capabilities: without, refusesLiteral }, async (it) => {
    const store = await opened(it)
    await store.prepare('Sent')
    const before = it.server.connections()
    const answer = await store.append('Sent', [copyOf(it.source)], [])
    assert.deepEqual([answer.status, it.wasRead()], ['refused', 0])
    assert.equal((await store.append('Sent', [{ ...copyOf(it.source), rest: undefined }], [])).status, 'stored')
    assert.equal(it.server.connections(), before)
  })
})

for (const capabilities of [without, [...without, 'LITERAL+']])
  test(`a message that cannot be read to its end is not stored, and the store is not blamed (${capabilities.join(' ')})`, async () => {
    await streaming(
      { capabilities },
      async (it) => {
        const store = await opened(it)
        await store.prepare('Sent')
        await assert.rejects(store.append('Sent', [copyOf(it.source)], []), { name: 'SourceFailed' })
        await assert.rejects(
          store.append(
            'Sent',
            [
              copyOf({
                octets: 10,
                read: async function* () {
                  yield Buffer.alloc(11)
                },
              }),
            ],
            [],
          ),
          { name: 'SourceFailed' },
        )
        assert.equal(it.server.stored.length, 0)
      },
      2 * MiB,
    )
  })
