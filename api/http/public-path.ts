/**
 * The path below which browsers reach this instance, as TRIBUTARY_PUBLIC_URL has it. A proxy in front may leave it in what it passes on, or take
 * it away: both are answered. Whatever a browser is given has it.
 */
import fp from 'fastify-plugin'
import type { App } from '../app.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Such as `/gather`; empty where the whole host is ours. */
    readonly publicPath: string
  }
}

export function publicPathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

/** The address of a request as the routes know it. */
export function withoutPublicPath(url: string, publicPath: string): string {
  if (publicPath === '' || !url.startsWith(publicPath)) return url
  const rest = url.slice(publicPath.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}

export const publicPath = fp(async (app: App, { publicPath: path }: { readonly publicPath: string }) => {
  app.decorate('publicPath', path)
  if (path === '') return
  app.addHook('onSend', async (_request, reply, payload) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) reply.header('location', `${path}${location}`)
    return payload
  })
})
