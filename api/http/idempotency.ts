/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): if a POST is sent again because its answer was lost, it is carried
 * out once, and gets the first answer again. This holds for every route except those whose body is a stream.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Redis } from 'ioredis'
import { apiLimits } from '../limits.ts'
import { Answers } from '../../src/redis/answers.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { principalOf } from './who.ts'
import { badRequest, Problem } from './problems.ts'
import { IdempotencyKey } from '../schemas/requests.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while the answer of this request is to be kept under its key. */
    idempotency: { readonly name: string; readonly fingerprint: string } | undefined
  }
}

const repeatedHeaders = ['content-type', 'location', 'etag'] as const

export interface IdempotencyWorld {
  readonly redis: Redis
  readonly seal: Seal
}

/** Keys belong to the caller, so this is registered behind `authentication`. */
export const idempotency = fp(async (app: App, { redis, seal }: IdempotencyWorld) => {
  const answers = new Answers(redis, seal)
  app.decorateRequest('idempotency', undefined)

  app.addHook('onRoute', (route) => {
    const { method, schema } = route
    // A body that is a stream is gone once it was read, and cannot be compared with that of a second request.
    if (method === 'POST' && schema !== undefined && schema.consumes === undefined)
      route.schema = { headers: IdempotencyKey, ...schema }
  })

  app.addHook('preHandler', async (request, reply) => {
    const { method, url, body } = request
    const key = request.headers['idempotency-key']
    if (key === undefined || method !== 'POST' || body instanceof Readable) return
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
      const detail = 'must be 1 to 255 visible characters of ASCII, other ones for each request'
      throw badRequest([{ pointer: '/idempotency-key', detail, in: 'header' }])
    }
    const name = requestHash(principalOf(request).id, key)
    const fingerprint = requestHash(url, Buffer.isBuffer(body) ? body : JSON.stringify(body ?? null))
    const found = await answers.begin(name, fingerprint)
    if (found === 'begun') request.idempotency = { name, fingerprint }
    else if (found === 'under way') {
      const detail = 'A request with this Idempotency-Key is under way; send it again in a moment for its answer.'
      throw new Problem('conflict', detail, [], 1)
    } else if (found === 'another request') {
      const detail =
        'This Idempotency-Key was sent with another request before, and nothing was done; give each request a key of its own.'
      throw new Problem('key-used', detail)
    } else {
      // The answer is sent as octets, so that no hook tags or keeps it again.
      return await reply
        .code(found.status)
        .headers(found.headers)
        .header('idempotency-replayed', 'true')
        .send(Buffer.from(found.body))
    }
  })

  app.addHook('onSend', async ({ idempotency, log }, reply, payload) => {
    if (idempotency === undefined) return payload
    try {
      const { name, fingerprint } = idempotency
      const answer = repeatable(reply, payload)
      if (answer === undefined) await answers.forget(name)
      else await answers.keep(name, fingerprint, answer)
    } catch (error) {
      // The request was carried out, and its answer says so whether it is kept or not.
      log.warn({ event: 'answer not kept', reason: error instanceof Error ? error.message : String(error) })
    }
    return payload
  })
})

/** Gives undefined for an answer that must not be repeated: it is too large, or the same request may succeed the next time. */
function repeatable(reply: FastifyReply, payload: unknown) {
  const { statusCode: status } = reply
  const body = Buffer.isBuffer(payload) ? payload.toString() : payload
  if (status >= 500 || status === 429) return undefined
  if (typeof body !== 'string' || Buffer.byteLength(body) > apiLimits.repeatedAnswerOctetsMax) return undefined
  const headers = repeatedHeaders.flatMap((name) => {
    const value = reply.getHeader(name)
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return { status, headers: Object.fromEntries(headers), body }
}

function requestHash(caller: string, content: string | Buffer): string {
  return createHash('sha256').update(`${caller}\0`).update(content).digest('base64url')
}
