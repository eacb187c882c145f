import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { loginOf } from '../../src/imap/connection.ts'
import { emptyLogin } from '../../src/imap/login.ts'
import { StorePool } from '../../src/imap/pool.ts'
import type { Intent } from '../../src/ledger/ledger.ts'
import type { ShortHash, Token } from '../../src/mail/message.ts'
import type { Appended, Copy, Store } from '../../src/pull/store-ports.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { startImapServer, type StoreBehaviour } from '../support/imap-server.ts'
import { startProxy } from '../support/proxy.ts'
import { converse, readFolder } from '../support/reader.ts'
import { until } from '../support/until.ts'

const hash = '0123456789abcdef' as ShortHash
const tokenOf = (nth: number) => nth.toString(16).padStart(32, 'a') as Token
const copies = (from: number, count: number): Copy[] =>
  Array.from({ length: count }, (_, nth) => {
    const token = tokenOf(from + nth)
    const fingerprint = String(from + nth).padStart(16, '0')
    const text = `X-Tributary-Id: ${hash}.${hash}.${fingerprint}.${token}\r\nSubject: ${from + nth}\r\n\r\nHello.\r\n`
    return { token, literal: [Buffer.from(text)], internalDate: new Date(1e12) }
  })
const intentOf = (batch: readonly Copy[], folder = 'INBOX'): Intent => ({
  id: batch[0]?.token ?? '',
  folder,
  uidValidity: 1,
  uidNext: 1,
  entries: batch.map(({ token }) => ({
    token,
    uidl: hash,
    fingerprint: { hash, weak: false },
    digest: hash,
    size: 1,
  })),
  writtenAtSeconds: 1,
})
/** The ledger has one stored message of each fingerprint. */
const once = async () => 1
const accountId = '01J0000000000000000000ACCT'

/** Ours: a hidden namespace over mdbox. Another: Maildirs, levels parted by dots, and no namespace of ours. */
for (const make of ['ours', 'another'] as const) {
  describe(`a hosted store in ${make === 'ours' ? 'our Dovecot' : 'a Dovecot that somebody else has configured'}`, () => {
    let dovecot: TestDovecot
    let pool: StorePool
    const logins = [
      'late',
      'both',
      'moved',
      'older',
      'shell',
      'probes',
      'again',
      'gone',
      'without',
      'order',
      'dropped',
      'back',
      'bare',
      'alike',
      'exists',
      'emptied',
      'renewed',
    ]
    before(async () => {
      const users = Object.fromEntries(logins.map((login) => [login, 'secret']))
      if (make === 'ours') dovecot = await startDovecot(users)
      else {
        dovecot = await startDovecot(users, { late: [] })
        await reconfigured(dovecot)
      }
      pool = new StorePool(dovecot.store, { lateMs: 50 })
    })
    after(async () => {
      await pool.close()
      await dovecot.stop()
    })

    const open = async (login: string, fence: number) =>
      await pool.store({ kind: 'hosted', id: login, login }, { staging: { accountId, holder: String(fence) } })
    const append = async (store: Store, batch: readonly Copy[], folder = 'INBOX'): Promise<Appended> => {
      await store.prepare(folder)
      const answer = await store.append(folder, batch, [])
      assert.ok(answer.status === 'stored')
      return answer.appended
    }
    const subjects = async (login: string, folder = 'INBOX') =>
      (await readFolder(dovecot.imapPort, login, 'secret', folder)).map(({ bytes }) =>
        Number(/Subject: (\d+)/.exec(bytes.toString())?.[1]),
      )
    const staged = async (login: string) => {
      const lists = ['b LIST "" *', 'c LIST "" tributary-staging/*', 'd LIST "" tributary-staging*', 'e LOGOUT']
      const said = await converse(dovecot.imapPort, [`a LOGIN ${login} secret`, ...lists])
      const names = [...said.toString().matchAll(/^\* LIST .*tributary-staging.(.+?)"?\r$/gm)].map(([, name]) => name)
      return [...new Set(names)]
    }
    const doveadm = (...args: string[]) =>
      execFileSync('doveadm', ['-c', join(dovecot.places.runFolder, 'dovecot.conf'), ...args], { encoding: 'utf8' })
    const refused = (error: unknown) => {
      assert.ok(error instanceof SessionFailed, String(error))
      assert.match(error.failure.kind, /store refused|store unreachable/)
      return true
    }

    test('nothing that an earlier run sends after it was taken over is stored, or moved', async () => {
      const [first, second] = [await open('late', 1), await open('late', 2)]
      const [recorded, found, lost] = [copies(1, 3), copies(4, 3), copies(7, 3)]
      assert.deepEqual([...(await first.takeOver([])).tokens], [])
      const appended = await append(first, recorded)
      const unrecorded = await append(first, found)

      const left = await second.takeOver([intentOf(found), intentOf(lost)])
      assert.deepEqual(left.tokens, new Set(found.map(({ token }) => token)))
      await assert.rejects(first.append('INBOX', lost, []), refused)
      await assert.rejects(first.deliver('INBOX', appended), refused)
      await left.deliver('INBOX', once)
      await assert.rejects(first.append('INBOX', lost, []), refused)
      await assert.rejects(first.deliver('INBOX', unrecorded), refused)
      await first.finish().catch(() => {})
      assert.deepEqual(await subjects('late'), [1, 2, 3, 4, 5, 6])
      assert.deepEqual(await staged('late'), [])
    })

    test('a MOVE that a crash of the store has cut in half, copied and not expunged, is completed once', async () => {
      const appended = await append(await open('both', 1), copies(1, 4))
      assert.equal(appended.uids.length, 4)
      const [name = ''] = await staging('both')
      doveadm('copy', '-u', 'both', 'INBOX', 'mailbox', name, 'uid', '1:2')
      await (await (await open('both', 2)).takeOver([])).deliver('INBOX', once)
      assert.deepEqual(
        (await subjects('both')).toSorted((a, b) => a - b),
        [1, 2, 3, 4],
      )
      assert.deepEqual(await staging('both'), [])
    })

    test('nor does it come again where somebody has moved it on meanwhile', async () => {
      await append(await open('moved', 1), copies(1, 2))
      const [name = ''] = await staging('moved')
      doveadm('mailbox', 'create', '-u', 'moved', 'Kept')
      doveadm('copy', '-u', 'moved', 'Kept', 'mailbox', name, 'all')
      await (await (await open('moved', 2)).takeOver([])).deliver('INBOX', once)
      assert.deepEqual([await subjects('moved'), await subjects('moved', 'Kept')], [[], [1, 2]])
      assert.deepEqual(await staging('moved'), [])
    })

    test('a takeover that was cut short is taken over in its turn, and then adds nothing', async () => {
      await append(await open('again', 1), copies(1, 3))
      const second = await (await open('again', 2)).takeOver([])
      const third = await (await open('again', 3)).takeOver([])
      await assert.rejects(second.deliver('INBOX', once), refused)
      await third.deliver('INBOX', once)
      assert.deepEqual(await subjects('again'), [1, 2, 3])
      // A Redis put back to an earlier time counts the same fences again.
      await append(await open('again', 3), copies(4, 1))
      const anew = await open('again', 3)
      await (await anew.takeOver([])).deliver('INBOX', once)
      await anew.deliver('INBOX', await append(anew, copies(5, 1)))
      await anew.finish()
      assert.deepEqual([await subjects('again'), await staging('again')], [[1, 2, 3, 4, 5], []])
    })

    test('what a rebuild of a killed store’s mail brings back is dropped where it was sent again, and delivered where it was lost', async () => {
      const inbox = (copy: Copy) =>
        execFileSync(
          'doveadm',
          ['-c', join(dovecot.places.runFolder, 'dovecot.conf'), 'save', '-u', 'back', '-m', 'INBOX'],
          { input: Buffer.concat([...copy.literal]) },
        )
      for (const [nth, copy] of copies(1, 2).entries()) {
        const text = Buffer.concat([...copy.literal]).toString('latin1')
        inbox({ ...copy, literal: [Buffer.from(text.replace(copy.token, tokenOf(900 + nth)))] })
      }
      await append(await open('back', 1), copies(1, 4))
      // The fourth one is in no record: its provider has it still.
      const known = async (fingerprint: string) => (Number(fingerprint) === 4 ? 0 : 1)
      await (await (await open('back', 2)).takeOver([])).deliver('INBOX', known)
      assert.deepEqual(
        (await subjects('back')).toSorted((a, b) => a - b),
        [1, 2, 3],
      )
      assert.deepEqual(await staging('back'), [])
    })

    test('what it brings back among the folders of the user is taken from there', async () => {
      await append(await open('bare', 1), copies(1, 1))
      const [name = ''] = await staging('bare')
      // As Dovecot 2.3.19 does it: by the folder's name, and in the namespace that comes first.
      const bare = name.replace(/^tributary-staging./, '')
      doveadm('mailbox', 'create', '-u', 'bare', bare)
      doveadm('move', '-u', 'bare', bare, 'mailbox', name, 'all')
      await (await (await open('bare', 2)).takeOver([])).deliver('INBOX', once)
      assert.deepEqual([await subjects('bare'), await staging('bare')], [[1], []])
      assert.equal(doveadm('mailbox', 'list', '-u', 'bare').includes(accountId), false)
    })

    test('a recorded message is delivered, though an older one of its fingerprint stands in the folder and in no record any more', async () => {
      const [copy] = copies(1, 1) as [Copy]
      const older = Buffer.concat([...copy.literal])
        .toString('latin1')
        .replace(`.${hash}.`, `.${'b'.repeat(16)}.`)
        .replace(copy.token, tokenOf(900))
      const conf = join(dovecot.places.runFolder, 'dovecot.conf')
      execFileSync('doveadm', ['-c', conf, 'save', '-u', 'alike', '-m', 'INBOX'], { input: older })
      await append(await open('alike', 1), [copy])
      await (await (await open('alike', 2)).takeOver([])).deliver('INBOX', once)
      assert.deepEqual(await subjects('alike'), [1, 1])
    })

    test('the folders that people see are searched for an intent only where the ledger may be older than the store', async () => {
      const store = await open('older', 1)
      const [moved, waiting] = [copies(1, 2), copies(3, 2)]
      await store.deliver('INBOX', await append(store, moved))
      await append(store, waiting)
      const intents = [intentOf(moved), intentOf(waiting)]
      const tokensOf = (batch: readonly Copy[]) => new Set(batch.map(({ token }) => token))
      const whole = await (await open('older', 2)).takeOver(intents, true)
      assert.deepEqual(whole.tokens, tokensOf(waiting))
      const older = await (await open('older', 3)).takeOver(intents, false)
      assert.deepEqual(older.tokens, tokensOf([...waiting, ...moved]))
    })

    test('what is left of a folder that Dovecot was making or deleting when it was killed hinders nobody', async () => {
      await append(await open('shell', 1), copies(1, 2))
      if (make === 'ours') {
        const base = join(dovecot.places.mailFolder, 'shell', 'mdbox')
        const { uid, gid } = statSync(base)
        for (const left of [join(base, 'staging', `${accountId}-1-7`), join(base, 'mailboxes', 'Shell')]) {
          mkdirSync(left)
          chownSync(left, uid, gid)
        }
      }
      const second = await open('shell', 2)
      const taken = await second.takeOver([intentOf(copies(1, 2))])
      await taken.deliver('Shell', once)
      await second.prepare('Shell')
      await second.finish()
      assert.deepEqual([await subjects('shell', 'Shell'), await staged('shell')], [[1, 2], []])
    })

    test('a probe that a rebuild brings back among the folders of the user is removed, and no mail of theirs', async () => {
      await append(await open('probes', 1), copies(1, 2))
      const conf = join(dovecot.places.runFolder, 'dovecot.conf')
      const save = (folder: string, input: string) =>
        execFileSync('doveadm', ['-c', conf, 'save', '-u', 'probes', '-m', folder], { input })
      for (const nth of [1, 2]) {
        doveadm('mailbox', 'create', '-u', 'probes', `settling-${accountId}-${nth}`)
        save(`settling-${accountId}-${nth}`, 'Subject: Whether the store is sound\r\n\r\n')
      }
      save(`settling-${accountId}-2`, 'Subject: 77\r\n\r\nMine.\r\n')
      await (await (await open('probes', 2)).takeOver([])).deliver('INBOX', once)
      const left = doveadm('mailbox', 'list', '-u', 'probes', 'settling*').trim().split('\n')
      assert.deepEqual(left, [`settling-${accountId}-2`])
      assert.deepEqual(await subjects('probes', `settling-${accountId}-2`), [Number.NaN, 77])
    })

    test('what was in a run’s folder and in no record is dropped with it', async () => {
      const first = await open('dropped', 1)
      await first.takeOver([])
      await first.prepare('INBOX')
      const left = await (await open('dropped', 2)).takeOver([intentOf(copies(1, 2))])
      // As if the store had been past the point where it looks whether the folder is still there.
      const [name = ''] = await staging('dropped')
      execFileSync(
        'doveadm',
        ['-c', join(dovecot.places.runFolder, 'dovecot.conf'), 'save', '-u', 'dropped', '-m', name],
        { input: Buffer.concat([...(copies(1, 1)[0]?.literal ?? [])]) },
      )
      await left.deliver('INBOX', once)
      assert.deepEqual([[...left.tokens], await subjects('dropped'), await staging('dropped')], [[], [], []])
    })

    test('a folder that vanished while a run was at work is made again for the move', async () => {
      const store = await open('gone', 1)
      const appended = await append(store, copies(1, 2), 'Work')
      doveadm('mailbox', 'delete', '-u', 'gone', 'Work')
      await store.deliver('Work', appended)
      await store.finish()
      assert.deepEqual([await subjects('gone', 'Work'), await staged('gone')], [[1, 2], []])
    })

    test('a folder of this run that is said to exist already is taken where nothing was ever in it, and only there', async () => {
      const ours = make === 'ours' ? `tributary-staging/${accountId}` : `tributary-staging.${accountId}`
      const created = await open('exists', 1)
      await created.takeOver([])
      doveadm('mailbox', 'create', '-u', 'exists', `${ours}-1`)
      await created.deliver('INBOX', await append(created, copies(1, 2)))
      await created.finish()
      assert.deepEqual([await subjects('exists'), await staged('exists')], [[1, 2], []])

      const superseded = await open('exists', 2)
      await superseded.takeOver([])
      doveadm('mailbox', 'create', '-u', 'exists', `${ours}-2`)
      doveadm('copy', '-u', 'exists', `${ours}-2`, 'mailbox', 'INBOX', 'all')
      await assert.rejects(superseded.prepare('INBOX'), refused)
      assert.equal((await staged('exists')).length, 1)
    })

    test('a login that is emptied has nothing left in a folder of a run either, nor of its user', async () => {
      const store = await open('emptied', 1)
      await store.deliver('INBOX', await append(store, copies(1, 2)))
      await append(store, copies(3, 2))
      for (const folder of ['Work', make === 'ours' ? 'Work/Old' : 'Work.Old'])
        for (const command of ['create', 'subscribe']) doveadm('mailbox', command, '-u', 'emptied', folder)
      doveadm('copy', '-u', 'emptied', 'Work', 'mailbox', 'INBOX', 'all')
      await emptyLogin(loginOf({ kind: 'hosted', id: '', login: 'emptied' }, dovecot.store))
      assert.deepEqual([await subjects('emptied'), await staging('emptied')], [[], []])
      assert.deepEqual(await subjects('emptied', 'Work'), [])
      await emptyLogin(loginOf({ kind: 'hosted', id: '', login: 'emptied' }, dovecot.store))
    })

    test('the UIDs of a folder that is gone move nothing out of another one that has its name by now', async () => {
      const [first, second] = [await open('renewed', 1), await open('renewed', 1)]
      const appended = await append(first, copies(1, 2))
      const [name = ''] = await staging('renewed')
      doveadm('mailbox', 'delete', '-u', 'renewed', name)
      const other = await append(second, copies(3, 2))
      assert.deepEqual(other.uids, appended.uids)
      await assert.rejects(first.deliver('INBOX', appended), refused)
      assert.deepEqual(await subjects('renewed'), [])
      await second.deliver('INBOX', other)
      assert.deepEqual(await subjects('renewed'), [3, 4])
      await second.finish()
      assert.deepEqual(await staged('renewed'), [])
    })

    test('without MOVE the messages are copied and expunged', async () => {
      const proxy = await startProxy(dovecot.imapPort, (said) => said.replaceAll(' MOVE ', ' EVOM '))
      const bare = new StorePool({ ...dovecot.store, port: proxy.port }, { lateMs: 50 })
      const store = await bare.store(
        { kind: 'hosted', id: 'without', login: 'without' },
        { staging: { accountId, holder: '1' } },
      )
      const first = await append(store, copies(1, 3))
      const second = await append(store, copies(4, 2))
      await store.deliver('INBOX', first)
      assert.deepEqual(await subjects('without'), [1, 2, 3])
      await store.deliver('INBOX', second)
      await store.finish()
      assert.deepEqual([await subjects('without'), await staged('without')], [[1, 2, 3, 4, 5], []])
      await bare.close()
      await proxy.close()
    })

    test('nobody’s LIST shows the folder of a run that is at work, in our configuration', async () => {
      const store = await open('order', 1)
      await append(store, copies(1, 1))
      const said = (
        await converse(dovecot.imapPort, [
          'a LOGIN order secret',
          'b LIST "" *',
          'c LIST "" %',
          'd LSUB "" *',
          'e LOGOUT',
        ])
      ).toString()
      assert.equal(said.includes('tributary-staging'), make === 'another')
      assert.equal((await staging('order')).length, 1)
      await store.finish()
      assert.deepEqual(await staged('order'), [])
    })

    /** As doveadm names them. */
    async function staging(login: string): Promise<string[]> {
      const names = doveadm('mailbox', 'list', '-u', login).split('\n')
      return [...names, ...doveadm('mailbox', 'list', '-u', login, 'tributary-staging/*').split('\n')]
        .filter((name, nth, all) => /^tributary-staging.+/.test(name) && all.indexOf(name) === nth)
        .filter((name) => name.includes(accountId))
    }
  })
}

/** Without our namespace, and with a dot between levels. */
async function reconfigured(dovecot: TestDovecot): Promise<void> {
  const file = join(dovecot.places.runFolder, 'dovecot.conf')
  const without = readFileSync(file, 'utf8').replace(/^namespace staging \{[^}]*\}\n/m, '')
  writeFileSync(file, without.replace(/^( {2}separator = )\/$/m, '$1.'))
  process.kill(dovecot.pid(), 'SIGHUP')
  await until('the new configuration', async () => {
    const said = await converse(dovecot.imapPort, ['a LOGIN late secret', 'b NAMESPACE', 'c LOGOUT'])
    return said.includes('(("" "."))')
  })
}

const literals: Readonly<Record<string, readonly string[]>> = {
  'LITERAL+': ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS'],
  'LITERAL-': ['IMAP4rev1', 'LITERAL-', 'MULTIAPPEND', 'UIDPLUS'],
  'literals that wait': ['IMAP4rev1', 'MULTIAPPEND', 'UIDPLUS'],
  'one message at a time': ['IMAP4rev1'],
}

async function foreign(
  behaviour: StoreBehaviour,
  mayCommit: () => boolean,
  use: (store: Store, server: Awaited<ReturnType<typeof startImapServer>>) => Promise<void>,
  lateMs = 1,
): Promise<void> {
  const server = await startImapServer(behaviour)
  const nowhere = { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' } as const
  const pool = new StorePool(nowhere, { lateMs })
  const at = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
  try {
    await use(await pool.store({ kind: 'imap', id: 'x', ...at }, { mayCommit }), server)
  } finally {
    await pool.close()
    await server.close()
  }
}

for (const [name, capabilities] of Object.entries(literals)) {
  test(`somebody else’s store gets the end of an APPEND only while the lease holds (${name})`, async () => {
    let holds = true
    let asked = 0
    const mayCommit = () => {
      asked += 1
      return holds
    }
    const batch = (from: number) => {
      const [one, ...rest] = copies(from, name === 'one message at a time' ? 1 : 3)
      const large = { ...(one as Copy), literal: [...(one as Copy).literal, Buffer.alloc(50_000, 'x\r\n')] }
      return name === 'LITERAL-' ? [large, ...rest] : [...rest, large]
    }
    await foreign({ capabilities }, mayCommit, async (store, server) => {
      await store.prepare('INBOX')
      assert.equal((await store.append('INBOX', batch(1), [])).status, 'stored')
      const { length } = server.stored
      holds = false
      await assert.rejects(store.append('INBOX', batch(10), []), (error) => {
        assert.ok(error instanceof SessionFailed && error.failure.kind === 'superseded', String(error))
        return true
      })
      await server.left()
      assert.equal(server.stored.length, length, 'nothing of it is stored')
      assert.equal(server.literals.length, 2 * length, 'though all of it has come')
      holds = true
      assert.equal((await store.append('INBOX', batch(20), [])).status, 'stored')
      assert.equal(server.stored.length, 2 * length)
      assert.equal(asked, 3)
    })
  })
}

test('a refusal before all has been sent leaves the connection in order', async () => {
  const refuses = () => 'NO cannot'
  await foreign(
    { refuses },
    () => true,
    async (store, server) => {
      assert.equal((await store.append('INBOX', copies(1, 2), [])).status, 'refused')
      assert.equal((await store.prepare('INBOX')).uidNext, 1)
      assert.equal(server.connections(), 1)
    },
  )
})

test('somebody else’s store that commits late is looked at a second time', async () => {
  const batch = copies(1, 2)
  await foreign(
    {},
    () => true,
    async (store, server) => {
      const looked = () => server.verbs.filter((verb) => verb === 'EXAMINE').length
      const taking = store.takeOver([intentOf(batch)])
      await until('its look', () => looked() > 0 && server.verbs.at(-1) === 'NOOP')
      for (const [nth, { literal }] of batch.entries()) {
        const message = { folder: 'INBOX', uid: nth + 1, flags: '', date: '', binary: false }
        server.stored.push({ ...message, literal: Buffer.concat(literal) })
      }
      assert.deepEqual((await taking).tokens, new Set(batch.map(({ token }) => token)))
      assert.equal(looked(), 3)
    },
    1500,
  )
})
