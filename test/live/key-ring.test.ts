import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { KeyFile, openKeyRing, ReadOnly } from '../../src/disk/key-ring.ts'
import { homeOf } from '../../src/disk/home.ts'
import { readEnvironment } from '../../src/disk/environment.ts'
import { apiLimits } from '../../api/limits.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { keys } from '../../src/redis/key-names.ts'
import { recordsByKey, reseal, sealedRecords } from '../../src/redis/sealed.ts'
import { createSeal, keyIdOf, keyOf, keysIn, linesOf, newKey, ringOf } from '../../src/seal.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const folder = mkdtempSync('/tmp/tributary-keys-')
after(() => rmSync(folder, { recursive: true, force: true }))

test('a ring opens what each of its keys has sealed, and seals with the first', () => {
  const [old, young] = [newKey(0), newKey(1)]
  const sealed = createSeal(ringOf([old])).seal('the secret', 'A', 'password')
  const seal = createSeal(ringOf([young, old]))
  assert.equal(seal.open(sealed, 'A', 'password'), 'the secret')
  assert.equal(keyIdOf(seal.seal('x', 'A', 'password')), young.id)
  assert.deepEqual([seal.keyId, seal.holds(old.id), seal.holds('nonsense')], [young.id, true, false])
  assert.throws(() => createSeal(ringOf([young])).open(sealed, 'A', 'password'), /was sealed with another secret-key, /)
})

test('a key file of one line is a ring of one; further lines may have been written by hand', async () => {
  const octets = Buffer.from('fbff'.repeat(16), 'hex')
  for (const text of [
    octets.toString('base64'),
    `${octets.toString('base64url')}\n`,
    `\n ${octets.toString('base64url')} \r\n`,
  ])
    assert.deepEqual(keysIn(text), [keyOf(octets, null)])
  const made = [newKey(Date.UTC(2026, 0, 2)), keyOf(octets, null)]
  assert.deepEqual(keysIn(linesOf(made)), made)
  assert.match(linesOf(made), /^\S{43} 2026-01-02T00:00:00.000Z\n\S{43}\n$/)
  for (const wrong of [`${linesOf(made)}SECRET`, 'SECRET', `${octets.toString('base64url')} yesterday`])
    assert.throws(
      () => keysIn(wrong),
      (error: Error) => /line \d is no key/.test(error.message) && !error.message.includes('SECRET'),
    )
  const env = await openKeyRing(
    readEnvironment({ TRIBUTARY_SECRET_KEYS: linesOf(made).replaceAll(/ .*/g, '').trim().replace('\n', ', ') }),
    homeOf(folder),
    async () => 0,
  )
  assert.deepEqual(
    env.all().map(({ id }) => id),
    made.map(({ id }) => id),
  )
  assert.throws(() => env.add(0), ReadOnly)
  const both = { TRIBUTARY_SECRET_KEYS: 'x', TRIBUTARY_SECRET_KEY_FILE: 'y' }
  assert.throws(() => readEnvironment(both), /TRIBUTARY_SECRET_KEYS and TRIBUTARY_SECRET_KEY_FILE say the same thing/)
})

test('what one process adds to the file another opens and seals with at once; the file stays whole and private', () => {
  const path = join(folder, 'shared')
  const [one, other] = [new KeyFile(path), new KeyFile(path)]
  const first = one.newest()
  const added = one.add(Date.now())
  assert.equal(createSeal(other).open(createSeal(one).seal('x', 'A', 'f'), 'A', 'f'), 'x')
  assert.equal(other.newest().id, added.id)
  assert.deepEqual(
    other.all().map(({ id }) => id),
    [added.id, first.id],
  )
  assert.equal(statSync(path).mode & 0o777, 0o600)

  // An editor that has emptied it, and writes it a moment later.
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, '')
  assert.equal(other.newest().id, added.id)
  writeFileSync(path, text)
  other.drop(new Set([first.id]))
  assert.deepEqual(
    one.all().map(({ id }) => id),
    [added.id],
  )

  // Somebody was killed with the lock in hand.
  writeFileSync(`${path}.lock`, '')
  assert.throws(() => one.add(0), /another process is changing the keys just now/)
  utimesSync(`${path}.lock`, 0, 0)
  one.add(0)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('shared')),
    ['shared'],
  )
})

test('of keys that several processes add at once none is lost', async () => {
  const path = join(folder, 'contended')
  const script = `
    import { KeyFile } from './dist/src/disk/key-ring.js'
    const ring = new KeyFile(${JSON.stringify(path)})
    for (let left = 40; left > 0; ) try { console.log(ring.add(Date.now()).id); left -= 1 } catch (e) { if (!/just now/.test(e.message)) throw e }`
  const run = async () =>
    (await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])).stdout
  const added = (await Promise.all([run(), run(), run()])).flatMap((ids) => ids.trim().split('\n'))
  const kept = new KeyFile(path).all().map(({ id }) => id)
  assert.deepEqual(new Set(kept.slice(0, -1)), new Set(added))
  assert.equal(kept.length, 121)
  assert.ok(!existsSync(`${path}.lock`))
})

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
})
after(async () => await stack.stop())

interface Listed {
  readonly items: readonly { readonly id: string; readonly state: string; readonly records: number }[]
  readonly resealing: boolean
}
const keysOf = async (of = stack) => (await of.call('GET', '/keys')).body as object as Listed
async function rotated(): Promise<Listed> {
  const { status } = await stack.call('POST', '/keys/rotate')
  assert.equal(status, 202)
  return await settled()
}
async function settled(of = stack): Promise<Listed> {
  for (;;) {
    const seen = await keysOf(of)
    if (!seen.resealing) return seen
  }
}
const ownSeal = () => createSeal(new KeyFile(stack.secretKeyFile))
const recordOf = async (id: string) => JSON.parse((await stack.redis.hget(keys.accounts, id)) ?? '') as AccountRecord

test('a rotation while runs are at work and accounts are being changed costs no run and no password', async () => {
  const provider = await startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }], password: 'right' })
  await stack.startWorker()
  const ids: string[] = []
  for (let nth = 0; nth < 6; nth += 1)
    ids.push(
      await stack.account({
        port: provider.port,
        destinationId,
        user: 'me',
        folder: `F${nth}`,
        ...(nth > 0 && { user: `me${nth}` }),
        password: 'right',
      }),
    )
  const [first = ''] = ids
  await settled()
  const firstKey = (await keysOf()).items[0]?.id ?? ''
  assert.deepEqual((await keysOf()).items, [{ id: firstKey, createdAt: null, state: 'sealing', records: 6 }])

  const over = new AbortController()
  const pulls = (async () => {
    const runs = []
    while (!over.signal.aborted) runs.push(await stack.pull(first))
    return runs
  })()
  const last = new Map<string, string>()
  const changes = ids.slice(1).map(async (id) => {
    for (let nth = 0; !over.signal.aborted; nth += 1) {
      const password = `${id} ${nth}`
      const { status } = await stack.call('PATCH', `/accounts/${id}`, { password })
      assert.equal(status, 200)
      last.set(id, password)
    }
  })
  const added: string[] = []
  for (let nth = 0; nth < 5; nth += 1) {
    const { items } = await rotated()
    added.unshift(items[0]?.id ?? '')
  }
  over.abort()
  const runs = await pulls
  await Promise.all(changes)
  assert.deepEqual(
    runs.filter(({ failure }) => failure !== null),
    [],
  )
  assert.equal(new Set([...added, firstKey]).size, 6)

  const { items } = await settled()
  assert.deepEqual(
    items.map(({ id }) => id),
    [...added, firstKey],
  )
  assert.deepEqual(
    items.map(({ records }) => records),
    [6, 0, 0, 0, 0, 0],
  )
  for (const [id, password] of last)
    assert.equal(ownSeal().open((await recordOf(id)).sealedPassword, id, 'password'), password)
  assert.equal((await stack.pull(first)).failure, null)
  await stack.stopWorker()
  await provider.close()
})

test('only keys that nothing needs are forgotten, and none that a request may still be at work with', async () => {
  const { body: early } = await stack.call('POST', '/keys/prune')
  const before = (early as object as Listed).items.map(({ id }) => id)
  assert.equal(before.length, 6)
  // As it is a quarter of an hour later.
  const ring = new KeyFile(stack.secretKeyFile)
  const long = new Date(Date.now() - apiLimits.keySettledMs - 1000).toISOString()
  writeFileSync(stack.secretKeyFile, linesOf(ring.all().map((key) => ({ ...key, createdAt: long }))))
  // One that is still in use, in the middle.
  const [id = ''] = await stack.redis.hkeys(keys.accounts)
  const record = await recordOf(id)
  const older = createSeal(ringOf(ring.all().slice(3)))
  await stack.redis.hset(
    keys.accounts,
    id,
    JSON.stringify({ ...record, sealedPassword: older.seal('kept', id, 'password') }),
  )
  const { body } = await stack.call('POST', '/keys/prune')
  assert.deepEqual(
    (body as object as Listed).items.map(({ id, records }) => [id, records]),
    [
      [before[0], 5],
      [before[3], 1],
    ],
  )
  assert.equal(ownSeal().open((await recordOf(id)).sealedPassword, id, 'password'), 'kept')
})

test('where the file is gone while something is sealed with its keys, no new one is made', async () => {
  const missing = join(folder, 'gone', 'secret-key')
  const config = readEnvironment({ TRIBUTARY_SECRET_KEY_FILE: missing })
  const open = async () => await openKeyRing(config, homeOf(folder), async () => await sealedRecords(stack.redis))
  await assert.rejects(open(), (error: Error) => {
    assert.equal(error.name, 'ConfigInvalid')
    assert.match(
      error.message,
      /gone\/secret-key is gone, and 6 of the records in Redis are sealed .*\nPut the file back/,
    )
    return true
  })
  assert.ok(!existsSync(missing))
  // Another process makes it while this one counts.
  const ring = await openKeyRing(config, homeOf(folder), async () => (new KeyFile(missing).all().length > 0 ? 1 : 0))
  assert.deepEqual(ring.all(), new KeyFile(missing).all())
})

test('a re-sealing that is killed anywhere leaves all as it opens, and the next start goes on', async () => {
  const [old, young] = [newKey(0), newKey(1)]
  const [before, seal] = [createSeal(ringOf([old])), createSeal(ringOf([young, old]))]
  const { redis } = stack
  const kept = await redis.hgetall(keys.accounts)
  await redis.del(keys.accounts)
  const ids = Array.from({ length: 40 }, (_one, nth) => `R${nth}`)
  for (const id of ids)
    await redis.hset(
      keys.accounts,
      id,
      JSON.stringify({ account: { id }, sealedPassword: before.seal(id, id, 'password') }),
    )
  for (const dies of [0, 1, 7, 30]) {
    let left = dies
    const dying = new Proxy(redis, {
      get(target, name) {
        const own: unknown = Reflect.get(target, name)
        if (typeof own !== 'function') return own
        return (...args: readonly unknown[]) => {
          if (name === 'tributary:replace-field' && (left -= 1) < 0) throw new Error('killed')
          return Reflect.apply(own, target, args) as unknown
        }
      },
    })
    await reseal(dying, seal, new AbortController().signal).catch(() => {})
    for (const [id, json] of Object.entries(await redis.hgetall(keys.accounts)))
      assert.equal(seal.open((JSON.parse(json) as AccountRecord).sealedPassword, id, 'password'), id)
  }
  assert.deepEqual(await reseal(redis, seal, new AbortController().signal), { resealed: 2, unopened: [] })
  assert.deepEqual([...(await recordsByKey(redis))], [[young.id, 40]])

  // What no key opens is named, and left as it is.
  const foreign = createSeal(randomBytes(32)).seal('x', 'R0', 'password')
  await redis.hset(keys.accounts, 'R0', JSON.stringify({ sealedPassword: foreign }))
  assert.deepEqual(await reseal(redis, seal, new AbortController().signal), { resealed: 0, unopened: ['R0'] })
  await redis.del(keys.accounts)
  await redis.hset(keys.accounts, kept)
})

test('a backup made under an older key is restored, and what it holds comes under the newest; without that key it is refused', async () => {
  const headers = { authorization: `Bearer ${adminToken}` }
  const file = (await stack.app.inject({ method: 'GET', url: '/api/v1/backup', headers })).rawPayload
  const was = new KeyFile(stack.secretKeyFile).all()
  await rotated()
  const restore = async () =>
    await stack.app.inject({
      method: 'POST',
      url: '/api/v1/restore?replace=true',
      headers: { ...headers, 'content-type': 'application/gzip' },
      payload: file,
    })
  assert.equal((await restore()).statusCode, 200)
  const { items } = await settled()
  assert.deepEqual(
    items.map(({ records }) => records),
    [6, 0, 0],
  )

  const ring = new KeyFile(stack.secretKeyFile)
  ring.drop(new Set(was.map(({ id }) => id)))
  const refused = await restore()
  assert.equal(refused.statusCode, 409)
  assert.match(
    String(refused.json().detail),
    /Put the key of then into the file secret-key, as a line behind the others/,
  )
  writeFileSync(stack.secretKeyFile, linesOf([ring.newest(), ...was]))
  assert.equal((await restore()).statusCode, 200)
})

test('a file of keys that is removed while the API runs is written again at a rotation and at a new account; else both are refused in words', async () => {
  const { secretKeyFile } = stack
  const text = readFileSync(secretKeyFile, 'utf8')
  const register = async (name: string) =>
    await stack.call('POST', '/accounts', {
      destinationId,
      address: `${name}@example.net`,
      user: name,
      password: 'secret',
      host: '127.0.0.1',
      port: 1,
      tls: 'none',
      paused: true,
    })
  rmSync(secretKeyFile)
  assert.equal((await register('one')).status, 201)
  assert.equal(readFileSync(secretKeyFile, 'utf8'), text)
  rmSync(secretKeyFile)
  assert.equal((await stack.call('POST', '/keys/rotate')).status, 202)
  assert.ok(readFileSync(secretKeyFile, 'utf8').endsWith(text), 'the keys of before stand behind the new one')
  await settled()

  const kept = readFileSync(secretKeyFile, 'utf8')
  writeFileSync(secretKeyFile, '')
  for (const refused of [await stack.call('POST', '/keys/rotate'), await register('two')]) {
    assert.equal(refused.status, 409)
    assert.match(String(refused.body['detail']), /the file of the keys cannot be read .*Put its content back/)
  }
  writeFileSync(secretKeyFile, kept)
  assert.equal((await register('two')).status, 201)
})
