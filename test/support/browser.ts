/** Drives Debian's Chromium without a window with playwright-core, on the built dashboard. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { App } from '../../api/app.ts'
import { buildServer } from '../../api/server.ts'
import { adminToken, type Stack } from './stack.ts'

const folder = resolve('dist/dashboard')

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: '/usr/bin/chromium-headless-shell',
    timeout: 120_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // The dashboard is also reached by a name, as from other machines.
      '--host-resolver-rules=MAP gather.example.org 127.0.0.1',
    ],
  })
}

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** Serves the stack's API and the dashboard on a port. @param port may be that of a server that was closed, so that this server seems to come back. */
export async function serve(stack: Stack, port = 0): Promise<Served> {
  const app: App = await buildServer({ ...stack.world, dashboard: folder })
  await app.listen({ host: '127.0.0.1', port })
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    async close() {
      const closed = app.close()
      // Otherwise the close would wait for a page's stream of events.
      app.server.closeAllConnections()
      await closed
    },
  }
}

export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel(/^(?:Token|Password)$/).fill(adminToken)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').waitFor()
}

/** Gives a browser context that has signed in: its tabs share the cookie. */
export async function signedIn(browser: Browser, url: string, waitMs: number): Promise<BrowserContext> {
  const person = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 } })
  person.setDefaultTimeout(waitMs)
  const page = await person.newPage()
  await signIn(page, url)
  await page.close()
  return person
}

/** Axe's rules on colours. All other rules find the same faults in both themes. */
const ofColours = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }

async function wrongBy(page: Page, rules: object): Promise<string[]> {
  return await page.evaluate<string[]>(
    `axe.run(${JSON.stringify(rules)}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, any }) => id + ': ' + target.join(' ') + ' ' + (any[0]?.message ?? ''))))`,
  )
}

/** A page that was not loaded anew since has it already. */
async function hasAxe(page: Page): Promise<void> {
  if (!(await page.evaluate<boolean>('"axe" in globalThis'))) await page.evaluate(`${axe}; undefined`)
}

/** Gives the faults that axe finds in the current page, in both themes. */
export async function violations(page: Page): Promise<string[]> {
  const found: string[] = []
  await hasAxe(page)
  for (const [colorScheme, rules] of [['dark', ofColours] as const, ['light', {}] as const]) {
    await page.emulateMedia({ colorScheme })
    // An element that fades in has too little contrast for a moment. The list is read again each time, because an animation never finishes if its element has gone.
    await page.evaluate(`(async () => {
      const endMs = performance.now() + 60_000
      while (document.getAnimations().some(({ playState }) => playState === 'running')) {
        if (performance.now() > endMs) throw new Error('something moves without an end')
        await new Promise(requestAnimationFrame)
      }
    })()`)
    for (const one of await wrongBy(page, rules)) found.push(`${colorScheme}: ${one}`)
  }
  return found
}
