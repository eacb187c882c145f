/** What is told in English sentences is read back as codes with facts: the sentences and their forms go together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import { remedyCodes, remedyStep } from '../../src/failure/remedy.ts'
import { reportOf } from '../../src/failure/sentences.ts'
import { asideRemarkCodes, asideRemarkIn } from '../../src/pull/aside-remark.ts'
import type { Notice } from '../../src/pull/notice.ts'
import { entryFor } from '../../src/pull/quarantine.ts'
import { heldRun } from '../../src/runs/held-run.ts'
import { packRun, unpackRun } from '../../src/runs/run-record.ts'
import { type Remark, remarkCodes, remarkIn } from '../../src/runs/remark.ts'
import { deferredSentence, noticeSentence } from '../../workers/notices.ts'
import { runOf } from '../support/run.ts'

const reply = 'no: "quoted". All of it (really)'
const notices: readonly (readonly [Notice, Remark])[] = [1, 1234].flatMap((messages) => [
  [
    { event: 'ids changed', renamed: messages, listed: 2000 },
    { code: 'ids changed', messages, listed: 2000 },
  ],
  [
    { event: 'not deleted', messages },
    { code: 'not deleted', messages, changed: 0 },
  ],
  [
    { event: 'not deleted', messages, changed: messages },
    { code: 'not deleted', messages, changed: messages },
  ],
  [
    { event: 'deletion refused', messages, visits: 3, reply },
    { code: 'deletion refused', messages, visits: 3, reply },
  ],
  [
    { event: 'deletion not confirmed', messages, reason: reply },
    { code: 'deletion not confirmed', messages, reason: reply },
  ],
  [
    { event: 'came short', messages, octets: 300, size: 250_116 },
    { code: 'came short', messages, octets: 300, size: 250_116 },
  ],
  ...(['account', 'destination', 'provider'] as const).map((of): readonly [Notice, Remark] => [
    { event: 'import budget used up', of, octetsPerHour: 1_000_000, waitSeconds: messages * 60 },
    { code: 'import budget used up', of, octetsPerHour: 1_000_000, minutes: messages },
  ]),
  [
    { event: 'flags left out', flags: ['a', '$b'], reply },
    { code: 'flags left out', flags: 'a, $b', reply },
  ],
])

test('each notice is told as a code with its facts, also from its record', () => {
  const seen = new Set<string>()
  for (const [notice, remark] of notices) {
    assert.deepEqual(remarkIn(noticeSentence(notice)), remark)
    seen.add(remark.code)
    const run = runOf({ notices: ['Of another version.', noticeSentence(notice)] })
    assert.deepEqual(unpackRun(packRun(run), run.id, run.accountId)?.remarks, [null, remark])
  }
  for (const messages of [1, 1234]) {
    const sentence = deferredSentence(messages, { kind: 'store refused', during: 'size', reply })
    const told = remarkIn(sentence)
    assert.ok(told?.code === 'deferred' && told.messages === messages && told.reason.includes(reply))
  }
  seen.add('deferred')
  const [held] = heldRun(runOf({}), 'pop.example.net', Date.UTC(2026, 10, 30, 8, 15)).notices
  assert.deepEqual(remarkIn(held ?? ''), {
    code: 'login delay',
    host: 'pop.example.net',
    at: '2026-11-30T08:15:00.000Z',
  })
  const soon = (when: string) =>
    remarkIn(
      `pop.example.net did not let us in so soon after the account was tested. It is visited again by itself in ${when}.`,
    )
  assert.deepEqual(soon('about a minute'), { code: 'just tested', host: 'pop.example.net', minutes: 1 })
  assert.deepEqual(soon('15 minutes'), { code: 'just tested', host: 'pop.example.net', minutes: 15 })
  const tooMany =
    'pop.example.net takes fewer sessions at once than we had there. It is visited again by itself in a moment.'
  assert.deepEqual(remarkIn(tooMany), { code: 'too many sessions', host: 'pop.example.net' })
  const stillHeld =
    'pop.example.net still had our last session, which we left because it stood still. It is visited again by itself in a moment.'
  assert.deepEqual(remarkIn(stillHeld), { code: 'still held', host: 'pop.example.net' })
  for (const code of ['login delay', 'just tested', 'too many sessions', 'still held']) seen.add(code)
  assert.deepEqual([...seen].toSorted(), [...remarkCodes].toSorted())
})

test('a notice whose quotation was shortened for its record is told still; a run without notices has none', () => {
  const long = Array.from({ length: 60 }, (_, nth) => `${(nth * 7919) % 10_007}`).join(' ')
  const run = runOf({
    notices: [noticeSentence({ event: 'deletion refused', messages: 3, visits: 3, reply: long })],
  })
  const back = unpackRun(packRun(run), run.id, run.accountId)
  const [remark] = back?.remarks ?? []
  assert.ok(remark?.code === 'deletion refused' && remark.reply.length < long.length && remark.reply.endsWith('…'))
  const quiet = runOf({})
  assert.equal(unpackRun(packRun(quiet), quiet.id, quiet.accountId)?.remarks, undefined)
})

const server = 'pop.example.net:995'
const asides: readonly (readonly [Failure, object])[] = [
  [
    { kind: 'provider refused', server, during: { code: 'RETR', message: 3 }, reply },
    { code: 'not given', server, reply },
  ],
  [
    { kind: 'broken protocol', server, expected: 'a dot', got: reply },
    { code: 'protocol broken', server, expected: 'a dot', reply },
  ],
  [
    { kind: 'silent', server, during: { code: 'RETR', message: 3 }, waitedMs: 60_500 },
    { code: 'fell silent', server, seconds: 60.5 },
  ],
  [
    { kind: 'unreachable', server, reason: 'it dropped the connection' },
    { code: 'connection ended', server, reason: 'it dropped the connection' },
  ],
  [
    { kind: 'internal', reason: 'Its retrieval ended the worker 3 times' },
    { code: 'worker ended', times: 3 },
  ],
  [
    { kind: 'store refused', during: { code: 'message', subject: 'x' } as never, reply },
    { code: 'not taken', reply },
  ],
  [
    { kind: 'store refused', during: 'unfit message', reply: 'it holds NUL' },
    { code: 'not sent', reason: 'it holds NUL' },
  ],
]

test('why a message was set aside is told as a code with its facts', () => {
  const seen = new Set<string>()
  for (const [failure, remark] of asides) {
    const entry = entryFor(
      { uidl: undefined, digest: undefined, size: 1, name: undefined, spooled: undefined },
      undefined,
      { id: 'x', atMs: 0 },
      { failure, attempts: 1 },
    )
    assert.deepEqual(asideRemarkIn(entry.reason.message), remark, entry.reason.message)
    seen.add((remark as { code: string }).code)
  }
  assert.deepEqual([...seen].toSorted(), [...asideRemarkCodes].toSorted())
  assert.equal(asideRemarkIn('Of another version.'), null)
})

test('a remedy of our own is a step, whose record keeps the words and has room', () => {
  const id = '01JDF3Q4ZK5W8T7R6P9N2M1H0G'
  const remedies: Readonly<Record<(typeof remedyCodes)[number], string>> = {
    'raise maxmemory': 'Raise its maxmemory; no mail is lost, and runs go on by themselves as soon as there is room',
    'make room on the disk of Redis':
      'Make room on it; no mail is lost, and runs go on by themselves as soon as there is room',
    'see what Redis says':
      'See what Redis says of it, and make room there; no mail is lost, and runs go on by themselves as soon as there is room',
    'see whether Redis runs':
      'See whether it runs, and what it says in its log; no mail is lost, and runs go on by themselves when it answers',
    'wait for Redis': 'Wait; no mail is lost, and runs go on by themselves when it is ready',
    'point at the master':
      'Point TRIBUTARY_REDIS_URL at the master; no mail is lost, and runs go on by themselves then',
    'put the Redis URL right': 'Put the URL right, or the rights of its user in Redis; no mail is lost',
    'change the settings of Redis': 'Change that there; no mail is lost, and runs go on by themselves then',
    'set user and password anew': 'Set both anew',
    'choose the folder anew': 'Choose the folder anew',
    'change the account': `Change the account ${id}`,
    'change the destination': `Change the destination ${id}`,
    'look at the application': `Look at the application ${id} and its secret`,
    'put the key back': 'Put the secret-key aB3-_xYz back, or set the password anew',
    'set the secret anew': 'Set the password anew',
    'sign in again': 'Sign in again',
  }
  const reason = Array.from({ length: 40 }, (_, nth) => `${(nth * 7919) % 10_007}`).join(' ')
  for (const about of remedyCodes) {
    const remedy = remedies[about]
    assert.equal(remedyStep(remedy).about, about)
    const failure = reportOf({ kind: 'internal', reason, remedy })
    assert.deepEqual(failure.step, remedyStep(remedy))
    const run = runOf({ state: 'failed', failure })
    const record = packRun(run)
    assert.ok(record.length <= 300, `${about}: ${record.length}`)
    assert.deepEqual(unpackRun(record, run.id, run.accountId)?.failure?.step, remedyStep(remedy))
  }
})
