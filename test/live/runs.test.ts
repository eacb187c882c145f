/** Runs as they are kept: one line each, rows of idle visits among them, and the list of all accounts' runs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { ensureRunsIndexed, tidyIndex } from '../../src/redis/run-index.ts'
import { Runs } from '../../src/redis/runs.ts'
import { checkTally } from '../../src/redis/tallies.ts'
import { noCounts, type Run } from '../../src/runs/run.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { type Body, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let runs: Runs
let alice: string
let bob: string
before(async () => {
  stack = await startStack()
  runs = new Runs(stack.redis)
  ;[alice, bob] = [await stack.destination('alice'), await stack.destination('bob')]
})
after(async () => {
  await runs.close()
  await stack.stop()
})

let users = 0
async function account(destinationId: string): Promise<AccountId> {
  users += 1
  return (await stack.account({ destinationId, port: 1, user: `user ${users}` })) as AccountId
}

async function ended(id: AccountId, other: Partial<Run> = {}, transcriptsKept?: number): Promise<Run> {
  const run = await runs.open(id, 'request')
  const running: Run = { ...run, state: 'running', startedAt: new Date().toISOString() }
  await runs.change(running)
  const end: Run = { ...running, state: 'done', listed: 7, stored: 2, bytes: 99, ...other }
  const whole = { ...end, finishedAt: new Date().toISOString() }
  await runs.end(whole, { transcriptsKept })
  return whole
}

async function idle(id: AccountId, startedMs: number): Promise<void> {
  const check = { startedMs, finishedMs: startedMs + 5, listed: 7 }
  const end = { accountId: id, task: 'pull', lesson: undefined, afterMs: 60_000, check } as const
  await new DueAccounts(stack.redis).end([end], checkTally([{ check, dueMs: startedMs }], startedMs))
}

async function indexed(): Promise<string[]> {
  const buckets = await stack.redis.zrange(keys.runBuckets, '0', '-1')
  return (await Promise.all(buckets.map((name) => stack.redis.zrange(keys.runIndex(name), '0', '-1')))).flat()
}

const get = async (path: string) => (await stack.call('GET', path)).body
/** As a list of all accounts has them. */
const listed = (...runs: readonly unknown[]) => runs.map((run) => ({ ...(run as object), address: 'me@example.net' }))
const runsOf = async (id: string, query = '') => (await get(`/accounts/${id}/runs${query}`)).items as object as Run[]
const idsIn = ({ items }: Pick<Body, 'items'>) => items.map((one) => one['id'])

test('a run that has ended is one line of less than 300 octets, read as it was, with one key an account', async () => {
  const id = await account(alice)
  const before = new Set(await stack.redis.keys('*tributary*'))
  const failure = {
    kind: 'credentials refused',
    message: 'pop.example.net refused it: "[AUTH] no". Check both.',
    passes: false,
  }
  const [one, other] = [await ended(id), await ended(id, { state: 'failed', failure } as Partial<Run>)]
  const made = (await stack.redis.keys('*tributary*')).filter((key) => !before.has(key))
  assert.deepEqual(
    made.filter((key) => !key.startsWith('{tributary}:') || key.includes(one.id)),
    [keys.history(id)],
  )
  const records = Object.values(await stack.redis.hgetall(keys.history(id)))
  assert.ok(records.length === 2 && records.every((record) => record.length < 274), records.join('\n'))
  assert.ok(((await stack.redis.hget(keys.lastRuns, id)) ?? '').length < 300)
  assert.deepEqual(await runsOf(id), [other, one])
  assert.deepEqual([await get(`/runs/${one.id}`), await get(`/runs/${other.id}`)], [one, other])
  assert.deepEqual((await get(`/accounts/${id}`))['lastRun'], other)
  assert.equal(await stack.redis.hlen(keys.openRecords), 0)
  assert.ok((await stack.redis.pttl(keys.history(id))) > redisLimits.runKeptMs - 60_000)
})

test('a recorded run calls four scripts, and writes itself nowhere else', async () => {
  const id = await account(alice)
  await ended(id)
  await stack.redis.config('RESETSTAT')
  await ended(id)
  const stats = await stack.redis.info('commandstats')
  const calls = Object.fromEntries(
    [...stats.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name = '', count]) => [name, Number(count)]),
  )
  assert.equal(calls['evalsha'], 4, 'it is opened, begins, is kept and ends')
  assert.equal(calls['set'], undefined)
})

test('idle visits in a row are one run; the next run that is recorded leaves it in the list, with its id', async () => {
  const id = await account(alice)
  const first = await ended(id)
  const startedMs = Date.now()
  for (const nth of [0, 1, 2]) await idle(id, startedMs + nth * 60_000)
  const [row, ...older] = await runsOf(id)
  assert.deepEqual(older, [first])
  const at = (ms: number) => new Date(startedMs + ms).toISOString()
  assert.deepEqual(row, {
    ...first,
    ...noCounts(),
    id: row?.id,
    cause: 'schedule',
    queuedAt: at(0),
    startedAt: at(0),
    finishedAt: at(120_005),
    listed: 7,
    checks: 3,
  })
  assert.deepEqual(await get(`/runs/${row?.id}`), row)
  assert.equal((await get(`/accounts/${id}`))['lastCheckedAt'], at(120_005))
  await idle(id, startedMs + 180_000)
  const grown = { ...row, checks: 4, finishedAt: at(180_005) }
  assert.deepEqual((await runsOf(id))[0], grown)
  const next = await ended(id)
  assert.deepEqual(await runsOf(id), [next, grown, first])
  assert.equal(await stack.redis.hget(keys.checks, id), null)
  await idle(id, startedMs + 400_000)
  const [another, ...rest] = await runsOf(id)
  assert.notEqual(another?.id, grown.id)
  assert.deepEqual(rest, [next, grown, first])
  assert.deepEqual((await get(`/runs?accountId=${id}`)).items, listed(another, next, grown, first))
})

test('a row of the version before is read, and kept; a visit that comes with the run’s end is not lost', async () => {
  const id = await account(alice)
  const run = await runs.open(id, 'request')
  const rowId = `${run.id.slice(0, 10)}0000000000000000`
  await stack.redis.hset(keys.checks, id, `${rowId} 3 1000 1007`)
  await runs.end({ ...run, state: 'done', finishedAt: run.queuedAt })
  const kept = (await runsOf(id)).find((one) => one.id === rowId)
  assert.deepEqual([kept?.checks, kept?.listed, kept?.finishedAt], [3, 0, '1970-01-01T00:00:01.007Z'])
  assert.ok((await indexed()).includes(`${rowId} ${id}`))
})

test('of an account a hundred records are kept, and transcripts of its last runs: rows of idle visits have none', async () => {
  const id = await account(alice)
  const made: Run[] = []
  for (let nth = 0; nth < 4; nth += 1) {
    const run = await runs.open(id, 'request')
    await stack.redis.set(keys.transcript(id, run.id), '{}')
    const end: Run = { ...run, state: 'done', finishedAt: new Date().toISOString() }
    made.push(end)
    await runs.end(end, { transcriptsKept: 3 })
    await idle(id, Date.now())
  }
  const transcripts = await Promise.all(made.map((run) => stack.redis.exists(keys.transcript(id, run.id))))
  assert.deepEqual(transcripts, [0, 1, 1, 1])
  for (let nth = 0; nth < redisLimits.runsKeptPerAccount; nth += 1) await ended(id)
  const listed = await runsOf(id, '?limit=500')
  // The row that there was before the first of these is one of them.
  assert.equal(listed.length, redisLimits.runsKeptPerAccount)
  for (const { id: runId } of made) {
    assert.equal((await stack.call('GET', `/runs/${runId}`)).status, 404)
    assert.ok(!(await indexed()).includes(`${runId} ${id}`))
  }
})

test('runs that an earlier version kept are listed, read and dropped with the others', async () => {
  const id = await account(alice)
  const open = await runs.open(id, 'request')
  const { checks: _checks, ...older } = { ...open, state: 'done', finishedAt: open.queuedAt }
  // As that version wrote it: open and ended runs as JSON by their ids, and a set of ids.
  await stack.redis.hdel(keys.openRecords, open.id)
  await stack.redis.del(keys.runBuckets, ...(await stack.redis.keys(keys.runIndex('*'))))
  await stack.redis.set(keys.run(open.id), JSON.stringify({ ...older, state: 'running', finishedAt: null }))
  await stack.redis.zadd(keys.runs(id), 0, open.id)
  assert.equal((await runs.open(id, 'request')).id, open.id, 'it is still open')
  assert.equal((await get(`/accounts/${id}`))['status'], 'running')
  await stack.redis.set(keys.run(open.id), JSON.stringify(older))
  await stack.redis.hdel(keys.openRuns, id)
  await stack.redis.del(keys.runsIndexed)
  await ensureRunsIndexed(stack.redis)
  const expected = { ...older, checks: 1 }
  assert.deepEqual([await runsOf(id), await get(`/runs/${open.id}`)], [[expected], expected])
  assert.deepEqual(idsIn(await get(`/runs?accountId=${id}`)), [open.id])
  assert.ok(idsIn(await get('/runs?limit=500')).includes(open.id))
  const next = await ended(id)
  assert.deepEqual(await runsOf(id), [next, expected])
})

test('when mail came last is said by the last run that stored some, however many have stored none since', async () => {
  const id = await account(alice)
  const mailAt = async () => (await get(`/accounts/${id}`))['lastMailAt']
  const written = async () => await stack.redis.hget(keys.lastMail, id)
  await ended(id, { stored: 0 })
  assert.deepEqual([await mailAt(), await written()], [null, null])
  const first = await ended(id)
  assert.deepEqual([await mailAt(), await written()], [first.finishedAt, null])
  for (let nth = 0; nth < 2; nth += 1) {
    await ended(id, { stored: 0 })
    assert.deepEqual([await mailAt(), await written()], [first.finishedAt, String(Date.parse(first.finishedAt ?? ''))])
  }
  // As an earlier version wrote it.
  await stack.redis.hset(keys.lastMail, id, '2026-11-29T12:00:00.000Z')
  await ended(id, { stored: 0 })
  assert.equal(await mailAt(), '2026-11-29T12:00:00.000Z')
  const second = await ended(id)
  assert.deepEqual([await mailAt(), await written()], [second.finishedAt, null])
})

test('all runs: newest first, page by page, by state, account and time; an owner sees their own', async () => {
  // Rows of the tests above lie ahead.
  await stack.redis.del(keys.checks)
  const [one, two] = [await account(alice), await account(bob)]
  // Ids of one millisecond have no order among processes, and the id of a row is of its end, 5 ms behind its beginning.
  const later = () => {
    const untilMs = Date.now() + 6
    while (Date.now() < untilMs);
    return untilMs
  }
  const since = new Date(later()).toISOString()
  const done = await ended(one)
  const failure = { kind: 'silent', message: 'It said nothing.', passes: false } as const
  const failed = await ended(two, { state: 'failed', failure })
  await idle(one, later() - 5)
  later()
  const waits = await runs.open(two, 'request')
  const all = await get(`/runs?since=${since}`)
  const [open, row, ...rest] = all.items as object as Run[]
  assert.deepEqual([open, ...rest], listed(waits, failed, done))
  assert.deepEqual([row?.accountId, row?.checks, all['next']], [one, 1, null])

  const seen: unknown[] = []
  for (let next: string | null = ''; next !== null; ) {
    const page = await get(`/runs?since=${since}&limit=3${next === '' ? '' : `&cursor=${next}`}`)
    assert.ok(page.items.length <= 3)
    seen.push(...page.items)
    next = page['next'] as string | null
  }
  assert.deepEqual(seen, all.items)
  assert.ok((await get('/runs?limit=500')).items.length > all.items.length)

  assert.deepEqual((await get(`/runs?since=${since}&state=failed`)).items, listed(failed))
  assert.deepEqual((await get('/runs?state=queued')).items, listed(waits))
  assert.deepEqual((await get(`/runs?accountId=${two}`)).items, listed(waits, failed))
  assert.deepEqual(idsIn(await get(`/runs?accountId=${two}&since=${waits.queuedAt}&state=`)), [waits.id])
  assert.deepEqual((await get('/runs?accountId=none')).items, [])
  for (const query of ['state=odd', 'since=yesterday', 'limit=0', 'cursor=x!', 'colour=red'])
    assert.equal((await stack.call('GET', `/runs?${query}`)).status, 400, query)

  const { body: token } = await stack.call('POST', '/tokens', { name: 'bob', scopes: ['read'], destinationId: bob })
  const asBob = async (path: string) => {
    const headers = { authorization: `Bearer ${String(token['token'])}` }
    const answer = await stack.app.inject({ url: `/api/v1${path}`, headers })
    return { status: answer.statusCode, body: answer.json<Body>() }
  }
  assert.deepEqual((await asBob('/runs')).body.items, listed(waits, failed))
  assert.deepEqual((await asBob('/runs?state=queued')).body.items, listed(waits))
  assert.deepEqual((await asBob(`/runs?accountId=${one}`)).body.items, [])
  assert.deepEqual([(await asBob(`/runs/${done.id}`)).status, (await asBob(`/runs/${failed.id}`)).status], [404, 200])
  assert.equal((await asBob(`/runs/${row?.id}`)).status, 404)

  await stack.call('DELETE', `/accounts/${one}`)
  const left = await indexed()
  assert.deepEqual(
    left.filter((member) => member.endsWith(one)),
    [],
    'nothing is left of an account that is removed',
  )
  await runs.end({ ...waits, state: 'done', finishedAt: waits.queuedAt })
})

test('runs that expired without another run after them leave the index; a row that still grows stays', async () => {
  await stack.redis.del(keys.checks)
  const [gone, grows] = [await account(alice), await account(bob)]
  const run = await ended(gone)
  await idle(grows, Date.now())
  const row = (await runsOf(grows))[0]
  // Only what has expired is looked at.
  await tidyIndex(stack.redis, Date.now())
  assert.ok((await indexed()).includes(`${run.id} ${gone}`))
  await tidyIndex(stack.redis, Date.now() + redisLimits.runKeptMs + 3_600_000)
  assert.deepEqual(await indexed(), [`${row?.id} ${grows}`])
  assert.equal(await stack.redis.zcard(keys.runBuckets), 1)
  assert.deepEqual(await get(`/runs/${row?.id}`), row)
})

test('visits of a worker that find nothing are one run of the account, until mail comes or somebody asks', async () => {
  const provider = await startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }] })
  const interval = { minSeconds: 1, maxSeconds: 1 }
  const destinationId = alice
  const id = await stack.account({ destinationId, port: provider.port, user: 'visited', paused: false, interval })
  await stack.startWorker()
  const rowOf = async () => (await runsOf(id)).find((run) => run.checks > 1)
  await until('a row', async () => ((await rowOf())?.checks ?? 0) >= 3)
  const row = await rowOf()
  assert.deepEqual([row?.state, row?.cause, row?.listed, row?.stored, row?.failure], ['done', 'schedule', 1, 0, null])
  provider.deliver({ bytes: letter('two'), uidl: 'two' })
  const isNewer = (run: Run) => run.stored === 1 && run.id > (row?.id ?? '')
  await until('the mail', async () => (await runsOf(id)).some(isNewer))
  const kept = (await runsOf(id)).find((run) => run.id === row?.id)
  assert.ok((kept?.checks ?? 0) >= (row?.checks ?? 1))
  const asked = await stack.pull(id)
  assert.deepEqual((await runsOf(id)).find((run) => run.id === asked.id)?.checks, 1)
  await stack.stopWorker()
  await provider.close()
})
