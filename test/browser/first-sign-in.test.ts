import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Served, serve, startBrowser, violations } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let served: Served
let browser: Browser
const tokenFile = '/srv/my mail/admin-token'

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  served = await serve({ ...stack, world: { ...stack.world, tokenFile } })
})
after(async () => {
  await closeAll({ browser: () => browser?.close(), served: () => served?.close(), stack: () => stack?.stop() })
})

async function stranger(width = 1280): Promise<Page> {
  const context = await browser.newContext({ locale: 'en', viewport: { width, height: 800 } })
  context.setDefaultTimeout(120_000)
  return await context.newPage()
}

const codeFor = async () => new URL(String((await stack.call('POST', '/session/link')).body['url'])).hash

test('where nobody has signed in yet, one field asks for the token, and the command that shows it is there', async (t) => {
  const page = await stranger(390)
  t.after(() => page.context().close())
  await page.goto(served.url)
  const token = page.getByLabel('Token', { exact: true })
  await token.waitFor()
  assert.equal(await page.locator('input').count(), 1)
  await page.locator('input:focus').waitFor()
  await page.getByText(`cat '${tokenFile}'`).waitFor()
  assert.deepEqual(await violations(page), [])
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)

  await page.keyboard.type('not the token')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('This is not the token').waitFor()
  await page.getByRole('button', { name: 'a mailbox of your own' }).click()
  await page.getByLabel('Login').fill('trib_01JDF3Q4ZK5W8T7R6P9N2M1H0G_3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B')
  await page.getByLabel('Password').fill('anything')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').getByText('This is a token, and no login').waitFor()
})

test('a link signs in and leaves nothing of itself in the address; when it is used up, the page says so', async (t) => {
  const page = await stranger()
  t.after(() => page.context().close())
  const hash = await codeFor()
  const asked: string[] = []
  page.on('request', (request) => asked.push(`${request.url()} ${request.headers()['referer'] ?? ''}`))
  await page.goto(`${served.url}/enter${hash}`)
  await page.getByRole('navigation').waitFor()
  assert.ok(!page.url().includes('#'), page.url())
  assert.equal(asked.filter((one) => one.includes(hash.slice(1))).length, 0, asked.join('\n'))

  const other = await stranger()
  t.after(() => other.context().close())
  await other.goto(`${served.url}/enter${hash}`)
  await other.getByRole('alert').getByText('This link was used before').waitFor()
  assert.deepEqual(await violations(other), [])
  // Somebody has signed in by now: everybody is asked in both ways.
  await other.getByLabel('Login').waitFor()
  await other.getByLabel('Password').fill(` ${adminToken} `)
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.getByRole('navigation').waitFor()
})

test('whoever is signed in stays who they are, and does not use up a link', async (t) => {
  const page = await stranger()
  t.after(() => page.context().close())
  await page.goto(`${served.url}/enter${await codeFor()}`)
  await page.getByRole('navigation').waitFor()
  const hash = await codeFor()
  await page.goto(`${served.url}/enter${hash}`)
  await page.getByRole('navigation').waitFor()
  const response = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/session/enter',
    payload: { code: hash.slice(1) },
  })
  assert.equal(response.statusCode, 200)
})
