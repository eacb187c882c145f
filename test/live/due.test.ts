/** Who is visited when (docs/decisions/0055): slots of servers, shares of destinations and classes, and what comes back. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ulid } from 'ulid'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { type AccountRecord, accountRecordIn } from '../../src/redis/account-record.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { Destinations } from '../../src/redis/destinations.ts'
import { DueAccounts, type Lesson, type VisitEnd } from '../../src/redis/due.ts'
import { atGuestSlot } from '../../src/redis/guest-slots.ts'
import { keys } from '../../src/redis/key-names.ts'
import { holdLogins, loginsHeldUntil } from '../../src/redis/login-holds.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { type PullJob, PullQueue, visitsOf } from '../../src/redis/queue.ts'
import { Runs } from '../../src/redis/runs.ts'
import { script } from '../../src/redis/scripts.ts'
import { checkTally } from '../../src/redis/tallies.ts'
import { isWaitedFor } from '../../src/redis/waiting.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import { startRedis } from '../support/redis.ts'
import { account as usual } from '../support/world.ts'
import { until } from '../support/until.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
let due: DueAccounts
let accounts: Accounts
let runs: Runs
let queue: PullQueue
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'worker', () => {})
  due = new DueAccounts(redis)
  accounts = new Accounts(redis)
  runs = new Runs(redis)
  queue = new PullQueue(redis, runs, { onError: () => {} })
})
after(async () => {
  await queue.close()
  await runs.close()
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
  for (const id of ['d0', 'd1', 'd2', 'd3']) await destination(id)
})

/** A worker that is there for as long as the test takes. */
async function workers(sessions: number): Promise<void> {
  await new LiveWorkers(redis).beat('w', { sessions, lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
  await redis.zadd(keys.workers, Date.now() + 3_600_000, 'w')
}

async function destination(id: string): Promise<void> {
  const made = { id, kind: 'hosted', login: id } as unknown as Parameters<Destinations['create']>[0]['destination']
  await new Destinations(redis).create({ destination: made, passwordHash: 'x', sealedPassword: null })
}

async function account(host: string, destinationId = 'd0', paused = false, user?: string): Promise<AccountId> {
  const id = ulid() as AccountId
  const own = { ...usual, id, host, user: user ?? id, paused, destinationId: destinationId as DestinationId }
  const record: AccountRecord = { account: own, sealedPassword: 'x' }
  assert.equal(await accounts.create(record), 'done')
  return id
}

async function many(count: number, host: (nth: number) => string, destinationId?: string): Promise<AccountId[]> {
  const made: AccountId[] = []
  for (let nth = 0; nth < count; nth += 1) made.push(await account(host(nth), destinationId))
  return made
}

const claimed = async () => (await due.claim()).visits.map(({ accountId }) => accountId)

async function end(accountId: AccountId, what?: Lesson['what'], more: Partial<Lesson & VisitEnd> = {}): Promise<void> {
  const { slow = false, away = false, peer, ...rest } = more
  const lesson = what === undefined ? undefined : { what, slow, away, peer }
  await due.end([{ accountId, task: 'pull', lesson, afterMs: 60_000, ...rest }], checkTally([], Date.now()))
}

/** As if that time had passed for what Redis keeps of a server. */
async function age(host: string, ms: number): Promise<void> {
  await redis.hincrby(`{tributary}:server:${host}:995`, 'cutAtMs', -Math.round(ms))
  // It is looked at now.
  await due.place(await redis.zrange(keys.due, '0', '-1'))
}

test('a server that is not known has eight slots, gains a quarter with each visit that goes well, and keeps nobody else waiting', async () => {
  await workers(64)
  const hung = await many(40, () => 'silent.example')
  const healthy = await many(5, () => 'healthy.example')
  const first = await claimed()
  assert.deepEqual(
    [first.filter((id) => hung.includes(id)).length, first.filter((id) => healthy.includes(id)).length],
    [8, 5],
  )
  assert.deepEqual(await claimed(), [], 'no place is given twice')
  await end(healthy[0] as AccountId, 'clean')
  for (const id of first.filter((id) => hung.includes(id)).slice(0, 4)) await end(id, 'clean')
  const more = await claimed()
  assert.equal(more.length, 5, 'those that were given back, and the one that was gained')
  assert.ok(more.every((id) => hung.includes(id)))
})

test('visits one after the other teach nothing of how many sessions a server takes at once', async () => {
  await workers(256)
  const all = await many(40, () => 'a.example')
  for (const id of all.slice(1)) await due.wait({ accountId: id, task: 'pull' }, 3_600_000)
  const [alone] = all as [AccountId]
  for (let visits = 0; visits < 50; visits += 1) {
    assert.deepEqual(await claimed(), [alone])
    await end(alone, 'clean', { afterMs: 0 })
  }
  for (const id of all) await due.wait({ accountId: id, task: 'pull' }, 0)
  assert.equal((await claimed()).length, 8)
})

test('a server that takes twenty sessions turns few away until that is known, and then none for an hour', async () => {
  await workers(256)
  await many(100, () => 'a.example')
  let refused = 0
  const round = async () => {
    const ids = await claimed()
    // All of them are there at once.
    const ends = ids.map((accountId, nth) => {
      const what = nth < 20 ? ('clean' as const) : ('throttled' as const)
      if (nth >= 20) refused += 1
      return { accountId, task: 'pull' as const, lesson: { what, slow: false, peer: undefined }, afterMs: 0 }
    })
    await due.end(ends, checkTally([], Date.now()))
    return ids.length
  }
  for (let rounds = 0; rounds < 20; rounds += 1) await round()
  assert.ok(refused > 0 && refused <= 4, `${refused} turned away at first`)
  refused = 0
  const minute = 60_000
  let most = 0
  for (let passed = 0; passed < 2; passed += 1) {
    for (let minutes = 0; minutes < 12; minutes += 1) {
      await age('a.example', minute)
      most = Math.max(most, await round())
    }
  }
  assert.ok(refused <= 2, `${refused} turned away later`)
  assert.ok(most >= 20)
  refused = 0
  for (let minutes = 0; minutes < 40; minutes += 1) {
    await age('a.example', minute)
    await round()
  }
  assert.equal(refused, 0)
})

test('throttling halves the slots, once for all that were under way, and time alone brings them back', async () => {
  await workers(64)
  const all = await many(40, () => 'a.example')
  const first = await claimed()
  for (const id of first) await end(id, 'throttled')
  assert.equal((await claimed()).length, 4)
  await age('a.example', redisLimits.slotsReturnMs / 2)
  assert.equal((await claimed()).length, 1)
  await age('a.example', redisLimits.slotsReturnMs)
  assert.equal((await claimed()).length, 2, 'seven: the eighth may be the one that was too many')
  assert.equal(await redis.zcard(keys.due), all.length)
})

test('what is halved is the number of sessions that a server had, not that of slots which nobody used', async () => {
  await workers(256)
  const all = await many(20, () => 'a.example')
  await redis.hset('{tributary}:server:a.example:995', 'class', 'good', 'limit', 500)
  await due.place(all)
  const first = await claimed()
  assert.equal(first.length, 20)
  const ends = first.map((accountId, nth) => {
    const what = nth < 5 ? ('clean' as const) : ('throttled' as const)
    return { accountId, task: 'pull' as const, lesson: { what, slow: false, peer: undefined }, afterMs: 60_000 }
  })
  await due.end(ends, checkTally([], Date.now()))
  const { limit, uncut } = await redis.hgetall('{tributary}:server:a.example:995')
  assert.deepEqual([limit, uncut], ['10', '19'])
})

test('what time has brought back and was too many again is the new measure', async () => {
  await workers(256)
  await many(40, () => 'a.example')
  await redis.hset('{tributary}:server:a.example:995', { class: 'good', limit: 12, uncut: 24, cutAtMs: Date.now() })
  await age('a.example', (redisLimits.slotsReturnMs * 3) / 4)
  const first = await claimed()
  assert.equal(first.length, 21)
  for (const id of first) await end(id, 'throttled')
  const { limit, uncut } = await redis.hgetall('{tributary}:server:a.example:995')
  assert.deepEqual([limit, uncut], ['10', '20'])
})

test('when a server answers one of the accounts that it did not answer, the others come soon, if they are still to be visited', async () => {
  await workers(256)
  const all = await many(8, () => 'a.example')
  const elsewhere = await account('b.example')
  assert.equal((await claimed()).length, 9)
  const hourMs = 3_600_000
  for (const id of [...all, elsewhere]) await end(id, 'own', { slow: true, away: true, afterMs: hourMs })
  const [first, refused, paused, ...others] = all as [AccountId, AccountId, AccountId, ...AccountId[]]
  await due.stop(paused)
  // It has answered, in its way.
  await due.setNext(refused, 0)
  assert.deepEqual(await claimed(), [refused])
  await end(refused, 'own', { afterMs: hourMs })
  await due.setNext(first, 0)
  assert.deepEqual(await claimed(), [first])
  await end(first, 'clean', { afterMs: hourMs })
  const inMs = async (id: AccountId) => Number((await redis.zscore(keys.due, id)) ?? Infinity) - Date.now()
  for (const id of others) assert.ok((await inMs(id)) <= redisLimits.resumeSpreadMs)
  for (const id of [first, refused, paused, elsewhere]) assert.ok((await inMs(id)) > redisLimits.resumeSpreadMs)
})

test('a server that gives another account a session is known to be shared', async () => {
  await workers(64)
  const at = { host: 'A.example', port: 995, user: 'somebody' }
  await many(1, () => 'a.example')
  await claimed()
  assert.equal(await due.isShared(at), false)
  const other = await account('a.example')
  await claimed()
  assert.equal(await due.isShared(at), true)
  await end(other, 'clean')
  assert.equal(await due.isShared(at), true, 'the other one has ended a moment ago')
  await redis.hset('{tributary}:server:a.example:995', 'answeredMs', Date.now() - 2 * redisLimits.sharedLatelyMs)
  assert.equal(await due.isShared(at), false)
  await accounts.remove(other, runs, Date.now())
  await redis.hset('{tributary}:server:a.example:995', 'answeredMs', Date.now())
  assert.equal(await due.isShared(at), false, 'it is alone there')
})

test('wrong passwords and maildrops in use cost a server nothing; refusals of three destinations do', async () => {
  await workers(64)
  const own = await many(8, () => 'a.example')
  await claimed()
  for (const id of own) await end(id, 'own', { afterMs: 0 })
  assert.equal((await claimed()).length, 8)
  for (const id of own) await end(id, 'refused', { afterMs: 0 })
  assert.equal((await claimed()).length, 8, 'all of one destination')
  const others = [await account('a.example', 'd1'), await account('a.example', 'd2')]
  await end(own[0] as AccountId, 'own', { afterMs: 60_000 })
  await end(own[1] as AccountId, 'own', { afterMs: 60_000 })
  assert.deepEqual(new Set(await claimed()), new Set(others))
  for (const id of others) await end(id, 'refused')
  assert.equal(await redis.hget('{tributary}:server:a.example:995', 'limit'), '4')
})

test('it never has less than one slot, and then a gap between logins', async () => {
  await workers(64)
  await many(10, () => 'a.example')
  for (const left of [4, 2, 1, 1]) {
    for (const id of await claimed()) await end(id, 'throttled', { afterMs: 0 })
    assert.equal(await redis.hget('{tributary}:server:a.example:995', 'limit'), String(left))
    await age('a.example', redisLimits.slotCutOnceMs)
  }
  assert.equal((await claimed()).length, 1)
  const gapMs = Number(await redis.hget('{tributary}:server:a.example:995', 'gapMs'))
  assert.ok(gapMs >= redisLimits.loginGapFirstMs)
})

test('names that lead to one address share its slots', async () => {
  await workers(64)
  const all = await many(20, (nth) => `n${nth}.example`)
  const first = await claimed()
  assert.equal(first.length, 20)
  for (const id of all) await end(id, 'own', { afterMs: 0, slow: true, peer: '192.0.2.1:995' })
  assert.equal((await claimed()).length, 8)
})

test('servers that are slow have a quarter of the places, unknown ones half', async () => {
  await workers(64)
  const all = await many(60, (nth) => `n${nth}.example`)
  const first = await claimed()
  assert.equal(first.length, 32, 'half')
  for (const id of first) await end(id, 'own', { slow: true, afterMs: 0 })
  const second = await claimed()
  assert.deepEqual(
    [second.filter((id) => first.includes(id)).length, second.filter((id) => !first.includes(id)).length],
    [16, 28],
  )
  const healthy = await account('good.example')
  await redis.hset('{tributary}:server:good.example:995', 'class', 'good')
  assert.deepEqual(await claimed(), [healthy])
  assert.equal(all.length, 60)
})

test('of servers that are not known the newest ones have places too, however many wait before them', async () => {
  await workers(64)
  const all = await many(60, (nth) => `n${nth}.example`)
  const first = await claimed()
  assert.deepEqual(new Set(first), new Set([...all.slice(0, 16), ...all.slice(-16)]))
  await end(all[59] as AccountId, 'clean')
  const newest = await account('newest.example')
  assert.deepEqual(await claimed(), [newest])
})

test('where good servers have more due than there is room for, slow and unknown ones are visited too', async () => {
  await workers(64)
  await redis.hset('{tributary}:server:busy.example:995', { class: 'good', limit: 500 })
  await redis.hset('{tributary}:server:slow.example:995', { class: 'slow', limit: 8 })
  const busy = new Set(await many(150, () => 'busy.example'))
  const first = await claimed()
  assert.ok(first.length >= 32 && first.every((id) => busy.has(id)))
  const slow = new Set(await many(20, () => 'slow.example'))
  const unknown = new Set(await many(20, (nth) => `unknown${nth}.example`))
  for (const id of first.slice(0, 20)) await end(id, 'clean')
  const next = await claimed()
  const among = (some: ReadonlySet<AccountId>) => next.filter((id) => some.has(id)).length
  assert.equal(next.length, 20)
  // A sixteenth of all places each, and those that are not known twice: the oldest, and the newest of them.
  assert.deepEqual([among(slow), among(unknown), among(busy)], [4, 8, 8])
})

test('a visit whose server stands still moves to the slow ones, and gives way when these have no place left and others wait', async () => {
  await workers(64)
  await many(60, (nth) => `n${nth}.example`)
  const first = await claimed()
  const goOn: boolean[] = []
  for (const id of first) goOn.push(await due.hold({ accountId: id, task: 'pull' }, 'still'))
  assert.deepEqual(goOn, [...Array<boolean>(16).fill(true), ...Array<boolean>(16).fill(false)])
  assert.equal(await redis.hget('{tributary}:place-counts', 'slow'), '16')
  for (const id of first.slice(16)) await end(id)
  const second = await claimed()
  assert.equal(second.length, 28, 'all that are not known yet')
  assert.equal(await due.hold({ accountId: second[0] as AccountId, task: 'pull' }, 'still'), true, 'nobody else waits')
  for (const id of [...first.slice(0, 16), ...second]) await end(id)
  assert.equal(await redis.hlen('{tributary}:place-counts'), 0)
})

test('mailboxes that hang leave slots of their server to others that wait there: one at first, half of them once it answers', async () => {
  await workers(256)
  const hung = await many(20, () => 'a.example')
  const healthy = await account('a.example')
  const holds = async (ids: readonly AccountId[]) => {
    const held: boolean[] = []
    for (const accountId of ids) held.push(await due.hold({ accountId, task: 'pull' }, 'still'))
    return held
  }
  const leave = async (accountId: AccountId) => {
    await due.wait({ accountId, task: 'pull' }, 30_000)
    await end(accountId)
  }
  const patient = await claimed()
  assert.equal(patient.length, 8)
  await holds(patient)
  // Those of one millisecond have any order.
  const goOn = await holds(patient)
  const kept = patient.filter((_id, nth) => goOn[nth])
  assert.equal(kept.length, 7)
  let last = patient[goOn.indexOf(false)] as AccountId
  for (let turns = 0; last !== healthy; turns += 1) {
    assert.ok(turns < hung.length, 'each of the others has its turn, and then the one that is well')
    await leave(last)
    ;[last = healthy] = await claimed()
    const [goesOn, ...keptOn] = await holds([last, ...kept])
    assert.ok(keptOn.every(Boolean), 'who stands still for longest has all patience')
    assert.equal(goesOn, last === healthy, 'behind it nobody waits')
  }
  await end(last, 'clean', { afterMs: 0 })
  // Eight slots, of which seven stand still.
  assert.ok((await claimed()).includes(healthy))
  await many(2, () => 'a.example')
  await claimed()
  assert.equal((await holds(kept)).filter((goesOn) => goesOn).length, 4)
  for (const id of await redis.zrange('{tributary}:waiting:a.example:995 d0', '0', '-1'))
    await due.stop(id as AccountId)
  assert.deepEqual(
    await holds(kept),
    kept.map(() => true),
    'nobody waits',
  )
})

test('sessions that were not greeted keep their slots: others would hang likewise, and be in the queue when the server is back', async () => {
  await workers(64)
  await many(40, () => 'a.example')
  const first = await claimed()
  assert.equal(first.length, 8)
  for (let times = 0; times < 3; times += 1) {
    for (const accountId of first) assert.equal(await due.hold({ accountId, task: 'pull' }, 'mute'), true)
    assert.deepEqual(await claimed(), [])
  }
})

test('a known server that stands still gives way to others too', async () => {
  await workers(64)
  const hung = await many(70, () => 'a.example')
  await redis.hset('{tributary}:server:a.example:995', 'class', 'good', 'limit', 500)
  await due.place(hung)
  const first = await claimed()
  assert.equal(first.length, 60, 'all but those that are kept for people')
  const other = await account('b.example', 'd1')
  assert.deepEqual(await claimed(), [])
  const goOn: boolean[] = []
  for (const id of first.slice(0, 20)) goOn.push(await due.hold({ accountId: id, task: 'pull' }, 'still'))
  assert.deepEqual(goOn, [...Array<boolean>(16).fill(true), ...Array<boolean>(4).fill(false)])
  for (const id of first.slice(16, 20)) await end(id)
  assert.deepEqual(await claimed(), [other])
})

test('names that lead to one address share its slots as soon as it is reached', async () => {
  await workers(64)
  const all = await many(20, (nth) => `n${nth}.example`)
  assert.equal((await claimed()).length, 20)
  assert.equal((await beginning(all[0] as AccountId))?.peer, undefined)
  const hasSlot: boolean[] = []
  for (const accountId of all) hasSlot.push(await due.reach({ accountId, task: 'pull' }, '192.0.2.1:995'))
  assert.deepEqual(hasSlot, [...Array<boolean>(8).fill(true), ...Array<boolean>(12).fill(false)])
  assert.equal((await beginning(all[0] as AccountId))?.peer, '192.0.2.1:995')
  for (const id of all.slice(8)) await end(id, undefined, { afterMs: 0 })
  assert.deepEqual(await claimed(), [])
  await end(all[0] as AccountId, 'own')
  await due.place(all)
  assert.equal((await claimed()).length, 1)
})

test('while others wait an owner of many servers that nobody knows has an eighth of all places', async () => {
  await workers(64)
  await many(40, (nth) => `n${nth}.example`, 'd0')
  const few = await many(5, (nth) => `m${nth}.example`, 'd1')
  await many(40, (nth) => `o${nth}.example`, 'd0')
  const first = await claimed()
  assert.ok(few.every((id) => first.includes(id)))
})

test('while others wait no destination has more than a quarter of a server, nor of all places; alone it has all', async () => {
  await workers(64)
  await many(40, () => 'a.example', 'd0')
  const few = await many(5, () => 'a.example', 'd1')
  const first = await claimed()
  assert.equal(first.length, 8)
  assert.ok(first.filter((id) => few.includes(id)).length >= 2, 'though they came last')
  for (const id of first) await end(id, 'clean')
  for (const server of ['a', 'b'])
    await redis.hset(`{tributary}:server:${server}.example:995`, 'class', 'good', 'limit', 500)
  await many(40, () => 'b.example', 'd2')
  const next = await claimed()
  const ofMany = await redis.hget('{tributary}:place-counts', 'of d0')
  const ofOther = await redis.hget('{tributary}:place-counts', 'of d2')
  assert.ok(Number(ofOther) >= 16, `${ofOther} of ${next.length}, and ${ofMany}`)
  assert.equal(next.length, 60, 'all but those that are kept for people')
})

test('five accounts of a destination are visited as soon as five thousand of another one, at their server and elsewhere', async () => {
  await workers(256)
  const record = (host: string, destinationId: string): AccountRecord => {
    const id = ulid() as AccountId
    const own = { ...usual, id, host, user: id, destinationId: destinationId as DestinationId }
    return { account: own, sealedPassword: 'x' }
  }
  await redis.hset('{tributary}:server:a.example:995', 'class', 'good', 'limit', 64)
  await accounts.createAll(Array.from({ length: 5000 }, () => record('a.example', 'd0')))
  const first = await claimed()
  assert.equal(first.length, 64, 'alone it has all slots of its server')
  const beside = await many(5, () => 'a.example', 'd1')
  const elsewhere = await many(5, () => 'b.example', 'd2')
  assert.deepEqual(new Set(await claimed()), new Set(elsewhere), 'at once')
  for (const id of first.slice(0, 20)) await end(id, 'clean')
  const next = await claimed()
  assert.ok(
    beside.every((id) => next.includes(id)),
    'with the first slots that become free',
  )
})

test('a run that holds a slot for long learns that visits wait at its server', async () => {
  await workers(64)
  await many(9, () => 'a.example')
  assert.equal((await claimed()).length, 8)
  const at = { host: 'A.example', port: 995, user: 'somebody' }
  assert.equal(await isWaitedFor(redis, at), false, 'not long enough')
  const [waiting] = await redis.zrange('{tributary}:waiting:a.example:995 d0', '0', '0')
  await due.setNext(waiting as AccountId, 0)
  await redis.zadd('{tributary}:waiting:a.example:995', Date.now() - 2 * redisLimits.waitsForPlaceMs, 'd0')
  assert.equal(await isWaitedFor(redis, at), true)
})

test('what somebody asks for comes first at its server, with a slot more; a paused account too', async () => {
  await workers(64)
  await many(20, () => 'a.example')
  const paused = await account('a.example', 'd0', true)
  const asked = await account('a.example')
  assert.equal((await claimed()).length, 8)
  await runs.open(paused, 'request')
  await due.ask(paused, 'pull')
  await runs.open(asked, 'request')
  await due.ask(asked, 'pull')
  const { visits } = await due.claim()
  assert.deepEqual(
    visits.map((visit) => [visit.accountId, visit.asked]),
    [[paused, true]],
  )
  // What waits since the same millisecond has any order.
  const { nowMs } = await due.claim()
  await until('another millisecond', async () => (await due.claim()).nowMs > nowMs)
  await end(paused)
  assert.deepEqual(await claimed(), [asked], 'its run is open still, but the other one waits longer')
})

test('a visit whose job is lost is claimed again when its place expires; one that goes on keeps it', async () => {
  await workers(64)
  const [lost, long] = [await account('a.example'), await account('a.example')]
  assert.deepEqual(new Set(await claimed()), new Set([lost, long]))
  const expire = async () => {
    for (const set of ['places', 'slots:a.example:995']) await redis.zadd(`{tributary}:${set}`, 1, lost, 1, long)
  }
  await expire()
  await due.hold({ accountId: long, task: 'pull' })
  assert.deepEqual(await claimed(), [lost])
  await expire()
  // The worker was frozen: its place went, and came back.
  assert.deepEqual(new Set(await claimed()), new Set([lost, long]))
  await due.hold({ accountId: long, task: 'pull' })
  await end(long, 'clean')
  await end(lost, 'clean')
  assert.equal(await redis.hlen('{tributary}:place-counts'), 0)
  assert.equal(await redis.zcard('{tributary}:slots:a.example:995'), 0)
})

test('a job that is there once more begins no visit that was ended; one whose place expired it begins', async () => {
  await workers(64)
  const [done, lost] = [await account('a.example'), await account('a.example')]
  assert.deepEqual(new Set(await claimed()), new Set([done, lost]))
  const begin = async () => await Promise.all([done, lost].map(async (accountId) => await beginning(accountId)))
  const first = await begin()
  assert.deepEqual(
    first.map((begun, nth) => accountRecordIn([done, lost][nth] ?? '', begun?.entries.accounts ?? '').account.host),
    ['a.example', 'a.example'],
  )
  await end(done, 'clean')
  for (const set of ['places', 'slots:a.example:995']) await redis.zadd(`{tributary}:${set}`, 1, lost)
  // The place is gone, and nobody has claimed the visit since.
  await end(lost)
  await redis.zadd(keys.due, 1, lost)
  const again = await begin()
  assert.deepEqual(
    again.map((begun) => begun !== undefined),
    [false, true],
  )
  assert.equal(await redis.zcard('{tributary}:slots:a.example:995'), 1)
  // A visit that somebody asks for meanwhile begins.
  await runs.open(done, 'request')
  await due.ask(done, 'pull')
  assert.equal((await beginning(done))?.asked, true)
})

async function begun(accountId: AccountId): Promise<boolean> {
  return (await beginning(accountId)) !== undefined
}

/** Claims all that is due, and begins it. */
async function beginners(): Promise<AccountId[]> {
  const begins: AccountId[] = []
  for (const id of await claimed()) {
    if (await begun(id)) begins.push(id)
    else await due.end([{ accountId: id, task: 'pull', lesson: undefined }], checkTally([], Date.now()))
  }
  return begins
}

test('accounts that fetch one mailbox for several destinations take turns, and the next one comes at once', async () => {
  await workers(64)
  const twins = await Promise.all(['d0', 'd1', 'd2'].map(async (id) => await account('A.example', id, false, 'me')))
  const [other, elsewhere] = [await account('a.example', 'd0'), await account('b.example', 'd0', false, 'me')]
  const first = await beginners()
  assert.deepEqual([first.includes(other), first.includes(elsewhere)], [true, true])
  const served = first.filter((id) => twins.includes(id))
  for (let turn = 1; turn <= 3; turn += 1) {
    assert.equal(served.length, turn, 'one at a time')
    assert.deepEqual(await beginners(), [], 'nobody else comes in meanwhile')
    const [now = other] = served.slice(-1)
    const isWaited = await isWaitedFor(redis, { host: 'A.example', port: 995, user: 'me' })
    assert.equal(isWaited, turn < 3, 'a long run learns that another account waits')
    await end(now, 'clean')
    served.push(...(await beginners()))
  }
  assert.deepEqual(new Set(served), new Set(twins))
  assert.equal(await isWaitedFor(redis, { host: 'a.example', port: 995, user: 'somebody' }), false)
  for (const id of [other, elsewhere]) await end(id, 'clean')
  assert.equal(await redis.hlen(keys.mailboxes), 0, 'nothing is left')
})

test('a mailbox whose session died with its worker, or whose account was removed, is another’s when the place has expired', async () => {
  await workers(64)
  const [lost, waits] = [await account('a.example', 'd0', false, 'me'), await account('a.example', 'd1', false, 'me')]
  assert.deepEqual(new Set(await claimed()), new Set([lost, waits]))
  assert.deepEqual([await begun(lost), await begun(waits)], [true, false])
  await end(waits)
  assert.deepEqual(await beginners(), [])
  for (const set of ['places', 'slots:a.example:995']) await redis.zadd(`{tributary}:${set}`, 1, lost)
  await redis.zadd(keys.due, Date.now() + 60_000, lost)
  await redis.zadd(keys.due, 1, waits)
  // The place is given back, and whoever waits is told.
  assert.deepEqual([...(await beginners()), ...(await beginners())], [waits])
  await accounts.remove(waits, runs, Date.now())
  await end(waits)
  await redis.zadd(keys.due, 1, lost)
  await due.place([lost])
  assert.deepEqual(await beginners(), [lost])
})

test('visits that end together are due again each at its time, whatever else ends at its server', async () => {
  await workers(64)
  const [first, second] = [await account('a.example'), await account('a.example')]
  const [soon, other] = [await account('a.example', 'd1'), await account('b.example')]
  await redis.hset('{tributary}:server:a.example:995', 'limit', 4)
  assert.equal((await claimed()).length, 4)
  const lesson = { what: 'clean', slow: false, peer: '192.0.2.1:995' } as const
  const ends = [first, soon, second, other].map((accountId) => ({
    accountId,
    task: 'pull' as const,
    lesson,
    afterMs: accountId === soon ? 0 : 60_000,
  }))
  await due.end(ends, checkTally([], Date.now()))
  assert.equal(await redis.hlen('{tributary}:place-counts'), 0)
  assert.equal(await redis.hget('{tributary}:server:a.example:995', 'limit'), String(4 + 3 * redisLimits.slotGain))
  assert.deepEqual(await claimed(), [soon])
  await end(soon, 'clean', { afterMs: 90_000 })
  const [dueMs, lookedAtMs] = await Promise.all([
    redis.zscore(keys.due, first),
    redis.zscore('{tributary}:servers:good', 'a.example:995'),
  ])
  assert.equal(lookedAtMs, dueMs, 'it is looked at when its first account is due')
  assert.deepEqual(await claimed(), [])
})

test('an account whose interval was changed while it was visited is due again within that', async () => {
  await workers(64)
  const id = await account('a.example')
  for (const [minSeconds, maxSeconds, afterMs, leastMs, seconds] of [
    [60, 600, 200_000, 0, 200],
    [60, 60, 200_000, 0, 60],
    [900, 3600, 200_000, 0, 900],
    [60, 60, 200_000, 90_000, 90],
  ] as const) {
    assert.deepEqual(await claimed(), [id])
    const before = (await accounts.get(id))?.account.interval
    assert.ok(before !== undefined)
    await accounts.update(id, ({ account: own, ...rest }) => ({
      record: { ...rest, account: { ...own, interval: { minSeconds, maxSeconds } } },
      due: 'as before',
    }))
    const fromMs = Date.now()
    await end(id, 'clean', { afterMs, reckonedBy: { interval: before, leastMs } })
    const dueMs = Number(await redis.zscore(keys.due, id)) - seconds * 1000
    assert.ok(dueMs >= fromMs && dueMs <= Date.now(), `${dueMs - fromMs}`)
    await due.setNext(id, 0)
  }
})

test('visits that are claimed together are carried by few jobs, and none is left out', async () => {
  await workers(64)
  const ids = await many(redisLimits.visitsPerJob + 3, (nth) => `${nth}.example`)
  await queue.dispatch()
  const carried: string[] = []
  const sizes: number[] = []
  for (const job of await redis.lrange('{tributary}:bull:pull:wait', 0, -1)) {
    const visits = visitsOf(JSON.parse((await redis.hget(`{tributary}:bull:pull:${job}`, 'data')) ?? '') as PullJob)
    sizes.push(visits.length)
    carried.push(...visits.map(({ accountId }) => accountId))
  }
  assert.deepEqual(carried.toSorted(), ids.toSorted())
  assert.deepEqual(new Set(sizes), new Set([redisLimits.visitsPerJob, 3]))
  await queue.clear()
})

test('a full server whose worker died is visited again', async () => {
  await workers(64)
  await many(20, () => 'a.example')
  const first = await claimed()
  for (const set of ['places', 'slots:a.example:995'])
    for (const id of first) await redis.zadd(`{tributary}:${set}`, 1, id)
  assert.equal((await claimed()).length, 8)
})

test('an account that is paused, stopped or removed is not due, whoever writes last; its run that was asked for is made', async () => {
  await workers(64)
  const id = await account('a.example')
  assert.deepEqual(await claimed(), [id])
  await accounts.update(id, ({ account: own, ...rest }) => ({
    record: { ...rest, account: { ...own, paused: true } },
    due: 'never',
  }))
  await due.setNext(id, 0)
  await end(id, 'clean', { afterMs: 0 })
  assert.deepEqual([await claimed(), await redis.zscore(keys.due, id)], [[], null])
  await queue.request(id)
  assert.equal((await redis.hget('{tributary}:placed', id))?.startsWith('a.example:995 '), true, 'claimed at once')
  assert.equal(await accounts.remove(id, runs, Date.now()), 'done')
  await end(id)
  const left = (await redis.keys('*')).filter((key) => key.includes(id))
  assert.deepEqual(
    left.filter((key) => !key.endsWith(':fence') && !key.includes(':run')),
    [],
  )
  assert.equal((await redis.zcard('{tributary}:servers:new')) + (await redis.zcard('{tributary}:servers:good')), 0)
})

test('an account that moves to another server or destination waits there', async () => {
  await workers(64)
  const id = await account('a.example')
  await accounts.update(id, ({ account: own, ...rest }) => ({
    record: { ...rest, account: { ...own, host: 'b.example', destinationId: 'd1' as DestinationId } },
    due: 'as before',
  }))
  assert.deepEqual(await redis.keys('{tributary}:waiting:a.*'), [])
  assert.deepEqual(await claimed(), [id])
  assert.equal(await redis.hget('{tributary}:placed', id), 'b.example:995 d1 new -')
})

test('a visit that is put off waits, even if somebody asks; one that waits for a lease does not', async () => {
  await workers(64)
  const [off, short] = [await account('a.example'), await account('a.example')]
  await claimed()
  for (const id of [off, short]) {
    await runs.open(id, 'request')
    await due.wait({ accountId: id, task: 'pull' }, 60_000, id === off)
    await end(id)
  }
  assert.deepEqual(await claimed(), [])
  await due.ask(off, 'pull')
  await due.ask(short, 'pull')
  assert.deepEqual(await claimed(), [short])
})

test('a request that comes while the account is visited makes a visit of its own after it', async () => {
  await workers(64)
  const id = await account('a.example')
  await claimed()
  await queue.request(id)
  assert.deepEqual(await claimed(), [])
  await end(id, 'clean')
  const { visits } = await due.claim()
  assert.deepEqual(
    visits.map(({ accountId, asked }) => [accountId, asked]),
    [[id, true]],
  )
})

test('when Redis’ clock is stepped the schedule moves along, once; what is due since stays so', async () => {
  await workers(64)
  const [waits, fresh] = [await account('a.example'), await account('a.example')]
  await due.setNext(waits, 60_000)
  const before = [Number(await redis.zscore(keys.due, waits)), Number(await redis.zscore(keys.due, fresh))] as const
  await due.shift(-40 * 86_400_000)
  await due.shift(-40 * 86_400_000)
  assert.equal(Number(await redis.zscore(keys.due, waits)), before[0] - 40 * 86_400_000)
  assert.equal(Number(await redis.zscore(keys.due, fresh)), before[1])
  assert.deepEqual(await claimed(), [waits, fresh])
})

test('no more is claimed than all workers together can do, and nothing without a worker', async () => {
  await many(30, () => 'a.example')
  assert.deepEqual(await claimed(), [])
  await workers(4)
  await redis.hset('{tributary}:server:a.example:995', 'class', 'good')
  await due.place(await redis.zrange(keys.due, '0', '-1'))
  assert.equal((await claimed()).length, 4)
})

test('idle visits leave one row and the tally, however many there are', async () => {
  await workers(64)
  const id = await account('a.example')
  const check = (startedMs: number) => ({ startedMs, finishedMs: startedMs + 5, listed: 240 })
  for (const nth of [0, 1, 2]) {
    const visit = { check: check(1000 + nth), dueMs: 1000 }
    await claimed()
    await due.end(
      [{ accountId: id, task: 'pull', lesson: undefined, afterMs: 0, check: visit.check }],
      checkTally([visit], 5000),
    )
  }
  assert.match((await redis.hget(keys.checks, id)) ?? '', /^[0-9A-Z]{26} 3 1000 1007 240$/)
  assert.equal(await redis.hget(keys.tally, 'h0'), '0 0 3 0')
  assert.equal(await redis.hget(keys.tallyOf('d0'), 'h0'), '0 0 3 0')
  assert.equal(await redis.hget(keys.measures, 'tributary_runs_total|pull|done'), '3')
})

test('what an earlier version left in no set is found by the rounds', async () => {
  await workers(64)
  const id = await account('a.example')
  await redis.del(...(await redis.keys('{tributary}:waiting:*')), ...(await redis.keys('{tributary}:servers:*')))
  assert.deepEqual(await claimed(), [])
  await due.place([id])
  assert.deepEqual(await claimed(), [id])
})

test('a test of an account takes a slot of its server, one more than the schedule has, and gives it back', async () => {
  await workers(64)
  await many(20, () => 'a.example')
  assert.equal((await claimed()).length, 8)
  const at = { host: 'A.example', port: 995, user: 'somebody' }
  const seen = await atGuestSlot(redis, at, async () => {
    const full = await guests('another', 60_000)
    return [full, await redis.zcard('{tributary}:slots:a.example:995')]
  })
  assert.deepEqual(seen, [0, 9])
  assert.equal(await guests('another', 60_000), 1)
  assert.equal(await guests('a third', 60_000), 0)
  assert.equal(await guests('another', 0), 1)
  assert.equal(await redis.zcard('{tributary}:slots:a.example:995'), 8)
})

test('no visit goes to a mailbox that somebody tests, and a test waits a moment for the visit there', async () => {
  await workers(64)
  const [first, second] = [await account('a.example', 'd0', false, 'me'), await account('a.example', 'd1', false, 'me')]
  const at = { host: 'A.example', port: 995, user: 'me' }
  await atGuestSlot(redis, at, async () => assert.deepEqual(await beginners(), []))
  const [begins = second] = await beginners()
  assert.equal(await guests('another', 60_000, 'me'), -1)
  assert.equal(await isWaitedFor(redis, at), true)
  const tested = atGuestSlot(redis, at, async () => await redis.hget(keys.mailboxes, 'a.example:995 me'))
  await end(begins, 'clean')
  assert.match((await tested) ?? '', /^guest-/)
  assert.deepEqual(await beginners(), [begins === first ? second : first], 'it was told')
})

const guests = async (name: string, holdMs: number, user = '') =>
  await script<number>('guest-slot', 1)(redis, [keys.due], ['a.example:995', name, holdMs, user, user === '' ? 1 : ''])

/** @returns undefined if it does not begin. */
async function beginning(accountId: AccountId) {
  const begun = await due.begin({ accountId, task: 'pull' }, ['accounts'])
  return begun === undefined || 'heldUntilMs' in begun ? undefined : begun
}

test('while a server wants no login to a mailbox nobody goes there: neither who is due, nor who is asked for, nor a test', async () => {
  await workers(64)
  const [one, twin] = [await account('A.example', 'd0', false, 'me'), await account('a.example', 'd1', false, 'me')]
  const other = await account('a.example', 'd0', false, 'another')
  const at = { host: 'A.example', port: 995, user: 'me' }
  assert.deepEqual(new Set(await claimed()), new Set([one, twin, other]))
  const fromMs = Date.now()
  await holdLogins(redis, at, 120_000)
  const [heldUntilMs = 0, free] = await loginsHeldUntil(redis, [at, { ...at, user: 'another' }])
  assert.equal(free, 0)
  assert.ok(heldUntilMs >= fromMs + 120_000 && heldUntilMs <= Date.now() + 120_000)
  assert.deepEqual(await due.begin({ accountId: one, task: 'pull' }, []), { heldUntilMs, openRunId: undefined })
  assert.ok(await beginning(other))
  for (const id of [one, twin, other]) await end(id)
  const dueMs = async () => (await redis.zmscore(keys.due, one, twin)).map(Number)
  assert.deepEqual(await dueMs(), [heldUntilMs, heldUntilMs], 'they are not late meanwhile')
  const run = await runs.open(one, 'request')
  assert.deepEqual(await due.ask(one, 'pull'), { openRunId: run.id, heldUntilMs })
  assert.equal((await due.ask(one, 'rebuild')).heldUntilMs, 0, 'a rebuild asks the store alone')
  assert.deepEqual(await claimed(), [])
  await assert.rejects(
    atGuestSlot(redis, at, async () => {}),
    /wants some time between two logins/,
  )
  await holdLogins(redis, at, 1000, true)
  assert.deepEqual(await loginsHeldUntil(redis, [at]), [heldUntilMs], 'what is refused does not make it shorter')
  await redis.del(keys.dueShifted)
  await due.shift(-30_000)
  assert.deepEqual(
    await loginsHeldUntil(redis, [at]),
    [heldUntilMs - 30_000],
    'a clock that is set back makes it no longer',
  )
  await holdLogins(redis, at, 0)
  await due.place([one, twin])
  assert.deepEqual(new Set(await beginners()), new Set([one]))
  await holdLogins(redis, { ...at, user: 'a third' }, 1)
  assert.ok((await redis.zcard(keys.loginHolds)) <= 1, 'what is over is not kept')
})
