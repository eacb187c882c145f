import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Browser, Locator, Page } from 'playwright-core'
import decodeQr from 'qr/decode.js'
import { pending } from '../../src/deadline.ts'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { type Served, serve, signIn, startBrowser, violations } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { heldBack } from '../support/held-back.ts'
import { certificate } from '../support/certificates.ts'
import { startEndpoint, verifies } from '../support/endpoint.ts'
import { surroundingsOf } from '../support/internet.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const own = certificate('pop.example.net')
let stack: Stack
let served: Served
let browser: Browser
let provider: ScriptedServer
let page: Page
/** Before that no message comes. */
const watched = pending()

before(async () => {
  const messages = Array.from({ length: 300 }, (_, nth) => ({
    bytes: Buffer.from(`Message-ID: <${nth}@example.org>\r\nSubject: Letter ${nth}\r\n\r\nThe ${nth}th.\r\n`),
  }))
  ;[stack, browser, provider] = await Promise.all([
    startStack(),
    startBrowser(),
    startPop3Server({ messages, password: 'secret', tls: own, holds: { on: 'RETR', until: watched.promise } }),
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
  page.setDefaultTimeout(120_000)
  await stack.destination('zoe')
  await signIn(page, served.url)
})
after(async () => {
  // Whatever there is: what does not start must not keep this from ending.
  await closeAll({
    browser: () => browser?.close(),
    served: () => served?.close(),
    stack: () => stack?.stop(),
    provider: () => provider?.close(),
  })
})

const button = (name: string) => page.getByRole('button', { name, exact: true })

test('settings are found by the address; a certificate that nobody vouches for can be pinned; the first import is watched', async () => {
  await page.goto(`${served.url}/accounts/new`)
  await page.getByLabel('E-mail address').fill('me@example.net')
  await page.getByLabel('Its password').fill('wrong')
  const found = page.getByLabel('Settings that were found')
  const chosen = async () => await found.locator('option:checked').textContent()
  await found.waitFor()
  assert.equal(await chosen(), `pop.example.net, port ${provider.port}, TLS`)
  await page.getByText('It answers, and its certificate is right').waitFor()
  await page.getByText('Server settings, by hand').click()
  assert.equal(await page.getByLabel('Port', { exact: true }).inputValue(), String(provider.port))
  await page.getByLabel('POP3 server').fill('localhost')
  assert.equal(await chosen(), 'Others')

  await button('Test').click()
  await page.getByText('No safe connection to the provider').waitFor()
  await page
    .getByText(new RegExp(`^${own.fingerprint.slice(0, 2)}\\W?${own.fingerprint.slice(2, 4)}`, 'i'))
    .first()
    .waitFor()
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
  await page.getByLabel('Once more').fill('wonder')
  await page.getByLabel('Folder', { exact: true }).fill('Gathered')
  await page.getByRole('radio', { name: 'Remove it after some days' }).check()
  await page.getByLabel('Days that mail stays').fill('0')
  await button('Add and start').click()
  await page.getByText('A number of days: 1 or more.').first().waitFor()
  await page.getByLabel('Days that mail stays').fill('30')
  await button('Add and start').click()

  await page.getByRole('heading', { level: 1, name: 'me@example.net' }).waitFor()
  await page.getByRole('progressbar', { name: 'Progress of me@example.net' }).waitFor()
  watched.resolve()
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
  await page.getByText('Server settings, by hand').click()
  await page.getByLabel('POP3 server').fill('localhost')
  await page.getByLabel('Encryption', { exact: true }).selectOption('none')
  assert.equal(await page.getByLabel('Port', { exact: true }).inputValue(), '110')
  await page.getByLabel('Port', { exact: true }).fill('1')
  await page.getByLabel('Its password').fill('secret')
  await page.getByLabel('Goes to').selectOption({ label: 'zoe' })
  await button('Add and start').click()
  await page.getByText('The connection to the provider failed').waitFor()
  await button('Add it all the same').click()
  await page.getByRole('heading', { level: 1, name: 'me@nowhere.example' }).waitFor()
})

for (const [locale, viewport] of [
  ['en', { width: 1280, height: 900 }],
  ['de', { width: 390, height: 800 }],
] as const)
  test(`what is found for an address moves neither the button nor what stands below, at ${viewport.width} px (${locale})`, async (t) => {
    const context = await browser.newContext({ locale, viewport, storageState: await page.context().storageState() })
    t.after(() => context.close())
    const theirs = await context.newPage()
    theirs.setDefaultTimeout(120_000)
    const questions = await heldBack(theirs, '**/discover?*')
    await theirs.goto(`${served.url}/accounts/new`)
    const address = theirs.locator('input[type=email]')
    const password = theirs.locator('input[type=password]').first()
    const test = theirs.getByRole('button', { name: /^Test(?:en)?$/ })
    const below = [
      theirs.getByText(/Server settings, by hand|Servereinstellungen von Hand/),
      theirs.locator('select').last(),
    ]
    const boxes = async (those: readonly Locator[]) =>
      await Promise.all(those.map(async (one) => await one.boundingBox()))
    const looking = theirs.locator('.found-room .found > .icon')
    await test.waitFor()
    const everything = [password, test, ...below, theirs.getByRole('radio').first()]
    const before = await boxes(everything)
    // A server; a long advice; none; none, with an advice; an address that is misspelt.
    for (const typed of ['example.net', 'web.de', 'nowhere.example', 'icloud.com', 'gmial.com']) {
      await address.fill(`me@${typed}`)
      const letGo = await questions.next()
      await looking.waitFor()
      assert.deepEqual(await boxes(everything), before, `${typed} is looked for`)
      letGo()
      await looking.waitFor({ state: 'detached' })
      assert.deepEqual(await boxes(everything), before, typed)
    }
    await address.fill('me@outlook.com')
    ;(await questions.next())()
    await theirs.locator('.note.warning').waitFor()
    assert.ok((await password.isDisabled()) && (await test.isDisabled()), 'no password is taken')
    assert.deepEqual(await boxes([password, test]), before.slice(0, 2))
  })

test('what to do about a failed test, and a failed run, is told in the language of the reader, with its facts', async (t) => {
  const clear = await startPop3Server({ password: 'secret', messages: [] })
  t.after(() => clear.close())
  const context = await browser.newContext({ locale: 'vi', storageState: await page.context().storageState() })
  t.after(() => context.close())
  const theirs = await context.newPage()
  theirs.setDefaultTimeout(120_000)
  await theirs.goto(`${served.url}/accounts/new`)
  await theirs.getByLabel('Địa chỉ email').fill('me@nowhere.example')
  await theirs.getByText('Tự nhập cài đặt máy chủ').click()
  await theirs.getByLabel('Máy chủ POP3').fill('localhost')
  await theirs.getByLabel('Cổng', { exact: true }).fill(String(clear.port))
  await theirs.getByLabel('Mật khẩu', { exact: true }).fill('secret')
  await theirs.getByRole('button', { name: 'Kiểm tra', exact: true }).click()
  // It speaks in clear at that port, and nothing listens at the usual ones.
  await theirs.getByText('Hãy hỏi nhà cung cấp một máy chủ có mã hóa').waitFor()
  await theirs.getByLabel('Mã hóa', { exact: true }).selectOption('none')
  await theirs.getByLabel('Cổng', { exact: true }).fill(String(clear.port))
  await theirs.getByLabel('Mật khẩu', { exact: true }).fill('wrong')
  await theirs.getByRole('button', { name: 'Kiểm tra', exact: true }).click()
  await theirs.getByText('Hãy kiểm tra tên người dùng và mật khẩu').waitFor()
  assert.equal(await theirs.getByText('many providers want the whole address').count(), 0)

  const { id: destinationId } = (await stack.call('GET', '/destinations?q=zoe')).body.items[0] ?? {}
  const where = { host: 'localhost', port: provider.port, tls: 'implicit', user: 'untrusted' }
  const account = await stack.account({ ...where, destinationId, paused: false })
  const { failure } = await stack.pull(account)
  assert.equal(failure?.step?.code, 'pin if known')
  await theirs.goto(`${served.url}/accounts/${account}`)
  await theirs.getByText('hãy so dấu vân tay (SHA-256) của chứng chỉ').first().waitFor()
  await stack.call('DELETE', `/accounts/${account}`)
})

test('a mailbox says how a mail program reads it, how much is in it and what feeds it; its password is changed; one is made and removed', async () => {
  await page.goto(`${served.url}/destinations`)
  await page.getByRole('link', { name: 'alice', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'alice' }).waitFor()
  const connect = page.locator('.connect')
  for (const text of ['gather.example.org', '993', '465', 'alice'])
    await connect.getByText(text, { exact: true }).first().waitFor()
  await page.getByText('300 messages').waitFor()
  await page.getByRole('link', { name: 'me@example.net' }).waitFor()
  const [profile] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'For iPhone, iPad and Mac' }).click(),
  ])
  assert.match(profile.suggestedFilename(), /\.mobileconfig$/)

  await button('Change the password').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password').fill('another wonder')
  await dialog.getByLabel('Once more').fill('another wonder')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The new password holds.').waitFor()
  const signedIn = async (password: string) =>
    (await stack.app.inject({ method: 'POST', url: '/api/v1/session', payload: { login: 'alice', password } }))
      .statusCode
  assert.deepEqual([await signedIn('wonder'), await signedIn('another wonder')], [401, 200])

  await page.goto(`${served.url}/destinations`)
  await button('Add a mailbox').click()
  await dialog.getByLabel('Login', { exact: true }).fill('zoe')
  await dialog.getByLabel('Choose a password').fill('wonder')
  await dialog.getByLabel('Once more').fill('wonder')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByLabel('Login', { exact: true }).fill('bob')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { level: 1, name: 'bob' }).waitFor()
  await page.getByText('No account yet').waitFor()
  await page.getByRole('button', { name: 'Actions for bob' }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('link', { name: 'zoe', exact: true }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'bob', exact: true }).count(), 0)
})

test('a phone that scans the QR code comes to the mailbox’s page, signs in as its owner and gets the profile', async (t) => {
  const { body } = await stack.call('GET', '/destinations?q=alice')
  const path = `/destinations/${String(body.items[0]?.['id'])}`
  await page.goto(`${served.url}${path}`)
  await page.getByText(/^For a phone there is a QR code here once/).waitFor()
  assert.equal(await page.getByRole('img', { name: /^QR code/ }).count(), 0)

  const named = served.url.replace('127.0.0.1', 'gather.example.org')
  const desk = await browser.newContext({ locale: 'en' })
  t.after(() => desk.close())
  desk.setDefaultTimeout(120_000)
  const shown = await desk.newPage()
  await signIn(shown, named)
  await shown.goto(`${named}${path}`)
  const code = shown.getByRole('img', { name: /^QR code/ })
  await code.locator('path[d^="M"]').waitFor({ state: 'attached' })
  // Readers want it dark on light there too.
  await shown.emulateMedia({ colorScheme: 'dark' })
  assert.equal(await textOf(await code.screenshot()), `${named}${path}`)
  assert.deepEqual(await violations(shown), [])

  const phone = await (await browser.newContext({ locale: 'en', viewport: { width: 390, height: 800 } })).newPage()
  phone.setDefaultTimeout(120_000)
  t.after(() => phone.context().close())
  await phone.goto(`${named}${path}`)
  await phone.getByLabel('Login').fill('alice')
  await phone.getByLabel('Password').fill('another wonder')
  await phone.getByRole('button', { name: 'Sign in' }).click()
  const [profile] = await Promise.all([
    phone.waitForEvent('download'),
    phone.getByRole('link', { name: 'For iPhone, iPad and Mac' }).click(),
  ])
  assert.match(profile.suggestedFilename(), /\.mobileconfig$/)
})

/** What a QR code on a picture says. */
async function textOf(png: Buffer): Promise<string> {
  const blank = await browser.newPage()
  const { width, height, data } = await blank.evaluate<{ width: number; height: number; data: number[] }>(
    `createImageBitmap(new Blob([new Uint8Array(${JSON.stringify([...png])})])).then((image) => {
      const { width, height } = image
      const canvas = new OffscreenCanvas(width, height).getContext('2d')
      canvas.drawImage(image, 0, 0)
      return { width, height, data: [...canvas.getImageData(0, 0, width, height).data] }
    })`,
  )
  await blank.close()
  return decodeQr({ width, height, data: Uint8ClampedArray.from(data) })
}

test('the ways into a mailbox are in files that mail programs take, for its owner alone', async () => {
  const { body } = await stack.call('GET', '/destinations')
  const [zoe, alice] = ['zoe', 'alice'].map((login) => body.items.find((one) => one['login'] === login)?.['id'])
  const owner = await stack.call('POST', '/tokens', { name: 'alice', scopes: ['read'], destinationId: alice })
  const get = async (path: string) =>
    await stack.app.inject({
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${String(owner.body['token'])}` },
    })
  assert.deepEqual((await get(`/destinations/${String(alice)}/connection`)).json(), {
    login: 'alice',
    missing: [],
    outgoing: [
      { protocol: 'smtp', host: 'gather.example.org', port: 465, tls: 'implicit' },
      { protocol: 'smtp', host: 'gather.example.org', port: 587, tls: 'starttls' },
    ],
    servers: [
      { protocol: 'imap', host: 'gather.example.org', port: 993, tls: 'implicit' },
      { protocol: 'imap', host: 'gather.example.org', port: 143, tls: 'starttls' },
      { protocol: 'pop3', host: 'gather.example.org', port: 995, tls: 'implicit' },
      { protocol: 'pop3', host: 'gather.example.org', port: 110, tls: 'starttls' },
    ],
  })
  const profile = await get(`/destinations/${String(alice)}/mobileconfig`)
  assert.equal(profile.headers['content-type'], 'application/x-apple-aspen-config')
  assert.match(profile.payload, /<key>IncomingMailServerHostName<\/key><string>gather\.example\.org<\/string>/)
  assert.match(profile.payload, /<key>IncomingMailServerPortNumber<\/key><integer>993<\/integer>/)
  assert.match(profile.payload, /<key>OutgoingMailServerPortNumber<\/key><integer>465<\/integer>/)
  assert.match(profile.payload, /<key>OutgoingMailServerUsername<\/key><string>alice<\/string>/)
  const config = await get(`/destinations/${String(alice)}/autoconfig`)
  assert.match(config.payload, /<outgoingServer type="smtp">\s*<hostname>gather\.example\.org<\/hostname>\s*<port>465</)
  assert.match(config.payload, /<incomingServer type="imap">\s*<hostname>gather\.example\.org<\/hostname>\s*<port>993</)
  const usage = (await get(`/destinations/${String(alice)}/usage`)).json<{ messages: number; octets: number }>()
  assert.equal(usage.messages, 300)
  assert.ok(usage.octets > 300 * 50)
  for (const what of ['connection', 'mobileconfig', 'autoconfig', 'usage'])
    assert.equal((await get(`/destinations/${String(zoe)}/${what}`)).statusCode, 404)
})

test('tokens are made, shown once and revoked; the admin gets a password', async () => {
  await page.goto(`${served.url}/settings`)
  await button('Make a token').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('monitoring')
  await dialog.getByRole('radio', { name: 'Look and operate' }).check()
  await dialog.getByLabel('Where').selectOption({ label: 'only alice' })
  await dialog.getByRole('button', { name: 'Make it' }).click()
  const token = (await dialog.locator('.secret code').textContent()) ?? ''
  assert.match(token, /^trib_/)
  const asked = async () =>
    (await stack.app.inject({ url: '/api/v1/accounts', headers: { authorization: `Bearer ${token}` } })).statusCode
  assert.equal(await asked(), 200)
  await button('I have kept it').click()
  const row = page.getByRole('listitem').filter({ hasText: 'monitoring' })
  await row.getByText('only alice').waitFor()
  assert.equal(await page.getByText(token).count(), 0)
  await row.getByRole('button', { name: 'Revoke' }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await row.waitFor({ state: 'detached' })
  assert.equal(await asked(), 401)

  const password = page.getByLabel('Password')
  await password.fill('too short')
  await button('Save').click()
  // The browser says so before it is sent.
  assert.equal(
    await password.evaluate(
      (field: { readonly validity?: { readonly patternMismatch: boolean } }) => field.validity?.patternMismatch,
    ),
    true,
  )
  await password.fill('correct horse battery')
  await button('Save').click()
  await page.getByText('The new password holds.').waitFor()
  const payload = { password: 'correct horse battery' }
  assert.equal((await stack.app.inject({ method: 'POST', url: '/api/v1/session', payload })).statusCode, 200)
})

test('a webhook is added, its secret shown once, tried, switched off and removed; a bulletin by e-mail is set', async (t) => {
  const endpoint = await startEndpoint()
  t.after(() => endpoint.close())
  await page.goto(`${served.url}/settings/notices`)
  await button('Add a webhook').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('URL').fill('ftp://nowhere')
  await dialog.getByLabel('Description').fill('pager')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await dialog.getByText('A URL such as https://').first().waitFor()
  await dialog.getByLabel('URL').fill(endpoint.url)
  await dialog.getByRole('checkbox', { name: 'an account works again' }).uncheck()
  await dialog.getByRole('button', { name: 'Make it' }).click()
  assert.match((await dialog.locator('.secret code').textContent()) ?? '', /^whsec_/)
  await button('I have kept it').click()
  const row = page.getByRole('listitem').filter({ hasText: 'pager' })
  const choose = async (name: string) => {
    await row.getByRole('button', { name: 'Actions for pager' }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  // It was tried when it was made.
  await page.getByText('It arrived').waitFor()
  await row.getByText('Works').waitFor()

  await choose('What was sent')
  const sent = dialog.getByRole('listitem')
  await sent.getByText('a test').waitFor()
  await sent.getByText('Answer 204').waitFor()
  endpoint.react(500)
  await sent.getByRole('button', { name: 'Send again' }).click()
  await sent.getByText('Answer 500').waitFor()
  await sent.locator('.badge', { hasText: 'Waiting' }).waitFor()
  const [first, again] = await endpoint.count(2)
  assert.deepEqual([again?.id, again?.type], [first?.id, 'webhook.test'])
  assert.deepEqual(await violations(page), [])
  await dialog.getByRole('button', { name: 'Close' }).click()

  await choose('New secret')
  await dialog.getByRole('button', { name: 'New secret' }).click()
  const fresh = (await dialog.locator('.secret code').textContent()) ?? ''
  await button('I have kept it').click()
  endpoint.react(204)
  await choose('Send a test')
  // The one before may come again in between.
  let tested = again
  for (let nth = 3; tested?.id === first?.id; nth += 1) tested = (await endpoint.count(nth))[nth - 1]
  assert.ok(tested !== undefined && verifies(tested, fresh))
  assert.equal(await page.getByText(fresh).count(), 0)
  await choose('Switch off')
  await row.locator('.badge', { hasText: 'Off' }).waitFor()
  await choose('Switch on')
  await row.locator('.badge', { hasText: 'Works' }).waitFor()
  await choose('Remove')
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Nobody is told yet.').waitFor()

  await page.getByLabel('SMTP server').fill('localhost')
  await page.getByLabel('Encryption', { exact: true }).selectOption('none')
  assert.equal(await page.getByLabel('Port', { exact: true }).inputValue(), '25')
  await page.getByLabel('From', { exact: true }).fill('tributary@example.net')
  await page.getByLabel('To', { exact: true }).fill('one@example.net, two@example.net')
  await button('Save').click()
  await page.getByText('Saved.').waitFor()
  const { body } = await stack.call('GET', '/bulletin')
  assert.deepEqual([body['to'], body['port']], [['one@example.net', 'two@example.net'], 25])
  await button('Tell nobody').click()
  await page.getByText('Nobody is told by e-mail any more.').waitFor()
})

test('limits are changed, everything is sealed with a new key, and the audit log tells of it', async () => {
  await page.goto(`${served.url}/settings/instance`)
  await page.getByLabel('POP3').fill('110, 995, 70000')
  await button('Save').click()
  await page.getByText('65,535 at most.').waitFor()
  await page.getByLabel('POP3').fill('110, 995, 1995')
  await page.getByLabel('Runs of an account').fill('7')
  await page.getByLabel('Seconds for which a message').fill('3600')
  const imports = page.getByLabel('The first time: MB an hour of a provider')
  await imports.fill('pop.example.net 50, pop.example.org 0.5')
  await button('Save').click()
  await page.getByText('Saved.').waitFor()
  const { body } = await stack.call('GET', '/settings')
  assert.deepEqual((body['ownerPorts'] as { pop3: number[] }).pop3, [110, 995, 1995])
  assert.deepEqual([body['transcriptsKept'], body['setAsideAfterSeconds']], [7, 3600])
  assert.deepEqual(body['importBytesPerHour'], { 'pop.example.net': 50_000_000, 'pop.example.org': 500_000 })
  await imports.fill('pop.example.org 1')
  await button('Save').click()
  await until('the limit of one host alone', async () => {
    const { importBytesPerHour } = (await stack.call('GET', '/settings')).body
    return isDeepStrictEqual(importBytesPerHour, { 'pop.example.org': 1_000_000 })
  })
  const keys = page.locator('.card').filter({ hasText: 'Seals' }).getByRole('listitem')
  await keys.first().waitFor()
  assert.equal(await keys.count(), 1)
  await button('Seal with a new key').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Seal with a new key' }).click()
  await keys.nth(1).waitFor()

  await page.getByRole('link', { name: 'Audit log' }).click()
  await page.getByText('changed the keys').waitFor()
  await page.getByText('As it was sent').first().click()
  await page.locator('.rows code:visible').first().waitFor()
  await page.getByText('changed settings').first().waitFor()
})

test('axe finds nothing wrong with any of these pages on a phone, in either theme', async () => {
  const context = await browser.newContext({
    locale: 'en',
    viewport: { width: 390, height: 800 },
    storageState: await page.context().storageState(),
  })
  const phone = await context.newPage()
  phone.setDefaultTimeout(120_000)
  const { body } = await stack.call('GET', '/destinations?q=alice')
  const holds = async (path: string) => {
    assert.deepEqual(await violations(phone), [], path)
    assert.equal(await phone.evaluate('document.documentElement.scrollWidth'), 390, path)
  }
  await phone.goto(`${served.url}/accounts/new`)
  await phone.getByLabel('E-mail address').fill('me@example.net')
  await phone.getByLabel('Settings that were found').waitFor()
  await holds('/accounts/new')
  for (const [path, ready] of [
    ['/destinations', '.table .badge:visible'],
    [`/destinations/${String(body.items[0]?.['id'])}`, '.figure'],
    ['/settings', '.card .rows, .card .quiet'],
    ['/settings/notices', '.card form'],
    ['/settings/instance', '.card code'],
    ['/settings/page', '.card select'],
    ['/settings/audit', '.card .rows li'],
  ] as const) {
    await phone.goto(`${served.url}${path}`)
    await phone.locator(ready).first().waitFor()
    await holds(path)
  }
  await context.close()
})
