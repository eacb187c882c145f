/** Data of format 1, whose records of accounts said everything, in a real Redis: carried over, restored, and read by programs and scripts alike. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { ulid } from 'ulid'
import { createSeal } from '../../src/seal.ts'
import { type Account, accountDefaults } from '../../src/account/account.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { accountOrders } from '../../src/redis/account-index.ts'
import { unsaidSending } from '../../src/account/sending.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { Accounts, ownerOfSource, sourceOf } from '../../src/redis/accounts.ts'
import { backupLines } from '../../src/redis/backup.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { carryOver } from '../../src/redis/format/carry-over.ts'
import { formatSteps } from '../../src/redis/format/steps.ts'
import { keys } from '../../src/redis/key-names.ts'
import { restoreBackup } from '../../src/redis/restore.ts'
import { fixtureBackup, loadRedis } from '../support/fixture.ts'
import { startRedis } from '../support/redis.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'api', () => {})
})
after(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
})

const destinationId = '01M8H8101J8X736E78WYM8X53F' as DestinationId

/** As the last version of format 1 wrote it: everything is said. */
function wholeRecord(nth: number): AccountRecord {
  const madeAtMs = Date.UTC(2026, 10, 29) + nth
  const user = `person${nth}@example.net`
  const account: Account = {
    ...accountDefaults,
    id: ulid(madeAtMs) as AccountId,
    address: user,
    user: nth % 2 === 0 ? user : `person${nth}`,
    host: 'pop.example.net',
    port: nth % 3 === 0 ? 110 : 995,
    destinationId,
    createdAtMs: madeAtMs,
    ...(nth % 5 === 0 ? { paused: true, flags: ['\\Seen'], longestChosen: true as const, retentionChanges: 1 } : {}),
    ...(nth % 7 === 0
      ? { sasl: 'PLAIN' as const, tls: 'starttls' as const, interval: { minSeconds: 5, maxSeconds: 7 } }
      : {}),
  }
  return { account, sealedPassword: 'v1.key.nonce.secret.tag', ...(nth % 4 === 0 ? { guarded: true as const } : {}) }
}

const whole = Array.from({ length: 1000 }, (_, nth) => wholeRecord(nth))

/** The fixture, and more accounts than a step takes at once. */
async function loadThen(): Promise<Map<string, AccountRecord>> {
  await loadRedis(redis)
  const all = redis.pipeline()
  for (const record of whole) {
    const { account } = record
    all
      .hset(keys.accounts, account.id, JSON.stringify(record))
      .zadd('{tributary}:account-ids', 0, account.id)
      .zadd('{tributary}:accounts-by-address', 0, `${account.address} ${account.id}`)
      .zadd(keys.accountsOf(destinationId), 0, account.id)
      .hset('{tributary}:account-sources', sourceOf(account), account.id)
  }
  await all.exec()
  const kept = await redis.hgetall(keys.accounts)
  return new Map(Object.entries(kept).map(([id, json]) => [id, JSON.parse(json) as AccountRecord]))
}

const seal = createSeal(randomBytes(32))

async function carried(): Promise<string[]> {
  const backups: string[][] = []
  await carryOver({
    redis,
    version: '0.2.0',
    backup: async (format) => {
      const lines: string[] = []
      for await (const line of backupLines(redis, seal, Date.now(), format)) lines.push(line)
      return `backup ${backups.push(lines)}`
    },
    tell: () => {},
  })
  return backups.flat()
}

/** An earlier version knew neither the budget of a first import, null as for whoever has none, nor sending. */
async function assertSame(then: ReadonlyMap<string, AccountRecord>): Promise<void> {
  const now = await new Accounts(redis).all([...then.keys()])
  assert.equal(now.length, then.size)
  for (const record of now) {
    const before = then.get(record.account.id)
    assert.deepEqual(record, { ...before, account: { importBytesPerHour: null, ...unsaidSending, ...before?.account } })
  }
}

test('carried over, every account is what it was, in less than half the octets; a step that was broken off goes on to the same end', async () => {
  const then = await loadThen()
  const octets = async () => Object.values(await redis.hgetall(keys.accounts)).join('').length
  const before = await octets()
  const backup = await carried()
  assert.equal(JSON.parse(backup[0] ?? '').version, 1)
  assert.equal(await redis.hget(keys.format, 'number'), '2')
  await assertSame(then)
  assert.ok((await octets()) < before / 2)

  const short = await redis.hgetall(keys.accounts)
  for (const [nth, [id, record]] of [...then].entries())
    if (nth % 2 === 0) await redis.hset(keys.accounts, id, JSON.stringify(record))
  await redis.hset(keys.format, 'number', '1 to 2')
  assert.deepEqual(await carried(), [], 'there is a backup')
  assert.deepEqual(await redis.hgetall(keys.accounts), short)
})

test('lists, searches and sources are what they were, in packed pieces', async () => {
  const then = [...(await loadThen()).values()].map(({ account }) => account)
  await carried()
  const accounts = new Accounts(redis)
  await accounts.ensureIndexed()
  const found: Record<string, string[]> = {}
  for (const sort of accountOrders)
    for (const q of ['', 'person99']) {
      const ids: string[] = []
      for await (const records of accounts.everyone({ sort, q })) ids.push(...records.map(({ account }) => account.id))
      found[`${sort} ${q}`] = ids
    }
  const oldest = then.map(({ id }) => id as string).toSorted()
  assert.deepEqual(found['createdAt '], oldest)
  assert.deepEqual(found['-createdAt '], oldest.toReversed())
  const byAddress = then.map(({ address, id }) => `${address} ${id}`).toSorted()
  const addressed = byAddress.map((text) => text.split(' ')[1] ?? '')
  assert.deepEqual(found['address '], addressed)
  assert.deepEqual(found['-address '], addressed.toReversed())
  assert.equal(found['createdAt person99']?.length, 11)
  for (const account of then) assert.equal(await ownerOfSource(redis, account), account.id)
  const before = ['{tributary}:account-ids', '{tributary}:accounts-by-address', '{tributary}:account-sources']
  assert.equal(await redis.exists(...before), 0)
  for (const order of [keys.accountOrder, keys.addressOrder, keys.sourceOrder]) {
    const pieces = await redis.keys(`${order}:*`)
    assert.ok(pieces.length >= 10)
    for (const piece of pieces) assert.equal(await redis.object('ENCODING', piece), 'listpack')
  }
})

test('when mail came last is written only where the last run does not say it', async () => {
  const [one, two, three, four] = ['ONE', 'TWO', 'THREE', 'FOUR']
  const endedMs = Date.UTC(2026, 10, 29, 12)
  const at = new Date(endedMs).toISOString()
  const last = (counts: string) => `RUN dps ${(endedMs - 3).toString(36)} 1 2 ${counts} 1`
  await redis.hset(keys.lastRuns, {
    [one]: last('7,2,99'),
    [two]: last('7'),
    [three]: '{"id":"RUN"}',
    [four]: last('7,1'),
  })
  const earlier = '2026-11-28T12:00:00.000Z'
  await redis.hset(keys.lastMail, { [one]: at, [two]: earlier, [three]: earlier, [four]: earlier })
  await carried()
  assert.deepEqual(await redis.hgetall(keys.lastMail), { [two]: earlier, [three]: earlier, [four]: earlier })
})

test('a backup of format 1 is restored as short records, and one of format 2 as it is', async () => {
  const then = await loadThen()
  const first = await carried()
  for (const [lines, version] of [
    [first, 1],
    [fixtureBackup(Date.now()), 1],
  ] as const) {
    await restoreBackup(redis, { lines: () => linesOf(lines), version }, Date.now())
    const ids = await redis.hkeys(keys.accounts)
    await assertSame(new Map([...then].filter(([id]) => ids.includes(id))))
    for (const json of Object.values(await redis.hgetall(keys.accounts))) assert.doesNotMatch(json, /tlsVerify":true/)
  }
  const short = await redis.hgetall(keys.accounts)
  const second: string[] = []
  for await (const line of backupLines(redis, seal, Date.now())) second.push(line)
  assert.equal(JSON.parse(second[0] ?? '').version, 2)
  await restoreBackup(redis, { lines: () => linesOf(second), version: 2 }, Date.now(), formatSteps)
  assert.deepEqual(await redis.hgetall(keys.accounts), short)
})

async function* linesOf(lines: readonly string[]) {
  yield* await Promise.resolve(lines.map((line) => line.trimEnd()))
}

test('scripts read a whole record and a short one alike', async () => {
  const then = await loadThen()
  const waiting = async () => {
    const ids = [...then.keys()]
    await redis.zadd(keys.due, ...ids.flatMap((id) => ['1000', id]))
    await new DueAccounts(redis).place(ids)
    const found: Record<string, string[]> = {}
    for (const key of (await redis.keys('{tributary}:waiting:*')).toSorted()) {
      found[key] = await redis.zrange(key, '0', '-1')
      await redis.del(key)
    }
    return found
  }
  const before = await waiting()
  assert.ok(Object.keys(before).some((key) => key.includes('pop.example.net:995')))
  await carried()
  assert.deepEqual(await waiting(), before)
})

test('whoever changes an account of which everything is said leaves a short record', async () => {
  const [record] = whole
  assert.ok(record !== undefined)
  const { id } = record.account
  await redis.hset(keys.destinations, destinationId, '{}')
  await redis.hset(keys.accounts, id, JSON.stringify(record))
  const changed = await new Accounts(redis).update(id, (before) => ({
    record: { ...before, account: { ...before.account, folder: 'Work' } },
    due: 'as before',
  }))
  assert.deepEqual(changed, { ...record, account: { ...record.account, folder: 'Work' } })
  const json = (await redis.hget(keys.accounts, id)) ?? ''
  assert.match(json, /"folder":"Work"/)
  assert.doesNotMatch(json, /tlsVerify/)
  assert.deepEqual(await new Accounts(redis).get(id), changed)
})
