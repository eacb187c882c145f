import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { Discoveries } from '../src/discover/discoveries.ts'
import { type Served, serve, signIn, startBrowser, violations } from './support/browser.ts'
import { certificate } from './support/certificates.ts'
import { surroundingsOf } from './support/internet.ts'
import { type ScriptedServer, startPop3Server } from './support/pop3-server.ts'
import { type Stack, startStack } from './support/stack.ts'

const own = certificate()
let stack: Stack
let served: Served
let browser: Browser
let provider: ScriptedServer
let page: Page

before(async () => {
  const messages = Array.from({ length: 300 }, (_, nth) => ({
    bytes: Buffer.from(`Message-ID: <${nth}@example.org>\r\nSubject: Letter ${nth}\r\n\r\nThe ${nth}th.\r\n`),
  }))
  ;[stack, browser, provider] = await Promise.all([
    startStack(),
    startBrowser(),
    startPop3Server({ messages, password: 'secret', tls: own, delayMs: 2 }),
  ])
  const { port } = provider
  const record = { name: 'pop.example.net', port, priority: 0, weight: 1 }
  const internet = {
    srv: { '_pop3s._tcp.example.net': [record] },
    servers: { [`pop.example.net:${port}`]: port },
    ca: own.cert,
  }
  const world = { ...stack.world, discoveries: new Discoveries(() => surroundingsOf(internet)) }
  ;[served] = await Promise.all([serve({ ...stack, world }), stack.startWorker()])
  page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(15_000)
  await stack.destination('zoe')
  await signIn(page, served.url)
})
after(async () => {
  await browser.close()
  await served.close()
  await Promise.all([stack.stop(), provider.close()])
})

const button = (name: string) => page.getByRole('button', { name, exact: true })

test('settings are found by the address; a certificate that nobody vouches for can be pinned; the first import is watched', async () => {
  await page.goto(`${served.url}/accounts/new`)
  await page.getByLabel('E-mail address').fill('me@example.net')
  await page.getByLabel('Its password').fill('wrong')
  const best = page.getByRole('radio', { name: `pop.example.net, port ${provider.port}, TLS` })
  await best.waitFor()
  assert.ok(await best.isChecked())
  await page.getByText('It answers, and its certificate is right').waitFor()
  await page.getByText('Server settings, by hand').click()
  assert.equal(await page.getByLabel('Port').inputValue(), String(provider.port))
  await page.getByLabel('POP3 server').fill('localhost')
  assert.ok(await page.getByRole('radio', { name: 'Others' }).isChecked())

  await button('Test').click()
  await page.getByText('No safe connection to the provider').waitFor()
  await page.getByText(own.fingerprint.slice(0, 2).toUpperCase()).first().waitFor()
  await button('Trust exactly this certificate').click()
  await page.getByText('Exactly this certificate is trusted').waitFor()
  await button('Test').click()
  await page.getByText('The provider refuses the user name or password').waitFor()
  await page.getByLabel('Its password').fill('secret')
  await button('Test').click()
  await page.getByText('It works: 300 messages').waitFor()

  await page.getByLabel('Goes to').selectOption({ label: 'A new mailbox here' })
  await page.getByLabel('Login', { exact: true }).fill('alice')
  await page.getByLabel('Choose a password').fill('wonder')
  await page.getByLabel('Folder', { exact: true }).fill('Gathered')
  await page.getByRole('radio', { name: 'Remove it after some days' }).check()
  await page.getByLabel('Days that mail stays').fill('0')
  await button('Add and start').click()
  await page
    .getByText(/^This must be/)
    .first()
    .waitFor()
  await page.getByLabel('Days that mail stays').fill('30')
  await button('Add and start').click()

  await page.getByRole('heading', { level: 1, name: 'me@example.net' }).waitFor()
  await page.getByRole('progressbar', { name: 'Progress of me@example.net' }).waitFor()
  await page.getByText('300 messages stored').waitFor()
  const { body } = await stack.call('GET', '/accounts')
  const { tlsFingerprint, retention, firstRun, folder } = body.items[0] ?? {}
  assert.deepEqual(
    { tlsFingerprint, retention, firstRun, folder },
    {
      tlsFingerprint: own.fingerprint,
      retention: { mode: 'keepDays', days: 30 },
      firstRun: { mode: 'all' },
      folder: 'Gathered',
    },
  )
})

test('where nothing is found it is entered by hand, and what fails is told with what to do', async () => {
  await page.goto(`${served.url}/accounts/new`)
  await page.getByLabel('E-mail address').fill('me@nowhere.example')
  await page.getByText('No settings were found for this address').waitFor()
  await page.getByLabel('POP3 server').fill('localhost')
  await page.getByLabel('Encryption').selectOption('none')
  assert.equal(await page.getByLabel('Port').inputValue(), '110')
  await page.getByLabel('Port').fill('1')
  await page.getByLabel('Its password').fill('secret')
  await page.getByLabel('Goes to').selectOption({ label: 'zoe' })
  await button('Add and start').click()
  await page.getByText('The provider cannot be reached').waitFor()
  await button('Add it all the same').click()
  await page.getByRole('heading', { level: 1, name: 'me@nowhere.example' }).waitFor()
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing wrong with it, ${colorScheme}, on a phone`, async () => {
    const context = await browser.newContext({
      locale: 'en',
      colorScheme,
      viewport: { width: 390, height: 800 },
      storageState: await page.context().storageState(),
    })
    const phone = await context.newPage()
    await phone.goto(`${served.url}/accounts/new`)
    await phone.getByLabel('E-mail address').fill('me@example.net')
    await phone.getByRole('radio', { name: /^pop/ }).waitFor()
    assert.deepEqual(await violations(phone), [])
    assert.equal(await phone.evaluate('document.documentElement.scrollWidth'), 390)
    await context.close()
  })
