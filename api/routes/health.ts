/** `/healthz`: this process lives. `/readyz`: all that a pull needs is there. */
import { connect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import type { Redis } from 'ioredis'
import type { StoreEndpoint } from '../../src/config.ts'
import { workersThere } from '../../src/redis/workers.ts'
import type { App } from '../app.ts'

const answerWithinMs = 3000

export function addHealth(app: App, redis: Redis, store: StoreEndpoint): void {
  const open = { config: { open: true }, schema: { hide: true } }

  app.get('/healthz', open, async () => ({ status: 'ok' }))

  app.get('/readyz', open, async (_request, reply) => {
    const { redis: kept, store: mail, workers } = await healthOf(redis, store)
    const ready = kept.ok && mail.ok && workers > 0
    return await reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not ready', redis: kept.ok, store: mail.ok, workers })
  })
}

export interface Health {
  readonly redis: Answer
  readonly store: Answer
  /** How many are there. */
  readonly workers: number
}
interface Answer {
  readonly ok: boolean
  /** What is wrong. */
  readonly detail: string | null
}

export async function healthOf(redis: Redis, store: StoreEndpoint): Promise<Health> {
  const [pong, greeting, workers] = await Promise.all([
    redis.ping().then(
      () => null,
      (error: Error) => error.message,
    ),
    greets(store),
    workersThere(redis).catch(() => 0),
  ])
  const ok = { ok: true, detail: null }
  return {
    redis: pong === null ? ok : { ok: false, detail: `Redis does not answer: ${pong}` },
    store: greeting ? ok : { ok: false, detail: `The store at ${store.host}:${store.port} does not greet` },
    workers,
  }
}

async function greets({ host, port, tls }: StoreEndpoint): Promise<boolean> {
  return await new Promise((resolve) => {
    // Only whether it is there: the certificate is the gateway's business when it logs in.
    const socket = tls === 'implicit' ? tlsConnect({ host, port, rejectUnauthorized: false }) : connect({ host, port })
    const answer = (there: boolean) => {
      socket.destroy()
      resolve(there)
    }
    socket.setTimeout(answerWithinMs, () => answer(false))
    socket.on('error', () => answer(false))
    socket.on('data', (chunk) => answer(chunk.toString('latin1').startsWith('* OK')))
  })
}
