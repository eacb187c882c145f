/**
 * A fail-over forgets what the master alone has heard. Whatever single write of a run that was asked for is gone, the run begins within seconds; a machine that has much else to do takes longer.
 * Each loss is made by hand on a real Redis.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Queue } from 'bullmq'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { type PullJob, pullQueueName, queuePrefix } from '../../src/redis/queue.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import type { Run } from '../../src/runs/run.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

const begunWithinMs = 45_000

let stack: Stack
let provider: ScriptedServer
let queue: Queue<PullJob>
before(async () => {
  ;[stack, provider] = await Promise.all([
    startStack(),
    startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }] }),
  ])
  queue = new Queue(pullQueueName, { connection: stack.redis, prefix: queuePrefix })
})
after(async () => {
  await queue.close()
  await Promise.all([stack.stop(), provider.close()])
})

const bull = (name: string) => `${queuePrefix}:${pullQueueName}:${name}`

/** The job of an account, as it waits for a worker. */
async function jobOf(id: string): Promise<string> {
  const job = (await queue.getWaiting()).find(({ data }) => data.accountId === id)
  return job?.id ?? assert.fail('it has no job')
}

interface Asked {
  readonly id: AccountId
  readonly runId: string
}

/** Each does to Redis what the loss of one write would have left. It may give what is to be done once the worker waits for jobs. */
const losses: Readonly<Record<string, (asked: Asked) => Promise<(() => Promise<unknown>) | undefined>>> = {
  async job({ id }) {
    const job = await jobOf(id)
    await stack.redis.multi().lrem(bull('wait'), 1, job).del(bull(job)).exec()
    return undefined
  },
  async 'sign that there is a job'({ id }) {
    const job = await jobOf(id)
    await stack.redis.lrem(bull('wait'), 1, job)
    return async () => await stack.redis.rpush(bull('wait'), job)
  },
  async record({ runId }) {
    await stack.redis.hdel(keys.openRecords, runId)
    return undefined
  },
}

test('whatever single write is lost of a run that was asked for, it begins within seconds', async () => {
  const destinationId = await stack.destination('alice')
  const names = [...Object.keys(losses), 'place in the line', 'end of the visit before']
  const accounts = new Map<string, AccountId>()
  for (const user of names)
    accounts.set(user, (await stack.account({ port: provider.port, user, destinationId })) as AccountId)
  const asked = new Map<string, Asked>()
  const ask = async (name: string) => {
    const id = accounts.get(name) as AccountId
    asked.set(name, { id, runId: (await stack.call('POST', `/accounts/${id}/pull`)).body.id })
  }
  await ask('place in the line')
  // While no worker is there nothing is claimed.
  for (const line of [`127.0.0.1:${provider.port} ${destinationId}`, `127.0.0.1:${provider.port}`])
    assert.equal(await stack.redis.del(keys.waitingAt(line)), 1)

  // A worker that is there and takes nothing yet: what is asked for is claimed, and becomes a job.
  await new LiveWorkers(stack.redis).beat('other:1', { lagSeconds: 0, residentBytes: 0, cpuSeconds: 0, sessions: 64 })

  const held = { accountId: accounts.get('end of the visit before') as AccountId, task: 'pull' } as const
  await new DueAccounts(stack.redis).hold(held)
  assert.notEqual(await stack.redis.zscore(keys.places, held.accountId), null, 'it has a place')

  for (const name of names) if (!asked.has(name)) await ask(name)
  const fromMs = performance.now()
  const later: (() => Promise<unknown>)[] = []
  for (const [name, lose] of Object.entries(losses)) {
    const rest = await lose(asked.get(name) as Asked)
    if (rest !== undefined) later.push(rest)
  }
  await stack.startWorker()
  await until('the jobs that are left', async () => (await stack.redis.llen(bull('wait'))) === 0)
  for (const act of later) await act()
  const took: Record<string, number> = {}
  for (const [name, { id }] of asked)
    await until(`the run whose ${name} is lost`, async () => {
      const run = (await stack.call('GET', `/accounts/${id}`)).body['lastRun'] as Run | null
      took[name] = Math.round(performance.now() - fromMs)
      return run !== null
    })
  for (const [name, ms] of Object.entries(took)) assert.ok(ms < begunWithinMs, `${name}: ${ms} ms`)
})
