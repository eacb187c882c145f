import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import type { AccountId } from '../../src/mail/message.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { failureKinds } from '../../src/failure/failure.ts'
import { addedBy, blamed } from '../../src/runs/measures.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Runs } from '../../src/redis/runs.ts'
import { noCounts, type Run } from '../../src/runs/run.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const messages = ['one', 'two'].map((subject) => ({ bytes: letter(subject), uidl: subject }))

let stack: Stack
let provider: ScriptedServer
let id: AccountId
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  await stack.startWorker()
  const destinationId = await stack.destination('alice')
  id = (await stack.account({ port: provider.port, destinationId })) as AccountId
  await stack.pull(id)
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

const lineOf = /^(tributary_[a-z0-9_]+)(?:\{((?:[a-z_]+="[^"\\]*",?)+)\})? (-?[0-9.e+-]+|NaN|Nan)$/

/** Series by name and labels, once one of them is as wanted: what is told is looked up every few seconds. */
async function metrics(wanted: (series: Map<string, number>) => boolean = () => true): Promise<Map<string, number>> {
  for (;;) {
    const response = await stack.app.inject({ method: 'GET', url: '/metrics' })
    assert.equal(response.statusCode, 200)
    assert.match(String(response.headers['content-type']), /^text\/plain; version=0\.0\.4/)
    const lines = response.payload.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const series = new Map(
      lines.map((line) => {
        const [, name = '', labels = '', value = ''] = lineOf.exec(line) ?? assert.fail(line)
        return [labels === '' ? name : `${name}{${labels}}`, Number(value)]
      }),
    )
    if (wanted(series)) return series
    // Slower than strangers may ask.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('metrics: what runs brought, how long they took, and how all stands; nobody is named', async () => {
  // The wait until the next visit is counted when the place is given back.
  const series = await metrics((all) => all.get('tributary_interval_seconds_count') === 1)
  assert.equal(series.get('tributary_runs_total{task="pull",outcome="done"}'), 1)
  assert.equal(series.get('tributary_messages_total{result="stored"}'), 2)
  assert.equal(
    series.get('tributary_stored_bytes_total'),
    messages.reduce((sum, { bytes }) => sum + bytes.length, 0),
  )
  for (const name of ['run_duration', 'start_delay', 'append_duration', 'interval']) {
    assert.equal(series.get(`tributary_${name}_seconds_count`), 1, name)
    assert.equal(series.get(`tributary_${name}_seconds_bucket{le="+Inf"}`), 1, name)
    assert.ok((series.get(`tributary_${name}_seconds_sum`) ?? 0) > 0, name)
  }
  assert.equal(series.get('tributary_accounts{status="paused"}'), 1)
  assert.equal(series.get('tributary_workers'), 1)
  assert.equal(series.get('tributary_redis_up'), 1)
  assert.ok([...series.keys()].some((name) => name.startsWith('tributary_worker_resident_memory_bytes{worker="')))
  const { payload } = await stack.app.inject({ method: 'GET', url: '/metrics' })
  assert.doesNotMatch(payload, /example\.net|@|alice/)
})

test('buckets are told as what lies up to their bound, and counts never go down, whoever starts anew', async () => {
  await stack.stopWorker()
  await stack.startWorker()
  await stack.pull(id)
  const series = await metrics((all) => all.get('tributary_runs_total{task="pull",outcome="done"}') === 2)
  assert.equal(series.get('tributary_run_duration_seconds_count'), 2)
  const buckets = [...series].filter(([name]) => name.startsWith('tributary_run_duration_seconds_bucket'))
  assert.ok(buckets.every(([, count], nth) => count >= (buckets[nth - 1]?.[1] ?? 0)))
})

test('sessions are told while they go on: of hosts, of classes of servers, and of the one destination that has most', async () => {
  const silent = await startPop3Server({ messages: [], greeting: null })
  const destinationId = await stack.destination('bob')
  const ids = await Promise.all(
    ['one', 'two'].map(async (user) => await stack.account({ port: silent.port, destinationId, user })),
  )
  for (const one of ids) await stack.call('POST', `/accounts/${one}/pull`)
  const series = await metrics((all) => all.get('tributary_host_sessions{host="127.0.0.1"}') === 2)
  assert.equal(series.get('tributary_sessions'), 2)
  assert.equal(series.get('tributary_host_slots{host="127.0.0.1"}'), redisLimits.slotsFirst)
  assert.equal(series.get('tributary_class_sessions{class="new"}'), 2)
  assert.equal(series.get('tributary_largest_share_sessions{of="destination"}'), 2)
  for (const one of ids) await stack.call('DELETE', `/accounts/${one}`)
  await metrics((all) => all.get('tributary_sessions') === 0)
  await silent.close()
})

test('the outbox is told: what waits, what waits for a person, its octets, and how long no worker has come', async () => {
  const destinationId = await stack.destination('dora')
  const smtp = { host: '127.0.0.1', port: 9, tls: 'none' }
  const accountId = await stack.account({ destinationId, address: 'dora@example.net', user: 'dora', smtp })
  const letter = { identity: 'dora@example.net', to: ['ada@example.org'], text: 'Tea?' }
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  for (const fields of [letter, { ...letter, sendAt }])
    assert.equal((await stack.call('POST', `/destinations/${destinationId}/messages`, fields)).status, 202)
  await stack.redis.zadd(keys.sendDue, Date.now() - 5000, accountId)
  const series = await metrics((all) => all.get('tributary_outbox_messages{state="waiting"}') === 2)
  assert.ok((series.get('tributary_outbox_bytes') ?? 0) > 200)
  assert.ok((series.get('tributary_outbox_overdue_seconds') ?? 0) >= 5)
  const { items } = (await stack.call('GET', `/destinations/${destinationId}/outbox`)).body
  await stack.world.sendings.change(String(items[0]?.['id']), (entry) => ({ ...entry, state: 'unknown', endedAtMs: 1 }))
  await metrics((all) => all.get('tributary_outbox_messages{state="unknown"}') === 1)
})

test('a failing host has a name, while there are few of them', async () => {
  await stack.stopWorker()
  const runs = new Runs(stack.redis)
  const fail = async (kind: (typeof failureKinds)[number]) => {
    const run = await runs.open(id, 'request')
    const failure = { kind, message: 'x', passes: false }
    await runs.end({ ...run, state: 'failed', startedAt: run.queuedAt, finishedAt: run.queuedAt, failure })
  }
  for (const kind of failureKinds) await fail(kind)
  await stack.redis.sadd(
    keys.measuredHosts,
    ...Array.from({ length: redisLimits.hostsNamed }, (_, nth) => `host${nth}`),
  )
  await fail('silent')
  await stack.call('PATCH', `/accounts/${id}`, { host: 'of-yet-another.example', password: 'secret' })
  await fail('silent')
  const series = await metrics((all) => all.has('tributary_failures_total{kind="silent",host="other"}'))
  const failures = [...series].filter(([name]) => name.startsWith('tributary_failures_total'))
  const named = failures.map(
    ([name, count]) => `${/kind="([^"]+)"/.exec(name)?.[1]} ${/host="([^"]+)"/.exec(name)?.[1]} ${count}`,
  )
  assert.ok(named.includes('silent 127.0.0.1 2') && named.includes('store full store 1'), String(named))
  assert.ok(!named.some((line) => /^(?:internal|stopped|superseded)/.test(line)))
  await runs.close()
})

test('what a run adds: odd hosts and times add nothing odd', () => {
  const run = { ...noCounts(), task: 'pull', state: 'failed', failure: { kind: 'silent', message: '' } } as Run
  const times = { startedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2025-12-31T23:59:59.000Z' }
  assert.deepEqual(addedBy({ ...run, ...times }, undefined), [
    ['tributary_runs_total|pull|failed', 1],
    ['tributary_run_duration_seconds|0.1', 1],
    ['tributary_run_duration_seconds|sum', 0],
  ])
  assert.deepEqual(addedBy({ ...run, startedAt: null, finishedAt: null }, undefined).length, 1)
  assert.equal(blamed(run, 'POP.Example.NET'), 'pop.example.net')
  assert.equal(blamed(run, 'a|b"'), 'other')
  assert.equal(blamed(run, 'x'.repeat(200)), 'other')
})

test('every metric that the Grafana dashboard and the alarms name is told', async () => {
  const dashboard = JSON.parse(readFileSync('deploy/grafana/tributary.json', 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[]
  }
  const alarms = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[]
  }
  const rules = alarms.groups.flatMap((group) => group.rules)
  assert.ok(rules.length > 3)
  const { payload } = await stack.app.inject({ method: 'GET', url: '/metrics' })
  const told = new Set<string>()
  for (const [, name = '', type = ''] of payload.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    for (const end of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) told.add(`${name}${end}`)
  assert.ok(dashboard.panels.length > 10)
  const asked = rules.map(({ alert, expr }) => ({ title: alert, targets: [{ expr }] }))
  for (const { title, targets } of [...dashboard.panels, ...asked])
    for (const { expr } of targets) {
      const names = [...expr.matchAll(/tributary_[a-z0-9_]+/g)].map(([name]) => name)
      assert.ok(names.length > 0, title)
      for (const name of names) assert.ok(told.has(name), `${title}: ${name}`)
    }
  const shown = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n')
  for (const name of ['heavy_places', 'heavy_places_used', 'heavy_waiting'])
    assert.ok(shown.includes(`(tributary_worker_${name}{`), `${name} has a panel`)
  const notVisited = rules.find(({ alert }) => alert === 'TributaryAccountsNotVisited')
  assert.equal(notVisited?.expr, 'max(tributary_accounts_overdue) > 0', 'no run for three of its longest intervals')
})

test('the alarm of accounts without a run for three of their longest intervals rises with one, and falls with its visit', async () => {
  await stack.stopWorker()
  const alarms = readFileSync('deploy/prometheus/alerts.yml', 'utf8')
  const [, name = ''] = /expr: max\((tributary_accounts_overdue)\) > 0/.exec(alarms) ?? []
  const told = async (wanted: number) => await metrics((all) => all.get(name) === wanted)
  await told(0)
  const destinationId = await stack.destination('carol')
  const interval = { minSeconds: 60, maxSeconds: 600 }
  const overdue = await stack.account({ port: provider.port, destinationId, user: 'overdue', paused: false, interval })
  // Two intervals after it was due, which was one after its last visit.
  await stack.redis.zadd(keys.due, Date.now() - 1_300_000, overdue)
  await told(1)
  await stack.startWorker()
  await told(0)
})

test('without Redis it still says how the API fares', async () => {
  await stack.server.halt()
  const series = await metrics((all) => all.get('tributary_redis_up') === 0)
  assert.ok((series.get('tributary_api_process_resident_memory_bytes') ?? 0) > 0)
  await stack.server.resume()
})
