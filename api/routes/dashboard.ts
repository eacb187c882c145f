/** The dashboard as Vite has built it: its files, and its one page for whatever a browser asks for that is nobody else's. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { App } from '../app.ts'
import { pathOf } from '../http/problems.ts'

/** Names under assets/ hold a hash of what is in them. */
const isHashed = (path: string) => path.includes('/assets/')

/** @param folder without a page in it, as in tests of the API alone, there is none. To be added in front of what asks for tokens. */
export async function addDashboard(app: App, folder: string | undefined): Promise<void> {
  if (folder === undefined || !existsSync(join(folder, 'index.html'))) return
  const page = readFileSync(join(folder, 'index.html'))

  // Which paths are pages, the dashboard knows; here it is enough that a browser asks, and that no route answers.
  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request)
    const nobodyElses = (request.is404 && !path.startsWith('/api/')) || path === '/'
    if (request.method !== 'GET' || !nobodyElses || !request.headers.accept?.includes('text/html')) return
    return await reply
      .headers({ 'cache-control': 'no-cache', vary: 'accept' })
      .type('text/html; charset=utf-8')
      .send(page)
  })

  await app.register(async (files) => {
    files.addHook('onRoute', (route) => {
      route.config = { ...route.config, open: true }
    })
    await files.register(staticFiles, {
      root: folder,
      wildcard: false,
      globIgnore: ['**/*.br', 'index.html'],
      index: false,
      preCompressed: true,
      cacheControl: false,
      decorateReply: false,
      setHeaders(reply, path) {
        reply.header('cache-control', isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  })
}
