import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createClock } from '../../src/clock.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Run } from '../../src/runs/run.ts'
import { assertAgree, assertEachOnce, ledgerOf, seedMissed } from '../support/audit.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const day = 86_400_000
const letters = Array.from({ length: 600 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)

/** The wall clock of the whole process, BullMQ's and ioredis' too; timers and performance.now() go on as ever. */
let stepMs = 0
const TrueDate = Date
globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now() + stepMs] : args, newTarget) as object,
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + stepMs : (Reflect.get(target, name, receiver) as unknown),
})

const users = ['between', 'during', 'schedule'] as const
let stack: Stack
let provider: TestDovecot
before(async () => {
  const each = <T>(value: T) => Object.fromEntries(users.map((user) => [user, value]))
  ;[stack, provider] = await Promise.all([startStack(), startDovecot(each('secret'), each(letters))])
  await stack.startWorker()
})
after(async () => {
  stepMs = 0
  await Promise.all([stack.stop(), provider.stop()])
})

const stored = async (login: string) => await readFolder(stack.dovecot.imapPort, login, 'wonder')
const left = async (login: string) => (await readFolder(provider.imapPort, login, 'secret')).length

async function account(login: string, fields: object = {}): Promise<string> {
  const destinationId = await stack.destination(login)
  const retention = { mode: 'keepDays', days: 14 }
  return await stack.account({ port: provider.pop3Port, user: login, destinationId, retention, ...fields })
}

test('a clock that is stepped between runs, back and forth: nothing is deleted early, and nothing is forgotten', async () => {
  const id = await account('between')
  const sighting = {
    message: { number: 1, uidl: 'old', size: 100 },
    fingerprint: undefined,
    digest: undefined,
    arrived: undefined,
  } as unknown as Parameters<typeof seedMissed>[2][number]['sighting']
  // Gone for a day: to be forgotten 29 days from now.
  await seedMissed(stack.redis, id, [{ sighting, sinceMs: Date.now() - day, listings: pullLimits.missedListingsMin }])
  for (const step of [0, 40 * day, 0, -40 * day, 0]) {
    stepMs = step
    const run = await stack.pull(id)
    assert.deepEqual([run.deleted, run.failure], [0, null], `${step / day} days`)
  }
  assert.equal(await left('between'), letters.length)
  const ledger = await ledgerOf(stack.redis, id)
  assert.equal(ledger.records.length, letters.length + 1)
  assertEachOnce(await stored('between'), letters)
  assertAgree(ledger, await stored('between'))
  // Of its own process it is the true time.
  stepMs = 15 * day
  await stack.stopWorker()
  await stack.startWorker()
  assert.equal((await stack.pull(id)).deleted, letters.length, 'a worker that is started 15 days later deletes')
  stepMs = 0
  await stack.stopWorker()
  await stack.startWorker()
})

for (const [nth, step] of [40 * day, -40 * day].entries()) {
  test(`a clock that is stepped by ${step / day} days during a run: the lease holds, and nothing is deleted early`, async () => {
    const id = nth === 0 ? await account('during') : await accountAgain('during')
    const began = (await stack.call('POST', `/accounts/${id}/pull`)).body.id
    await until('the first record', async () => (await stack.redis.strlen(`tributary:{${id}}:ledger`)) > 0)
    stepMs = step
    const run = await until('the end of the run', async () => {
      const { body } = await stack.call('GET', `/runs/${began}`)
      return body['finishedAt'] === null ? undefined : (body as object as Run)
    })
    assert.deepEqual([run.state, run.stored, run.deleted, run.failure], ['done', letters.length, 0, null])
    assert.equal((await stack.pull(id)).deleted, 0)
    stepMs = 0
    assert.equal((await stack.pull(id)).deleted, 0)
    assert.equal(await left('during'), letters.length)
  })
}

/** Into another folder: another account of the same maildrop. */
async function accountAgain(login: string): Promise<string> {
  const destinationId = await stack.destination(`${login}-again`)
  const retention = { mode: 'keepDays', days: 14 }
  return await stack.account({ port: provider.pop3Port, user: login, destinationId, retention })
}

test('schedules go on while the clock is stepped back and forth', async () => {
  const id = await account('schedule', { paused: false, interval: { minSeconds: 10, maxSeconds: 10 } })
  const ended = async () => {
    const { items } = (await stack.call('GET', `/accounts/${id}/runs`)).body
    // Visits that found nothing to do are one run.
    return items.reduce((sum, run) => sum + (run['finishedAt'] === null ? 0 : Number(run['checks'])), 0)
  }
  await until('the first visit', async () => (await ended()) > 0)
  for (const step of [-2 * day, 0]) {
    const before = await ended()
    stepMs = step
    // A visit that waits for the clock to come back would take days.
    await until(`a visit at ${step / day} days`, async () => (await ended()) > before)
  }
})

test('a clock that jumped is trusted again once it has gone steadily for a day', () => {
  let [wallMs, steadyMs] = [1_800_000_000_000, 0]
  const clock = createClock(
    () => wallMs,
    () => steadyMs,
  )
  const pass = (ms: number) => {
    wallMs += ms
    steadyMs += ms
  }
  assert.equal(clock.steadySince(wallMs), true)
  wallMs += 40 * day
  assert.equal(clock.steadySince(wallMs), false)
  pass(day / 2)
  assert.equal(clock.steadySince(wallMs), false)
  wallMs -= 40 * day
  assert.equal(clock.steadySince(wallMs), true, 'it was set right')
  wallMs -= 3 * day
  assert.equal(clock.steadySince(wallMs), false)
  pass(day / 2)
  assert.equal(clock.steadySince(wallMs), false)
  pass(day)
  assert.equal(clock.steadySince(wallMs), true)
  assert.equal(clock.steadySince(wallMs + day), false, 'it stands before what was seen')
})
