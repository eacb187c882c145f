/** What comes after the work does not fail the work: docs/quirks.md lists the servers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pop3Limits } from '../../src/pop3/limits.ts'
import { quitWaitMs } from '../../src/pop3/waits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { Behaviour } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf, went } from '../support/visits.ts'

const abc = lettersOf('a', 'b', 'c')
const remove = { retention: { mode: 'delete' } } as const

const ends: Readonly<Record<string, readonly [Partial<Behaviour>, RegExp]>> = {
  'a closed connection': [{ dropOn: 'QUIT' }, /^the connection ended during QUIT$/],
  'a closed connection, after it was carried out': [{ dropAtQuit: true }, /^the connection ended during QUIT$/],
  '-ERR': [{ answers: { QUIT: '-ERR not now\r\n' } }, /^it said "not now"$/],
  '-ERR with a code': [
    { answers: { QUIT: '-ERR [SYS/TEMP] some deleted messages not removed\r\n' } },
    /^it said "\[SYS\/TEMP\] some deleted messages not removed"$/,
  ],
  '-ERR, after it was carried out': [{ quitSays: '-ERR some messages were not removed' }, /^it said "some messages/],
  '-ERR without a word': [{ answers: { QUIT: '-ERR\r\n' } }, /^it said ""$/],
  silence: [{ silentOn: 'QUIT' }, /^nothing more came during QUIT$/],
  'half a line': [{ answers: { QUIT: '+O' } }, /^nothing more came during QUIT$|^the connection ended during QUIT$/],
  'words of another protocol': [{ answers: { QUIT: '221 bye\r\n' } }, /^it said "221 bye"$/],
  'words without a status': [{ answers: { QUIT: 'bye bye\r\n' } }, /^it said "bye bye"$/],
  '300 kB in a line': [
    { answers: { QUIT: `${'bye '.repeat(75_000)}\r\n` } },
    /^it (?:answered with more than \d+ octets|said "(?:bye ){20}.{1,30})/,
  ],
}
for (const [how, [behaviour, reason]] of Object.entries(ends)) {
  for (const capabilities of [
    ['USER', 'UIDL', 'TOP', 'PIPELINING'],
    ['USER', 'UIDL'],
  ]) {
    test(`QUIT answered by ${how}: the run is done, and says so where something was to be deleted (${capabilities.length} capabilities)`, async (t) => {
      const connections = [behaviour, behaviour, {}, {}]
      const provider = await providerOf(t, { messages: abc, capabilities, connections }, { quitMs: 300 })
      went(await provider.visit(), { listed: 3, stored: 3, deleted: 0 })
      assert.equal(provider.world.notices.length, 0, 'nothing was to be deleted')
      went(await provider.visit(remove), { stored: 0, deleted: 0 })
      const [told, ...others] = provider.world.notices
      assert.ok(told?.event === 'deletion not confirmed')
      assert.equal(told.messages, 3)
      assert.match(told.reason, reason)
      assert.deepEqual(others, [])
      const there = left(provider).length
      went(await provider.visit(remove), { stored: 0, deleted: there })
      went(await provider.visit(remove), { listed: 0, stored: 0, deleted: 0 })
      holds(provider, abc)
      assert.equal(provider.world.notices.length, 1)
    })
  }
}

test('the more messages a server is to delete, the longer QUIT may take it, but not for ever', () => {
  const waits = [0, 1, 20_000, 1_000_000].map((marked) => Math.round(quitWaitMs(marked, pop3Limits.quitWaitMs) / 1000))
  assert.deepEqual(waits, [5, 30, 130, 300])
})

test('a server that is silent at QUIT holds the place for seconds: fewer where nothing was to be deleted', async (t) => {
  assert.ok(pop3Limits.idleQuitWaitMs <= 5000 && pop3Limits.quitWaitMs <= 30_000)
  const provider = await providerOf(t, { messages: [], silentOn: 'QUIT' }, { quitMs: 300_000 })
  const fromMs = performance.now()
  went(await provider.visit(), { listed: 0 })
  assert.ok(performance.now() - fromMs < pop3Limits.idleQuitWaitMs + 60_000)
})

test('what a run cannot write down after QUIT does not fail it, and is learnt at the next visits', async (t) => {
  const provider = await providerOf(t, { messages: abc })
  const { ledger } = provider.world
  const amend = ledger.amend.bind(ledger)
  ledger.amend = async (records) => {
    if (provider.server.commands.includes('QUIT')) throw new Error('the Redis is away')
    await amend(records)
  }
  went(await provider.visit(remove), { stored: 3, deleted: 3 })
  ledger.amend = amend
  went(await provider.visit(remove), { listed: 0, stored: 0, deleted: 0 })
  holds(provider, abc)
})

test('a QUIT of a run that may not go on is no end of its own: the failure that ended it is told', async (t) => {
  const provider = await providerOf(t, { messages: abc })
  const { ledger } = provider.world
  ledger.amend = async () => {
    throw new SessionFailed({ kind: 'superseded' })
  }
  const visit = await provider.visit(remove)
  assert.equal(visit.failure?.kind, 'superseded')
})
