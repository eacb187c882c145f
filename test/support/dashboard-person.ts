/** A stack with a worker, its dashboard, and a browser in which somebody is signed in: the tabs share the cookie. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type Served, serve, signedIn, startBrowser } from './browser.ts'
import { closeAll } from './closing.ts'
import { type ScriptedServer, startPop3Server } from './pop3-server.ts'
import { freePorts } from './ports.ts'
import { type Stack, startStack } from './stack.ts'

/** For whatever is waited for: it comes in a moment, but a machine may have much else to do. */
export const waitMs = 120_000

export interface DashboardPerson {
  readonly stack: Stack
  readonly served: Served
  readonly browser: Browser
  readonly person: BrowserContext
  /** Whatever else is to be closed at the end. */
  readonly providers: { close(): Promise<void> }[]
  open(path: string): Promise<Page>
  /** A server with so many letters. */
  provider(count: number): Promise<ScriptedServer>
  /** The first destination; it is made where there is none. */
  anyDestination(): Promise<string>
  close(): Promise<void>
}

export async function startDashboardPerson(): Promise<DashboardPerson> {
  assert.ok(existsSync('dist/dashboard/index.html'), 'dist/dashboard is missing: npm run build')
  const providers: { close(): Promise<void> }[] = []
  const [stack, browser] = await Promise.all([startStack(), startBrowser()])
  let served: Served | undefined
  const close = async () => {
    await closeAll({
      browser: () => browser.close(),
      served: () => served?.close(),
      stack: () => stack.stop(),
      providers: () => Promise.all(providers.map(async (provider) => await provider.close())),
    })
  }
  try {
    // Of a server that is closed and comes back nobody else takes the port meanwhile.
    const [port] = await freePorts(1)
    ;[served] = await Promise.all([serve(stack, port), stack.startWorker()])
    const { url } = served
    const person = await signedIn(browser, url, waitMs)
    return {
      stack,
      served,
      browser,
      person,
      providers,
      async open(path) {
        const page = await person.newPage()
        await page.goto(`${url}${path}`)
        return page
      },
      async provider(count) {
        const started = await startPop3Server({ messages: letters(count), password: 'secret' })
        providers.push(started)
        return started
      },
      async anyDestination() {
        const { body } = await stack.call('GET', '/destinations')
        return body.items[0] === undefined ? await stack.destination('alice') : String(body.items[0]['id'])
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

export const letters = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({
    bytes: Buffer.from(`Message-ID: <${nth}@example.org>\r\nSubject: Letter ${nth}\r\n\r\nThe ${nth}th.\r\n`),
  }))

/** The row of an account in a list. */
export const row = (page: Page, address: string) => page.getByRole('row').filter({ hasText: address })
