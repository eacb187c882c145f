/** The page of an account shows how long a run will still take, and until when it waits. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { type Served, serve, signedIn, startBrowser } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'

const waitMs = 45_000

let stack: Stack
let served: Served
let browser: Browser
let person: BrowserContext
const providers: ScriptedServer[] = []
before(async () => {
  assert.ok(existsSync('dist/dashboard/index.html'), 'dist/dashboard is missing: npm run build')
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  ;[served] = await Promise.all([serve(stack), stack.startWorker()])
  person = await signedIn(browser, served.url, waitMs)
})
after(async () => {
  await closeAll({
    browser: () => browser?.close(),
    served: () => served?.close(),
    stack: () => stack?.stop(),
    providers: () => Promise.all(providers.map(async (provider) => await provider.close())),
  })
})

const letters = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({
    bytes: Buffer.from(`Message-ID: <${nth}@example.org>\r\nSubject: Letter ${nth}\r\n\r\nThe ${nth}th.\r\n`),
    uidl: `letter-${nth}`,
  }))

async function accountAt(login: string, capabilities: readonly string[], count: number, delayMs?: number) {
  const delay = delayMs === undefined ? {} : { delayMs }
  const server = await startPop3Server({ messages: letters(count), capabilities, ...delay })
  providers.push(server)
  const destinationId = await stack.destination(login)
  const id = await stack.account({ port: server.port, destinationId, address: `${login}@example.net` })
  const page = await person.newPage()
  page.setDefaultTimeout(waitMs)
  await page.goto(`${served.url}/accounts/${id}`)
  await page.getByRole('heading', { level: 1, name: `${login}@example.net` }).waitFor()
  return { id, page }
}

test('an import says how long it will take', async () => {
  // One at a time, and slow: some ten seconds.
  const { id, page } = await accountAt('slow', ['USER', 'UIDL', 'TOP'], 600, 15)
  await stack.call('POST', `/accounts/${id}/pull`)
  await page
    .locator('.run-progress')
    .getByText(/^about \d+ (?:seconds|minutes?) left$/)
    .waitFor()
  await page.close()
})

test('a run that waits for its server says until when', async () => {
  const { id, page } = await accountAt('delayed', ['USER', 'UIDL', 'TOP', 'LOGIN-DELAY 900'], 2)
  await stack.pull(id)
  await page.getByText('2 messages stored').first().waitFor()
  await stack.call('POST', `/accounts/${id}/pull`)
  const progress = page.locator('.run-progress')
  await progress.getByText(/^Waits until .*\d:\d\d/).waitFor()
  await progress.getByText(/127\.0\.0\.1 wants some time between two logins \(LOGIN-DELAY\)/).waitFor()
  await page.close()
})
