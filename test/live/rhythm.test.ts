/** An account's next visit follows its rhythm, which a worker learns and the API explains (docs/decisions/0046). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createClock } from '../../src/clock.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { packRhythm, unpackRhythm } from '../../src/runs/packed-rhythm.ts'
import { newRhythm, type Rhythm } from '../../src/runs/rhythm.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const day = 86_400_000
const letter = (nth: number) => ({
  bytes: Buffer.from(
    `Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nNumber ${nth}.\r\n`,
  ),
})

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(() => stack.stop())

async function providerOf(t: { after(end: () => unknown): void }, options = {}): Promise<ScriptedServer> {
  const server = await startPop3Server({ messages: [letter(1), letter(2)], ...options })
  t.after(() => server.close())
  return server
}

const makeDue = async (id: string) => await new DueAccounts(stack.redis).setNext(id as AccountId, 0)

async function read(id: string) {
  const { body } = await stack.call('GET', `/accounts/${id}`)
  const run = body['lastRun'] as { finishedAt: string } | null
  const rhythm = body['rhythm'] as { code: string; seconds: number | null }
  const waitMs = Date.parse(String(body['nextRunAt'])) - Date.parse(String(run?.finishedAt))
  return { code: rhythm.code, seconds: rhythm.seconds, waits: waitMs / 1000 }
}

const rhythmOf = async (id: string) => unpackRhythm(await stack.redis.hget(keys.rhythms, id))
/** Weights are rounded off. */
const near = (value: number | undefined, to: number) => assert.ok(Math.abs((value ?? -1) - to) < 0.1, `${value}`)
/** As it is after months of silence. */
const keep = async (id: string, rhythm: Partial<Rhythm> = {}) =>
  await stack.redis.hset(keys.rhythms, id, packRhythm({ ...newRhythm(Date.now() - 60 * day), ...rhythm }))

test('a first import teaches nothing; what comes later does, and goes with the account', async (t) => {
  const server = await providerOf(t)
  const id = await stack.account({ port: server.port, destinationId, paused: false })
  await until('its first run', async () => (await read(id)).code === 'learning')
  const first = await read(id)
  assert.equal(first.seconds, 120)
  assert.ok(first.waits >= 120 && first.waits <= 132.1, `${first.waits}`)
  assert.deepEqual((await rhythmOf(id))?.recent, [0, 0])
  server.deliver(letter(3))
  await stack.pull(id)
  const later = await rhythmOf(id)
  near(later?.recent[0], 1)
  near(
    later?.halfHours.reduce((sum, weight) => sum + weight, 0),
    1,
  )
  assert.equal(later?.awaited, 0)
  await stack.pull(id)
  const asked = await rhythmOf(id)
  near(asked?.awaited, 1)
  assert.deepEqual([asked?.halfHours, asked?.days], [later?.halfHours, later?.days], 'nothing came, and somebody waits')
  const backup = await stack.redis.hget(keys.rhythms, id)
  assert.ok(backup !== null && /^[\w-]{100,110}$/.test(backup))
  assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 204)
  assert.equal(await rhythmOf(id), undefined)
})

test('what has gathered during trouble teaches nothing; after an idle visit it does', async (t) => {
  for (const [nth, wasIdle] of [false, true].entries()) {
    const refused = { answers: { PASS: '-ERR [SYS/TEMP] later\r\n' } }
    const server = await providerOf(t, { connections: [{}, refused, {}] })
    const id = await stack.account({ port: server.port, user: `trouble${nth}`, destinationId })
    assert.equal((await stack.pull(id)).state, 'done')
    assert.equal((await stack.pull(id)).state, 'failed')
    server.deliver(letter(3))
    const nowMs = Date.now()
    if (wasIdle) await stack.redis.hset(keys.checks, id, `${id} 3 ${nowMs - 60_000} ${nowMs}`)
    assert.equal((await stack.pull(id)).stored, 1)
    near((await rhythmOf(id))?.recent[0], wasIdle ? 1 : 0)
  }
})

test('a silent account is visited every half-hour, or up to the longest interval that somebody has set', async (t) => {
  const server = await providerOf(t)
  for (const [nth, { interval, least, most }] of [
    { interval: undefined, least: 1700, most: 1800 },
    { interval: { maxSeconds: 3600 }, least: 3400, most: 3600 },
    { interval: { minSeconds: 60, maxSeconds: 7200 }, least: 6800, most: 7200 },
  ].entries()) {
    const id = await stack.account({ port: server.port, user: `silent${nth}`, destinationId, interval })
    await keep(id)
    await stack.call('POST', `/accounts/${id}/resume`)
    await until('its first run', async () => (await read(id)).code === 'silent')
    const { seconds, waits } = await read(id)
    assert.ok(waits >= least && waits <= most, `${waits}`)
    assert.ok(Math.abs((seconds ?? 0) - waits) < waits / 10, `${seconds}`)
    await stack.pull(id)
    const asked = await read(id)
    assert.equal(asked.code, 'asked for')
    assert.ok(asked.waits < 300, 'who has asked and got nothing waits for something')
  }
})

test('a changed interval holds at once, and not only after the wait that the one before it has set', async (t) => {
  const server = await providerOf(t)
  const interval = { minSeconds: 3600, maxSeconds: 86_400 }
  const id = await stack.account({ port: server.port, user: 'changed', destinationId, interval })
  await keep(id)
  await stack.call('POST', `/accounts/${id}/resume`)
  await until('its first run', async () => (await read(id)).code === 'silent')
  assert.ok((await read(id)).waits > 80_000)
  await stack.call('PATCH', `/accounts/${id}`, { interval: { maxSeconds: 7200 } })
  const sooner = await read(id)
  assert.ok(sooner.waits > 6800 && sooner.waits < 7230, `${sooner.waits}`)
  await stack.call('PATCH', `/accounts/${id}`, { interval: { maxSeconds: 86_400 } })
  assert.equal((await read(id)).waits, sooner.waits, 'never later')
  await stack.call('PATCH', `/accounts/${id}`, { paused: true, interval: { minSeconds: 60, maxSeconds: 60 } })
  assert.equal((await read(id)).code, 'paused')
})

test('an interval that is changed while its account is visited holds at the end of that visit', async (t) => {
  let slowly: Partial<Behaviour> = {}
  const server = await providerOf(t, { atConnection: () => slowly })
  const interval = { minSeconds: 600, maxSeconds: 600 }
  const id = await stack.account({ port: server.port, user: 'meanwhile', destinationId, paused: false, interval })
  await until('its first run', async () => (await read(id)).code === 'fixed')
  const ended = async () => (await stack.redis.zscore(keys.places, id)) === null
  const visited = async (meanwhile?: { minSeconds: number; maxSeconds: number }, begin = makeDue) => {
    await until('the end of the one before', ended)
    const asked = server.commands.length
    slowly = meanwhile === undefined ? {} : { trickle: { on: 'UIDL', everyMs: 100 } }
    await begin(id)
    await until('the listing', () => server.commands.slice(asked).includes('UIDL'))
    if (meanwhile !== undefined) await stack.call('PATCH', `/accounts/${id}`, { interval: meanwhile })
    await until('its end', ended)
    return (Number(await stack.redis.zscore(keys.due, id)) - Date.now()) / 1000
  }
  const pull = async () => void (await stack.call('POST', `/accounts/${id}/pull`))
  const near = (waits: number, seconds: number) => assert.ok(waits > seconds / 2 - 5 && waits <= seconds, `${waits}`)
  near(await visited({ minSeconds: 60, maxSeconds: 60 }, pull), 60)
  near(await visited({ minSeconds: 900, maxSeconds: 900 }, pull), 900)
  // Then its plan is known, and a visit that finds nothing is no run.
  for (let nth = 0; nth < 3; nth += 1) await visited()
  const runs = async () => (await stack.call('GET', `/accounts/${id}/runs`)).body.items.length
  const before = await runs()
  near(await visited({ minSeconds: 60, maxSeconds: 60 }), 60)
  near(await visited({ minSeconds: 900, maxSeconds: 900 }), 900)
  assert.equal(await runs(), before)
})

test('mail that came a moment ago brings the next visit sooner', async (t) => {
  const server = await providerOf(t)
  const id = await stack.account({ port: server.port, user: 'recent', destinationId, paused: false })
  await until('its first run', async () => (await read(id)).code === 'learning')
  await keep(id)
  for (const nth of [3, 4, 5]) server.deliver(letter(nth))
  await stack.pull(id)
  const { code, waits } = await read(id)
  assert.equal(code, 'recent mail')
  assert.ok(waits < 600, `${waits}`)
})

test('the same shortest and longest interval is exact, and the API says why else it is not the usual time', async (t) => {
  const server = await providerOf(t)
  const delayed = await providerOf(t, { capabilities: ['USER', 'UIDL', 'TOP', 'LOGIN-DELAY 900'] })
  const made = async (user: string, port: number, interval?: object) => {
    const id = await stack.account({ port, user, destinationId, interval })
    assert.equal((await read(id)).code, 'paused')
    await stack.call('POST', `/accounts/${id}/resume`)
    await stack.pull(id)
    return id
  }
  const fixed = await read(await made('fixed', server.port, { minSeconds: 300, maxSeconds: 300 }))
  assert.deepEqual([fixed.code, fixed.seconds], ['fixed', 300])
  assert.ok(fixed.waits > 290 && fixed.waits <= 300, `${fixed.waits}`)
  const slow = await read(await made('slow', delayed.port))
  assert.deepEqual([slow.code, slow.seconds], ['login delay', 900])
  const failing = await read(await made('failing', 1))
  assert.equal(failing.code, 'backing off')
  assert.ok((failing.seconds ?? 0) >= 120)
})

test('an exact interval is exact though the clocks of Redis and the worker differ', async (t) => {
  const own = await startStack()
  t.after(() => own.stop())
  const server = await providerOf(t)
  await own.startWorker({ clock: createClock(() => Date.now() + 5000) })
  const interval = { minSeconds: 20, maxSeconds: 20 }
  const id = await own.account({
    port: server.port,
    destinationId: await own.destination('alice'),
    paused: false,
    interval,
  })
  const dueMs = async () => Number(await own.redis.zscore(keys.due, id))
  const next = async (afterMs: number) =>
    await until('the next visit', async () => ((await dueMs()) > afterMs ? await dueMs() : undefined))
  await next(Date.now() + 10_000)
  await new DueAccounts(own.redis).setNext(id as AccountId, 0)
  const nowMs = await dueMs()
  const waits = (await next(nowMs)) - nowMs
  assert.ok(waits > 19_700 && waits < 20_300, `${waits}`)
})
