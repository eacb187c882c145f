/** `/healthz` says that this process lives, `/readyz` that everything that a pull needs is there. */
import { connect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import type { Redis } from 'ioredis'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import type { App } from '../app.ts'

const answerWithinMs = 3000

export interface HealthWorld {
  readonly redis: Redis
  readonly store: StoreEndpoint
}

export async function healthRoutes(app: App, { redis, store }: HealthWorld): Promise<void> {
  const hidden = { schema: { hide: true } }

  app.get('/healthz', hidden, async () => ({ status: 'ok' }))

  app.get('/readyz', hidden, async (_request, reply) => {
    const health = await healthOf(redis, store)
    const ready = health.redis.ok && health.store.ok && health.workers > 0
    return await reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      redis: health.redis.ok,
      store: health.store.ok,
      workers: health.workers,
    })
  })
}

export interface Health {
  readonly redis: Answer
  readonly store: Answer
  /** The number of workers that have a heartbeat. */
  readonly workers: number
}
interface Answer {
  readonly ok: boolean
  /** Says what is wrong. */
  readonly detail: string | null
}

export async function healthOf(redis: Redis, store: StoreEndpoint): Promise<Health> {
  const [pong, greeting, workers] = await Promise.all([
    redis.ping().then(
      () => null,
      (error: Error) => error.message,
    ),
    greets(store),
    new LiveWorkers(redis).count().catch(() => 0),
  ])
  const ok = { ok: true, detail: null }
  return {
    redis: pong === null ? ok : { ok: false, detail: `Redis does not answer: ${pong}` },
    store: greeting ? ok : { ok: false, detail: `The store at ${store.host}:${store.port} does not greet` },
    workers,
  }
}

async function greets({ host, port, socket: path, tls }: StoreEndpoint): Promise<boolean> {
  return await new Promise((resolve) => {
    // This only asks whether the store is there; its certificate is checked when the gateway logs in.
    const place = path === undefined ? { host, port } : { path }
    const socket = tls === 'implicit' ? tlsConnect({ ...place, rejectUnauthorized: false }) : connect(place)
    const answer = (there: boolean) => {
      socket.destroy()
      resolve(there)
    }
    socket.setTimeout(answerWithinMs, () => answer(false))
    socket.on('error', () => answer(false))
    socket.on('data', (chunk) => answer(chunk.toString('latin1').startsWith('* OK')))
  })
}
