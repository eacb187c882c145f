/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): if a POST is sent again because its answer was lost, it is carried
 * out once, and gets the first answer again. Where the body is a stream its digest is known when it has passed: the answer is kept if all of it
 * was read, and a second body is compared with it before anything else is done with it.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Redis } from 'ioredis'
import { apiLimits } from '../limits.ts'
import { Answers, type FoundAnswer } from '../../src/redis/answers.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { principalOf } from './who.ts'
import { isBodyOf, PassingBody, passingAnswer } from './passing-body.ts'
import { badRequest, Problem } from './problems.ts'
import { IdempotencyKey, StreamIdempotencyKey } from '../schemas/requests.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while the answer of this request is to be kept under its key. */
    idempotency: Kept | undefined
  }
}

interface Kept {
  readonly name: string
  readonly fingerprint: string
  /** The body, where it is a stream. */
  readonly passing: PassingBody | undefined
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
    if (method === 'POST' && schema !== undefined)
      route.schema = { headers: schema.consumes === undefined ? IdempotencyKey : StreamIdempotencyKey, ...schema }
  })

  app.addHook('preHandler', async (request, reply) => {
    const { method, url, body } = request
    const key = request.headers['idempotency-key']
    if (key === undefined || method !== 'POST') return
    // A route that takes streams and says no media type looks after its keys itself.
    if (body instanceof Readable && request.routeOptions.schema?.consumes === undefined) return
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
      const detail = 'must be 1 to 255 visible characters of ASCII, other ones for each request'
      throw badRequest([{ pointer: '/idempotency-key', detail, in: 'header' }])
    }
    const name = requestHash(principalOf(request).id, key)
    const stream = body instanceof Readable ? body : undefined
    const content = Buffer.isBuffer(body) ? body : JSON.stringify(stream === undefined ? (body ?? null) : 'a stream')
    const fingerprint = requestHash(url, content)
    const { answerAwaitedMs, streamAnswerAwaitedMs } = redisLimits
    const found = await answers.begin(name, fingerprint, stream === undefined ? answerAwaitedMs : streamAnswerAwaitedMs)
    if (found === 'begun') {
      const passing = stream && new PassingBody(stream)
      request.idempotency = { name, fingerprint, passing }
      if (passing !== undefined) request.body = passing.stream
      return
    }
    try {
      return await repeat(reply, await sameOrNot(found, stream))
    } finally {
      // The client reads the answer when it has sent everything.
      stream?.resume()
    }
  })

  app.addHook('onSend', async ({ idempotency, log }, reply, payload) => {
    if (idempotency === undefined) return payload
    const { passing } = idempotency
    const settle = async (text: unknown) => {
      try {
        await settled(answers, idempotency, repeatable(reply, text))
      } catch (error) {
        // The request was carried out, and its answer says so whether it is kept or not.
        log.warn({ event: 'answer not kept', reason: error instanceof Error ? error.message : String(error) })
      }
    }
    if (passing !== undefined && payload instanceof Readable)
      return passingAnswer(payload, apiLimits.repeatedAnswerOctetsMax, settle)
    await settle(payload)
    return payload
  })
})

async function settled(
  answers: Answers,
  { name, fingerprint, passing }: Kept,
  answer: FoundAnswer['answer'] | undefined,
) {
  const body = passing?.digest
  // Of a body that was not read to its end nobody can say whether a second one is the same.
  const isUnknown = passing !== undefined && body === undefined
  if (answer === undefined || isUnknown) await answers.forget(name)
  else await answers.keep(name, fingerprint, { answer, body })
}

async function sameOrNot(
  found: Exclude<Awaited<ReturnType<Answers['begin']>>, 'begun'>,
  stream: Readable | undefined,
): Promise<FoundAnswer['answer']> {
  if (found === 'under way') {
    const detail = 'A request with this Idempotency-Key is under way; send it again in a moment for its answer.'
    throw new Problem('conflict', detail, [], 1)
  }
  if (found !== 'another request') {
    const { answer, body } = found
    if (body === undefined || stream === undefined || (await isBodyOf(stream, body))) return answer
  }
  const detail =
    'This Idempotency-Key was sent with another request before, and nothing was done; give each request a key of its own.'
  throw new Problem('key-used', detail)
}

/** The answer is sent as octets, so that no hook tags or keeps it again. */
async function repeat(reply: FastifyReply, { status, headers, body }: FoundAnswer['answer']): Promise<FastifyReply> {
  return await reply.code(status).headers(headers).header('idempotency-replayed', 'true').send(Buffer.from(body))
}

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
