import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Child } from '../../deploy/child.ts'
import { type Start, Supervisor } from '../../deploy/supervisor.ts'
import { pending } from '../../src/deadline.ts'
import { createLog } from '../../src/log.ts'

/** A child without a process: it ends when it is stopped, killed, or told to by the test. */
class ScriptedChild implements Child {
  readonly name = 'scripted'
  readonly pid = 0
  readonly #exit = pending<string>()
  readonly exited = this.#exit.promise
  #isStopped = false
  #isKilled = false

  get isStopped(): boolean {
    return this.#isStopped
  }

  get isKilled(): boolean {
    return this.#isKilled
  }

  end(how: string): void {
    this.#exit.resolve(how)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.end('SIGTERM')
    await this.exited
  }

  kill(): void {
    this.#isKilled = true
    this.end('SIGKILL')
  }
}

const atOnce = { firstMs: 0, mostMs: 0, steadyAfterMs: 60_000, triesMax: 3 }

function supervisor(restart = atOnce, nowMs?: () => number) {
  const events: string[] = []
  const log = createLog('test', 'info', { write: (line) => void events.push(String(JSON.parse(line).event)) })
  return { running: new Supervisor(log, restart, nowMs), events }
}

test('a part that comes up while everything is being stopped is stopped too', async () => {
  const { running } = supervisor()
  const [first, second] = [new ScriptedChild(), new ScriptedChild()]
  const restarted = pending()
  const slow = pending<Child>()
  let starts = 0
  await running.begin('worker', async () => {
    if ((starts += 1) === 1) return first
    restarted.resolve()
    return await slow.promise
  })
  first.end('SIGKILL')
  await restarted.promise
  const stopped = running.stop()
  slow.resolve(second)
  await stopped
  assert.equal(await running.ended, 'stopped')
  assert.ok(second.isStopped)
  assert.equal(starts, 2)
})

test('a start heeds the signal that everything is being stopped, and a part is begun no more', async () => {
  const { running } = supervisor()
  const begun = pending()
  const begin = running.begin('redis', async (signal) => {
    begun.resolve()
    return await new Promise<Child>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  await begun.promise
  await Promise.all([running.stop(), assert.rejects(begin, /everything is being stopped/)])
  await assert.rejects(
    running.begin('api', async () => assert.fail('it is begun')),
    /everything is being stopped/,
  )
})

test('a Ctrl-C that came before anything was begun is obeyed: no part is begun', async () => {
  const { running } = supervisor()
  running.obey({ stop: AbortSignal.abort(), kill: new AbortController().signal })
  await assert.rejects(
    running.begin('redis', async () => assert.fail('it is begun')),
    /everything is being stopped/,
  )
  assert.equal(await running.ended, 'stopped')
})

test('stopping does not wait for the pause before a restart', async () => {
  const { running, events } = supervisor({ ...atOnce, firstMs: 3_600_000, mostMs: 3_600_000 })
  const child = new ScriptedChild()
  await running.begin('api', async () => child)
  child.end('SIGKILL')
  while (!events.includes('part ended')) await new Promise((resolve) => setImmediate(resolve))
  await running.stop()
  assert.equal(await running.ended, 'stopped')
})

test('a part that ends again and again is given up, and everything with it', async () => {
  const { running, events } = supervisor()
  const redis = new ScriptedChild()
  await running.begin('redis', async () => redis)
  let starts = 0
  const ending: Start = async () => {
    starts += 1
    const child = new ScriptedChild()
    if (starts === 2) throw new Error('it does not start')
    child.end('exit code 1')
    return child
  }
  await running.begin('worker', ending)
  assert.equal(await running.ended, 'gave up')
  assert.ok(redis.isStopped)
  assert.equal(starts, 4)
  const expected = ['part ended', 'part did not start', 'part ended', 'part ended', 'part gave up']
  assert.deepEqual(
    events.filter((event) => event !== 'part restarted'),
    expected,
  )
})

test('a worker that does not stay up is tried again and again, and ends nobody else, while another one does', async () => {
  let nowMs = 0
  const { running, events } = supervisor(atOnce, () => nowMs)
  const steady = new ScriptedChild()
  await running.begin('worker 1', async () => steady)
  nowMs += atOnce.steadyAfterMs + 1
  const [tried, given] = [pending(), 3 * atOnce.triesMax]
  let starts = 0
  await running.begin('worker 2', async () => {
    const child = new ScriptedChild()
    if ((starts += 1) > given) tried.resolve()
    else child.end('exit code 1')
    return child
  })
  await tried.promise
  assert.ok(!events.includes('part gave up') && !steady.isStopped)
  await running.stop()
  assert.equal(await running.ended, 'stopped')
})

test('several workers are stopped at the same time, and before what they write to', async () => {
  const { running } = supervisor()
  const order: string[] = []
  const bothStop = pending()
  for (const part of ['redis', 'worker 1', 'worker 2'] as const) {
    const child = new ScriptedChild()
    child.stop = async () => {
      order.push(part)
      if (order.length === 2) bothStop.resolve()
      if (part !== 'redis') await bothStop.promise
      child.end('SIGTERM')
    }
    await running.begin(part, async () => child)
  }
  await running.stop()
  assert.deepEqual(order, ['worker 1', 'worker 2', 'redis'])
})

test('kill ends every part at once, also while a stop waits for one', async () => {
  const { running } = supervisor()
  const worker = new ScriptedChild()
  worker.stop = async () => {
    await worker.exited
  }
  const redis = new ScriptedChild()
  await running.begin('redis', async () => redis)
  await running.begin('worker', async () => worker)
  const stopped = running.stop()
  running.kill()
  await stopped
  assert.ok(worker.isKilled && redis.isKilled)
})
