/** `/healthz`: this process lives. `/readyz`: all that a pull needs is there. */
import { connect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import type { Redis } from 'ioredis'
import type { StoreEndpoint } from '../src/config.ts'
import { keys } from '../src/redis/keys.ts'
import type { App } from './app.ts'

const answerWithinMs = 3000

export function addHealth(app: App, redis: Redis, store: StoreEndpoint): void {
  const open = { config: { open: true }, schema: { hide: true } }

  app.get('/healthz', open, async () => ({ status: 'ok' }))

  app.get('/readyz', open, async (_request, reply) => {
    const [redisAnswers, storeAnswers, workers] = await Promise.all([
      redis.ping().then(
        () => true,
        () => false,
      ),
      greets(store),
      redis.zcount(keys.workers, Date.now(), '+inf').catch(() => 0),
    ])
    const ready = redisAnswers && storeAnswers && workers > 0
    return await reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not ready', redis: redisAnswers, store: storeAnswers, workers })
  })
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
