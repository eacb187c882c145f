/**
 * The headers of every answer, by one rule: each route says what kind of answer it gives, and this file sets what follows from that, for
 * its problems too. test/fixtures/routes.txt lists the kinds; `nosniff` and the usual policy come from protection.ts, for all of them.
 */
import type { FastifyReply, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { App } from '../app.ts'
import { assertNever } from '../../src/assert-never.ts'
import { isolate } from './foreign.ts'

/**
 * - `private`: what only the caller may see. In no cache.
 * - `download`: the same, as a file of ours.
 * - `mail`: content that came by mail, as a file: without any rights where a browser opens it all the same.
 * - `mail page`: the same, to be shown in a frame.
 * - `stream`: private, and passed on as it comes.
 * - `page`: a page of ours that holds what is meant for one person; it has a policy of its own.
 * - `asset`: files of ours that everybody may have; what serves them says how long they may be kept.
 */
export const answerKinds = ['private', 'download', 'mail', 'mail page', 'stream', 'page', 'asset'] as const
export type AnswerKind = (typeof answerKinds)[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What kind of answer the route gives; where it does not say, that is JSON for the caller alone. */
    readonly answers?: AnswerKind
  }
}

/** @throws Error if a route gives something else than JSON and does not say of what kind it is. */
export function answerKindOf({ url, config, schema }: Pick<RouteOptions, 'url' | 'config' | 'schema'>): AnswerKind {
  const { answers } = config ?? {}
  if (answers === undefined && schema?.produces !== undefined)
    throw new Error(`${url} answers with ${schema.produces.join(', ')}: say of what kind that is (http/answers.ts)`)
  return answers ?? 'private'
}

export const answerHeaders = fp(async (app: App) => {
  app.addHook('onRoute', (route) => void answerKindOf(route))
  app.addHook('onRequest', async ({ routeOptions: { config } }, reply) => {
    prepare(reply, config?.answers ?? 'private')
  })
  // What is no file, such as a problem, is not to be saved as one.
  app.addHook('onSend', async ({ routeOptions: { config } }, reply, payload) => {
    const isFile = config?.answers === 'download' || config?.answers === 'mail'
    const isWhole = reply.statusCode >= 200 && reply.statusCode < 300
    if (isFile && isWhole && !reply.hasHeader('content-disposition')) reply.header('content-disposition', 'attachment')
    if (!isWhole) reply.removeHeader('content-disposition')
    return payload
  })
})

function prepare(reply: FastifyReply, kind: AnswerKind): void {
  switch (kind) {
    case 'asset':
      return
    case 'private':
    case 'download':
    case 'page':
      reply.header('cache-control', 'no-store')
      return
    case 'stream':
      reply.header('cache-control', 'no-store, no-transform')
      return
    case 'mail':
    case 'mail page':
      isolate(reply)
      return
    default:
      assertNever(kind)
  }
}
