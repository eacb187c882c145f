import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import {
  clientSecret,
  startAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.ts'
import { type Served, serve, signIn, startBrowser, violations } from '../support/browser.ts'
import { type CompiledCli, compileCli, said, withPath } from '../support/cli.ts'
import { closeAll } from '../support/closing.ts'
import { freePorts } from '../support/ports.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let served: Served
let browser: Browser
let server: TestAuthorizationServer
let page: Page
let cli: CompiledCli
let home: string

before(async () => {
  cli = compileCli()
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  const [port = 0] = await freePorts(1)
  const publicUrl = `http://127.0.0.1:${port}`
  server = await startAuthorizationServer(`${publicUrl}/api/v1/oauth/callback`)
  served = await serve({ ...stack, world: { ...stack.world, publicUrl } }, port)
  await stack.startWorker()
  await stack.destination('zoe')
  page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(120_000)
  await signIn(page, served.url)
  home = mkdtempSync('/tmp/tributary-sign-in-')
  writeFileSync(join(home, 'admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(home), served.url, undefined)
})
after(async () => {
  await closeAll({
    browser: () => browser?.close(),
    served: () => served?.close(),
    stack: () => stack?.stop(),
    server: () => server?.close(),
    files() {
      cli?.remove()
      if (home !== undefined) rmSync(home, { recursive: true })
    },
  })
})

/** Signs in at the provider's page, as anybody, and agrees. */
async function consent(at: Page, name: string): Promise<void> {
  await at.locator('input[name=login]').fill(name)
  await at.locator('input[name=password]').fill('any')
  await at.locator('button[type=submit]').click()
  await at.locator('button[type=submit]', { hasText: 'Continue' }).click()
}

/** At the provider nobody is signed in: each browser context is somebody of its own. */
async function stranger(width = 390): Promise<Page> {
  const context = await browser.newContext({ locale: 'en', viewport: { width, height: 800 } })
  const strange = await context.newPage()
  strange.setDefaultTimeout(120_000)
  return strange
}

const button = (name: string) => page.getByRole('button', { name, exact: true })
let account: string

test('an account is added by signing in: to the provider and back, and its page says who it was', async () => {
  await page.goto(`${served.url}/settings/applications`)
  await button('Add an application').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Provider').selectOption({ label: 'Another provider' })
  await dialog.getByLabel('Client id').fill('tributary')
  await dialog.getByLabel('Issuer').fill('http://127.0.0.1:1')
  await dialog.getByRole('button', { name: 'See what it says of itself' }).click()
  await dialog.getByText('Nobody can sign in there so:').waitFor()
  await dialog.getByLabel('Issuer').fill(server.issuer)
  await dialog.getByText('Nobody can sign in there so:').waitFor({ state: 'detached' })
  await dialog.getByRole('button', { name: 'See what it says of itself' }).click()
  await dialog.getByText('People sign in there in a browser, by a code, and by the application alone').waitFor()
  assert.deepEqual(await violations(page), [])
  await dialog.getByLabel('Secret').fill(clientSecret)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.locator('.rows > li').waitFor()

  await page.goto(`${served.url}/accounts/new`)
  await page.getByLabel('E-mail address').fill('me@nowhere.example')
  await page.getByText('No settings were found for this address').waitFor()
  await page.getByRole('radio', { name: 'Sign in at its provider' }).check()
  assert.ok(await page.getByLabel('Its password').isDisabled())
  await page.getByText('Server settings, by hand').click()
  await page.getByLabel('POP3 server').fill('127.0.0.1')
  await page.getByLabel('Encryption', { exact: true }).selectOption('none')
  await page.getByLabel('Port', { exact: true }).fill('1')
  await page.getByLabel('Goes to').selectOption({ label: 'zoe' })
  assert.deepEqual(await violations(page), [])
  await button('Add and sign in').click()
  await consent(page, 'me@nowhere.example')
  await page.getByText('You have signed in as me@nowhere.example').waitFor()
  const { body } = await stack.call('GET', '/accounts')
  account = String(body.items[0]?.['id'])
  await page.goto(`${served.url}/accounts/${account}`)
  await page.getByText('Signed in as me@nowhere.example').waitFor()
  assert.deepEqual(await violations(page), [])
})

test('a link lets the owner sign in without an account here, and somebody else is told so, there and on the page of the account', async (t) => {
  await button('Make a link for its owner').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Copy: Link' }).waitFor()
  const url = (await dialog.locator('.secret code').textContent()) ?? ''
  assert.deepEqual(await violations(page), [])
  await dialog.locator('footer').getByRole('button', { name: 'Close' }).click()

  const other = await stranger()
  t.after(() => other.context().close())
  await other.goto(url)
  await other.getByText('me@nowhere.example').first().waitFor()
  await other.getByRole('link').first().click()
  await consent(other, 'somebody@else.example')
  await other.getByText('Signed in as somebody else').waitFor()
  await page.reload()
  await page.getByText(/somebody@else\.example has signed in/).waitFor()

  const owner = await stranger()
  t.after(() => owner.context().close())
  await owner.goto(url)
  await owner.getByRole('link').first().click()
  await consent(owner, 'me@nowhere.example')
  await owner.getByText('You have signed in as me@nowhere.example').waitFor()
  await page.reload()
  await page.getByText('Signed in as me@nowhere.example').waitFor()
  await owner.goto(url)
  await owner.getByText('This link is over').waitFor()
})

test('signed out, somebody signs in again by a code that is typed on another device', async (t) => {
  await button('Sign out').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('Nobody has signed in yet').waitFor()
  await page.setViewportSize({ width: 390, height: 800 })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  await button('Sign in by a code').click()
  const code = (await dialog.locator('.device-code code').textContent()) ?? ''
  const link = (await dialog.locator('.device-code a').getAttribute('href')) ?? ''
  assert.deepEqual(await violations(page), [])
  const phone = await stranger()
  t.after(() => phone.context().close())
  await enter(phone, link, code, 'me@nowhere.example')
  await dialog.getByText('Signed in as me@nowhere.example').waitFor()
})

/** RFC 8628 section 3.3, on the pages of the server. */
async function enter(at: Page, link: string, code: string, name: string): Promise<void> {
  await at.goto(link)
  await at.locator('input[name=user_code]').fill(code)
  await at.getByRole('button', { name: 'Continue' }).click()
  await at.getByRole('button', { name: 'Continue' }).click()
  await consent(at, name)
  await at.getByText('Sign-in Success').waitFor()
}

test('a headless server signs in from the command line: by a code, as somebody else in vain, and by a link', async (t) => {
  const env = { TRIBUTARY_HOME: home }
  const tributary = async (...words: string[]) => await cli.run(words, env)
  for (const [name, code, out] of [
    ['somebody@else.example', 4, /somebody@else\.example has signed in/],
    ['me@nowhere.example', 0, /^Signed in as me@nowhere\.example\.$/m],
  ] as const) {
    const child = spawn(process.execPath, [cli.main, 'account', 'sign-in', 'me@nowhere.example'], {
      env: withPath(env),
    })
    const ended = said(child)
    const shown = await new Promise<RegExpExecArray>((resolve) => {
      let text = ''
      child.stdout.on('data', (piece: string) => {
        text += piece
        const found = /Open (\S+) in a browser, on any device, and type (\S+)/.exec(text)
        if (found !== null) resolve(found)
      })
    })
    const phone = await stranger()
    t.after(() => phone.context().close())
    await enter(phone, shown[1] ?? '', shown[2] ?? '', name)
    const end = await ended
    assert.equal(end.code, code, end.err)
    assert.match(end.out + end.err, out)
  }
  const discovered = await tributary('oauth', 'discover', server.issuer)
  assert.match(discovered.out, /^flows +code, device, application$/m)
  const link = await tributary('account', 'sign-in', 'me@nowhere.example', '--link')
  assert.match(link.out, new RegExp(`^${served.url}/api/v1/oauth/link\\?link=`))
  assert.match((await tributary('account', 'show', 'me@nowhere.example')).out, /^signed in +as me@nowhere\.example/m)
  assert.equal((await tributary('account', 'sign-out', 'me@nowhere.example')).code, 0)
  assert.match((await tributary('account', 'show', 'me@nowhere.example')).out, /^signed in +signed out/m)
})
