import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { storageOf } from '../../deploy/dovecot.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { giveBackSpace, isAtWork, type Storage, withoutLookup } from '../../deploy/space.ts'
import type { Logger } from '../../src/log.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { alive } from '../support/family.ts'
import { converse, readFolder } from '../support/reader.ts'
import { until } from '../support/until.ts'

let dovecot: TestDovecot
let storage: Storage
let aside: string
const users = { erin: 'e', frank: 'f' }
before(async () => {
  dovecot = await startDovecot(users)
  storage = storageOf(dovecot.places, childIdentity([]))
  aside = mkdtempSync('/tmp/tributary-aside-')
})
beforeEach(async () => {
  await kill()
  for (const login of Object.keys(users)) rmSync(homeOf(login), { recursive: true, force: true })
  await dovecot.resume()
})
after(async () => {
  await dovecot.stop()
  rmSync(aside, { recursive: true, force: true })
})

const homeOf = (login: string) => join(dovecot.places.mailFolder, login)
const storageFolderOf = (login: string) => join(homeOf(login), 'mdbox', 'storage')
const filesOf = (login: string, prefix: string) =>
  readdirSync(storageFolderOf(login)).filter((name) => name.startsWith(prefix))
const octetsOf = (login: string) =>
  filesOf(login, 'm.').reduce((sum, name) => sum + statSync(join(storageFolderOf(login), name)).size, 0)
const mark = (login: string) => join(homeOf(login), 'space-looked-at')

/** Ends all processes of Dovecot at once, as if the power had gone but for what the kernel has yet to write. */
async function kill(): Promise<void> {
  if (isAtWork(storage)) process.kill(-dovecot.pid(), 'SIGKILL')
  await until('the end of Dovecot', () => !isAtWork(storage) && alive([dovecot.pid()]).length === 0)
  // The next Dovecot takes a process that ended and that nobody has asked for yet for one at work.
  await until('the end of its process', () => !isThere(dovecot.pid()))
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function restart(...due: readonly string[]): Promise<void> {
  await kill()
  for (const login of due) rmSync(mark(login), { force: true })
  await dovecot.resume()
}

async function imap(login: keyof typeof users, ...commands: readonly string[]): Promise<void> {
  const lines = commands.map((command, nth) => `t${nth} ${command}`)
  const said = await converse(dovecot.imapPort, [`l LOGIN ${login} ${users[login]}`, ...lines, 'o LOGOUT'])
  for (let nth = 0; nth < lines.length; nth += 1)
    assert.match(said.toString('latin1'), new RegExp(`^t${nth} OK`, 'm'), said.toString('latin1').slice(-500))
}

const letterOf = (nth: number, octets = 0) =>
  `Message-ID: <${nth}@example.org>\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(Math.ceil(octets / 78))}`
const letters = (count: number, octets = 0) => Array.from({ length: count }, (_, nth) => letterOf(nth, octets))
const appends = (folder: string, texts: readonly string[]) =>
  texts.map((text) => `APPEND ${folder} (\\Flagged) {${text.length}+}\r\n${text}`)
const read = async (login: keyof typeof users, folder: string) =>
  (await readFolder(dovecot.imapPort, login, users[login], folder)).map(({ uid, flags, bytes }) => ({
    uid,
    flagged: flags.includes('\\Flagged'),
    text: bytes.toString('latin1'),
  }))
const held = (texts: readonly string[], fromUid = 1) =>
  texts.map((text, nth) => ({ uid: fromUid + nth, flagged: true, text }))

test('a start gives back the space of what was expunged, and leaves the rest as it is', async () => {
  const others = letters(20)
  await imap(
    'erin',
    ...appends('INBOX', [letterOf(0, 900_000), ...others]),
    'SELECT INBOX',
    'STORE 1 +FLAGS (\\Deleted)',
    'EXPUNGE',
  )
  assert.ok(octetsOf('erin') > 850_000, String(octetsOf('erin')))
  await restart('erin')
  assert.ok(octetsOf('erin') < 10_000, String(octetsOf('erin')))
  assert.deepEqual(await read('erin', 'INBOX'), held(others, 2))
})

test('a login whose storage was looked at within a day is not looked at again', async () => {
  await imap('erin', ...appends('INBOX', letters(2)), 'SELECT INBOX', 'STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE')
  writeFileSync(mark('erin'), '')
  const octets = octetsOf('erin')
  await restart()
  assert.equal(octetsOf('erin'), octets)
})

test('mail whose COPY was killed before it was counted outlives the folder from which it came, and the purge', async () => {
  const texts = letters(20)
  await imap(
    'erin',
    'CREATE tributary-staging/run-1',
    'CREATE tributary-staging/run-2',
    'CREATE Goal',
    ...appends('tributary-staging/run-1', texts),
    ...appends('INBOX', [letterOf(99, 100_000)]),
  )
  await kill()
  const maps = filesOf('erin', 'dovecot.map')
  for (const name of maps) cpSync(join(storageFolderOf('erin'), name), join(aside, name))
  await dovecot.resume()
  await imap('erin', 'SELECT tributary-staging/run-1', 'COPY 1:* Goal', 'COPY 1:* tributary-staging/run-2')
  await kill()
  // Dovecot writes the folder's index first and the counts after it. So this is what a kill between the two leaves.
  for (const name of filesOf('erin', 'dovecot.map')) rmSync(join(storageFolderOf('erin'), name))
  for (const name of maps) cpSync(join(aside, name), join(storageFolderOf('erin'), name))
  await dovecot.resume()
  await imap('erin', 'DELETE tributary-staging/run-1', 'SELECT INBOX', 'STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE')
  await kill()
  cpSync(homeOf('erin'), homeOf('frank'), { recursive: true })
  handOver(homeOf('frank'), storage.identity)
  purgeWithoutCounting('frank')
  writeFileSync(mark('frank'), '')
  await restart('erin')

  assert.deepEqual(await read('erin', 'Goal'), held(texts))
  assert.deepEqual(await read('erin', 'tributary-staging/run-2'), held(texts))
  assert.deepEqual(await read('erin', 'INBOX'), [])
  assert.ok(octetsOf('erin') < 50_000, String(octetsOf('erin')))
  // What all this is for: the purge alone. Dovecot 2.4 still shows one of them, and has nothing to say of what was in it.
  const left = await read('frank', 'Goal').catch(() => [])
  assert.deepEqual(
    left.filter(({ text }) => text !== ''),
    [],
  )
})

function purgeWithoutCounting(login: string): void {
  const args = [...storage.identity.setpriv, '--', 'doveadm', '-c', storage.conf, 'purge', ...withoutLookup(storage)]
  execFileSync('setpriv', args, { env: { PATH: process.env['PATH'], USER: login, HOME: homeOf(login) } })
}

test('a purge that is killed loses nothing, and the next one goes on with it', async () => {
  const texts = letters(200, 20_000)
  await imap('erin', ...appends('INBOX', texts), 'SELECT INBOX', 'STORE 1:100 +FLAGS (\\Deleted)', 'EXPUNGE')
  await kill()
  const template = join(aside, 'erin')
  cpSync(homeOf('erin'), template, { recursive: true })
  const fromMs = performance.now()
  await giveBackSpace(storage)
  const wholeMs = performance.now() - fromMs
  for (let round = 0; round < 5; round += 1) {
    rmSync(homeOf('erin'), { recursive: true })
    cpSync(template, homeOf('erin'), { recursive: true })
    handOver(homeOf('erin'), storage.identity)
    // The last two thirds of its time: before that it only reads.
    const signal = AbortSignal.timeout(Math.round(wholeMs / 3 + (wholeMs * 2 * round) / 3 / 5))
    await giveBackSpace(storage, { signal }).catch(() => {})
    await restart('erin')
    assert.deepEqual(await read('erin', 'INBOX'), held(texts.slice(100), 101))
    assert.ok(octetsOf('erin') < 2_500_000, `${round}: ${octetsOf('erin')}`)
    await kill()
  }
  await dovecot.resume()
})

test('nothing is purged beside a Dovecot that is at work', async () => {
  await imap('erin', ...appends('INBOX', letters(2)), 'SELECT INBOX', 'STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE')
  const octets = octetsOf('erin')
  const told: unknown[] = []
  const warn: Logger['warn'] = (fields) => told.push(fields)
  await giveBackSpace(storage, { log: { warn } as Logger })
  assert.deepEqual(told, [{ event: 'store not purged', reason: 'processes of an earlier Dovecot are still at work' }])
  assert.equal(octetsOf('erin'), octets)
})
