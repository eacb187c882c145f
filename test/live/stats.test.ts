import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import type { Run } from '../../src/runs/run.ts'
import { packRun } from '../../src/runs/run-record.ts'
import { keys } from '../../src/redis/key-names.ts'
import { overdueAccounts } from '../../src/redis/overdue.ts'
import { Runs } from '../../src/redis/runs.ts'
import { notedStatuses } from '../../src/runs/status.ts'
import { daysKept, hoursKept, type Tally, talliesOf } from '../../src/redis/tallies.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const messages = ['one', 'two', 'three'].map((subject) => ({ bytes: letter(subject), uidl: subject }))
const octets = messages.reduce((sum, { bytes }) => sum + bytes.length, 0)

let stack: Stack
let provider: ScriptedServer
let runs: Runs
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  runs = new Runs(stack.redis)
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
  await runs.close()
})

type Counts = Record<string, number>
interface Stats {
  readonly accounts: {
    readonly total: number
    readonly overdue: number
    readonly byStatus: Counts
    readonly byReason: Counts
  }
  readonly destinations: { readonly total: number; readonly paused: number }
  readonly runs: { readonly running: number; readonly waiting: number }
  readonly mail: { readonly hours: Tally[]; readonly days: Tally[] }
  readonly health: Record<string, unknown>
}
const stats = async () => (await stack.call('GET', '/stats')).body as object as Stats

test('stats: what runs have brought by hour and day, how accounts stand, and what answers', async () => {
  const [alice, bob] = [await stack.destination('alice'), await stack.destination('bob')]
  const good = await stack.account({ port: provider.port, destinationId: alice })
  const bad = await stack.account({ port: 1, destinationId: bob, paused: false, interval: { minSeconds: 3600 } })
  assert.equal((await stack.pull(good)).stored, 3)
  assert.equal((await stack.pull(good)).stored, 0)
  assert.equal((await stack.pull(bad)).state, 'failed')

  const all = await stats()
  assert.deepEqual([all.mail.hours.length, all.mail.days.length], [hoursKept, daysKept])
  const sum = (tallies: readonly Tally[], what: 'messages' | 'bytes' | 'runs' | 'failed') =>
    tallies.reduce((total, tally) => total + tally[what], 0)
  for (const tallies of [all.mail.hours, all.mail.days]) {
    const [messages, bytes, failed] = [sum(tallies, 'messages'), sum(tallies, 'bytes'), sum(tallies, 'failed')]
    assert.deepEqual([messages, bytes], [3, octets])
    // The failing one may have been due by itself, too.
    assert.ok(failed >= 1)
    assert.equal(sum(tallies, 'runs'), failed + 2)
    assert.ok(Math.abs(Date.parse(tallies.at(-1)?.at ?? '') - Date.now()) < 2 * 86_400_000)
  }
  const { byReason, ...accounts } = all.accounts
  assert.deepEqual([byReason['unreachable'], byReason['tls']], [1, 0])
  assert.deepEqual(accounts, {
    total: 2,
    overdue: 0,
    needsPerson: 0,
    failingNeedsPerson: 0,
    byStatus: { idle: 0, running: 0, waiting: 0, failing: 1, 'needs attention': 0, paused: 1 },
  })
  assert.deepEqual(
    [all.destinations, all.runs],
    [
      { total: 2, paused: 0 },
      { running: 0, waiting: 0 },
    ],
  )
  const ok = { ok: true, detail: null }
  assert.deepEqual(all.health, { redis: ok, store: ok, workers: 1 })

  const own = await talliesOf(stack.redis, alice, Date.now())
  assert.deepEqual([sum(own.hours, 'messages'), sum(own.hours, 'runs'), sum(own.hours, 'failed')], [3, 2, 0])
  assert.equal(sum((await talliesOf(stack.redis, bob, Date.now())).days, 'messages'), 0)
})

test('a run counts once, whoever ends it and however often', async () => {
  const destinationId = await stack.destination('carol')
  const id = (await stack.account({ port: provider.port, destinationId, user: 'once' })) as AccountId
  await stack.stopWorker()
  const run = await runs.open(id, 'request')
  const ended: Run = { ...run, state: 'done', stored: 5, bytes: 50, startedAt: run.queuedAt, finishedAt: run.queuedAt }
  // Its worker died between the record and the rest: whoever opens the next one closes it.
  await stack.redis.hset(keys.history(id), run.id, packRun(ended))
  const next = await runs.open(id, 'request')
  assert.notEqual(next.id, run.id)
  await runs.end(ended)
  await Promise.all([runs.end({ ...ended, id: next.id }), runs.end({ ...ended, id: next.id })])
  const { hours, days } = await talliesOf(stack.redis, destinationId, Date.parse(run.queuedAt))
  for (const tallies of [hours, days]) {
    const { at: _at, ...last } = tallies.at(-1) as Tally
    assert.deepEqual(last, { messages: 10, bytes: 100, runs: 2, failed: 0 })
  }
  const { status } = (await stack.call('GET', `/accounts/${id}`)).body
  assert.equal(status, 'paused')
})

test('hours and days that have passed go, and what is kept is small', async () => {
  const destinationId = await stack.destination('dora')
  const id = (await stack.account({ port: provider.port, destinationId, user: 'old' })) as AccountId
  const startMs = Date.UTC(2030, 0, 1)
  for (let hour = 0; hour < 24 * 40; hour += 8) {
    const run = await runs.open(id, 'schedule')
    const at = new Date(startMs + hour * 3_600_000).toISOString()
    await runs.end({ ...run, state: 'done', stored: 1, bytes: 1e12, startedAt: at, finishedAt: at })
  }
  const slots = Object.keys(await stack.redis.hgetall(keys.tallyOf(destinationId)))
  assert.deepEqual(
    [slots.filter((slot) => slot.startsWith('h')).length, slots.filter((slot) => slot.startsWith('d')).length],
    [hoursKept / 8, daysKept],
  )
  assert.equal(await stack.redis.call('OBJECT', 'ENCODING', keys.tallyOf(destinationId)), 'listpack')
  assert.ok((await stack.redis.ttl(keys.tallyOf(destinationId))) > 86_400)
  const { days } = await talliesOf(stack.redis, destinationId, startMs + 39.5 * 86_400_000)
  assert.deepEqual(
    days.map(({ messages, bytes }) => [messages, bytes]),
    Array.from({ length: daysKept }, () => [3, 3e12]),
  )
})

test('a status that was told wrong is put right by the rounds of a worker', async () => {
  await stack.redis.del(...notedStatuses.map(keys.accountsAt))
  assert.equal((await stats()).accounts.byStatus['paused'], 0)
  await stack.startWorker()
  while ((await stats()).accounts.byStatus['paused'] !== 3);
})

test('an account that is due without a visit for three of its longest intervals is told of, and one that is late is not', async () => {
  await stack.stopWorker()
  const destinationId = await stack.destination('erin')
  const interval = { minSeconds: 60, maxSeconds: 600 }
  const ids: string[] = []
  for (const user of ['late', 'overdue', 'at work', 'ran by hand', 'idle'])
    ids.push(await stack.account({ port: provider.port, destinationId, user, paused: false, interval }))
  const [late = '', overdue = '', atWork = '', byHand = '', idle = ''] = ids
  const nowMs = Date.now()
  await stack.redis.zadd(
    keys.due,
    nowMs - 1_100_000,
    late,
    ...[overdue, atWork, byHand, idle].flatMap((id) => [nowMs - 1_300_000, id]),
  )
  await stack.redis.sadd(keys.running, atWork)
  const run = (accountId: string, agoMs: number) => {
    const finishedAt = new Date(nowMs - agoMs).toISOString()
    return JSON.stringify({ id: accountId, accountId, state: 'done', queuedAt: finishedAt, finishedAt })
  }
  await stack.redis.hset(keys.lastRuns, byHand, run(byHand, 1_000_000))
  // Its last run is long ago; its last visit, which found nothing to do, is not.
  await stack.redis.hset(keys.lastRuns, idle, run(idle, 86_400_000), overdue, run(overdue, 86_400_000))
  await stack.redis.hset(keys.checks, idle, `${idle} 700 ${nowMs - 86_400_000} ${nowMs - 1_000_000} 7`)
  assert.deepEqual(await overdueAccounts(stack.redis), [{ id: overdue, destinationId }])
  while ((await stats()).accounts.overdue !== 1);
  await stack.redis.srem(keys.running, atWork)
})

test('a store that does not answer is named', async () => {
  await stack.dovecot.halt()
  const store = async () => (await stats()).health['store'] as { ok: boolean; detail: string | null }
  while ((await store()).ok);
  assert.match((await store()).detail ?? '', /^The store at 127\.0\.0\.1:\d+ does not greet$/)
})
