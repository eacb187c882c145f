/** What a hostile store says, and what is believed of it: the smallest forms of what chance has found (store-fuzz.test.ts). */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describe } from '../../src/failure/sentences.ts'
import { messagesOf } from '../../src/imap/listing.ts'
import { messageOf } from '../../src/imap/message.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { foldersOf, usualReadWaits } from '../../src/imap/reading.ts'
import { hour } from '../../src/units.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'
import { opened, readableStore } from '../support/readable-store.ts'
import { watchLoop } from '../support/stretches.ts'
import { letter, TestWorld } from '../support/world.ts'

const nobody = { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' } as const
const separators: string[] = []
const pulling = new StorePool(nobody, { lateMs: 1, leaveWaitMs: 10, separates: (_, one) => separators.push(one) })
const reading = new StorePool(nobody, { leaveWaitMs: 10, purpose: 'read' })
after(async () => {
  await pulling.close()
  await reading.close()
})

const subjects = ['one', 'two', 'three']
const password = 'Zq7-rosebud-41x'
let ids = 0

type Mutable = { -readonly [name in keyof StoreBehaviour]: StoreBehaviour[name] }

interface Scene {
  readonly server: ScriptedStore
  readonly world: TestWorld
  /** The sentence of a run that failed. */
  readonly pull: () => Promise<string | undefined>
}

async function at(behaviour: Mutable, play: (scene: Scene) => Promise<void>): Promise<void> {
  behaviour.password = password
  const server = await startImapServer(behaviour)
  const world = new TestWorld(subjects.map((subject) => ({ bytes: letter(subject), uidl: subject })))
  world.setAsideAfterMs = 24 * hour
  const target = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password } as const
  const id = `lies ${(ids += 1)}`
  const pull = async () => {
    world.nowMs += hour
    try {
      world.realStore = await pulling.store({ kind: 'imap', id, ...target }, { looksAfter: true })
      await world.pull({ folder: 'Work', retention: { mode: 'delete' } })
      return undefined
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
      return describe(error.failure)
    }
  }
  try {
    await play({ server, world, pull })
  } finally {
    await server.close()
  }
}

const capabilities = ['IMAP4rev1', 'LITERAL+', 'UIDPLUS', 'NAMESPACE']

for (const more of [['MULTIAPPEND'], []])
  test(`what a store says to have taken is looked for before it is deleted anywhere (${more.join('') || 'one by one'})`, async () => {
    let uid = 1000
    const behaviour: Mutable = {
      capabilities: [...capabilities, ...more],
      keeps: () => [],
      saysOfStored: (all) => {
        uid += all.length
        return `OK [APPENDUID 4711 ${uid - all.length}:${uid - 1}] done`
      },
    }
    await at(behaviour, async ({ server, world, pull }) => {
      assert.match((await pull()) ?? '', /does not hold it/)
      assert.deepEqual([world.provider.length, server.stored.length], [3, 0])
      delete behaviour.keeps
      delete behaviour.saysOfStored
      await pull()
      assert.equal(await pull(), undefined)
      assert.deepEqual([world.provider.length, server.stored.length], [0, 3])
    })
  })

test('a store that files what it takes elsewhere is believed, and given nothing twice', async () => {
  let server: ScriptedStore | undefined
  const meanwhile = (verb: string) => {
    if (verb === 'EXAMINE') server?.move(({ folder }) => folder === 'Work', 'Elsewhere')
  }
  await at({ capabilities: [...capabilities, 'MULTIAPPEND'], meanwhile }, async (scene) => {
    ;({ server } = scene)
    assert.equal(await scene.pull(), undefined)
    assert.deepEqual([scene.world.provider.length, server.stored.length], [0, 3])
  })
})

test('an OK that echoes the password is told without it', async () => {
  await at({ saysOfStored: () => `OK [APPENDUID ${password} 1:3] done`, keeps: () => [] }, async ({ pull }) => {
    const sentence = (await pull()) ?? ''
    assert.match(sentence, /does not hold it/)
    assert.ok(!sentence.includes(password), sentence)
  })
})

for (const [name, separator] of [
  ['several', '"//"'],
  ['none', '""'],
  ['a control', '"\x01"'],
  ['a megabyte of them', `{1000000}\r\n${'/'.repeat(1_000_000)}`],
] as const)
  test(`a separator that is no character is none: ${name}`, async () => {
    separators.length = 0
    const NAMESPACE = `* NAMESPACE (("" ${separator})) NIL NIL\r\nTAG OK done`
    await at({ answers: { NAMESPACE } }, async ({ server, pull }) => {
      assert.equal(await pull(), undefined)
      assert.equal(server.stored.length, 3)
      assert.deepEqual(
        separators.filter((one) => one !== '/'),
        [],
      )
    })
  })

async function reads<T>(
  behaviour: StoreBehaviour,
  work: (reader: Parameters<typeof foldersOf>[0]) => Promise<T>,
): Promise<T> {
  const server = await startImapServer({ password, ...behaviour })
  const target = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password } as const
  try {
    return await reading.borrow({ kind: 'imap', id: `lies ${(ids += 1)}`, ...target }, async (client) => {
      return await work({ client, waits: usualReadWaits })
    })
  } finally {
    await server.close()
  }
}

test('a folder without a UIDVALIDITY that is a number is told as that, and not shown', async () => {
  for (const changed of ['', 'UIDVALIDITY 99999999999999999999', 'UIDVALIDITY x']) {
    const answers = { ...readableStore.answers, EXAMINE: () => opened().replace('UIDVALIDITY 4711', changed) }
    await assert.rejects(
      reads({ answers }, (reader) => messagesOf(reader, { folder: 'INBOX', unread: false, limit: 50 })),
      (error: unknown) => error instanceof SessionFailed && error.failure.kind === 'store refused',
      changed,
    )
  }
})

test('a message whose flags are larger than any line is a row that says so, beside the others', async () => {
  const fetched = readableStore.answers!['UID FETCH'] as (command: string) => string
  const answers = {
    ...readableStore.answers,
    'UID FETCH': (command: string) =>
      fetched(command).replace(
        /(\* 2 FETCH .*?FLAGS \()\\Seen/,
        (_, before: string) => before + 'flag '.repeat(300_000),
      ),
  }
  const { rows } = await reads({ answers }, (reader) =>
    messagesOf(reader, { folder: 'INBOX', unread: false, limit: 50 }),
  )
  assert.deepEqual(
    rows.map(({ uid, unreadable, subject }) => [uid, unreadable, subject]),
    [
      [3, false, 'A subject'],
      [2, true, null],
      [1, false, 'A subject'],
    ],
  )
  const message = await reads({ answers }, (reader) => messageOf(reader, { folder: 'INBOX', uid: 2 }))
  assert.deepEqual([message.subject, message.incomplete], [null, true])
})

test('a folder with more messages than one line names is read back', async () => {
  const found = Array.from({ length: 200_000 }, (_, nth) => 1_000_000 + nth)
  const even = found.filter((uid) => uid % 2 === 0)
  const EXAMINE = opened().replace('3 EXISTS', '200000 EXISTS').replace('UIDNEXT 4', 'UIDNEXT 1200000')
  for (const [answer, uids] of [
    [`* SEARCH ${found.join(' ')}`, found],
    [`* ESEARCH (TAG "x") UID ALL ${even.join(',')}`, even],
  ] as const) {
    const answers = { ...readableStore.answers, EXAMINE, 'UID SEARCH': `${answer}\r\nTAG OK done` }
    const server = await startImapServer({ password, answers, capabilities: ['IMAP4rev1'] })
    const target = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password } as const
    const traces = await pulling.traces({ kind: 'imap', id: `lies ${(ids += 1)}`, ...target })
    try {
      const folder = await traces.open('INBOX')
      assert.deepEqual(await folder?.uids(1), uids)
    } finally {
      traces.close()
      await server.close()
    }
  }
})

test('names of folders hold nobody up, however many and deep they are', async () => {
  const names = Array.from({ length: 200 }, (_, nth) => `* LIST () "/" "${nth}${'/a'.repeat(1000)}"`)
  const answers = { LIST: `* LIST () "/" "INBOX"\r\n${names.join('\r\n')}\r\nTAG OK done`, STATUS: 'TAG OK done' }
  const watch = watchLoop()
  const folders = await reads({ answers, capabilities: ['IMAP4rev1', 'LIST-STATUS'] }, foldersOf)
  const heldMs = watch.stop()
  assert.equal(folders.length, 201)
  assert.ok(heldMs < 200, `${heldMs} ms`)
})
