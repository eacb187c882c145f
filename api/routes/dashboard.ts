/** Serves the dashboard that Vite has built: its files, and its one page for every path that a browser asks for and no route answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import fp from 'fastify-plugin'
import { isThere } from '../../src/disk/is-there.ts'
import type { App } from '../app.ts'
import { requestPath } from '../http/problems.ts'

/** A name under assets/ holds a hash of the file's content. */
const isHashed = (path: string) => path.includes('/assets/')

export interface DashboardFolder {
  /** If the folder holds no page, as in tests of the API alone, no dashboard is served. */
  readonly folder: string | undefined
}

/** This is registered before `authentication`: the page is open to everybody, at every path. */
export const dashboardPage = fp(async (app: App, { folder }: DashboardFolder) => {
  if (!hasPage(folder)) return
  // Vite writes `./`, which on a page such as /accounts/new would lead astray; the policy forbids <base>.
  const page = readFileSync(join(folder, 'index.html'), 'utf8').replaceAll(
    /(?<= (?:src|href)=")\.\//g,
    `${app.publicPath}/`,
  )

  // The dashboard knows which paths are pages. Here it is enough that a browser asks, and that no route answers.
  app.addHook('onRequest', async (request, reply) => {
    const path = requestPath(request)
    const isUnrouted = (request.is404 && !path.startsWith('/api/')) || path === '/'
    if (request.method !== 'GET' || !isUnrouted || !request.headers.accept?.includes('text/html')) return
    return await reply
      .headers({ 'cache-control': 'no-cache', vary: 'accept' })
      .type('text/html; charset=utf-8')
      .send(page)
  })
})

export async function dashboardFiles(app: App, { folder }: DashboardFolder): Promise<void> {
  if (!hasPage(folder)) return
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, answers: 'asset' }
  })
  await app.register(staticFiles, {
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
}

function hasPage(folder: string | undefined): folder is string {
  return folder !== undefined && isThere(join(folder, 'index.html'))
}
