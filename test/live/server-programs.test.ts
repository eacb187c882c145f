/** The servers' own word on our settings, and data that another version of a server has written. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dovecotSettings, startDovecot } from '../../deploy/dovecot.ts'
import { childIdentity } from '../../deploy/identity.ts'
import { redisSocket, startRedis } from '../../deploy/redis.ts'
import { dovecotLine } from '../../deploy/server-programs.ts'
import { createLog } from '../../src/log.ts'
import { connectRedis } from '../../src/redis/connection.ts'

const identity = childIdentity([])

async function inFolder(what: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync('/tmp/tributary-programs-')
  try {
    await what(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const ports = { host: '127.0.0.1', imapPort: 10143, imapsPort: 10993, pop3Port: 10110, pop3sPort: 10995 }
const placesIn = (folder: string) => ({
  runFolder: folder,
  mailFolder: join(folder, 'mail'),
  usersFile: join(folder, 'users'),
  mastersFile: join(folder, 'masters'),
  // Dovecot 2.4 looks whether they are there.
  certFile: '/etc/passwd',
  keyFile: '/etc/passwd',
})

/** The root of Debian 13, if `npm run test:debian13` has made it on this machine. */
const debian13 = process.env['DEBIAN13_ROOT'] || '/var/cache/tributary/debian13'
const roots = [{ line: dovecotLine(), root: '/' }]
if (roots[0]?.line === '2.3' && existsSync(join(debian13, 'usr/bin/doveconf')))
  roots.push({ line: '2.4', root: debian13 })

for (const { line, root } of roots)
  test(`Dovecot ${line} takes its settings, and has no word against them`, async () => {
    await inFolder(async (folder) => {
      const start = { ports: { ...ports, gatewayDoor: { address: '127.0.0.1', port: 10144 } }, identity, policyPort: 9 }
      const settings = dovecotSettings(line, placesIn(folder), { ...start, masterPassword: 'm' })
      const file = mkdtempSync(join(root, 'tmp/tributary-settings-'))
      try {
        writeFileSync(join(file, 'dovecot.conf'), settings)
        const inside = join('/', file.slice(root.length), 'dovecot.conf')
        const command = ['doveconf', '-n', '-c', inside]
        const [name = '', ...args] = root === '/' ? command : ['chroot', root, ...command]
        const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' })
        assert.deepEqual([status, stderr], [0, ''])
        // One of each kind: a block, a list, a service of our own, and what 2.4 has under another name.
        for (const words of [
          /imap-gateway-login/,
          /mdbox/,
          /staging/,
          /10144/,
          /vsz_limit = 2 ?G/,
          /remote 127\.0\.0\.1/,
        ])
          assert.match(stdout, words)
      } finally {
        rmSync(file, { recursive: true })
      }
    })
  })

test('mail that a newer Dovecot has written is not opened, and mail of an older one with a word about it', async () => {
  await inFolder(async (folder) => {
    const places = placesIn(folder)
    mkdirSync(places.mailFolder)
    const mark = join(places.mailFolder, '~written-by')
    let said = ''
    const log = createLog('dovecot', 'info', { write: (text: string) => void (said += text) })
    const start = {
      ports,
      masterPassword: 'm',
      identity,
      onLine: () => {},
      log,
      signal: AbortSignal.abort(new Error('enough')),
    }
    writeFileSync(mark, 'Dovecot 2.9\n')
    await assert.rejects(startDovecot(places, start), /the mail in .* was written by Dovecot 2\.9/)
    assert.equal(readFileSync(mark, 'utf8'), 'Dovecot 2.9\n')
    writeFileSync(mark, 'Dovecot 2.2\n')
    await assert.rejects(startDovecot(places, start), /enough/)
    assert.match(said, /was written by Dovecot 2\.2; Dovecot 2\.[34] goes on with it/)
    assert.equal(readFileSync(mark, 'utf8'), `Dovecot ${dovecotLine()}\n`)
  })
})

test('what a newer Redis has written is not opened, and the program that wrote it is the one that is started', async () => {
  await inFolder(async (folder) => {
    const places = { runFolder: folder, dataFolder: join(folder, 'data') }
    const mark = join(places.dataFolder, 'written-by')
    mkdirSync(places.dataFolder)
    writeFileSync(mark, 'Redis 99.0\n')
    await assert.rejects(startRedis(places, identity, { onLine: () => {} }), /was written by Redis 99\.0/)
    for (const name of ['redis', 'valkey']) {
      if (!existsSync(`/usr/bin/${name}-server`)) continue
      writeFileSync(mark, name === 'redis' ? 'Redis 7.0\n' : 'Valkey 8.0\n')
      rmSync(join(places.dataFolder, 'appendonlydir'), { recursive: true, force: true })
      const child = await startRedis(places, identity, { onLine: () => {} })
      const redis = connectRedis(redisSocket(places), 'api', () => {})
      try {
        assert.equal((await redis.info('server')).includes('valkey_version'), name === 'valkey')
      } finally {
        redis.disconnect()
        await child.stop(10_000)
      }
    }
  })
})
