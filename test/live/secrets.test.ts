import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ensureSecret } from '../../src/disk/home.ts'
import { readEnvironment } from '../../src/disk/environment.ts'
import { UsersFile } from '../../src/disk/users-file.ts'
import { createLog } from '../../src/log.ts'
import { createSeal } from '../../src/seal.ts'

test('a sealed secret opens for its own record and field alone', () => {
  const seal = createSeal(randomBytes(32))
  for (const secret of ['x', '', 'mật khẩu with spaces ', '\u{1F511}'.repeat(300)]) {
    const sealed = seal.seal(secret, 'A', 'password')
    assert.equal(seal.open(sealed, 'A', 'password'), secret)
    assert.notEqual(seal.seal(secret, 'A', 'password'), sealed, 'never the same twice')
    assert.throws(() => seal.open(sealed, 'B', 'password'), /sealed password of B was changed/)
    assert.throws(() => seal.open(sealed, 'A', 'token'), /was changed/)
  }
})

test('a sealed secret that was changed, cut, or sealed with another key is refused with what to do', () => {
  const seal = createSeal(randomBytes(32))
  const sealed = seal.seal('the secret', 'A', 'password')
  const [version = '', key = '', iv = '', tag = '', text = ''] = sealed.split('.')
  const other = (part: string) => (part.startsWith('A') ? 'B' : 'A') + part.slice(1)
  for (const changed of [
    [version, key, other(iv), tag, text],
    [version, key, iv, other(tag), text],
    [version, key, iv, tag.slice(0, 6), text],
    [version, key, iv, '', text],
    [version, key, iv, tag, other(text)],
    [version, key, iv, tag],
  ]) {
    assert.throws(
      () => seal.open(changed.join('.'), 'A', 'password'),
      /the sealed password of A was changed; set it anew/,
    )
  }
  assert.throws(
    () => createSeal(randomBytes(32)).open(sealed, 'A', 'password'),
    /another secret-key, [\w-]{8}; put that key back/,
  )
  assert.throws(() => seal.open('v2.x', 'A', 'password'), /does not know/)
  assert.throws(() => createSeal(randomBytes(16)), /16 octets, not 32/)
})

test('a secret of this instance is made once, for its owner alone', () => {
  const folder = mkdtempSync('/tmp/tributary-home-')
  const path = join(folder, 'deep', 'admin-token')
  const secret = ensureSecret(path)
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/)
  assert.equal(ensureSecret(path), secret)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  writeFileSync(path, '\n')
  assert.throws(() => ensureSecret(path), /is empty; put its content back/)
  rmSync(folder, { recursive: true })
})

test('several that ask for a secret at once, before there is one, get the same', async () => {
  const folder = mkdtempSync('/tmp/tributary-home-')
  const path = join(folder, 'secret-key')
  const script = `import { ensureSecret } from './dist/src/disk/home.js'; process.stdout.write(ensureSecret(${JSON.stringify(path)}))`
  const ask = async () =>
    (await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])).stdout
  const secrets = await Promise.all([ask(), ask(), ask(), ask()])
  assert.equal(new Set(secrets).size, 1)
  assert.deepEqual(readdirSync(folder), ['secret-key'])
  rmSync(folder, { recursive: true })
})

test('a secret in a file is taken without the line end that the file ends with', () => {
  const folder = mkdtempSync('/tmp/tributary-home-')
  const path = join(folder, 'url')
  writeFileSync(path, 'redis://:a%20b@redis:6379\r\n')
  assert.equal(readEnvironment({ TRIBUTARY_REDIS_URL_FILE: path }).redisUrl, 'redis://:a%20b@redis:6379')
  rmSync(folder, { recursive: true })
  assert.throws(
    () => readEnvironment({ TRIBUTARY_REDIS_URL_FILE: path }),
    /TRIBUTARY_REDIS_URL_FILE cannot be read: ENOENT/,
  )
})

test('no two versions of the users file share a second, and who could read it still can', async () => {
  const folder = mkdtempSync('/tmp/tributary-users-')
  const path = join(folder, 'users')
  writeFileSync(path, '')
  chmodSync(path, 0o640)
  const file = new UsersFile(path)
  const seconds = new Set<number>()
  for (const passwordHash of ['{X}1', '{X}2', '{X}3', '{X}4']) {
    await file.write(async () => [{ login: 'alice', passwordHash }])
    seconds.add(Math.floor(statSync(path).mtimeMs / 1000))
    assert.equal(readFileSync(path, 'utf8'), `alice:${passwordHash}::::::\n`)
  }
  assert.equal(seconds.size, 4)
  assert.equal(statSync(path).mode & 0o777, 0o640)
  assert.deepEqual(readdirSync(folder).toSorted(), ['users', 'users.lock'])
  rmSync(folder, { recursive: true })
})

test('many who ask for a write at once share one that begins after all of them have asked', async () => {
  const folder = mkdtempSync('/tmp/tributary-users-')
  const path = join(folder, 'users')
  const file = new UsersFile(path)
  const logins: string[] = []
  let writes = 0
  const ask = async (login: string) => {
    logins.push(login)
    await file.write(async () => {
      writes += 1
      return logins.map((name) => ({ login: name, passwordHash: '{X}' }))
    })
    assert.ok(readFileSync(path, 'utf8').includes(`${login}:{X}::::::\n`), login)
  }
  await Promise.all(Array.from({ length: 200 }, async (_one, nth) => await ask(`login${nth}`)))
  assert.ok(writes <= 2, `${writes} writes`)

  // A failure is told to those who waited for it, and to nobody after them.
  await assert.rejects(
    file.write(async () => await Promise.reject(new Error('Redis is away'))),
    /Redis is away/,
  )
  await ask('after')
  assert.deepEqual(readdirSync(folder).toSorted(), ['users', 'users.lock'])
  rmSync(folder, { recursive: true })
})

test('an older list of one process never takes the place of a newer one of another', async () => {
  const folder = mkdtempSync('/tmp/tributary-users-')
  const path = join(folder, 'users')
  const added = join(folder, 'added')
  mkdirSync(added)
  // What is in the folder `added` stands for Redis: the logins that both processes are asked to write.
  const script = `
    import { readdirSync, writeFileSync, readFileSync } from 'node:fs'
    import { UsersFile } from './dist/src/disk/users-file.js'
    const file = new UsersFile(${JSON.stringify(path)})
    const logins = async () => readdirSync(${JSON.stringify(added)}).map((login) => ({ login, passwordHash: '{X}' + 'x'.repeat(200) }))
    for (let nth = 0; nth < 60; nth += 1) {
      const login = process.pid + '-' + nth
      writeFileSync(${JSON.stringify(`${added}/`)} + login, '')
      await file.write(logins)
      if (!readFileSync(${JSON.stringify(path)}, 'utf8').includes(login + ':')) throw new Error(login + ' is gone again')
    }`
  const run = async () => await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  await Promise.all([run(), run(), run()])
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, 180)
  for (const line of lines) assert.match(line, /^\d+-\d+:\{X\}x{200}::::::$/)
  rmSync(folder, { recursive: true })
})

test('what looks like a secret is not logged, however deep it lies', () => {
  const lines: string[] = []
  const log = createLog('test', 'info', { write: (line) => void lines.push(line) })
  log.info({ event: 'said', password: 'PLANTED', account: { password: 'PLANTED', deeper: { token: 'PLANTED' } } })
  log.warn({ event: 'request', headers: { authorization: 'PLANTED' }, sealed: 'PLANTED' }, 'said')
  assert.equal(lines.length, 2)
  assert.ok(!lines.join('').includes('PLANTED'))
  const [first = '', second = ''] = lines
  const { time, ...event } = JSON.parse(second) as Record<string, unknown>
  assert.match(String(time), /Z$/)
  assert.deepEqual(event, {
    level: 'warn',
    process: 'test',
    event: 'request',
    headers: { authorization: '[redacted]' },
    sealed: '[redacted]',
    msg: 'said',
  })
  assert.ok(first.endsWith('\n'), 'one line an event')
})
