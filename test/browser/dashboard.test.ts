import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Account } from '../../src/account/account.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { type Served, serve, signedIn, signIn, startBrowser, violations } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** For whatever is waited for: it comes in a moment, but this machine may have much else to do. */
const waitMs = 45_000

let stack: Stack
let served: Served
let browser: Browser
/** Signed in; its tabs share the cookie. */
let person: BrowserContext
const providers: { close(): Promise<void> }[] = []

before(async () => {
  assert.ok(existsSync('dist/dashboard/index.html'), 'dist/dashboard is missing: npm run build')
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  ;[served] = await Promise.all([serve(stack), stack.startWorker()])
  person = await signedIn(browser, served.url, waitMs)
})
after(async () => {
  // Whatever there is: what does not start must not keep this from ending.
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
  }))

async function provider(count: number): Promise<ScriptedServer> {
  const started = await startPop3Server({ messages: letters(count), password: 'secret' })
  providers.push(started)
  return started
}

interface Gate {
  readonly port: number
  readonly open: () => void
  close(): Promise<void>
}

/** A line to a provider on which so many octets of messages come, and the rest when it is opened. */
async function startGate(to: number, octets: number): Promise<Gate> {
  const held: (() => void)[] = []
  let isOpen = false
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: to })
    let left = Number.POSITIVE_INFINITY
    client.on('data', (chunk) => {
      if (!Number.isFinite(left) && chunk.includes('RETR')) left = octets
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      const now = isOpen ? chunk : chunk.subarray(0, left)
      left -= now.length
      client.write(now)
      if (now.length < chunk.length) held.push(() => client.write(chunk.subarray(now.length)))
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      socket.on('error', () => {}).on('close', () => other.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gate = {
    port: (server.address() as AddressInfo).port,
    open() {
      isOpen = true
      for (const one of held.splice(0)) one()
    },
    async close() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
  providers.push(gate)
  return gate
}

async function open(path: string): Promise<Page> {
  const page = await person.newPage()
  await page.goto(`${served.url}${path}`)
  return page
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name })
const row = (page: Page, address: string) => page.getByRole('row').filter({ hasText: address })
const status = (page: Page, address: string, words: string) =>
  row(page, address).locator('.badge:visible', { hasText: words })

test('a page is for browsers alone, its files are kept for ever, and it lets no other script in', async () => {
  const ask = async (path: string, accept: string) => await fetch(`${served.url}${path}`, { headers: { accept } })
  for (const path of ['/', '/accounts/01J0', '/anything/else']) {
    const page = await ask(path, 'text/html,*/*')
    assert.equal(page.status, 200)
    assert.equal(page.headers.get('cache-control'), 'no-cache')
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'self'/)
    assert.doesNotMatch(policy, /unsafe/)
    assert.doesNotMatch(await page.text(), /<script>|<style>| style=| on\w+=/)
  }
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await (await ask('/', 'text/html')).text())?.[1] ?? ''
  const file = await ask(script, '*/*')
  assert.match(file.headers.get('content-type') ?? '', /javascript/)
  assert.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  const packed = await fetch(`${served.url}${script}`, { headers: { 'accept-encoding': 'br' } })
  assert.equal(packed.headers.get('content-encoding'), 'br')
  assert.equal((await ask('/', 'application/json')).headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal((await ask('/api/v1/nowhere', 'text/html')).status, 401)
  assert.equal((await ask('/assets/none.js', '*/*')).status, 401)
})

test('a first visit leads to mail within a minute: a wrong password is told, the import is watched, through a reload and in a second tab', async () => {
  const total = letters(600).reduce((sum, { bytes }) => sum + bytes.length, 0)
  const gate = await startGate((await provider(600)).port, total * 0.6)
  const stranger = await browser.newContext({ locale: 'en' })
  stranger.setDefaultTimeout(waitMs)
  const page = await stranger.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (said) => said.text().includes('Content Security Policy') && errors.push(said.text()))

  await page.goto(served.url)
  await page.getByLabel('Password').fill('not the token')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('not known here').waitFor()
  await signIn(page, served.url)

  await heading(page, 'Welcome').waitFor()
  await page.getByLabel('Login').fill('alice')
  await page.getByLabel('Choose a password').fill('wonder')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('Mail goes to alice.').waitFor()
  await page.getByLabel('E-mail address').fill('me@example.net')
  await page.getByText('Server settings').click()
  await page.getByLabel('POP3 server').fill('127.0.0.1')
  await page.getByLabel('Encryption', { exact: true }).selectOption('none')
  await page.getByLabel('Port').fill(String(gate.port))
  await page.getByLabel('Its password').fill('wrong')
  await page.getByRole('button', { name: 'Test and start' }).click()
  await page.getByText('The provider refuses the user name or password').waitFor()
  await page.getByLabel('Its password').fill('secret')
  await page.getByRole('button', { name: 'Test and start' }).click()

  await heading(page, 'me@example.net').waitFor()
  const bar = (tab: Page) => tab.getByRole('progressbar', { name: 'Progress of me@example.net' })
  await page.getByText('250 of 600 messages').waitFor()
  assert.equal(await bar(page).getAttribute('value'), '250')
  await page.reload()
  await page.getByText('250 of 600 messages').waitFor()
  const second = await open('/')
  await second.getByText('250 of 600 messages').waitFor()
  await page.bringToFront()
  gate.open()
  await page.getByText('600 messages stored').waitFor()
  await bar(page).waitFor({ state: 'detached' })
  await page.locator('.badge', { hasText: 'Up to date' }).waitFor()
  await bar(second).waitFor({ state: 'detached' })
  await second.getByText('Mail flows').waitFor()
  assert.deepEqual(errors, [])
  await second.close()
  await stranger.close()
})

test('a failing login is found on the overview, and repaired', async () => {
  const { port } = await provider(1)
  const destinationId = await anyDestination()
  const id = await stack.account({ address: 'failing@example.net', user: 'f', port, destinationId, password: 'wrong' })
  await stack.call('POST', `/accounts/${id}/resume`)
  await stack.pull(id)
  const page = await open('/')
  await page.getByText('One account fails').waitFor()
  await page.getByRole('link', { name: 'failing@example.net' }).click()
  await page.getByRole('button', { name: 'Enter the password anew' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Port').fill('0')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('must be >= 1').waitFor()
  await dialog.getByLabel('Port').fill(String(port))
  await dialog.getByLabel('Password').fill('secret')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('1 message stored').waitFor()
  await page.locator('.page-lead .badge', { hasText: 'Up to date' }).waitFor()
  await page.close()
})

test('what was set aside is explained, left alone or tried again; what a run brought is told', async () => {
  const { port } = await provider(3)
  const destinationId = await anyDestination()
  const id = await stack.account({ address: 'large@example.net', user: 'l', port, destinationId, maxMessageBytes: 50 })
  await stack.pull(id)
  const page = await open(`/accounts/${id}`)
  const entries = page.locator('.set-aside')
  await entries.nth(2).waitFor()
  assert.equal(await entries.count(), 3)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    entries.first().getByRole('link', { name: 'Download' }).click(),
  ])
  assert.match(download.suggestedFilename(), /\.eml$/)
  await entries.first().getByRole('button', { name: 'Leave it' }).click()
  await page.getByText('It is left alone from now on').waitFor()
  await entries.nth(2).waitFor({ state: 'detached' })
  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 5000 })
  await entries.first().getByRole('button', { name: 'Try again' }).click()
  await page.getByText('It is tried again now.').waitFor()
  await page.getByText('2 messages stored').waitFor()
  await entries.first().waitFor({ state: 'detached' })
  await page.getByText('2 messages stored').click()
  await page.getByText('What was stored').waitFor()
  await page.close()
})

test('a paused account without a run says when its first one begins', async () => {
  const { port } = await provider(0)
  const id = await stack.account({ user: 'not-yet', port, destinationId: await anyDestination() })
  const page = await open(`/accounts/${id}`)
  await page.getByText(/^The first one begins when the account is resumed/).waitFor()
  await page.close()
})

test('several accounts at once are paused, and removed when that is meant', async () => {
  const { port } = await provider(0)
  const destinationId = await anyDestination()
  for (const nth of [1, 2, 3]) {
    const account = { address: `many${nth}@example.net`, user: `m${nth}`, port, destinationId, paused: false }
    await stack.account(account)
  }
  await stack.account({ address: 'another@example.net', user: 'another', port, destinationId })
  const page = await open('/accounts?q=many')
  await page.getByText(/^3 of \d+ accounts$/).waitFor()
  await page.getByRole('checkbox', { name: 'Choose all' }).check()
  const bar = page.getByRole('region', { name: 'Actions' })
  await bar.getByText('3 chosen').waitFor()
  await bar.getByRole('button', { name: 'Pause' }).click()
  await page.getByText('3 accounts paused.').waitFor()
  for (const nth of [1, 2, 3]) await status(page, `many${nth}`, 'Paused').waitFor()

  // In another tab it is seen without asking.
  const other = await open('/accounts?q=many')
  await status(other, 'many2', 'Paused').waitFor()
  // What is behind paints once a second.
  await page.bringToFront()
  await row(page, 'many2')
    .getByRole('button', { name: /^Actions for/ })
    .click()
  await page.getByRole('menuitem', { name: 'Resume' }).click()
  await status(other, 'many2', 'Up to date').waitFor()

  await page.getByRole('checkbox', { name: 'Choose all' }).check()
  await bar.getByRole('button', { name: 'Remove' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove 3 accounts?' })
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await bar.getByRole('button', { name: 'Remove' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('3 accounts removed.').waitFor()
  await page.getByText('Nothing found').waitFor()
  await other.getByText('Nothing found').waitFor()
  await page.close()
  await other.close()
})

test('when the API is lost that is said, and when it is back what was missed is there', async () => {
  const destinationId = await anyDestination()
  const id = await stack.account({ address: 'lost@example.net', user: 'lost', destinationId, paused: false })
  const page = await open('/accounts?q=lost')
  await row(page, 'lost@example.net').waitFor()
  const port = Number(new URL(served.url).port)
  await served.close()
  await page.getByText('The connection is lost').waitFor()
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Check now' }).click()
  await page.getByText('Tributary does not answer').waitFor()
  await stack.call('POST', `/accounts/${id}/pause`)
  served = await serve(stack, port)
  await page.getByText('The connection is lost').waitFor({ state: 'detached' })
  await status(page, 'lost@example.net', 'Paused').waitFor()
  await page.close()
})

test('all of it can be done with the keyboard', async () => {
  const destinationId = await anyDestination()
  await stack.account({ address: 'keys@example.net', user: 'keys', destinationId, paused: false })
  const page = await open('/accounts?q=keys')
  await row(page, 'keys@example.net').waitFor()
  const focused = async (wanted: string) => {
    const named = `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`
    for (let times = 0; times < 40; times += 1) {
      if ((await page.evaluate<string>(named)).startsWith(wanted)) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`${wanted} is not reached`)
  }
  await focused('Skip to the content')
  await focused('Choose keys@example.net')
  await page.keyboard.press('Space')
  await page.getByText('One chosen').waitFor()
  await focused('Actions for keys@example.net')
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Check now' }).waitFor()
  for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
  await page.getByRole('dialog', { name: 'Edit keys@example.net' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // The focus is where it was.
  await page.locator('[aria-label^="Actions for"]:focus').waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await heading(page, 'keys@example.net').waitFor()
  await page.locator('h1:focus').waitFor()
  await page.close()
})

test('it speaks Vietnamese, and keeps to it', async () => {
  const page = await open('/accounts?q=failing')
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: 'Tiếng Việt' }).click()
  await heading(page, 'Tài khoản').waitFor()
  await page.reload()
  await heading(page, 'Tài khoản').waitFor()
  assert.equal(await page.evaluate('document.documentElement.lang'), 'vi')
  await page.getByRole('button', { name: 'Ngôn ngữ' }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await heading(page, 'Accounts').waitFor()
  await page.close()
})

test('axe finds nothing wrong with any page, in either theme', async () => {
  const { port } = await provider(3)
  const destinationId = await anyDestination()
  const address = 'axe@example.net'
  const id = await stack.account({ address, user: address, port, destinationId, maxMessageBytes: 50 })
  await stack.pull(id)
  const account = `/accounts/${id}`
  const context = await browser.newContext({ locale: 'en', storageState: await person.storageState() })
  context.setDefaultTimeout(waitMs)
  const page = await context.newPage()
  for (const [path, name, ready] of [
    ['/', 'Overview', '.chart canvas'],
    ['/accounts', 'Accounts', 'tbody .badge:visible'],
    [account, address, '.timeline'],
    ['/welcome', 'Add an account', 'form'],
    ['/nowhere', 'There is no such page', '.state'],
  ] as const) {
    await page.goto(`${served.url}${path}`)
    await heading(page, name).waitFor()
    await page.locator(ready).first().waitFor()
    assert.deepEqual(await violations(page), [], path)
  }
  await page.goto(`${served.url}${account}`)
  await page.locator('summary').first().click()
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await page.getByRole('dialog').waitFor()
  assert.deepEqual(await violations(page), [], 'a dialog')
  const stranger = await browser.newContext({ locale: 'en', viewport: { width: 390, height: 800 } })
  const door = await stranger.newPage()
  await door.goto(served.url)
  await heading(door, 'Sign in').waitFor()
  assert.deepEqual(await violations(door), [], 'sign in')
  await context.close()
  await stranger.close()
})

test('a first import that is limited tells how long it takes yet; the limit is set for an account and for a mailbox', async () => {
  const text = 'x'.repeat(97)
  const large = letters(60).map(({ bytes }) => ({
    bytes: Buffer.concat([bytes, Buffer.from(`${text}\r\n`.repeat(100))]),
  }))
  const limited = await startPop3Server({ messages: large, password: 'secret' })
  providers.push(limited)
  const destinationId = await anyDestination()
  const account = { address: 'limited@example.net', user: 'limited', port: limited.port, destinationId }
  const id = await stack.account({ ...account, importBytesPerHour: 140_000 })
  await stack.pull(id)
  const page = await open(`/accounts/${id}`)
  await page.getByRole('heading', { name: 'More is to come' }).waitFor()
  await page.getByText('about 3 hours left').waitFor()
  await page.locator('.timeline').getByText('more is to come').waitFor()
  await page.locator('.facts').getByText('at most 140 kB an hour').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Actions for limited@example.net' }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  const field = dialog.getByLabel('The first time: MB an hour')
  assert.equal(await field.inputValue(), '0.14')
  await field.fill('1,250')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.locator('input:invalid').waitFor()
  await field.fill('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('.facts').getByText('as fast as it comes').waitFor()
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.getByRole('heading', { name: 'More is to come' }).waitFor({ state: 'detached' })

  await page.goto(`${served.url}/destinations/${destinationId}`)
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Limit first imports' }).click()
  await dialog.getByLabel('The first time: MB an hour').fill('20')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.locator('.facts').getByText('at most 20 MB an hour').waitFor()
  await page.goto(`${served.url}/accounts/${id}`)
  await page.locator('.facts').getByText('at most 20 MB an hour, together with').waitFor()
  await page.close()
  await stack.call('PATCH', `/destinations/${destinationId}`, { importBytesPerHour: null })
})

test('visits that find nothing are one row, which grows while the page is open', async () => {
  const [letter] = letters(1)
  assert.ok(letter)
  const quiet = await startPop3Server({ messages: [{ ...letter, uidl: 'lasting' }], password: 'secret' })
  providers.push(quiet)
  const destinationId = await anyDestination()
  const account = { address: 'quiet@example.net', user: 'quiet', port: quiet.port, destinationId }
  const id = await stack.account({ ...account, paused: false, interval: { minSeconds: 1, maxSeconds: 1 } })
  const page = await open(`/accounts/${id}`)
  const rows = page.locator('.timeline > li')
  await rows.filter({ hasText: '1 message stored' }).waitFor()
  const row = rows.filter({ hasText: /checked [2-9] times.*nothing new.*\d+:\d\d/ })
  await row.waitFor()
  assert.equal(await row.count(), 1)
  const before = await row.textContent()
  await until('another time', async () => (await row.textContent()) !== before)
  await rows.filter({ hasText: /checked \d+ times/ }).waitFor()
  await stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('fifty accounts that change at once cost each page one request a second, and it shows them as they are', async () => {
  const destinationId = await anyDestination()
  const { port } = await provider(1)
  const ids: string[] = []
  for (let nth = 0; nth < 50; nth += 1)
    ids.push(await stack.account({ address: `fifty${nth}@example.net`, user: `fifty${nth}`, port, destinationId }))
  const tabs = await Promise.all(
    ['/accounts?q=fifty', '/', `/accounts/${ids[0]}`, `/mail/${destinationId}`].map(async (path) => await open(path)),
  )
  for (const tab of tabs) await tab.waitForLoadState('networkidle').catch(() => undefined)
  for (const tab of tabs) await tab.evaluate('performance.clearResourceTimings()')
  await Promise.all(ids.map(async (id) => await stack.call('POST', `/accounts/${id}/resume`)))
  const [list, , account] = tabs
  assert.ok(list && account)
  for (const nth of [0, 1, 10])
    await row(list, `fifty${nth}@`)
      .locator('time:visible', { hasText: /^in \d/ })
      .waitFor()
  await account.getByText('1 message stored').waitFor()
  await account
    .locator('.facts')
    .getByText(/^in \d/)
    .waitFor()
  for (const tab of tabs) {
    const asked = `performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/v1/') && !name.endsWith('/events'))`
    // The page's policy forbids `waitForFunction`: it evaluates text.
    await until('a request', async () => (await tab.evaluate<number>(`${asked}.length`)) > 0)
    const began = await tab.evaluate<number[]>(`${asked}.map(({ startTime }) => startTime)`)
    const apart = began.slice(1).map((ms, nth) => ms - (began[nth] ?? 0))
    assert.ok(Math.min(1000, ...apart) > 950, `${tab.url()}: ${apart.map(Math.round).join()} ms between requests`)
    await tab.close()
  }
  for (const id of ids) await stack.call('DELETE', `/accounts/${id}`)
})

test('ten thousand accounts are listed, sorted and searched without lag, a few rows in the page', async () => {
  await addMany(await anyDestination(), 10_000)
  const page = await open('/accounts')
  await page.getByText(/^10,0\d\d accounts$/).waitFor()
  const rows = page.locator('tbody tr:not(.gap)')
  assert.ok((await rows.count()) < 60)
  // As long as it took to handle, lay out and paint.
  const took = async (act: () => Promise<void>) => {
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    await page.evaluate('window.began = performance.now()')
    await act()
    return await page.evaluate<number>(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - window.began))))',
    )
  }
  const sorted = await took(async () => await page.getByRole('button', { name: 'Account', exact: true }).click())
  await row(page, 'zz9999@bulk.example').waitFor()
  const searched = await took(async () => await page.getByRole('searchbox').fill('zz1234'))
  assert.equal(await rows.count(), 1)
  // A tenth of that where there is nothing else to do.
  assert.ok(sorted < 1500 && searched < 1500, `sorted in ${sorted} ms, searched in ${searched} ms`)
  await page.getByRole('searchbox').fill('')
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await row(page, 'failing@example.net').waitFor()
  assert.ok((await rows.count()) < 60)
  await page.close()
})

async function anyDestination(): Promise<string> {
  const { body } = await stack.call('GET', '/destinations')
  return body.items[0] === undefined ? await stack.destination('alice') : String(body.items[0]['id'])
}

/** As if they had been imported. */
async function addMany(destinationId: string, count: number): Promise<void> {
  const { body } = await stack.call('GET', '/accounts?limit=1')
  const like = await stack.world.accounts.get(String(body.items[0]?.['id']))
  assert.ok(like)
  const add = async (nth: number) => {
    const name = String(nth).padStart(4, '0')
    const id = `01K0000000000000000000${name}` as AccountId
    const own = { id, destinationId: destinationId as DestinationId, address: `zz${name}@bulk.example`, user: name }
    const account: Account = { ...like.account, ...own, paused: true }
    await stack.world.accounts.create({ account, sealedPassword: '' })
  }
  const all = Array.from({ length: count }, (_, nth) => nth)
  while (all.length > 0) await Promise.all(all.splice(0, 500).map(async (nth) => await add(nth)))
}
