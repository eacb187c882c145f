/** A check, with a real session: what becomes of it where it is none, and where something fails. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import { Pulse } from '../../src/pop3/pulse.ts'
import { OctetBudget } from '../../src/budget.ts'
import { createClock } from '../../src/clock.ts'
import type { Listed } from '../../src/mail/message.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import type { Maildrop } from '../../src/pull/maildrop-ports.ts'
import { type KnownPlan, listingHash, settingsHash } from '../../src/pull/known-plan.ts'
import { WindowSize } from '../../src/pull/window-size.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { check } from '../../workers/check.ts'
import { LoginDelay } from '../../workers/login-delay.ts'
import { lettersOf } from '../support/visits.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { account as anyAccount } from '../support/world.ts'

const messages = lettersOf('a', 'b', 'c')

/** An account whose plan is that of this listing, at a provider that has three messages. */
async function checkedAccount(t: TestContext, planned: (listing: readonly Listed[]) => readonly Listed[]) {
  const server = await startPop3Server({ messages })
  t.after(() => server.close())
  const account: Account = {
    ...anyAccount,
    importBytesPerHour: null,
    host: '127.0.0.1',
    port: server.port,
    tls: 'none',
  }
  const open = async (visit: object) => await openMaildrop({ ...account, password: 'secret', ...visit })
  const first = await open({})
  const listing = planned([...(await first.list())])
  await first.quit()
  const clock = createClock()
  const nowMs = clock.nowMs()
  const known: KnownPlan = {
    listing: await listingHash(listing),
    listed: listing.length,
    settings: settingsHash({ account }),
    madeAtMs: nowMs,
    untilMs: nowMs + 60_000,
  }
  const budget = new OctetBudget(Infinity)
  const sessions: Maildrop[] = []
  const opened = async (_record: AccountRecord, visit: object) => {
    const session = await open(visit)
    sessions.push(session)
    return session
  }
  const isAskedFor = async () => await Promise.reject(new Error('Redis does not answer'))
  const world = {
    clock,
    budget,
    listingBudget: new OctetBudget(Infinity),
    isAskedFor,
    openMaildrop: opened,
    openQuickly: opened,
  }
  const entries = {
    accounts: JSON.stringify({ account, sealedPassword: '' }),
    'account-states': null,
    predecessors: null,
    rhythms: null,
  }
  const begun = { asked: false, openRunId: undefined, peer: undefined, nowMs, entries }
  const place = { pulse: new Pulse(), reached: () => {} }
  const delay = new LoginDelay()
  const { signal } = new AbortController()
  const order = { accountId: account.id, begun, lease: { known }, signal, dueMs: nowMs, place, delay }
  const made = check(world, order)
  return { sessions, budget, made }
}

test('the messages of a check that becomes a run are held in the room of that run', async (t) => {
  const { budget, made } = await checkedAccount(t, (listing) => listing.slice(1))
  const session = await made
  assert.ok(session !== undefined && 'openMaildrop' in session)
  const room = new OctetBudget(1_000_000)
  const maildrop = await session.openMaildrop(new WindowSize(), room)
  let retrieved = 0
  for await (const window of maildrop.retrieve([...(await maildrop.list())], 1_000_000)) {
    retrieved += window.retrieved.length
    assert.ok(room.held > 0)
    assert.equal(budget.held, 0)
    window.release()
  }
  await maildrop.quit()
  assert.deepEqual([retrieved, room.held], [3, 0])
})

test('a check that cannot ask Redis leaves no session behind', async (t) => {
  const { sessions, made } = await checkedAccount(t, (listing) => listing)
  await assert.rejects(made, /does not answer/)
  assert.equal(sessions.length, 1)
  assert.deepEqual(await sessions[0]?.quit(), { confirmed: false, reason: 'the session has ended' })
})
