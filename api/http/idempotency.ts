/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a POST that is sent again, since its answer was lost, is
 * answered as it was and done once. Held here, for every route at once but those that take a stream.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Redis } from 'ioredis'
import { apiLimits } from '../limits.ts'
import { Answers } from '../../src/redis/answers.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { badRequest, Problem } from './problems.ts'
import { IdempotencyKey } from '../schemas/requests.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of one whose answer is to be kept. */
    keyed: { readonly name: string; readonly fingerprint: string } | undefined
  }
}

const keptHeaders = ['content-type', 'location', 'etag'] as const

/** To be called behind whatever says who may. */
export function addIdempotency(app: App, { redis, seal }: { readonly redis: Redis; readonly seal: Seal }): void {
  const answers = new Answers(redis, seal)
  app.decorateRequest('keyed', undefined)

  app.addHook('onRoute', ({ method, config, schema }) => {
    if (method === 'POST' && config?.open !== true && schema !== undefined) schema.headers ??= IdempotencyKey
  })

  app.addHook('preHandler', async (request, reply) => {
    const { method, url, principal, body } = request
    const key = request.headers['idempotency-key']
    if (key === undefined || method !== 'POST' || principal === undefined || body instanceof Readable) return
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
      const detail = 'must be 1 to 255 visible characters of ASCII, other ones for each request'
      throw badRequest([{ pointer: '/idempotency-key', detail, in: 'header' }])
    }
    const name = hashOf(principal.id, key)
    const fingerprint = hashOf(url, Buffer.isBuffer(body) ? body : JSON.stringify(body ?? null))
    const found = await answers.begin(name, fingerprint)
    if (found === 'begun') request.keyed = { name, fingerprint }
    else if (found === 'under way') {
      const detail = 'A request with this Idempotency-Key is under way; send it again in a moment for its answer.'
      throw new Problem('conflict', detail, [], 1)
    } else if (found === 'another request') {
      const detail =
        'This Idempotency-Key was sent with another request before, and nothing was done; give each request a key of its own.'
      throw new Problem('key-used', detail)
    } else {
      // As octets: it is no answer to be tagged or kept again.
      return await reply
        .code(found.status)
        .headers(found.headers)
        .header('idempotency-replayed', 'true')
        .send(Buffer.from(found.body))
    }
  })

  app.addHook('onSend', async ({ keyed, log }, reply, payload) => {
    if (keyed === undefined) return payload
    const { statusCode: status } = reply
    const body = Buffer.isBuffer(payload) ? payload.toString() : payload
    // What was our fault, or nobody's, may go well the next time.
    const lasting = status < 500 && status !== 429
    const fit = typeof body === 'string' && Buffer.byteLength(body) <= apiLimits.keptAnswerOctetsMax
    try {
      if (!lasting || !fit) await answers.forget(keyed.name)
      else {
        const headers = keptHeaders.flatMap((name) => {
          const value = reply.getHeader(name)
          return value === undefined ? [] : [[name, String(value)] as const]
        })
        await answers.keep(keyed.name, keyed.fingerprint, { status, headers: Object.fromEntries(headers), body })
      }
    } catch (error) {
      // The request was carried out: that is what its answer says, kept or not.
      log.warn({ event: 'answer not kept', reason: error instanceof Error ? error.message : String(error) })
    }
    return payload
  })
}

function hashOf(one: string, other: string | Buffer): string {
  return createHash('sha256').update(`${one}\0`).update(other).digest('base64url')
}
