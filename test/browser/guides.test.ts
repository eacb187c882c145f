import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { guideIds } from '../../src/account/guides.ts'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { type Served, violations } from '../support/browser.ts'
import { certificate } from '../support/certificates.ts'
import { closeAll } from '../support/closing.ts'
import { surroundingsOf } from '../support/internet.ts'
import { type OpenedPage, openPage } from '../support/opened-page.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import type { Stack } from '../support/stack.ts'

const own = certificate('localhost')
let opened: OpenedPage
let stack: Stack
let served: Served
let browser: Browser
let provider: ScriptedServer
let page: Page

before(async () => {
  provider = await startPop3Server({
    messages: [{ bytes: Buffer.from('Subject: one\r\n\r\n') }],
    password: 'secret',
    tls: own,
  })
  const { port } = provider
  const internet = {
    srv: { '_pop3s._tcp.example.net': [{ name: 'pop.example.net', port, priority: 0, weight: 1 }] },
    servers: {},
  }
  opened = await openPage(() => ({ discoveries: new Discoveries(() => surroundingsOf(internet)) }))
  ;({ stack, served, browser, page } = opened)
})
after(async () => await closeAll({ opened: () => opened?.close(), provider: () => provider?.close() }))

for (const locale of ['en', 'vi'] as const)
  test(`each provider has a page of its own that fits a phone and that everybody can use (${locale})`, async (t) => {
    const context = await browser.newContext({
      locale,
      viewport: { width: 390, height: 800 },
      storageState: await page.context().storageState(),
    })
    t.after(() => context.close())
    const phone = await context.newPage()
    phone.setDefaultTimeout(120_000)
    await phone.goto(`${served.url}/guides`)
    await phone.locator('.guides').waitFor()
    assert.equal(await phone.locator('.guides > li').count(), guideIds.length)
    assert.deepEqual(await violations(phone), [])
    for (const id of guideIds) {
      await phone.goto(`${served.url}/guides/${id}`)
      await phone.locator('.guide').waitFor({ state: 'attached' })
      assert.equal(await phone.evaluate('document.documentElement.scrollWidth'), 390, id)
      assert.deepEqual(await violations(phone), [], id)
      // Each step ends with a check of ours, or with what is to be seen.
      for (const step of await phone.locator('.guide-steps > li').all())
        assert.ok((await step.locator('.checked, .guide-try, .quiet').count()) > 0, `${id}: ${await step.innerText()}`)
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
