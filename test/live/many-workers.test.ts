/** Several workers on one Redis, each in a process of its own: they share the work, come and go, are killed and frozen. */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import type { Run } from '../../src/runs/run.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import { keys } from '../../src/redis/key-names.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { WorkerProcess } from '../support/worker-process.ts'
import { letter } from '../support/world.ts'

const lettersOf = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({ bytes: letter(`letter ${nth}`), uidl: `uidl-${nth}` }))
const fast = lettersOf(5)
const many = lettersOf(80)
/** Without pipelining a run takes twelve seconds. */
const slowly = { capabilities: ['USER', 'UIDL'], delayMs: 150 }

let stack: Stack
let provider: ScriptedServer
let slowProvider: ScriptedServer
const workers = new Set<WorkerProcess>()
before(async () => {
  ;[stack, provider, slowProvider] = await Promise.all([
    startStack(),
    startPop3Server({ messages: fast }),
    startPop3Server({ ...slowly, messages: many }),
  ])
})
afterEach(async () => {
  await Promise.all([...workers].map(async (worker) => await worker.signal('SIGKILL')))
  workers.clear()
})
after(async () => {
  await Promise.all(
    [stack, provider, slowProvider].map(async (part) => await ('stop' in part ? part.stop() : part.close())),
  )
})

async function start(name: string, env: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
  const worker = await WorkerProcess.start(stack, name, env)
  workers.add(worker)
  return worker
}

/** Registers accounts of that server, each of which gathers into a folder of its own, and gives their ids. */
async function accounts(login: string, port: number, count: number): Promise<string[]> {
  const destinationId = await stack.destination(login)
  const ids: string[] = []
  for (let nth = 0; nth < count; nth += 1)
    ids.push(await stack.account({ port, destinationId, user: `${login}-${nth}`, folder: `of-${nth}` }))
  return ids
}

async function ask(id: string): Promise<string> {
  const { status, body } = await stack.call('POST', `/accounts/${id}/pull`)
  assert.equal(status, 202, JSON.stringify(body))
  return body.id
}

const runOf = async (id: string) => (await stack.call('GET', `/runs/${id}`)).body as object as Run

/** Resolves with the runs when all of them have ended. */
async function ended(ids: readonly string[]): Promise<Run[]> {
  return await until(
    `the end of ${ids.length} runs`,
    async () => {
      const runs = await Promise.all(ids.map(runOf))
      return runs.every(({ finishedAt }) => finishedAt !== null) && runs
    },
    120_000,
  )
}

async function assertEachOnce(login: string, count: number, letters: readonly { readonly bytes: Buffer }[]) {
  for (let nth = 0; nth < count; nth += 1) {
    const stored = await readFolder(stack.dovecot.imapPort, login, 'wonder', `of-${nth}`)
    const subjects = stored.map(({ bytes }) => /^Subject: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1])
    assert.equal(subjects.length, letters.length, `${login} ${nth}`)
    assert.deepEqual(new Set(subjects), new Set(letters.map((_, one) => `letter ${one}`)), `${login} ${nth}`)
  }
}

test('three workers share what is asked for, and each tells how many sessions it holds', async () => {
  const three = await Promise.all(['a', 'b', 'c'].map(async (name) => await start(name, { TRIBUTARY_SESSIONS: '4' })))
  const told = await new LiveWorkers(stack.redis).vitals()
  assert.deepEqual(
    [...told.values()].map(({ sessions }) => sessions),
    [4, 4, 4],
  )
  assert.deepEqual(Object.values(await stack.redis.hgetall(keys.workerSessions)), ['4', '4', '4'])
  const ids = await accounts('shared', slowProvider.port, 12)
  const runs = await ended(await Promise.all(ids.map(ask)))
  assert.deepEqual(new Set(runs.map(({ state, stored }) => `${state} ${stored}`)), new Set([`done ${many.length}`]))
  // A run has ended a moment before its line is written.
  const shares = await until('all lines', () => {
    const counts = three.map((worker) => worker.count('run finished'))
    return counts.reduce((sum, count) => sum + count, 0) === 12 && counts
  })
  assert.ok(
    shares.every((share) => share > 0),
    String(shares),
  )
  await assertEachOnce('shared', 12, many)
  await Promise.all(three.map(async (worker) => await worker.signal('SIGTERM')))
  assert.deepEqual(await stack.redis.hlen(keys.workerSessions), 0)
})

test('a worker holds no more sessions than it says, however many visits its job carries; the others it passes on', async () => {
  const own = await startPop3Server({ ...slowly, messages: fast, delayMs: 20 })
  // Most of the sessions that are claimed for are those of a worker that has died a moment ago.
  const vitals = { sessions: 30, lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 }
  await new LiveWorkers(stack.redis).beat('ghost', vitals)
  for (const id of await accounts('passed', own.port, 8)) await stack.call('POST', `/accounts/${id}/resume`)
  const worker = await start('a', { TRIBUTARY_SESSIONS: '2' })
  await until('all runs', () => worker.count('run finished') >= 8)
  let [open, most] = [0, 0]
  for (const command of own.commands) {
    if (command.startsWith('USER')) open += 1
    if (command === 'QUIT') open -= 1
    most = Math.max(most, open)
  }
  assert.equal(most, 2)
  await assertEachOnce('passed', 8, fast)
  await stack.redis.zrem(keys.workers, 'ghost')
  await own.close()
})

test('a rolling restart of all workers under load fails no run: what is handed over goes on under its id', async () => {
  const two: WorkerProcess[] = await Promise.all([start('a'), start('b')])
  const [long, short] = [await accounts('long', slowProvider.port, 3), await accounts('short', provider.port, 20)]
  const longRuns = await Promise.all(long.map(ask))
  const loaded: Run[] = []
  const rolled = new AbortController()
  const load = (async () => {
    while (!rolled.signal.aborted) loaded.push(...(await Promise.all(short.map(async (id) => await stack.pull(id)))))
  })()
  await until('the long runs to be at work', async () =>
    (await Promise.all(longRuns.map(runOf))).every(({ state }) => state === 'running'),
  )
  const renewed: WorkerProcess[] = []
  let handedOver = 0
  for (const old of two) {
    const next = start(`after ${old.name}`)
    await old.signal('SIGTERM')
    handedOver += old.count('run handed over')
    assert.equal(old.count('run failed'), 0, JSON.stringify(old.events.filter(({ event }) => event === 'run failed')))
    renewed.push(await next)
  }
  rolled.abort()
  await load
  const runs = [...(await ended(longRuns)), ...loaded]
  assert.deepEqual(
    runs.filter(({ state }) => state !== 'done').map(({ id, failure }) => [id, failure]),
    [],
  )
  assert.ok(handedOver > 0, 'nothing was under way')
  assert.ok(loaded.length > 20)
  await Promise.all([assertEachOnce('long', 3, many), assertEachOnce('short', 20, fast)])
  await Promise.all(renewed.map(async (worker) => await worker.signal('SIGTERM')))
})

test('a worker that is killed and one that is frozen leave their accounts to another, and nothing is stored twice', async () => {
  const two = await Promise.all([start('killed'), start('frozen')])
  const [killed, frozen] = two
  const ids = await accounts('left', slowProvider.port, 4)
  const runs = await Promise.all(ids.map(ask))
  await until('all to be at work', () => killed.count('run started') + frozen.count('run started') === ids.length)
  await killed.signal('SIGKILL')
  await frozen.signal('SIGSTOP')
  const third = await start('third')
  const beganMs = performance.now()
  await until('the third one to visit them all', () => third.count('run started') === ids.length)
  // Their leases last for 15 s, and their slots for 30 s.
  assert.ok(performance.now() - beganMs < 90_000, `${performance.now() - beganMs} ms`)
  const all = await ended(runs)
  assert.deepEqual(
    all.filter(({ state }) => state !== 'done').map(({ id, failure }) => [id, failure]),
    [],
  )
  // The frozen one wakes, and finds that its runs are another's.
  await frozen.signal('SIGCONT')
  await frozen.signal('SIGTERM')
  await assertEachOnce('left', ids.length, many)
  await third.signal('SIGTERM')
})
