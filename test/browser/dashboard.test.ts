import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { serve, signIn, violations } from '../support/browser.ts'
import { heldBack } from '../support/held-back.ts'
import { type DashboardPerson, letters, row, startDashboardPerson, waitMs } from '../support/dashboard-person.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => {
  await dashboard?.close()
})

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
  dashboard.providers.push(gate)
  return gate
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name })
const status = (page: Page, address: string, words: string) =>
  row(page, address).locator('.badge:visible', { hasText: words })

test('a page is for browsers alone, its files are kept for ever, and it lets no other script in', async () => {
  const ask = async (path: string, accept: string) =>
    await fetch(`${dashboard.served.url}${path}`, { headers: { accept } })
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
  const packed = await fetch(`${dashboard.served.url}${script}`, { headers: { 'accept-encoding': 'br' } })
  assert.equal(packed.headers.get('content-encoding'), 'br')
  assert.equal((await ask('/', 'application/json')).headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal((await ask('/api/v1/nowhere', 'text/html')).status, 401)
  assert.equal((await ask('/assets/none.js', '*/*')).status, 401)
})

test('a first visit leads to mail within a minute: a wrong password is told, the import is watched, through a reload and in a second tab', async () => {
  const total = letters(600).reduce((sum, { bytes }) => sum + bytes.length, 0)
  const gate = await startGate((await dashboard.provider(600)).port, total * 0.6)
  const stranger = await dashboard.browser.newContext({ locale: 'en' })
  stranger.setDefaultTimeout(waitMs)
  const page = await stranger.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (said) => said.text().includes('Content Security Policy') && errors.push(said.text()))

  await page.goto(dashboard.served.url)
  await page.getByLabel('Password').fill('not the token')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('not known here').waitFor()
  await signIn(page, dashboard.served.url)

  await heading(page, 'Welcome').waitFor()
  await page.getByLabel('Login').fill('alice')
  await page.getByLabel('Choose a password').fill('wonder')
  await page.getByLabel('Once more').fill('wonder')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('Mail goes to alice.').waitFor()
  const questions = await heldBack(page, '**/discover?*')
  await page.getByLabel('E-mail address').fill('me@example.net')
  await page.getByText('Server settings').click()
  await page.getByLabel('POP3 server').fill('127.0.0.1')
  await page.getByLabel('Encryption', { exact: true }).selectOption('none')
  await page.getByLabel('Port', { exact: true }).fill(String(gate.port))
  await page.getByLabel('Its password').fill('wrong')
  const start = page.getByRole('button', { name: 'Test and start' })
  const before = await start.boundingBox()
  ;(await questions.next())()
  await page.getByText('Looking for the settings of this provider').waitFor({ state: 'detached' })
  assert.deepEqual(await start.boundingBox(), before, 'what is found for the address does not move the button')
  await start.click()
  await page.getByText('The provider refuses the user name or password').waitFor()
  await page.getByLabel('Its password').fill('secret')
  await start.click()

  await heading(page, 'me@example.net').waitFor()
  const bar = (tab: Page) => tab.getByRole('progressbar', { name: 'Progress of me@example.net' })
  await page.getByText('250 of 600 messages').waitFor()
  assert.equal(await bar(page).getAttribute('value'), '250')
  await page.reload()
  await page.getByText('250 of 600 messages').waitFor()
  const second = await dashboard.open('/')
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
  const { port } = await dashboard.provider(1)
  const destinationId = await dashboard.anyDestination()
  const id = await dashboard.stack.account({
    address: 'failing@example.net',
    user: 'f',
    port,
    destinationId,
    password: 'wrong',
  })
  await dashboard.stack.call('POST', `/accounts/${id}/resume`)
  await dashboard.stack.pull(id)
  const page = await dashboard.open('/')
  await page.getByText('One account needs you').waitFor()
  await page.getByRole('link', { name: 'failing@example.net' }).click()
  await page.getByRole('button', { name: 'Other settings' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Port', { exact: true }).fill('0')
  await dialog.getByLabel('Password', { exact: true }).fill('secret')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('1 or more.').waitFor()
  await dialog.getByLabel('Port', { exact: true }).fill(String(port))
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('1 message stored').waitFor()
  await page.locator('.page-lead .badge', { hasText: 'Up to date' }).waitFor()
  await page.close()
})

test('what was set aside is explained, left alone or tried again; what a run brought is told', async () => {
  const { port } = await dashboard.provider(3)
  const destinationId = await dashboard.anyDestination()
  const id = await dashboard.stack.account({
    address: 'large@example.net',
    user: 'l',
    port,
    destinationId,
    maxMessageBytes: 50,
  })
  await dashboard.stack.pull(id)
  const page = await dashboard.open(`/accounts/${id}`)
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
  await entries
    .first()
    .getByRole('button', { name: /^Take up to / })
    .click()
  await page.getByText('2 messages stored').waitFor()
  await entries.first().waitFor({ state: 'detached' })
  await page.getByText('2 messages stored').click()
  await page.getByText('What was stored').waitFor()
  await page.close()
})

test('a paused account without a run says when its first one begins', async () => {
  const { port } = await dashboard.provider(0)
  const id = await dashboard.stack.account({ user: 'not-yet', port, destinationId: await dashboard.anyDestination() })
  const page = await dashboard.open(`/accounts/${id}`)
  await page.getByText(/^The first one begins when the account is resumed/).waitFor()
  await page.close()
})

test('several accounts at once are paused, and removed when that is meant', async () => {
  const { port } = await dashboard.provider(0)
  const destinationId = await dashboard.anyDestination()
  for (const nth of [1, 2, 3]) {
    const account = { address: `many${nth}@example.net`, user: `m${nth}`, port, destinationId, paused: false }
    await dashboard.stack.account(account)
  }
  await dashboard.stack.account({ address: 'another@example.net', user: 'another', port, destinationId })
  const page = await dashboard.open('/accounts?q=many')
  await page.getByText(/^3 of \d+ accounts$/).waitFor()
  await page.getByRole('checkbox', { name: 'Choose all' }).check()
  const bar = page.getByRole('region', { name: 'Actions' })
  await bar.getByText('3 chosen').waitFor()
  await bar.getByRole('button', { name: 'Pause' }).click()
  await page.getByText('3 accounts paused.').waitFor()
  for (const nth of [1, 2, 3]) await status(page, `many${nth}`, 'Paused').waitFor()

  // In another tab it is seen without asking.
  const other = await dashboard.open('/accounts?q=many')
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
  const destinationId = await dashboard.anyDestination()
  const id = await dashboard.stack.account({ address: 'lost@example.net', user: 'lost', destinationId, paused: false })
  const page = await dashboard.open('/accounts?q=lost')
  await row(page, 'lost@example.net').waitFor()
  const port = Number(new URL(dashboard.served.url).port)
  await dashboard.served.close()
  await page.getByText('The connection is lost').waitFor()
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Check now' }).click()
  await page.getByText('Tributary does not answer').waitFor()
  await dashboard.stack.call('POST', `/accounts/${id}/pause`)
  const again = await serve(dashboard.stack, port)
  dashboard.providers.push(again)
  await page.getByText('The connection is lost').waitFor({ state: 'detached' })
  await status(page, 'lost@example.net', 'Paused').waitFor()
  await page.close()
})

test('all of it can be done with the keyboard', async () => {
  const destinationId = await dashboard.anyDestination()
  await dashboard.stack.account({ address: 'keys@example.net', user: 'keys', destinationId, paused: false })
  const page = await dashboard.open('/accounts?q=keys')
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
  const page = await dashboard.open('/accounts?q=failing')
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
  const { port } = await dashboard.provider(3)
  const destinationId = await dashboard.anyDestination()
  const address = 'axe@example.net'
  const id = await dashboard.stack.account({ address, user: address, port, destinationId, maxMessageBytes: 50 })
  await dashboard.stack.pull(id)
  const account = `/accounts/${id}`
  const context = await dashboard.browser.newContext({
    locale: 'en',
    storageState: await dashboard.person.storageState(),
  })
  context.setDefaultTimeout(waitMs)
  const page = await context.newPage()
  for (const [path, name, ready] of [
    ['/', 'Overview', '.chart canvas'],
    ['/accounts', 'Accounts', 'tbody .badge:visible'],
    [account, address, '.timeline'],
    ['/welcome', 'Add an account', 'form'],
    ['/nowhere', 'There is no such page', '.state'],
  ] as const) {
    await page.goto(`${dashboard.served.url}${path}`)
    await heading(page, name).waitFor()
    await page.locator(ready).first().waitFor()
    assert.deepEqual(await violations(page), [], path)
  }
  await page.goto(`${dashboard.served.url}${account}`)
  await page.locator('summary').first().click()
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await page.getByRole('dialog').waitFor()
  assert.deepEqual(await violations(page), [], 'a dialog')
  const stranger = await dashboard.browser.newContext({ locale: 'en', viewport: { width: 390, height: 800 } })
  stranger.setDefaultTimeout(waitMs)
  const door = await stranger.newPage()
  await door.goto(dashboard.served.url)
  await heading(door, 'Sign in').waitFor()
  assert.deepEqual(await violations(door), [], 'sign in')
  await context.close()
  await stranger.close()
})

test('on phones and tablets the pages to go to stand beside one another with their names, or behind one button, in each language', async () => {
  // Without the language that was chosen before.
  const { cookies } = await dashboard.person.storageState()
  const storageState = { cookies, origins: [] }
  for (const locale of ['en', 'de', 'es', 'fr', 'ja', 'vi']) {
    const context = await dashboard.browser.newContext({ storageState, locale, viewport: { width: 360, height: 780 } })
    context.setDefaultTimeout(waitMs)
    const page = await context.newPage()
    await page.goto(`${dashboard.served.url}/destinations`)
    await page.locator(`html[lang=${locale}]`).waitFor()
    const bar = page.locator('.top > nav > :is(a, button):visible')
    const more = page.locator('.nav-more')
    await more.waitFor()
    for (const width of [360, 390, 720, 768]) {
      await page.setViewportSize({ width, height: 780 })
      const places = await bar.evaluateAll((all) =>
        all.map((place) => {
          const name = place.querySelector('span')
          const { left, right, top } = place.getBoundingClientRect()
          const text = name?.getBoundingClientRect()
          return {
            left,
            right,
            top,
            isNamed: text !== undefined && text.width > 8 && text.left >= left - 1 && text.right <= right + 1,
          }
        }),
      )
      const at = `${locale} at ${width}: ${JSON.stringify(places)}`
      assert.equal(places.length, 5, at)
      assert.ok(
        places.every(({ isNamed }) => isNamed),
        at,
      )
      assert.ok(
        places.every(({ top }) => Math.abs(top - (places[0]?.top ?? 0)) < 1),
        at,
      )
      for (const [nth, { right }] of places.entries()) assert.ok(right <= (places[nth + 1]?.left ?? width) + 1, at)
    }
    assert.ok(await more.evaluate((button) => button.classList.contains('here')), 'the page that is shown is behind it')
    for (const width of [360, 768]) {
      await page.setViewportSize({ width, height: 780 })
      await more.click()
      const rest = page.locator('.nav-rest a')
      await rest.nth(2).waitFor()
      assert.equal(await rest.count(), 3)
      const box = await page.locator('.nav-rest').boundingBox()
      assert.ok(
        box && box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= 780,
        `${locale} ${width}`,
      )
      assert.deepEqual(await violations(page), [], `${locale} at ${width}`)
      await page.keyboard.press('Escape')
      await rest.first().waitFor({ state: 'hidden' })
    }
    await context.close()
  }
})

test('what is behind the button of the bar is reached by keyboard, and Esc leads back', async () => {
  const page = await dashboard.open('/destinations')
  await heading(page, 'Mailboxes').waitFor()
  await page.locator('main .skeleton').waitFor({ state: 'detached' })
  await page.setViewportSize({ width: 390, height: 780 })
  const more = page.locator('.nav-more')
  await more.focus()
  await page.keyboard.press('Enter')
  await page.locator('.nav-rest a').first().waitFor()
  assert.equal(await more.getAttribute('aria-expanded'), 'true')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Outbox')
  await page.keyboard.press('Escape')
  await page.locator('.nav-rest a').first().waitFor({ state: 'hidden' })
  assert.ok(await page.evaluate("document.activeElement.matches('.nav-more')"))
  await page.keyboard.press('Enter')
  await page.locator('.nav-rest a').first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await heading(page, 'Outbox').waitFor()
  assert.equal(await page.locator('.nav-rest a').count(), 0)
  await page.setViewportSize({ width: 1280, height: 780 })
  assert.equal(await more.isVisible(), false)
  assert.equal(await page.locator('.top > nav > a:visible').count(), 7)
  await page.close()
})
