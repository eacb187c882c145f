/** A run's record: it is small, and what was written is read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ulid } from 'ulid'
import { type Failure } from '../../src/failure/failure.ts'
import { reportOf } from '../../src/failure/sentences.ts'
import type { AccountId, RunId } from '../../src/mail/message.ts'
import { idleRowIn, runOfRow } from '../../src/runs/idle-row.ts'
import { type Run, withRemarks } from '../../src/runs/run.ts'
import { lastRunIn, packRun, runIn, unpackRun } from '../../src/runs/run-record.ts'
import { runOf } from '../support/run.ts'

const run = runOf({
  id: ulid() as RunId,
  accountId: ulid() as AccountId,
  queuedAt: '2026-11-29T09:00:00.123Z',
  startedAt: '2026-11-29T09:00:00.456Z',
  finishedAt: '2026-11-29T09:00:02.001Z',
  listed: 240,
  stored: 3,
  bytes: 48_213,
})
const read = (record: string) => unpackRun(record, run.id, run.accountId)
const large = { listed: 1e6, stored: 1e6, bytes: 5e11, recovered: 1e6, deleted: 1e6, quarantined: 1e6, deferred: 1e6 }

test('what is written of a run is read, of each state, task and cause', () => {
  const others: Partial<Run>[] = [
    {},
    { task: 'rebuild', cause: 'request', recovered: 7, stored: 0, bytes: 0 },
    { more: true, secondsLeft: 4000, ...large },
    { more: true, secondsLeft: 0 },
    { startedAt: '2026-11-29T08:59:00.000Z', finishedAt: '2026-11-29T08:58:00.000Z' },
    { notices: ['Mail is stored without a, "b" and ö.', 'Two.'] },
    { checks: 720, stored: 0, bytes: 0 },
  ]
  for (const other of others) {
    const one = withRemarks({ ...run, ...other })
    assert.deepEqual(read(packRun(one)), one)
    assert.deepEqual(lastRunIn(`${one.id} ${packRun(one)}`, one.accountId), one)
  }
  assert.ok(packRun(run).length < 50, packRun(run))
})

const server = 'pop3.customers.provider.example:995'
const reply =
  '[SYS/TEMP] Temporary trouble 4a81f0c2, connection 10.77.21.9/44521 refused; see https://example.net/h?id=99122'
const fingerprint = 'AB:CD:EF:01:23:45:67:89:9A:BC:DE:F0:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:12:34:56:78'
const failures: readonly Failure[] = [
  { kind: 'unreachable', server, reason: 'the connection was refused', cause: 'refused' },
  { kind: 'credentials refused', server, reply },
  { kind: 'credentials refused', server, reply: '[AUTH] Application-specific password required' },
  { kind: 'throttled', server, reply },
  { kind: 'maildrop in use', server, reply: '[IN-USE] the maildrop is locked by another session' },
  { kind: 'provider refused', server, during: { code: 'PASS' } as never, reply },
  { kind: 'silent', server, during: { code: 'greeting' } as never, waitedMs: 30_000 },
  { kind: 'store unreachable', reason: 'imap.example.org:993: the connection was refused' },
  { kind: 'store full', reply: 'NO [OVERQUOTA] Quota exceeded (mailbox for user is full)' },
  { kind: 'stopped' },
  { kind: 'internal', reason: 'ENOSPC: no space left on device, write' },
]

test('of a run that failed at most 300 octets are kept, with all that is said of it', () => {
  for (const failure of failures) {
    const failed: Run = { ...run, ...large, state: 'failed', failure: reportOf(failure) }
    const record = packRun(failed)
    assert.ok(Buffer.byteLength(`${run.id} ${record}`) <= 300, `${failure.kind}: ${record.length}`)
    assert.deepEqual(read(record), failed)
  }
})

test('what happened is told apart from what to do, of a record of an earlier version where its step is known', () => {
  const gmail: Failure = {
    kind: 'credentials refused',
    server: 'pop.gmail.com:995',
    reply: '[AUTH] Application-specific password required',
  }
  const told = reportOf(gmail)
  assert.equal(told.happened, `pop.gmail.com:995 refused the user name or password: "${gmail.reply}".`)
  assert.ok(told.step?.code === 'provider note' && told.step.advice?.code === 'app password and POP3')
  const failed: Run = { ...run, state: 'failed', failure: told }
  assert.deepEqual(read(packRun(failed)), failed)
  const { happened: _, ...earlier } = told
  assert.deepEqual(read(packRun({ ...failed, failure: earlier })), failed)
  const { step: _step, ...unknown } = earlier
  assert.deepEqual(read(packRun({ ...failed, failure: unknown }))?.failure, unknown)
})

test('where too much was said it is made shorter, and the rest is as it was', () => {
  const failure = {
    kind: 'tls' as const,
    message: '',
    passes: false,
    step: { code: 'pin if known' as const, fingerprint },
  }
  const random = Array.from({ length: 40 }, (_, nth) => (nth * 7919 + 104_729).toString(36)).join(' ')
  const said = { ...failure, message: `The provider broke it: "${random}". Tried again by itself; ask it.` }
  for (const count of [0, 2, 9]) {
    const notices = Array.from({ length: count }, (_, nth) => `${nth} messages: "${random.slice(nth)}"`)
    const record = packRun({ ...run, state: 'failed', failure: said, notices })
    assert.ok(record.length + 27 <= 300, String(record.length))
    const back = read(record)
    assert.deepEqual([back?.failure?.kind, back?.failure?.step], ['tls', said.step])
    assert.match(
      back?.failure?.message ?? '',
      /^The provider broke it: "[a-z0-9 ]+…"\. Tried again by itself; ask it\.$/,
    )
    assert.ok((back?.notices.length ?? 0) >= Math.min(1, count))
  }
})

test('runs of earlier versions are read, and what is no record is none', () => {
  const { checks: _checks, more: _more, secondsLeft: _left, ...older } = run
  assert.deepEqual(runIn(JSON.stringify(older)), run)
  assert.deepEqual(lastRunIn(JSON.stringify(older), run.accountId), run)
  for (const value of [null, undefined, '', run.id, `${run.id} x`])
    assert.equal(lastRunIn(value, run.accountId), undefined)
})

test('a row of idle visits is shown as one run, and rows of the version before are read', () => {
  const firstMs = Date.parse('2026-11-29T09:00:00.000Z')
  const row = idleRowIn(`${run.id} 720 ${firstMs} ${firstMs + 86_400_000} 240`)
  assert.ok(row)
  const shown = runOfRow(run.accountId, row)
  assert.deepEqual(
    [shown.id, shown.checks, shown.startedAt, shown.finishedAt, shown.listed, shown.stored, shown.state, shown.cause],
    [run.id, 720, '2026-11-29T09:00:00.000Z', '2026-11-30T09:00:00.000Z', 240, 0, 'done', 'schedule'],
  )
  const record = packRun(shown, true)
  assert.match(record, /^ips /)
  assert.deepEqual(read(record), shown)
  assert.equal(idleRowIn(`${run.id} 3 1000 1007`)?.listed, 0)
  for (const text of [null, undefined, '', run.id, `${run.id} 0 1 2`]) assert.equal(idleRowIn(text), undefined)
})
