import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { guideIds } from '../../src/account/guides.ts'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { type Served, serve, signIn, startBrowser, violations } from '../support/browser.ts'
import { certificate } from '../support/certificates.ts'
import { closeAll } from '../support/closing.ts'
import { surroundingsOf } from '../support/internet.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'

const own = certificate('localhost')
let stack: Stack
let served: Served
let browser: Browser
let provider: ScriptedServer
let page: Page

before(async () => {
  ;[stack, browser, provider] = await Promise.all([
    startStack(),
    startBrowser(),
    startPop3Server({ messages: [{ bytes: Buffer.from('Subject: one\r\n\r\n') }], password: 'secret', tls: own }),
  ])
  const { port } = provider
  const internet = {
    srv: { '_pop3s._tcp.example.net': [{ name: 'pop.example.net', port, priority: 0, weight: 1 }] },
    servers: {},
  }
  const world = { ...stack.world, discoveries: new Discoveries(() => surroundingsOf(internet)) }
  served = await serve({ ...stack, world })
  page = await browser.newPage({ locale: 'en', viewport: { width: 390, height: 800 } })
  page.setDefaultTimeout(15_000)
  await signIn(page, served.url)
})
after(async () => {
  await closeAll({
    browser: () => browser?.close(),
    served: () => served?.close(),
    stack: () => stack?.stop(),
    provider: () => provider?.close(),
  })
})

for (const locale of ['en', 'vi'] as const)
  test(`each provider has a page of its own that fits a phone and that everybody can use (${locale})`, async (t) => {
    const context = await browser.newContext({
      locale,
      viewport: { width: 390, height: 800 },
      storageState: await page.context().storageState(),
    })
    t.after(() => context.close())
    const phone = await context.newPage()
    phone.setDefaultTimeout(15_000)
    await phone.goto(`${served.url}/guides`)
    await phone.locator('.guides').waitFor()
    assert.equal(await phone.locator('.guides > li').count(), guideIds.length)
    assert.deepEqual(await violations(phone), [])
    for (const id of guideIds) {
      await phone.goto(`${served.url}/guides/${id}`)
      await phone.locator('.guide').waitFor({ state: 'attached' })
      assert.equal(await phone.evaluate('document.documentElement.scrollWidth'), 390, id)
      assert.deepEqual(await violations(phone), [], id)
      for (const link of await phone.locator('.guide-steps a[target]').all()) {
        assert.match((await link.getAttribute('href')) ?? '', /^https:\/\//)
        assert.equal(await link.getAttribute('rel'), 'noreferrer')
      }
    }
  })

test('the login can be tried on the page: what was found, whether it answers, whether it lets this login in', async () => {
  await page.goto(`${served.url}/guides/custom`)
  await page.getByLabel('E-mail address').fill('me@example.net')
  await page.getByText(`Found: pop.example.net, port ${provider.port}, but it does not answer`).waitFor()
  // What is found leads nowhere here: the login is tried at the server that is entered by hand.
  await page.getByLabel('E-mail address').fill('me@nowhere.example')
  await page.getByText('No').first().waitFor()
  await page.getByLabel('POP3 server').fill('127.0.0.1')
  await page.getByLabel('Port', { exact: true }).fill(String(provider.port))
  await page.getByLabel('Its password').fill('wrong')
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('No safe connection to the provider').waitFor()
  assert.equal((await stack.call('GET', '/accounts')).body.items.length, 0)
})

test('an address leads from the form for accounts to the page of its provider, also where there is no POP3', async () => {
  await page.goto(`${served.url}/accounts/new?address=me@icloud.com`)
  await page.getByRole('link', { name: 'How to set up iCloud' }).click()
  await page.getByRole('heading', { level: 1, name: 'iCloud' }).waitFor()
  await page.getByText('iCloud has no POP3 at all').waitFor()
  await page.goto(`${served.url}/guides/nobody`)
  await page.getByText('There is no such page').waitFor()
})
