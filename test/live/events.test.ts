import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { defaultState } from '../../src/redis/accounts.ts'
import { buildServer } from '../../api/server.ts'
import { pending } from '../../src/deadline.ts'
import { Events, tellEvent } from '../../src/redis/events.ts'
import { collected } from '../support/garbage.ts'
import { until } from '../support/until.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Runs } from '../../src/redis/runs.ts'
import { statusCounts } from '../../src/redis/statuses.ts'
import { accountStatuses, accountStatusOf, notedStatuses } from '../../src/runs/status.ts'
import { apiLimits } from '../../api/limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { AccountId } from '../../src/mail/message.ts'
import type { Run } from '../../src/runs/run.ts'
import { packRun } from '../../src/runs/run-record.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let provider: ScriptedServer
let url: string
let destinationId: string
before(async () => {
  ;[stack, provider] = await Promise.all([
    startStack(),
    startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }] }),
  ])
  url = `${await stack.app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/events`
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

interface Frame {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: Record<string, unknown>
}

/** As EventSource reads it, but for what comes without a name. */
async function listen(lastEventId?: string) {
  const gone = new AbortController()
  const headers = {
    authorization: `Bearer ${adminToken}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  }
  const response = await fetch(url, { headers, signal: gone.signal })
  assert.equal(response.status, 200)
  const frames: Frame[] = []
  let text = ''
  let lastId: string | undefined
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  /** Reads on until one fits. */
  const until = async (fits: (frame: Frame) => boolean): Promise<Frame> => {
    for (;;) {
      const found = frames.find(fits)
      if (found !== undefined) return found
      const { value, done } = await reader.read()
      if (done) throw new Error(`The stream has ended: ${JSON.stringify(frames)}`)
      text += value
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const of = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
        lastId = of('id') ?? lastId
        const event = of('event')
        if (event !== undefined) frames.push({ id: of('id'), event, data: JSON.parse(of('data') ?? '') })
      }
    }
  }
  return { response, frames, until, lastId: () => lastId, leave: () => gone.abort(), reader }
}

test('a run is told at every change of its state, and so is what becomes of its account', async () => {
  const listener = await listen()
  const { headers } = listener.response
  assert.equal(headers.get('content-type'), 'text/event-stream')
  assert.deepEqual([headers.get('x-accel-buffering'), headers.get('cache-control')], ['no', 'no-store, no-transform'])
  const id = await stack.account({ port: provider.port, destinationId, user: 'told' })
  await stack.pull(id)
  await stack.call('DELETE', `/accounts/${id}`)
  await listener.until(({ data }) => data['id'] === id && data['status'] === 'removed')
  const told = (kind: string, what: string) =>
    listener.frames
      .filter(({ event, data }) => event === kind && (data['accountId'] ?? data['id']) === id)
      .map(({ data }) => data[what])
  assert.deepEqual(
    told('run', 'state').filter((state, nth, all) => state !== all[nth - 1]),
    ['queued', 'running', 'done'],
  )
  assert.deepEqual(told('account', 'status'), ['paused', 'waiting', 'running', 'paused', 'removed'])
  const run = listener.frames.findLast(({ event }) => event === 'run')?.data
  assert.deepEqual([run?.['stored'], run?.['failure']], [1, null])
  listener.leave()
})

test('who comes again hears what has happened meanwhile, of any process; and is told where that is not kept any more', async () => {
  const first = await listen()
  await tellEvent(stack.redis, 'destination', destinationId, { id: destinationId, status: 'ok', nth: 0 })
  const last = await first.until(({ data }) => data['nth'] === 0)
  first.leave()
  for (let nth = 1; nth <= 3; nth += 1) await tellEvent(stack.redis, 'destination', destinationId, { nth })
  const again = await listen(last.id)
  await again.until(({ data }) => data['nth'] === 3)
  assert.deepEqual(
    again.frames.map(({ data }) => data['nth']),
    [1, 2, 3],
  )
  again.leave()

  await stack.redis.xtrim(keys.events, 'MAXLEN', 1)
  for (const id of [last.id, 'nonsense', '9999999999999-0']) {
    const late = await listen(id)
    await late.until(({ event }) => event === 'missed')
    await tellEvent(stack.redis, 'destination', destinationId, { now: id })
    await late.until(({ data }) => data['now'] === id)
    assert.equal(late.frames.length, 2)
    late.leave()
  }
})

test('what is far behind is read from Redis, a piece at a time', async () => {
  const from = (await stack.redis.xrevrange(keys.events, '+', '-', 'COUNT', 1))[0]?.[0]
  const many = apiLimits.eventsHeld + 2 * redisLimits.eventsReadMax
  const all = stack.redis.pipeline()
  const fields = (nth: number) => ['kind', 'destination', 'of', destinationId, 'json', JSON.stringify({ far: nth })]
  for (let nth = 1; nth <= many; nth += 1) all.xadd(keys.events, '*', ...fields(nth))
  await all.exec()
  const listener = await listen(from)
  await listener.until(({ data }) => data['far'] === many)
  assert.deepEqual(
    listener.frames.map(({ data }) => data['far']),
    Array.from({ length: many }, (_, nth) => nth + 1),
  )
  listener.leave()
})

test('a connection to Redis that is cut costs no event', async () => {
  const listener = await listen()
  await tellEvent(stack.redis, 'destination', destinationId, { cut: 'before' })
  await listener.until(({ data }) => data['cut'] === 'before')
  // Between two waits it looks whether the stream is the same.
  const reading = await until('the reader to wait', async () => {
    const clients = String(await stack.redis.client('LIST')).split('\n')
    const found = clients.filter((line) => line.includes('cmd=xread'))
    return found.length > 0 && found
  })
  assert.equal(reading.length, 1)
  await stack.redis.client('KILL', 'ID', /^id=(\d+)/.exec(reading[0] ?? '')?.[1] ?? '')
  await tellEvent(stack.redis, 'destination', destinationId, { cut: 'after' })
  await listener.until(({ data }) => data['cut'] === 'after')
  listener.leave()
})

test('who takes nothing is not kept waiting for: nothing piles up for it', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  socket.pause()
  const octets = 'x'.repeat(60_000)
  const before = process.memoryUsage().arrayBuffers
  for (let nth = 0; nth < 150; nth += 1) await tellEvent(stack.redis, 'destination', destinationId, { octets })
  const listener = await listen()
  await tellEvent(stack.redis, 'destination', destinationId, { end: 1 })
  await listener.until(({ data }) => data['end'] === 1)
  await collected()
  assert.ok(process.memoryUsage().arrayBuffers - before < 6e6)
  listener.leave()
  socket.destroy()
  await stack.redis.xtrim(keys.events, 'MAXLEN', 1)
})

test('too many listeners are refused, and those that leave make room', async () => {
  const ask = async () => await fetch(url, { headers: { authorization: `Bearer ${adminToken}` } })
  const all: Response[] = []
  // Of the tests before, some may be on their way out.
  for (let response = await ask(); response.status === 200; response = await ask()) all.push(response)
  assert.ok(all.length > apiLimits.eventListenersEachMax - 5 && all.length <= apiLimits.eventListenersEachMax)
  const refused = await ask()
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  for (const { body } of all) await body?.cancel()
  for (;;) {
    const again = await ask()
    await again.body?.cancel()
    if (again.status === 200) break
  }
})

/** The events of a Redis that answers only when it is let. */
class HeldEvents extends Events {
  readonly asked = pending()
  readonly answered = pending()

  override async last(): Promise<string> {
    this.asked.resolve()
    await this.answered.promise
    return await super.last()
  }
}

test('a listener that leaves before its stream begins takes no place', async () => {
  const events = new HeldEvents(stack.redis)
  const app = await buildServer({ ...stack.world, events })
  const hastyUrl = `${await app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/events`
  const ask = async (signal?: AbortSignal) =>
    await fetch(hastyUrl, { headers: { authorization: `Bearer ${adminToken}` }, ...(signal && { signal }) })
  const hasty = new AbortController()
  const gone = new Promise((resolve) =>
    app.server.once('connection', (socket: Socket) => socket.once('close', resolve)),
  )
  const refused = assert.rejects(ask(hasty.signal))
  await events.asked.promise
  hasty.abort()
  await Promise.all([refused, gone])
  events.answered.resolve()
  const places: Response[] = []
  for (let response = await ask(); response.status === 200; response = await ask()) places.push(response)
  assert.equal(places.length, apiLimits.eventListenersEachMax)
  const closed = app.close()
  app.server.closeAllConnections()
  await closed
  await events.close()
})

test('the status that is told, and counted, is the one that is read', async () => {
  const id = (await stack.account({ port: provider.port, destinationId, user: 'statuses' })) as AccountId
  await stack.stopWorker()
  const { events, runs } = { events: new Events(stack.redis), runs: new Runs(stack.redis) }
  const shown = async () => (await stack.call('GET', `/accounts/${id}`)).body['status']
  const told = async () => {
    const scores = await Promise.all(
      notedStatuses.map(async (status) => await stack.redis.zscore(keys.accountsAt(status), id)),
    )
    return notedStatuses.filter((_, nth) => scores[nth] !== null).join(' and ') || 'idle'
  }
  const seen = new Set<unknown>()
  const both = async () => {
    assert.equal(await told(), await shown())
    seen.add(await told())
  }
  const failure = { kind: 'silent', message: 'x' } as const
  const account = { paused: false } as Parameters<typeof accountStatusOf>[0]
  await both()
  for (const state of [
    defaultState,
    { ...defaultState, lastFailure: failure },
    { ...defaultState, lastFailure: failure, attention: true },
  ]) {
    const run = await runs.open(id, 'request')
    await both()
    await runs.change({ ...run, state: 'running', startedAt: run.queuedAt })
    await both()
    await stack.redis.hset(keys.accountStates, id, JSON.stringify(state))
    await runs.end({ ...run, state: 'done', finishedAt: run.queuedAt })
    await both()
    await stack.call('PATCH', `/accounts/${id}`, { paused: false })
    // Nobody visits it: once it has been due for some seconds it would be shown as waiting.
    await stack.redis.zadd(keys.due, 'XX', Date.now() + 3_600_000, id)
    await stack.redis.hset(keys.accountStates, id, JSON.stringify(state))
    await runs.end({ ...run, state: 'done', finishedAt: run.queuedAt })
    await both()
    assert.equal(await told(), accountStatusOf(account, state, undefined))
    await stack.call('PATCH', `/accounts/${id}`, { paused: true })
  }
  assert.deepEqual(seen, new Set(accountStatuses))

  const counts = { idle: 0, running: 0, waiting: 0, failing: 0, 'needs attention': 0, paused: 1 }
  assert.deepEqual(await statusCounts(stack.redis, undefined), counts)
  assert.deepEqual(await statusCounts(stack.redis, destinationId), counts)
  await stack.call('DELETE', `/accounts/${id}`)
  assert.deepEqual(await statusCounts(stack.redis, undefined), { ...counts, paused: 0 })
  await Promise.all([events.close(), runs.close()])
})

test('an account that moves to another destination is told of there, and one that is removed where it was', async () => {
  const elsewhere = await stack.destination('moved')
  const [newest] = await stack.redis.xrevrange(keys.events, '+', '-', 'COUNT', 1)
  const id = await stack.account({ port: provider.port, destinationId, user: 'moves', paused: true })
  await stack.call('PATCH', `/accounts/${id}`, { destinationId: elsewhere })
  await stack.call('PATCH', `/accounts/${id}`, { folder: 'Old' })
  await stack.call('DELETE', `/accounts/${id}`)
  const told = await stack.redis.xrange(keys.events, `(${newest?.[0] ?? '0'}`, '+')
  const own = told.flatMap(([, [, kind, , of, , json = '']]) =>
    kind === 'account' && json.includes(id) ? [[of, json]] : [],
  )
  const event = (of: string, status: string) => [of, JSON.stringify({ id, status })]
  assert.deepEqual(
    own.map(([of, json = '']) => event(of ?? '', (JSON.parse(json) as { status: string }).status)),
    [event(destinationId, 'paused'), event(elsewhere, 'paused'), event(elsewhere, 'removed')],
  )
})

test('who waits for the end of a run looks by itself, should word of it be lost', async () => {
  const id = (await stack.account({ port: provider.port, destinationId, user: 'waits' })) as AccountId
  const runs = new Runs(stack.redis)
  const run = await runs.open(id, 'request')
  const waiting = runs.waitForEnd(run.id, 60_000)
  // A signal that nothing but AbortSignal.any knows is collected, and never fires.
  await collected()
  const ended: Run = { ...run, state: 'done', startedAt: run.queuedAt, finishedAt: run.queuedAt }
  await stack.redis.hset(keys.history(id), run.id, packRun(ended))
  assert.equal((await waiting)?.state, 'done')
  await runs.close()
})

test('a listener that throws is its own trouble: the others hear of each event once', async () => {
  const failures: unknown[] = []
  const events = new Events(stack.redis, (error) => failures.push(error))
  const heard: string[] = []
  await events.listen(() => {
    throw new Error('it cannot listen')
  })
  await events.listen((batch) => void heard.push(...batch.map(({ json }) => json)))
  for (const nth of [1, 2]) {
    await tellEvent(stack.redis, 'destination', 'nobody', { nth })
    await until('it is heard', () => heard.includes(JSON.stringify({ nth })))
  }
  assert.deepEqual(heard, ['{"nth":1}', '{"nth":2}'])
  assert.deepEqual(
    failures.map((error) => (error as Error).message),
    ['it cannot listen', 'it cannot listen'],
  )
  await events.close()
})

test('streams end when the API does', async () => {
  const listener = await listen()
  const closed = stack.app.close()
  await assert.rejects(
    listener.until(() => false),
    /The stream has ended/,
  )
  await closed
})
