import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { FailureKind } from '../../src/failure/failure.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { imapLimits } from '../../src/imap/limits.ts'
import { StorePool } from '../../src/imap/pool.ts'
import type { Intent } from '../../src/ledger/ledger.ts'
import type { ShortHash, Token } from '../../src/mail/message.ts'
import type { AppendAnswer, Copy, FolderPosition, Store } from '../../src/pull/store-ports.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { freePorts } from '../support/ports.ts'
import { startImapServer, type ScriptedStore, type StoreBehaviour } from '../support/imap-server.ts'
import { readFolder, readMaildrop } from '../support/reader.ts'
import { until } from '../support/until.ts'

let dovecot: TestDovecot
before(async () => {
  dovecot = await startDovecot({ alice: 'wonder', bob: 'b', carol: 'c', dave: 'd' })
})
after(async () => {
  await dovecot.stop()
})

const staging = { accountId: '01J0000000000000000000ACCT', holder: '1' }
const tokenOf = (nth: number) => nth.toString(16).padStart(32, 'a') as Token
const hash = '0123456789abcdef' as ShortHash

function copyOf(nth: number, body = `The ${nth}th.\r\n`): Copy {
  const header = `X-Tributary-Id: ${hash}.${hash}.${hash}.${tokenOf(nth)}\r\nSubject: ${nth}\r\n\r\n`
  return {
    token: tokenOf(nth),
    literal: [Buffer.from(header, 'latin1'), Buffer.from(body, 'latin1')],
    internalDate: new Date(1e12 + nth * 1000),
  }
}
const copies = (from: number, count: number) => Array.from({ length: count }, (_, nth) => copyOf(from + nth))

function intentOf(batch: readonly Copy[], { uidValidity, uidNext }: FolderPosition, folder = 'INBOX'): Intent {
  const entries = batch.map(({ token }) => ({
    token,
    uidl: hash,
    fingerprint: { hash, weak: false },
    digest: hash,
    size: 1,
  }))
  return { id: tokenOf(0), folder, uidValidity, uidNext, entries, writtenAtSeconds: 1 }
}

async function hosted(login: string, use: (store: Store, pool: StorePool) => Promise<void>): Promise<void> {
  const pool = new StorePool(dovecot.store)
  try {
    await use(await pool.store({ kind: 'hosted', id: login, login }, { staging }), pool)
  } finally {
    await pool.close()
  }
}

async function delivered(store: Store, folder: string, answer: AppendAnswer): Promise<void> {
  assert.equal(answer.status, 'stored')
  if (answer.status === 'stored') await store.deliver(folder, answer.appended)
}

/** What a later run finds of an intent. */
async function found(store: Store, intent: Intent): Promise<ReadonlySet<Token>> {
  return (await store.takeOver([intent])).tokens
}

/** The same Dovecot, reached as somebody else's. */
async function foreign(login: string, password: string, use: (store: Store) => Promise<void>): Promise<void> {
  const pool = new StorePool(dovecot.store, { lateMs: 1 })
  const at = { host: '127.0.0.1', port: dovecot.imapPort, tls: 'none', user: login, password } as const
  try {
    await use(await pool.store({ kind: 'imap', id: login, ...at }))
  } finally {
    await pool.close()
  }
}

const scriptedAt = (port: number) =>
  ({ kind: 'imap', id: 'x', host: '127.0.0.1', port, tls: 'none', user: 'me', password: 'secret' }) as const

/** A store of its own, scripted, reached with its own user and password. */
async function scripted(
  behaviour: StoreBehaviour,
  use: (store: Store, server: ScriptedStore) => Promise<void>,
): Promise<void> {
  const server = await startImapServer(behaviour)
  const pool = new StorePool(dovecot.store, { lateMs: 1 })
  try {
    await use(await pool.store(scriptedAt(server.port)), server)
  } finally {
    await pool.close()
    await server.close()
  }
}

const fails = (kind: FailureKind, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SessionFailed, String(error))
  assert.equal(error.failure.kind, kind, error.message)
  assert.match(error.message, sentence)
  return true
}

test('a batch goes in at once with its flags, dates and every byte, NUL too', async () => {
  await hosted('alice', async (store) => {
    const { uidValidity, uidNext } = await store.prepare('INBOX')
    const batch = [...copies(1, 48), copyOf(49, 'a\0b\r\n'), copyOf(50, '\x80\xff 8 bit\r\n')]
    const answer = await store.append('INBOX', batch, ['\\Flagged', 'work'])
    assert.deepEqual(answer, {
      status: 'stored',
      appended: { uidValidity, uids: batch.map((_, nth) => uidNext + nth) },
    })
    assert.equal(store.batch.messages, pullLimits.windowMessagesMax)
    assert.deepEqual(await readFolder(dovecot.imapPort, 'alice', 'wonder'), [], 'nobody sees it yet')
    await delivered(store, 'INBOX', answer)
    await store.finish()
    const read = await readFolder(dovecot.imapPort, 'alice', 'wonder')
    assert.deepEqual(
      read.map(({ bytes }) => bytes.toString('latin1')),
      batch.map(({ literal }) => Buffer.concat(literal).toString('latin1').replace('\0', '\x80')),
    )
    assert.deepEqual(
      await readMaildrop(dovecot.pop3Port, 'alice', 'wonder', 50),
      batch.map(({ literal }) => Buffer.concat(literal)),
    )
    assert.ok(read.every(({ flags }) => flags.includes('\\Flagged') && flags.includes('work')))
    assert.deepEqual(
      read.map(({ internalDate }) => Date.parse(internalDate.replaceAll('-', ' '))),
      batch.map(({ internalDate }) => internalDate.getTime()),
    )
  })
})

test('a folder that is missing is made with its parents, and subscribed', async () => {
  await hosted('bob', async (store) => {
    assert.equal((await store.prepare('Old/Work/2026')).uidNext, 1)
    await delivered(store, 'Old/Work/2026', await store.append('Old/Work/2026', copies(1, 2), []))
    assert.equal((await readFolder(dovecot.imapPort, 'bob', 'b', 'Old/Work/2026')).length, 2)
    const args = ['-c', join(dovecot.places.runFolder, 'dovecot.conf'), 'mailbox', 'list', '-s', '-u', 'bob']
    assert.match(execFileSync('doveadm', args, { encoding: 'utf8' }), /^Old\/Work\/2026$/m)
  })
})

test('a missing folder is made whatever its name is: Dovecot repeats it where it says that there is none', async () => {
  await foreign('bob', 'b', async (store) => {
    for (const folder of ['Old account/Ümlaut & Co', 'Temporary', 'Quota exceeded', 'Try again later/100%', '&ANw-'])
      assert.equal((await store.prepare(folder)).uidNext, 1, folder)
  })
})

test('what was appended is found again by its tokens: in its folder, moved, and in a folder made anew', async () => {
  await foreign('carol', 'c', async (store) => {
    const batch = copies(1, 3)
    const tokens = new Set(batch.map(({ token }) => token))
    const position = await store.prepare('Work')
    const intent = intentOf(batch, position, 'Work')
    assert.deepEqual(await found(store, intent), new Set())
    await store.append('Work', copies(90, 2), [])
    await store.append('Work', batch, [])
    assert.deepEqual(await found(store, intent), tokens)
    assert.equal((await store.find(intent)).tokens.size, intent.entries.length)

    const doveadm = (...args: string[]) =>
      execFileSync('doveadm', ['-c', join(dovecot.places.runFolder, 'dovecot.conf'), ...args])
    doveadm('mailbox', 'create', '-u', 'carol', 'Kept')
    doveadm('move', '-u', 'carol', 'Kept', 'mailbox', 'Work', 'all')
    assert.equal((await store.find(intent)).tokens.size, 0)
    assert.deepEqual(await found(store, intent), tokens)

    doveadm('mailbox', 'delete', '-u', 'carol', 'Work')
    doveadm('mailbox', 'create', '-u', 'carol', 'Work')
    doveadm('move', '-u', 'carol', 'Work', 'mailbox', 'Kept', 'all')
    const anew = await store.prepare('Work')
    assert.notEqual(anew.uidValidity, position.uidValidity)
    assert.equal((await store.find(intent)).tokens.size, intent.entries.length)
    doveadm('expunge', '-u', 'carol', 'mailbox', 'Work', 'all')
    assert.deepEqual(await found(store, intent), new Set())
  })
})

test('connections are kept for the next use, and one that a restart has ended is not trusted', async () => {
  await hosted('dave', async (store, pool) => {
    const logins = () =>
      dovecot.lines.filter((line) => /imap-login: .*(?:Login|Logged in): user=<dave>/.test(line)).length
    for (let nth = 0; nth < 5; nth += 1) {
      await store.prepare('INBOX')
      await delivered(store, 'INBOX', await store.append('INBOX', [copyOf(nth)], []))
    }
    const again = await pool.store(
      { kind: 'hosted', id: 'dave', login: 'dave' },
      { staging: { ...staging, holder: '2' } },
    )
    await again.prepare('INBOX')
    await dovecot.halt()
    await until('the line of a login', () => logins() > 0)
    assert.equal(logins(), 1)
    await assert.rejects(store.prepare('INBOX'), fails('store unreachable', /could not be reached/))
    await dovecot.resume()
    assert.equal((await store.prepare('INBOX')).uidNext, 6)
    assert.equal((await store.append('INBOX', [copyOf(9)], [])).status, 'stored')
  })
})

test('a store that is not there, and one that does not let us in', async () => {
  const [port = 0] = await freePorts(1)
  const pool = new StorePool({ ...dovecot.store, port })
  await assert.rejects(
    pool.store({ kind: 'hosted', id: 'x', login: 'x' }, { staging }),
    fails('store unreachable', /connection was refused/),
  )
  await assert.rejects(
    scripted({ password: 'another' }, async () => {}),
    fails('store refused', /refused the login: "wrong \(login me\)"/),
  )
})

test('without MULTIAPPEND a batch is a few messages, each of which goes by itself', async () => {
  await scripted({ capabilities: ['IMAP4rev1', 'LITERAL+'] }, async (store, server) => {
    assert.equal(store.batch.messages, imapLimits.apartMessagesMax)
    await store.prepare('INBOX')
    const answer = await store.append('INBOX', [copyOf(1)], [])
    assert.equal(answer.status, 'stored')
    assert.deepEqual(server.stored[0]?.literal, Buffer.concat(copyOf(1).literal))
  })
})

test('literal8 carries NUL to a store that offers BINARY, and nothing else does', async () => {
  await scripted({}, async (store, server) => {
    await store.prepare('INBOX')
    await store.append('INBOX', [copyOf(1), copyOf(2, 'a\0b\r\n')], ['\\Seen'])
    assert.deepEqual(
      server.stored.map(({ binary }) => binary),
      [false, true],
    )
    assert.deepEqual(
      server.stored.map(({ literal }) => literal),
      [copyOf(1), copyOf(2, 'a\0b\r\n')].map(({ literal }) => Buffer.concat(literal)),
    )
    assert.deepEqual(
      server.stored.map(({ flags, date }) => [flags, date]),
      [
        ['\\Seen', ' 9-Sep-2001 01:46:41 +0000'],
        ['\\Seen', ' 9-Sep-2001 01:46:42 +0000'],
      ],
    )
    assert.equal(server.verbs.filter((verb) => verb === 'APPEND').length, 1)
    assert.ok(!server.verbs.includes('SELECT') && !server.verbs.includes('EXAMINE'), 'what appends never selects')
  })
})

test('synchronizing literals, where the store has no LITERAL+', async () => {
  await scripted({ capabilities: ['IMAP4rev1', 'MULTIAPPEND', 'UIDPLUS'] }, async (store, server) => {
    await store.prepare('Work')
    assert.deepEqual([...server.subscribed], ['Work'])
    const batch = copies(1, 5)
    assert.equal((await store.append('Work', batch, [])).status, 'stored')
    assert.deepEqual(
      server.stored.map(({ literal }) => literal),
      batch.map(({ literal }) => Buffer.concat(literal)),
    )
  })
})

test('NO and BAD are refusals in the words of the store; words that mean the store bring the failure that they may be', async () => {
  const cases = [
    ['NO Message contains invalid header', 'NO Message contains invalid header'],
    ['BAD [CANNOT] no NUL here', 'BAD no NUL here [CANNOT]'],
  ] as const
  for (const [answer, reply] of cases) {
    await scripted({ refuses: () => answer }, async (store) => {
      assert.deepEqual(await store.append('INBOX', copies(1, 2), []), { status: 'refused', reply })
      assert.equal((await store.prepare('INBOX')).uidNext, 1)
    })
  }
  for (const [answer, kind] of [
    ['NO [OVERQUOTA] Quota exceeded', 'store full'],
    ['NO Quota exceeded (mailbox for user is full)', 'store full'],
    ['NO [UNAVAILABLE] try later', 'store refused'],
    ['NO [NOPERM] not yours', 'store refused'],
  ] as const) {
    await scripted({ refuses: () => answer }, async (store) => {
      const refused = await store.append('INBOX', copies(1, 2), [])
      assert.deepEqual([refused.status, refused.status === 'refused' && refused.failure?.kind], ['refused', kind])
    })
  }
})

test('a lost answer proves nothing, and what was stored is found', async () => {
  await scripted({ losesAnswers: 1 }, async (store) => {
    const batch = copies(1, 4)
    const intent = intentOf(batch, await store.prepare('INBOX'))
    assert.equal((await store.append('INBOX', batch, [])).status, 'broken')
    assert.deepEqual(await found(store, intent), new Set(batch.map(({ token }) => token)))
  })
})

test('a connection that ends in mid-literal stores nothing, and the next append goes through', async () => {
  await scripted({ dropsInLiteral: 1 }, async (store, server) => {
    const batch = copies(1, 4)
    const intent = intentOf(batch, await store.prepare('INBOX'))
    assert.equal((await store.append('INBOX', batch, [])).status, 'broken')
    assert.deepEqual(await found(store, intent), new Set())
    assert.equal((await store.append('INBOX', batch, [])).status, 'stored')
    assert.equal(server.stored.length, 4)
  })
})

test('a cancelled run does not wait for a silent store', async () => {
  const server = await startImapServer({ silent: true })
  const pool = new StorePool(dovecot.store)
  const cancel = new AbortController()
  const store = await pool.store(scriptedAt(server.port), { signal: cancel.signal })
  const appending = store.append('INBOX', copies(1, 2), [])
  cancel.abort(new SessionFailed({ kind: 'superseded' }))
  await assert.rejects(appending, fails('superseded', /took this account over/))
  await pool.close()
  await server.close()
})
