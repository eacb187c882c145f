/**
 * Bounds how many requests of one owner are answered at once: each may hold a connection to the store, a provider, or memory. It counts in
 * this process, as the rates do (protection.ts). Event streams have a bound of their own (routes/events.ts).
 */
import fp from 'fastify-plugin'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { App } from '../app.ts'
import { Problem } from './problems.ts'
import { principalOf } from './who.ts'

export const requestsAtOnce = fp(async (app: App, { settings }: { readonly settings: InstanceSettingsStore }) => {
  const open = new Map<string, number>()
  app.decorateRequest('leave', undefined)
  app.addHook('onRequest', async (request, reply) => {
    const { destinationId } = principalOf(request)
    if (destinationId === undefined || request.routeOptions.config.answers === 'stream') return
    const { requestsMax } = (await settings.get()).owners
    const others = open.get(destinationId) ?? 0
    if (others >= requestsMax) throw tooMany(requestsMax)
    // A connection that has closed meanwhile says so no more.
    if (reply.raw.destroyed) return
    open.set(destinationId, others + 1)
    request.leave = () => {
      request.leave = undefined
      const left = (open.get(destinationId) ?? 1) - 1
      if (left === 0) open.delete(destinationId)
      else open.set(destinationId, left)
    }
    reply.raw.once('close', () => request.leave?.())
  })
  app.addHook('onResponse', async (request) => request.leave?.())
})

declare module 'fastify' {
  interface FastifyRequest {
    /** Gives back the place that the request has among those of its owner. */
    leave: (() => void) | undefined
  }
}

function tooMany(requestsMax: number): Problem {
  const detail = `${requestsMax} requests of an owner are answered at once, and there are as many under way; send this one again in a moment. An admin of the instance can raise the setting owners.requestsMax.`
  return new Problem('too-many-requests', detail, [], 1)
}
