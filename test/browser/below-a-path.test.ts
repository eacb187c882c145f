/** The dashboard below a path of a host that others share, behind a proxy. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import {
  clientSecret,
  startAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.ts'
import { type Served, serve, signIn, startBrowser } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { letters } from '../support/dashboard-person.ts'
import { type PathProxy, startPathProxy } from '../support/path-proxy.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let browser: Browser
let provider: ScriptedServer
before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  await stack.startWorker()
  provider = await startPop3Server({ messages: letters(2), password: 'secret' })
})
after(
  async () =>
    await closeAll({
      browser: () => browser?.close(),
      stack: () => stack?.stop(),
      provider: () => provider?.close(),
    }),
)

interface Below {
  readonly proxy: PathProxy
  readonly served: Served
  readonly server: TestAuthorizationServer
  readonly page: Page
  close(): Promise<void>
}

async function below(prefix: string, way: Parameters<typeof startPathProxy>[1]): Promise<Below> {
  const proxy = await startPathProxy(prefix, way)
  const { publicUrl } = proxy
  const server = await startAuthorizationServer(`${publicUrl}/api/v1/oauth/callback`)
  const served = await serve({ ...stack, world: { ...stack.world, publicUrl } })
  proxy.passTo(Number(new URL(served.url).port))
  const page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(120_000)
  const close = async () =>
    await closeAll({
      page: () => page.close(),
      served: () => served.close(),
      proxy: () => proxy.close(),
      server: () => server.close(),
    })
  return { proxy, served, server, page, close }
}

for (const [prefix, way] of [
  ['/gather', 'takes the prefix away'],
  ['/mail/gather', 'leaves the prefix'],
  // The path of a page of ours.
  ['/mail', 'takes the prefix away'],
] as const)
  test(`below ${prefix} behind a proxy that ${way} every page, call, event and sign-in works`, async (t) => {
    const opened = await below(prefix, way)
    t.after(async () => await opened.close())
    const { proxy, served, server, page } = opened
    const { publicUrl } = proxy
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    await signIn(page, publicUrl)
    const cookies = await page.context().cookies()
    assert.deepEqual(
      cookies.map(({ name, path }) => [name, path]),
      [['tributary', prefix]],
    )
    assert.equal(page.url(), `${publicUrl}/`)
    await page.getByRole('navigation').getByRole('link', { name: 'Mailboxes' }).click()
    await page.getByRole('button', { name: 'Add a mailbox' }).click()
    const login = `box${prefix.replaceAll('/', '-')}`
    await page.getByLabel('Login').fill(login)
    for (const field of await page.getByRole('dialog').locator('input[type=password]').all()) await field.fill('secret')
    await page.getByRole('button', { name: 'Make it', exact: true }).click()
    await page.getByRole('heading', { name: login }).waitFor()
    assert.match(page.url(), new RegExp(`^${publicUrl}/destinations/\\w{26}$`))
    const destinationId = page.url().slice(-26)

    // An event comes, and what is loaded anew is the same page.
    const user = `below${prefix}`
    const address = `${login}@example.net`
    const id = await stack.account({ address, user, port: provider.port, destinationId })
    await page.getByRole('link', { name: 'Accounts' }).first().click()
    await page.getByRole('link', { name: address }).click()
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('2 messages stored').waitFor()
    assert.equal(page.url(), `${publicUrl}/accounts/${id}`)
    await page.reload()
    await page.getByText('2 messages stored').waitFor()
    await page.getByRole('link', { name: 'Accounts' }).first().click()
    await page.goBack()
    await page.getByRole('heading', { name: address }).waitFor()

    // A message, its source, and a frame with HTML mail are the API's own addresses.
    await page.goto(`${publicUrl}/mail/${destinationId}`)
    await page.getByText('Letter 1').click()
    await page.locator('.message-body').getByText('The 1th.').waitFor()
    const source = await page.locator('a[href*="/source"]').first().getAttribute('href')
    assert.ok(source?.startsWith(`${prefix}/api/v1/destinations/`), source ?? 'no link')

    // Swagger UI, and what the API says of itself.
    await page.goto(`${publicUrl}/docs`)
    await page.locator('.swagger-ui').first().waitFor()
    const made = await page.request.post(`${publicUrl}/api/v1/tokens`, { data: { name: 'x', scopes: ['read'] } })
    assert.equal(made.status(), 403)

    // Past the proxy the page leads to where its links lead.
    await page.goto(`${served.url}/settings?x=1`)
    // (The browser's cookie is for this host at any port.)
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    assert.equal(page.url(), `${served.url}${prefix}/settings?x=1`)

    // To the provider and back.
    const { body: application } = await stack.call('POST', '/oauth/applications', {
      provider: 'custom',
      issuer: server.issuer,
      clientId: 'tributary',
      clientSecret,
    })
    const signing = await stack.call('POST', '/accounts', {
      address: `me@below${prefix.replaceAll('/', '-')}.example`,
      host: '127.0.0.1',
      port: 1,
      tls: 'none',
      auth: 'oauth2',
      oauth: { applicationId: application.id },
      user: `me${prefix}`,
      destinationId,
    })
    assert.equal(signing.status, 201, JSON.stringify(signing.body))
    await page.goto(`${publicUrl}/accounts/${signing.body.id}`)
    await page.getByRole('button', { name: /^Sign in at/ }).click()
    await page.locator('input[name=login]').fill(`me${prefix}`)
    await page.locator('input[name=password]').fill('any')
    await page.locator('button[type=submit]').click()
    await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
    await page.locator(`a[href="${publicUrl}/accounts/${signing.body.id}"]`).click()
    await page.getByRole('heading', { name: /^me@below/ }).waitFor()
    assert.deepEqual([proxy.astray, errors], [[], []])
    await stack.call('DELETE', `/accounts/${id}`)
  })
