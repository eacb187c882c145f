/** A real master dies in mid-run, under real Sentinels and in a real Cluster: nothing is lost, nothing doubled, nothing of ours is started again. */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { withDeadline } from '../../src/deadline.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { PullQueue } from '../../src/redis/queue.ts'
import { demandReliable } from '../../src/redis/reliable.ts'
import { Runs } from '../../src/redis/runs.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import type { AccountId } from '../../src/mail/message.ts'
import type { Run } from '../../src/runs/run.ts'
import { assertAgree, assertEachOnce, assertNoneLost, ledgerOf } from '../support/audit.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { healthOfWorker } from '../support/health.ts'
import { readFolder } from '../support/reader.ts'
import { type RedisNode, startCluster, startSentinel, type TestRedises } from '../support/redises.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until, untilTold } from '../support/until.ts'

const letters = Array.from({ length: 1500 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const logins = ['delete', 'spool'] as const
type Login = (typeof logins)[number]
const each = <T>(value: T) => Object.fromEntries(logins.map((login) => [login, value]))

for (const [name, start, signal] of [
  ['Sentinel', startSentinel, 'SIGKILL'],
  // Two replicas, so that a write can be confirmed while one of the three is away.
  ['Cluster', async () => await startCluster(2), 'SIGSTOP'],
] as const)
  describe(name, () => {
    let stack: Stack<TestRedises>
    let provider: TestDovecot
    before(async () => {
      ;[stack, provider] = await Promise.all([
        startStack<TestRedises>(undefined, start),
        startDovecot(each('secret'), each(letters)),
      ])
      await stack.startWorker({ leaseMs: 4000, jobLockMs: 4000, reviveEveryMs: 1000 })
    })
    after(async () => {
      await Promise.all([stack.stop(), provider.stop()])
    })

    /** The node that serves the account now. */
    const masterOf = async (id: string): Promise<RedisNode> =>
      await until('a master', async () => {
        for (const node of stack.server.nodes) {
          if (node.redis.status !== 'ready') continue
          const isMaster = /role:master/.test(await node.redis.info('replication'))
          if (isMaster && (await node.redis.exists(keys.fence(id)).catch(() => 0)) === 1) return node
        }
        return undefined
      })

    async function underWay(login: Login): Promise<{ login: Login; id: string; runId: string }> {
      const destinationId = await stack.destination(login)
      const fields = { retention: { mode: 'delete' }, hidesRetrieved: login === 'spool' }
      const id = await stack.account({ port: provider.pop3Port, user: login, destinationId, ...fields })
      const { body } = await stack.call('POST', `/accounts/${id}/pull`)
      await untilTold('the first record', async () => (await stack.redis.strlen(keys.ledger(id))) > 0)
      return { login, id, runId: body.id }
    }

    const stored = async (login: Login) => await readFolder(stack.dovecot.imapPort, login, 'wonder')
    const left = async (login: Login) => await readFolder(provider.imapPort, login, 'secret')

    test(`a master that ends by ${signal} in mid-run: nothing is lost, nothing comes twice, and runs go on`, async () => {
      const accounts = await Promise.all(logins.map(underWay))
      const master = await masterOf(accounts[0]?.id ?? '')
      await master.halt(signal)
      const runs = await Promise.all(
        accounts.map(
          async ({ runId }) =>
            await untilTold('the end of the run', async () => {
              const { body } = await stack.call('GET', `/runs/${runId}`)
              return typeof body['finishedAt'] === 'string' ? (body as object as Run) : undefined
            }),
        ),
      )
      for (const login of logins) assertNoneLost(await stored(login), await left(login), letters)
      await master.resume()
      for (const [nth, { login, id }] of accounts.entries()) {
        if (runs[nth]?.failure !== null)
          await untilTold('a run that goes well', async () => (await stack.pull(id)).failure === null)
        const messages = await stored(login)
        assertEachOnce(messages, letters)
        assertAgree(await ledgerOf(stack.redis, id), messages)
        assert.deepEqual(await left(login), [])
        const again = await stack.pull(id)
        assert.deepEqual([again.stored, again.recovered, again.failure], [0, 0, null])
      }
    })
  })

describe('what a fail-over needs', () => {
  let redises: TestRedises
  before(async () => {
    redises = await startSentinel()
  })
  after(async () => {
    await redises.stop()
  })

  const within = async <T>(waitMs: number, work: Promise<T>): Promise<T> =>
    await withDeadline(work, { waitMs, late: () => new Error(`no answer within ${waitMs} ms`) })

  async function refusalOf(): Promise<string> {
    const redis = connectRedis(redises.url, 'api', () => {})
    try {
      await demandReliable(redis)
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    } finally {
      redis.disconnect()
    }
  }

  test('a master or a replica that would lose what it is told is refused, with the line to change', async () => {
    assert.equal(await refusalOf(), '')
    const [master, replica] = redises.nodes
    assert.ok(master !== undefined && replica !== undefined)
    for (const [node, setting, wrong, right] of [
      [master, 'min-replicas-to-write', '0', '1'],
      [replica, 'min-replicas-to-write', '0', '1'],
      [replica, 'appendfsync', 'everysec', 'always'],
      [replica, 'appendonly', 'no', 'yes'],
    ] as const) {
      await node.redis.config('SET', setting, wrong)
      const line = `127.0.0.1:${node.port}: ${setting} is ${wrong}: in redis.conf write "${setting} ${right}"`
      assert.equal(await refusalOf(), `This Redis would lose what it is told:\n${line}`)
      await node.redis.config('SET', setting, right)
    }
  })

  test('a lease counts only once a replica has it', async () => {
    const [master, ...replicas] = redises.nodes
    const id = '01M8H811N7FM1VRKWXSX57AV90' as AccountId
    const redis = connectRedis(redises.url, 'worker', () => {})
    const first = await Lease.take(redis, id, 60_000)
    assert.ok(first instanceof Lease)
    await first.release()
    for (const replica of replicas) await replica.halt('SIGSTOP')
    const taking = Lease.take(redis, id, 60_000)
    assert.equal(await Promise.race([taking, delay(3000, 'no answer')]), 'no answer')
    assert.equal(await master?.redis.exists(keys.lease(id)), 1, 'the master alone has it')
    for (const replica of replicas) await replica.resume()
    const lease = await taking
    assert.ok(lease instanceof Lease)
    await lease.release()
    redis.disconnect()
  })

  test('a run that is asked for is promised only once a replica has it', async () => {
    const [master, ...replicas] = redises.nodes
    const id = '01M8H811N7FM1VRKWXSX57AV92' as AccountId
    const redis = connectRedis(redises.url, 'api', () => {})
    const runs = new Runs(redis)
    const queue = new PullQueue(redis, runs, { onError: () => {} })
    const { id: first } = await within(60_000, queue.request(id))
    for (const replica of replicas) await replica.halt('SIGSTOP')
    const asking = queue.request(id)
    // It is refused after some seconds, so this is short.
    const waits = until('the wait for a replica', async () =>
      /flags=\w*b.* cmd=wait/.test(String(await master?.redis.client('LIST'))),
    )
    assert.equal(await Promise.race([asking.catch(String), waits.then(() => 'no answer')]), 'no answer')
    for (const replica of replicas) await replica.resume()
    assert.equal((await within(60_000, asking)).id, first)
    await Promise.all([queue.close(), runs.close()])
    redis.disconnect()
  })

  test('a master that takes no writes yet is waited for: a worker does so longer than somebody who waits for an answer', async () => {
    const [master] = redises.nodes
    const [worker, api] = [connectRedis(redises.url, 'worker', () => {}), connectRedis(redises.url, 'api', () => {})]
    // So it is after a fail-over, until the other replica has found the new master.
    await master?.redis.config('SET', 'min-replicas-to-write', '3')
    const beat = async (redis: typeof worker) =>
      await new LiveWorkers(redis).beat('some', { lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
    const written = beat(worker)
    await assert.rejects(beat(api), /NOREPLICAS/)
    await master?.redis.config('SET', 'min-replicas-to-write', '1')
    await within(60_000, written)
    for (const redis of [worker, api]) redis.disconnect()
  })

  test("a container's health check finds its worker by the Sentinels", async () => {
    const env = { TRIBUTARY_REDIS_URL: redises.url }
    assert.equal(await healthOfWorker(env), '1: ')
    const redis = connectRedis(redises.url, 'worker', () => {})
    await new LiveWorkers(redis).beat(`${hostname()}:1`, { lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
    redis.disconnect()
    assert.equal(await healthOfWorker(env), '')
    const nowhere = { TRIBUTARY_REDIS_URL: 'redis-sentinel://127.0.0.1:1/main' }
    assert.match(await healthOfWorker(nowhere), /^1: Redis does not say which workers are alive \(.+\)$/)
  })

  test('a master and a Sentinel that freeze together, as on one machine, keep nobody waiting for long', async () => {
    const id = '01M8H811N7FM1VRKWXSX57AV91' as AccountId
    const before = connectRedis(redises.url, 'worker', () => {})
    assert.ok((await Lease.take(before, id, 1)) instanceof Lease)
    const roles = await Promise.all(redises.nodes.map(async ({ redis }) => await redis.info('replication')))
    const frozen = [redises.nodes[roles.findIndex((told) => told.includes('role:master'))], redises.sentinels[0]]
    for (const node of frozen) await node?.halt('SIGSTOP')
    // One that was connected, and one that begins now.
    const after = connectRedis(redises.url, 'worker', () => {})
    for (const redis of [before, after])
      assert.ok((await within(30_000, Lease.take(redis, id, 1))) instanceof Lease, 'another master gives out leases')
    for (const node of frozen) await node?.resume()
    for (const redis of [before, after]) redis.disconnect()
  })
})
