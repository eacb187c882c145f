/** docs/operating.md, "Moving": an instance goes to another machine, into containers, and to a Redis and a Dovecot of others, by the commands that stand there. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { childIdentity } from '../../deploy/identity.ts'
import { dovecotLine } from '../../deploy/server-programs.ts'
import type { Run } from '../../src/runs/run.ts'
import { blocksOf, firstLine } from '../support/blocks.ts'
import { Containers } from '../support/containers.ts'
import { startDocker } from '../support/docker.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { fixtureLetter, loadRedis } from '../support/fixture.ts'
import { startLocalGateway, withRedisOf } from '../support/local-gateway.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { until } from '../support/until.ts'
import { startProviders, storedMail, unpackUpgrade, upgradeNames } from '../support/upgrade-story.ts'

const asRoot = { skip: process.getuid?.() === 0 ? false : 'files get another owner, which needs root' }
const who = childIdentity([])

/** Wherever it is just now. */
interface Instance {
  readonly imapPort: number
  readonly call: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>
}

let folder: string
let bin: string
let provider: ScriptedServer
let smtp: ScriptedSmtp
let containers: Containers
const messages = [fixtureLetter('ann', 1), fixtureLetter('ann', 2)]
/** What the folder shows: it only grows. */
let shown: readonly string[] = []
let accountId = ''
/** Messages that wait in the outbox. */
let waiting: string[] = []

before(async () => {
  folder = mkdtempSync('/tmp/tributary-moves-')
  bin = join(folder, 'bin')
  mkdirSync(bin)
  // The servers run as another user.
  chmodSync(folder, 0o755)
  provider = await startPop3Server({ messages, user: 'me' })
  smtp = await startScriptedSmtp({ auth: { mechanisms: ['PLAIN'], plays: honest() } })
  containers = await Containers.make()
})
after(async () => {
  await Promise.all([provider.close(), smtp.close(), containers.remove()])
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Runs the block that begins so. @param words are what stands in it, and what is true here. */
async function follow(
  beginning: string,
  env: Readonly<Record<string, string>>,
  words: readonly [string, string][] = [],
) {
  const block = blocksOf('docs/operating.md').find((one) => firstLine(one) === beginning)
  let script = block?.text ?? assert.fail(`no block begins with ${beginning}`)
  for (const [said, done] of words) script = script.replaceAll(said, done)
  const cwd = mkdtempSync(join(folder, 'work-'))
  chmodSync(cwd, 0o755)
  const path = `${bin}:${process.env['PATH'] ?? ''}`
  const shell = ['-c', `set -eo pipefail\n${script}`]
  const child = spawn('bash', shell, { cwd, env: { PATH: path, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, said)
  return said
}

async function look({ imapPort }: Instance): Promise<string[]> {
  const found = await readFolder(imapPort, 'alice', 'wonder')
  return found.map(({ uid, bytes }) => `${uid} ${createHash('sha256').update(bytes).digest('hex')}`)
}

async function pulled({ call }: Instance): Promise<readonly unknown[]> {
  const run = (await call('POST', `/accounts/${accountId}/pull?wait=60`)) as object as Run
  return [run.stored, run.recovered, run.failure]
}

/** All is there once, nothing is fetched twice, one that came meanwhile is fetched, and one that waited is sent. */
async function assertMoved(instance: Instance): Promise<void> {
  assert.deepEqual(await look(instance), shown)
  const [id = ''] = waiting
  for (const one of waiting) assert.equal((await instance.call('GET', `/outbox/${one}`))['state'], 'queued')
  assert.deepEqual(await pulled(instance), [0, 0, null])
  const nth = shown.length + 1
  provider.deliver(fixtureLetter('ann', nth))
  assert.deepEqual(
    [await pulled(instance), await pulled(instance)],
    [
      [1, 0, null],
      [0, 0, null],
    ],
  )
  const now = await look(instance)
  assert.deepEqual([now.slice(0, -1), now.length], [shown, nth])
  shown = now

  const sent = smtp.mails.length
  await instance.call('POST', `/outbox/${id}/retry`)
  await until('it to be sent', async () => (await instance.call('GET', `/outbox/${id}`))['state'] === 'accepted')
  assert.equal(smtp.mails.length, sent + 1)
  assert.match(
    String(smtp.mails.at(-1)?.bytes),
    new RegExp(`Subject: waits ${3 - waiting.length}\\r\\n[^]*\\r\\n\\r\\nLater\\.`),
  )
  waiting = waiting.slice(1)
}

test('to another machine', asRoot, async () => {
  const [old, fresh] = [join(folder, 'old'), join(folder, 'fresh')]
  const first = await startLocalGateway(old)
  const here = { imapPort: first.ports.imap, call: first.call }
  const { id: destinationId } = await first.call('POST', '/destinations', {
    kind: 'hosted',
    login: 'alice',
    password: 'wonder',
  })
  const at = {
    address: 'me@example.net',
    host: '127.0.0.1',
    port: provider.port,
    tls: 'none',
    user: 'me',
    password: 'secret',
  }
  const sends = { smtp: { host: '127.0.0.1', port: smtp.port, tls: 'none' }, sentCopy: 'never' }
  accountId = String((await first.call('POST', '/accounts', { ...at, ...sends, destinationId, paused: true }))['id'])
  assert.deepEqual(await pulled(here), [2, 0, null])
  shown = await look(here)
  const sendAt = new Date(Date.now() + 86_400_000).toISOString()
  for (const nth of [0, 1, 2]) {
    const letter = { identity: accountId, to: ['you@example.org'], subject: `waits ${nth}`, text: 'Later.', sendAt }
    waiting.push(String((await first.call('POST', `/destinations/${String(destinationId)}/messages`, letter))['id']))
  }
  await first.stop()

  await follow('tar --create --gzip --file tributary.tar.gz --directory "$OLD" .', {
    OLD: old,
    NEW: fresh,
    WHO: who.user,
  })
  const second = await startLocalGateway(fresh)
  try {
    await assertMoved({ imapPort: second.ports.imap, call: second.call })
  } finally {
    await second.stop()
  }
})

test('from npm start to containers', asRoot, async () => {
  const docker = await startDocker(containers, bin)
  const owner: [string, string][] = [
    ['--owner=10001', `--owner=${containers.identity.uid}`],
    ['--group=10001', `--group=${containers.identity.gid}`],
  ]
  await follow('mkdir -p backup', { OLD: join(folder, 'fresh') }, owner)
  docker.close()
  await assertMoved({ imapPort: containers.ports.imap, call: async (...asked) => await containers.call(...asked) })
})

test('from the containers’ Redis and Dovecot to others', asRoot, async () => {
  const [redis, dovecot]: [TestRedis, TestDovecot] = await Promise.all([startRedis(), startDovecot()])
  const docker = await startDocker(containers, bin)
  try {
    const { usersFile, runFolder } = dovecot.places
    writeFileSync(usersFile, '', { flag: 'a' })
    for (const path of [usersFile, runFolder]) chownSync(path, who.uid, who.gid)
    const doveadm = execFileSync('which', ['doveadm'], { encoding: 'utf8' }).trim()
    const conf = join(runFolder, 'dovecot.conf')
    writeFileSync(join(bin, 'doveadm'), `#!/bin/sh\nexec ${doveadm} -c ${conf} "$@"\n`, { mode: 0o755 })
    const env = { USERS: usersFile, VMAIL: who.user }
    const said = await follow('docker compose stop worker api', env, [['< redis-url', `<<< ${redis.url}`]])
    assert.match(said, /^\d{2,} keys were copied\./m)
    const url = `imap://${dovecot.store.masterUser}:${encodeURIComponent(dovecot.store.masterPassword)}@127.0.0.1:${dovecot.imapPort}`
    const theirs = {
      TRIBUTARY_REDIS_URL: redis.url,
      TRIBUTARY_REDIS_PASSWORD_FILE: '',
      TRIBUTARY_STORE_URL: url,
      TRIBUTARY_STORE_PASSWORD_FILE: '',
      TRIBUTARY_STORE_USERS_FILE: usersFile,
    }
    for (const part of ['api', 'worker'] as const) await containers.start(part, theirs)
    await assertMoved({ imapPort: dovecot.imapPort, call: async (...asked) => await containers.call(...asked) })
  } finally {
    docker.close()
    await containers.stopAll()
    await Promise.all([redis.stop(), dovecot.stop()])
  }
})

// `npm run test:debian13` has the Dovecot for it.
if (dovecotLine() === '2.4') test('from Dovecot 2.3 to 2.4, with its mail', fromDovecot23)

async function fromDovecot23(): Promise<void> {
  const [name = ''] = upgradeNames().toReversed()
  const then = unpackUpgrade(name, join(folder, 'of-2.3'))
  const [old, copy] = [join(folder, 'of-2.3', 'home'), join(folder, 'of-2.4')]
  await withRedisOf(old, async (redis) => await loadRedis(redis, join(folder, 'of-2.3', 'redis.ndjson')))
  await follow('cp --archive "$OLD" "$NEW"', { OLD: old, NEW: copy })
  const providers = await startProviders(then.port, [], true)
  const gateway = await startLocalGateway(copy)
  try {
    assert.match(gateway.said(), /was written by Dovecot 2\.3; Dovecot 2\.4 goes on with it/)
    assert.deepEqual(await storedMail(gateway.ports.imap), then.mail)
    const run = (await gateway.call('POST', `/accounts/${then.ids.ann}/pull?wait=60`)) as object as Run
    assert.deepEqual([run.stored, run.recovered, run.failure], [0, 0, null])
    assert.deepEqual(await storedMail(gateway.ports.imap), then.mail)
    assert.equal(existsSync(join(old, 'mail', '~written-by')), false, 'the old one is as it was')
  } finally {
    await gateway.stop()
    await providers.close()
  }
}
