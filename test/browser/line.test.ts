import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Served, serve, signIn, startBrowser, violations } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let served: Served
let browser: Browser
let page: Page

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  served = await serve(stack)
  page = await browser.newPage({ locale: 'en', viewport: { width: 390, height: 800 } })
  page.setDefaultTimeout(15_000)
  await signIn(page, served.url)
})
after(async () => {
  await closeAll({ browser: () => browser?.close(), served: () => served?.close(), stack: () => stack?.stop() })
})

const weak = 'This account uses an old, weak encryption'

test('old encryption and a proxy are set for an account, and shown without the password of the proxy', async () => {
  const destinationId = await stack.destination('alice')
  const id = await stack.account({ host: 'pop.example.net', tls: 'implicit', destinationId })
  await page.goto(`${served.url}/accounts/${id}`)
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Advanced: old encryption, proxy').click()
  await dialog.getByLabel('Oldest TLS that is taken').selectOption({ label: '1.0 (not safe)' })
  await dialog.getByText('Only for a server that has nothing better').waitFor()
  await dialog.getByLabel('Proxy').fill('socks5://gate:a-secret@proxy.example.net:1080')
  await dialog.getByRole('button', { name: 'Save' }).click()
  // Who changes that has to know the password.
  await dialog
    .getByText(/without the password: send/)
    .first()
    .waitFor()
  assert.deepEqual(await violations(page), [])
  await dialog.getByLabel('Password').fill('secret')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(weak).waitFor()
  await page.locator('.facts').getByText('through socks5://gate@proxy.example.net:1080').waitFor()
  assert.deepEqual(await violations(page), [])
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  assert.doesNotMatch(await page.content(), /a-secret/)
})

test('the same for a mailbox elsewhere', async () => {
  await page.goto(`${served.url}/destinations`)
  await page.getByRole('button', { name: 'Add a mailbox' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[value="imap"]').check()
  await dialog.getByLabel('IMAP server').fill('imap.example.net')
  await dialog.getByLabel('User name').fill('me')
  await dialog.getByLabel('Password').fill('secret')
  await dialog.getByText('Advanced: old encryption, proxy').click()
  await dialog.getByLabel('Take old, weak encryption').check()
  await dialog.getByLabel('Proxy').fill('none')
  await dialog.locator('button[type="submit"]').click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(weak).waitFor()
  const { body } = await stack.call('GET', '/destinations')
  const made = body.items.find(({ kind }) => kind === 'imap')
  assert.deepEqual([made?.['tlsLegacy'], made?.['proxy']], [true, 'none'])
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Encryption and proxy' }).click()
  await dialog.getByLabel('Take old, weak encryption').uncheck()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(weak).waitFor({ state: 'detached' })
})
