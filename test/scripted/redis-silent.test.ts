/** A Redis that accepts connections and owes its answers; a Cluster, and a master behind a Sentinel, that change while they are used. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, describe, test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { withDeadline } from '../../src/deadline.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { type Answer, encoded, type FakeRedis, type Reply, silence, startFakeRedis } from '../support/fake-redis.ts'
import { until } from '../support/until.ts'

const silentMs = 200

const within = async <T>(waitMs: number, work: Promise<T>): Promise<T> =>
  await withDeadline(work, { waitMs, late: () => new Error(`no answer within ${waitMs} ms`) })

async function serve(answer: Answer): Promise<FakeRedis> {
  const server = await startFakeRedis(answer)
  after(() => server.close())
  return server
}

function connected(url: string, role: 'api' | 'worker'): Redis {
  const redis = connectRedis(url, role, () => {})
  after(() => redis.disconnect())
  return redis
}

describe('a connection that owes an answer', () => {
  /** A connection by which Redis may say nothing for a shorter time than it is usual. */
  function impatient(port: number, role: 'api' | 'worker'): Redis {
    const redis = connected(`redis://127.0.0.1:${port}`, role)
    assert.equal(redis.options.socketTimeout, redisLimits.redisSilentMs)
    redis.options.socketTimeout = silentMs
    return redis
  }

  for (const role of ['worker', 'api'] as const) {
    test(`${role}: it is made anew once nothing has come for a while, and the question is asked again`, async (t) => {
      const server = await serve(([name]) => (name !== 'get' ? undefined : server.connections === 1 ? silence : 'it'))
      const redis = impatient(server.port, role)
      await until('the connection', () => redis.status === 'ready')
      t.mock.timers.enable({ apis: ['setTimeout'] })
      const answer = redis.get('some')
      while (server.connections === 1) await passing(t, silentMs / 20)
      assert.equal(await answer, 'it')
      assert.equal(server.connections, 2)
    })

    test(`${role}: it stays while it owes nothing, and while an answer still comes`, async (t) => {
      const askedOn: Socket[] = []
      const server = await serve(([name], socket) => {
        if (name !== 'get') return undefined
        askedOn.push(socket)
        return silence
      })
      const redis = impatient(server.port, role)
      await until('the connection', () => redis.status === 'ready')
      t.mock.timers.enable({ apis: ['setTimeout'] })
      const { stream } = redis
      for (const nth of [0, 1]) {
        const answer = redis.get('some')
        while (askedOn.length === nth) await setImmediate()
        // A piece of the answer each time before the wait is over.
        for (const piece of ['$6\r\n', 'ab', 'cd', 'ef\r\n']) {
          await passing(t, 0.6 * silentMs)
          const { bytesRead } = stream
          askedOn[nth]?.write(piece)
          while (stream.bytesRead === bytesRead) {
            assert.ok(!stream.destroyed, 'it was left')
            await setImmediate()
          }
        }
        assert.equal(await answer, 'abcdef')
        // Longer than it may owe an answer.
        await passing(t, 3 * silentMs)
      }
      assert.equal(server.connections, 1)
    })
  }

  /** Nothing here depends on when a timer comes: the time is the test's. */
  async function passing({ mock }: TestContext, ms: number): Promise<void> {
    mock.timers.tick(ms)
    await setImmediate()
  }
})

describe('a Cluster that is followed', () => {
  /** Two nodes of which one serves everything. */
  async function startTwo() {
    const state = { serving: 0, frozen: -1 }
    const asked: [number, number] = [0, 0]
    const slots = (): Reply => {
      const at = (nth: number): Reply => ['127.0.0.1', nodes[nth]?.port ?? 0, `node${nth}`]
      // A node that the others take for dead is not named.
      const replicas = state.frozen === -1 ? [at(1 - state.serving)] : []
      return [[0, 16_383, at(state.serving), ...replicas]]
    }
    const answerOf =
      (nth: 0 | 1): Answer =>
      ([name, what]) => {
        if (state.frozen === nth) return silence
        if (name === 'cluster' && what?.toLowerCase() === 'slots') return slots()
        if (name !== 'get') return undefined
        asked[nth] += 1
        return state.serving === nth ? `node${nth}` : new Error(`MOVED 1 127.0.0.1:${nodes[state.serving]?.port}`)
      }
    const nodes: FakeRedis[] = [await serve(answerOf(0)), await serve(answerOf(1))]
    const url = `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
    return { state, asked, url }
  }

  for (const role of ['worker', 'api'] as const) {
    test(`${role}: a slot that has moved is asked for where it is, and from then on there at once`, async () => {
      const { state, asked, url } = await startTwo()
      const redis = connected(url, role)
      await until('the Cluster', () => redis.status === 'ready')
      assert.equal(await within(60_000, redis.get('some')), 'node0')
      state.serving = 1
      assert.equal(await within(60_000, redis.get('some')), 'node1')
      const before = asked[0]
      assert.equal(await within(60_000, redis.get('some')), 'node1')
      assert.equal(asked[0], before)
    })
  }

  test('a master that is frozen is left as soon as another node says that it serves its slots: nobody waits for the 20 s', async () => {
    const { state, url } = await startTwo()
    const redis = connected(url, 'worker')
    assert.equal(await within(60_000, redis.get('some')), 'node0')
    state.frozen = 0
    const owed = redis.get('some')
    state.serving = 1
    assert.equal(await within(15_000, owed), 'node1')
    assert.equal(await within(60_000, redis.get('some')), 'node1')
  })
})

describe('a master behind a Sentinel', () => {
  for (const role of ['worker', 'api'] as const) {
    test(`${role}: word of a fail-over that comes while the Sentinel is asked anew does not end the connection for ever`, async () => {
      const [first, second] = [
        await serve(([name]) => (name === 'get' ? 'first' : undefined)),
        await serve(([name]) => (name === 'get' ? 'second' : undefined)),
      ]
      const listening = new Set<Socket>()
      let isOver = false
      const sentinel = await serve(([name, what], socket) => {
        if (name === 'subscribe') {
          listening.add(socket)
          return ['subscribe', what ?? '', 1]
        }
        if (name !== 'sentinel') return undefined
        if (what !== 'get-master-addr-by-name') return []
        if (!isOver) return ['127.0.0.1', String(first.port)]
        const words = `main 127.0.0.1 ${first.port} 127.0.0.1 ${second.port}`
        for (const listener of listening) listener.write(encoded(['message', '+switch-master', words]))
        // Once those who listen have heard of it.
        setTimeout(() => socket.write(encoded(['127.0.0.1', String(second.port)])), 100)
        return silence
      })
      const redis = connected(`redis-sentinel://127.0.0.1:${sentinel.port}/main`, role)
      assert.equal(await within(60_000, redis.get('some')), 'first')
      await until('that it listens', () => listening.size > 0)
      isOver = true
      await first.close()
      assert.equal(await within(60_000, redis.get('some')), 'second')
    })
  }
})
