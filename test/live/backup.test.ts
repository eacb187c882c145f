import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { failureKinds } from '../../src/failure/failure.ts'
import type { AccountId } from '../../src/mail/message.ts'
import type { FormatStep } from '../../src/redis/format/steps.ts'
import { Lease } from '../../src/redis/lease.ts'
import { checkBackup } from '../../src/redis/backup-check.ts'
import { restoreBackup } from '../../src/redis/restore.ts'
import type { Run } from '../../src/runs/run.ts'
import { backedUpOfAccount, backedUpShared, keys } from '../../src/redis/key-names.ts'
import { orderSize } from '../../src/redis/packed-order.ts'
import { queuePrefix } from '../../src/redis/queue.ts'
import { notedStatuses } from '../../src/runs/status.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const messages = ['one', 'two', 'three', 'four'].map((subject) => ({ bytes: letter(subject), uidl: subject }))
const big = { bytes: letter('big', { body: 'x'.repeat(3000) }), uidl: 'big' }
const fresh = { bytes: letter('fresh'), uidl: 'fresh' }

let old: Stack
let provider: ScriptedServer
let id: string
let destinationId: string
let file: Buffer
const others: Stack[] = []
before(async () => {
  ;[old, provider] = await Promise.all([startStack(), startPop3Server({ messages: [...messages, big] })])
  await old.startWorker()
  destinationId = await old.destination('alice')
  id = await old.account({ port: provider.port, destinationId, maxMessageBytes: 1000, interval: { minSeconds: 7 } })
  await old.account({ host: 'pop.example.net', destinationId, user: 'second' })
  const gone = await old.account({ host: 'pop.example.net', destinationId, user: 'third' })
  await old.call('DELETE', `/accounts/${gone}`)
  await old.call('POST', '/webhooks', { url: 'http://127.0.0.1:9/', events: ['run.failed'], destinationId })
  assert.deepEqual((await old.pull(id)).stored, 4)
  await old.call('PATCH', '/settings', { transcriptsKept: 6 })
})
after(async () => {
  for (const stack of others) await stack.stop()
  await Promise.all([old.stop(), provider.close()])
})

/** A new Redis, with the mail of before. */
async function another(secretKey = old.secretKey): Promise<Stack> {
  const stack = await startStack({ dovecot: old.dovecot, secretKey })
  others.push(stack)
  return stack
}

async function backup(stack: Stack): Promise<Buffer> {
  const headers = { authorization: `Bearer ${adminToken}` }
  const response = await stack.app.inject({ method: 'GET', url: '/api/v1/backup', headers })
  assert.deepEqual([response.statusCode, response.headers['content-type']], [200, 'application/gzip'])
  return response.rawPayload
}

async function restore(stack: Stack, body: Buffer, query = '', more: Readonly<Record<string, string>> = {}) {
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/gzip', ...more }
  const response = await stack.app.inject({ method: 'POST', url: `/api/v1/restore${query}`, headers, payload: body })
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

const linesOf = (zipped: Buffer) => gunzipSync(zipped).toString().trimEnd().split('\n')
const zip = (lines: readonly string[]) => gzipSync(lines.map((line) => `${line}\n`).join(''))

async function shown(stack: Stack) {
  const get = async (path: string) => (await stack.call('GET', path)).body
  const [accounts, destinations, settings] = await Promise.all([
    get('/accounts'),
    get('/destinations'),
    get('/settings'),
  ])
  const { items } = await get(`/accounts/${id}/runs`)
  const webhooks = (await get('/webhooks')).items
  return { accounts: accounts.items, destinations: destinations.items, runs: items, settings, webhooks }
}

test('a backup into a new Redis: all is there, what came since is not stored twice, and schedules go on', async () => {
  const owner = (await old.call('POST', '/tokens', { name: 'alice', scopes: ['read'], destinationId })).body
  // A run that was under way: nobody goes on with it.
  await old.stopWorker()
  const { body: open } = await old.call('POST', `/accounts/${id}/pull`)
  await old.call('POST', `/accounts/${id}/resume`)
  file = await backup(old)
  const before = await shown(old)
  const ledger = await old.redis.getBuffer(keys.ledger(id))
  const aside = await old.redis.hgetall(keys.quarantine(id))
  assert.equal(Object.keys(aside).length, 1)

  // Then it runs on, and is lost.
  await old.call('POST', `/accounts/${id}/pause`)
  await provider.close()
  provider = await startPop3Server({ messages: [...messages, big, fresh] }, provider.port)
  await old.startWorker()
  await old.pull(id)
  assert.equal((await readFolder(old.dovecot.imapPort, 'alice', 'wonder')).length, 5)
  await old.stopWorker()

  const stack = await another()
  const key = { 'idempotency-key': 'restore' }
  const fromMs = Date.now()
  const answer = await restore(stack, file, '', key)
  assert.deepEqual(await restore(stack, file, '', key), answer, 'its answer was lost')
  assert.deepEqual(answer, {
    status: 200,
    body: {
      createdAt: JSON.parse(linesOf(file)[0] ?? '').createdAt,
      accounts: 2,
      destinations: 1,
      proven: true,
      notice: null,
      before: null,
    },
  })
  const now = await shown(stack)
  const authorization = `Bearer ${String(owner['token'])}`
  const seen = await stack.app.inject({ url: '/api/v1/destinations', headers: { authorization } })
  assert.deepEqual(seen.json<{ items: object[] }>().items, now.destinations)
  assert.deepEqual(await stack.redis.smembers(keys.tokensOf(destinationId)), [owner.id])
  assert.deepEqual([now.destinations, now.settings], [before.destinations, before.settings])
  assert.deepEqual([now.webhooks, now.webhooks.length], [before.webhooks, 1])
  assert.deepEqual(now.runs[1], before.runs[1])
  const ended = now.runs[0] as unknown as Run
  assert.deepEqual([ended.id, ended.state, ended.failure?.kind], [open.id, 'failed', 'stopped'])
  const [first, second] = now.accounts
  assert.deepEqual(second, before.accounts[1])
  // It is due sooner now.
  const masked = { status: 0, nextRunAt: 0, rhythm: 0 }
  assert.deepEqual({ ...before.accounts[0], ...masked }, { ...first, ...masked })
  assert.deepEqual(await stack.redis.getBuffer(keys.ledger(id)), ledger)
  assert.deepEqual(await stack.redis.hgetall(keys.quarantine(id)), aside)
  const listed = (await stack.call('GET', '/quarantine')).body.items
  assert.deepEqual(
    listed.map((entry) => entry['id']),
    Object.keys(aside),
  )
  const dueMs = Date.parse(String(first?.['nextRunAt']))
  assert.ok(dueMs >= fromMs && dueMs < Date.now() + 31_000, `due in ${dueMs - fromMs} ms`)
  const taken = await stack.call('POST', '/destinations', { kind: 'hosted', login: 'alice', password: 'x' })
  assert.equal(taken.status, 409)

  // Or the schedule might come first.
  await stack.call('POST', `/accounts/${id}/pause`)
  await stack.startWorker()
  const run = await stack.pull(id)
  assert.deepEqual([run.recovered, run.stored, run.failure], [1, 0, null])
  assert.equal((await stack.pull(id)).stored, 0)
  assert.equal((await readFolder(old.dovecot.imapPort, 'alice', 'wonder')).length, 5)
  await stack.stopWorker()
})

test('where there are accounts a restore is refused, unless they are to be replaced; that stops what is under way', async () => {
  const [stack] = others as [Stack]
  const before = await shown(stack)
  const { status, body } = await restore(stack, file)
  assert.equal(status, 409)
  assert.match(String(body['detail']), /There are accounts or destinations already; with \?replace=true/)
  assert.deepEqual(await shown(stack), before)
  await stack.account({ host: 'pop.example.net', destinationId, user: 'third' })
  const fence = Number(await stack.redis.get(keys.fence(id)))
  await stack.redis.set(keys.lease(id), fence)
  assert.equal((await restore(stack, file, '?replace=true')).status, 200)
  assert.equal((await shown(stack)).accounts.length, 2)
  const done = (await stack.call('GET', '/audit')).body.items.map(({ path }) => path)
  assert.deepEqual(done.slice(0, 2), ['/api/v1/restore', '/api/v1/accounts'], 'what was done before is told after')
  assert.equal(await stack.redis.exists(keys.lease(id)), 0)
  assert.equal(Number(await stack.redis.get(keys.fence(id))), fence, 'no fence is given out twice')
  await stack.call('POST', `/accounts/${id}/pause`)
  await stack.startWorker()
  const run = await stack.pull(id)
  assert.deepEqual([run.recovered, run.stored, run.failure], [1, 0, null])

  // Its own backup, in the same Redis: what that did since is as lost as if it were another.
  const own = await backup(stack)
  await provider.close()
  const later = { bytes: letter('later'), uidl: 'later' }
  provider = await startPop3Server({ messages: [...messages, big, fresh, later] }, provider.port)
  assert.equal((await stack.pull(id)).stored, 1)
  assert.equal((await restore(stack, own, '?replace=true')).status, 200)
  const again = await stack.pull(id)
  assert.deepEqual([again.recovered, again.stored, again.failure], [1, 0, null])
  assert.equal((await readFolder(old.dovecot.imapPort, 'alice', 'wonder')).length, 6)
  await stack.stopWorker()
})

test('another key, a file cut short and garbage are refused with what is wrong, and change nothing', async () => {
  const stack = await another(randomBytes(32))
  const wrong = await restore(stack, file)
  assert.equal(wrong.status, 409)
  const { keyId } = JSON.parse(linesOf(file)[0] ?? '') as { keyId: string }
  assert.ok(String(wrong.body['detail']).includes(`sealed with the secret key ${keyId}, and this instance has `))

  const right = await another()
  const lines = linesOf(file)
  const swap = (nth: number, line: string) => zip(lines.with(nth, line))
  const unfit: readonly (readonly [Buffer, RegExp])[] = [
    [file.subarray(0, file.length - 20), /no whole gzip file: unexpected end of file\. Nothing was changed/],
    [randomBytes(1000), /no whole gzip file: incorrect header check/],
    [Buffer.alloc(0), /no backup|no whole gzip file/],
    [zip(lines.slice(0, -1)), /not whole: it ends after line/],
    [zip(lines.toSpliced(3, 1)), /damaged: in line \d+ stands the end of/],
    [zip(['{"format":"something"}', ...lines.slice(1)]), /no backup of Tributary/],
    [swap(0, (lines[0] ?? '').replace(/"version":\d+/, '"version":0')), /in line 1 stands no format/],
    [swap(2, '{"key":"{tributary}:bull:pull:meta","type":"hash","value":{}}'), /a key that no backup holds/],
    [swap(2, '{"key":"{tributary}:pauses","type":"hash","value":[1]}'), /no value of/],
    [swap(2, '['), /no JSON object/],
    [zip(lines.map((line) => line.replace(/v1\.([^.]+)\.A?/, 'v1.$1.B'))), /sealed password of .* was changed/],
    [gzipSync(Buffer.alloc(9_000_000, 'x')), /a line without an end/],
  ]
  for (const [body, why] of unfit) {
    const answer = await restore(right, body)
    assert.equal(answer.status, 400)
    assert.match(String(answer.body['detail']), why)
  }
  const newer = await restore(right, swap(0, (lines[0] ?? '').replace(/"version":\d+/, '"version":999')))
  assert.equal(newer.status, 409)
  assert.match(
    String(newer.body['detail']),
    /has format 999; this Tributary knows formats up to \d+\. Restore it with the version that made it/,
  )
  for (const stack of [right, others[1] as Stack]) {
    const left = (await stack.redis.keys('*')).filter((key) => !key.startsWith(`${queuePrefix}:`))
    assert.deepEqual(left, [])
  }
  const headers = { 'content-type': 'application/gzip' }
  const open = await right.app.inject({ method: 'POST', url: '/api/v1/restore', headers, payload: file })
  assert.equal(open.statusCode, 401)
})

test('every key that Redis holds is in a backup, or is left out on purpose', async () => {
  const nameOf = (key: string) => key.replaceAll(/[0-9A-Z]{26}|(?<=(?:run-index|-order):).*/g, '*')
  const parts = Object.keys(backedUpOfAccount) as (keyof typeof backedUpOfAccount)[]
  const shared = Object.keys(backedUpShared) as (keyof typeof backedUpShared)[]
  const kept = new Set([
    ...parts.map((name) => keys[name]('*')),
    ...shared.map((name) => keys[name]),
    keys.run('*'),
    keys.formerSources('*'),
  ])
  /** Made anew from accounts and destinations, or of what is under way, or of what was done here. */
  const leftOut = [
    keys.openRecords,
    keys.runBuckets,
    keys.runIndex('*'),
    keys.runsIndexed,
    ...[keys.accountOrder, keys.addressOrder, keys.sourceOrder].flatMap((order) => [order, keys.pieceOf(order, '*')]),
    keys.accountWords,
    ...notedStatuses.map(keys.accountsAt),
    keys.accountsOf('*'),
    keys.destinationIds,
    keys.logins,
    keys.tokenIds,
    keys.tokensOf('*'),
    keys.quarantined,
    keys.setAside,
    keys.asideOrder('*'),
    keys.reasons,
    keys.needsPerson,
    ...failureKinds.map(keys.failingBy),
    keys.removedAccounts,
    keys.outbox,
    keys.audit,
    keys.format,
  ]
  const counted = [keys.tally, keys.tallyOf('*'), keys.measures, keys.measuredHosts]
  const seen = [keys.events, keys.arrived('*', '*'), keys.transcript('*', '*')]
  const underWay: string[] = [
    keys.openRuns,
    keys.running,
    keys.workers,
    keys.workerSessions,
    keys.processes,
    ...counted,
    ...seen,
  ]
  for (const name of [...leftOut, ...underWay, keys.lease('*')]) kept.add(name)
  // What follows from the due set, and what was learnt of servers (scripts/includes/schedule.lua).
  const ofSchedule =
    /^\{tributary\}:(?:places|placed|place-counts|mailboxes|login-holds|asked|not-before|(?:slots|waiting|servers?|refused):.*)$/
  const ofProcess = (key: string) =>
    key.startsWith(`${queuePrefix}:`) || key.startsWith(keys.workerVitals('')) || ofSchedule.test(key)
  const held = (await old.redis.keys('*')).filter((key) => !ofProcess(key))
  assert.ok(held.length > 15)
  for (const key of held) assert.ok(kept.has(nameOf(key)), key)
  const lines = linesOf(await backup(old)).slice(1, -1)
  const inFile = new Set(lines.map((line) => (JSON.parse(line) as { key: string }).key))
  const left = new Set<string>([...leftOut, ...underWay, keys.tallyOf(destinationId)])
  for (const key of held) assert.ok(left.has(nameOf(key)) || key.endsWith(':lease') || inFile.has(key), key)
})

test('a ledger of 200,000 messages goes through in pieces', async () => {
  const ledger = randomBytes(8_000_000)
  await old.redis.set(keys.ledger(id), ledger)
  const stack = await another()
  const zipped = await backup(old)
  assert.equal((await restore(stack, zipped)).status, 200)
  assert.deepEqual(await stack.redis.getBuffer(keys.ledger(id)), ledger)
  assert.ok(Math.max(...linesOf(zipped).map(({ length }) => length)) < 300_000)
})

test('an older backup is carried over while it is restored; until then no run begins, and no other restore', async () => {
  const stack = await another()
  const lines = linesOf(file)
  async function* each() {
    yield* await Promise.resolve(lines)
  }
  const { version } = await checkBackup(each(), stack.world.seal)
  const steps = Array.from(
    { length: version },
    (_, nth): FormatStep => ({
      name: `the step from ${nth + 1}`,
      async run({ redis, write }) {
        assert.equal(nth + 1, version, 'a step that the backup has behind it')
        assert.equal(await Lease.take(redis, id as AccountId, 5000), 5000)
        assert.equal((await restore(stack, file, '?replace=true')).status, 409)
        for (const [field, json] of Object.entries(await redis.hgetall(keys.destinations)))
          await write([['HSET', keys.destinations, field, json.replace('"login":"alice"', '"login":"alicia"')]])
      },
    }),
  )
  await restoreBackup(stack.redis, { lines: each, version }, Date.now(), steps)
  assert.equal(await stack.redis.hget(keys.format, 'number'), String(version + 1))
  assert.deepEqual(await stack.redis.hgetall(keys.logins), { alicia: destinationId })
  assert.equal(await orderSize(stack.redis, keys.accountOrder), 2)
  assert.equal(await stack.redis.exists(keys.formatLock), 0)

  // One that breaks off puts nothing back, and can be done again.
  await stack.redis.hset(keys.format, 'number', version)
  const broken: FormatStep = { name: 'broken', run: async () => await Promise.reject(new Error('it broke')) }
  const breaking = restoreBackup(stack.redis, { lines: each, version }, Date.now(), [...steps.slice(1), broken])
  await assert.rejects(breaking, /it broke/)
  assert.equal(await stack.redis.exists(keys.accounts, keys.destinations, keys.formatLock), 0)
  await stack.redis.hset(keys.format, 'number', version)
  assert.equal((await restore(stack, file)).status, 200)
})
