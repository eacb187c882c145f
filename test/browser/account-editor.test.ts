/** Changing an account that exists: its certificate, its password, where it goes, and what few need; tried before it is saved. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { violations } from '../support/browser.ts'
import { certificate } from '../support/certificates.ts'
import { type DashboardPerson, letters, startDashboardPerson } from '../support/dashboard-person.ts'
import { startImapServer } from '../support/imap-server.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { until } from '../support/until.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => await dashboard?.close())

async function provider(t: TestContext, behaviour: Partial<Behaviour> = {}, port = 0) {
  const server = await startPop3Server({ messages: letters(2), password: 'secret', ...behaviour }, port)
  t.after(async () => await server.close())
  return server
}
const dialog = (page: Page) => page.getByRole('dialog')
async function edit(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
}
const groups = (hex: string) => hex.toUpperCase().replace(/(..)(?=.)/g, '$1 ')

test('a certificate that was renewed is trusted where the failure is told, the old one beside it', async (t) => {
  const [old, renewed] = [certificate(), certificate()]
  const { port } = await provider(t, { tls: renewed })
  const destinationId = await dashboard.anyDestination()
  const fields = { address: 'renewed@example.net', user: 'renewed', host: 'localhost', port, destinationId }
  const id = await dashboard.stack.account({ ...fields, tls: 'implicit', tlsFingerprint: old.fingerprint })
  await dashboard.stack.call('POST', `/accounts/${id}/resume`)
  await dashboard.stack.pull(id)
  const page = await dashboard.open(`/accounts/${id}`)
  await page.getByText('Trusted so far').waitFor()
  assert.deepEqual(await page.locator('.fingerprint').allTextContents(), [
    groups(old.fingerprint),
    groups(renewed.fingerprint),
  ])
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    assert.deepEqual(await violations(page), [])
  }
  const told = page.locator('.callout').first()
  await told.getByText(/^No safe TLS connection to localhost/).waitFor()
  assert.doesNotMatch(await told.innerText(), /tlsFingerprint|\bset /)
  await told.getByRole('button', { name: 'Edit' }).click()
  await dialog(page).getByLabel('POP3 server').waitFor()
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Trust exactly this certificate' }).click()
  await page.getByText('2 messages stored').waitFor()
  await page.locator('.facts').getByText('certificate pinned').waitFor()
  await page.close()
})

test('a new password is one field: it is saved if it works, and else what is wrong is told beside it', async (t) => {
  const { port } = await provider(t)
  const destinationId = await dashboard.anyDestination()
  const fields = { address: 'anew@example.net', user: 'anew', port, destinationId }
  const id = await dashboard.stack.account({ ...fields, password: 'wrong' })
  await dashboard.stack.call('POST', `/accounts/${id}/resume`)
  await dashboard.stack.pull(id)
  const page = await dashboard.open(`/accounts/${id}`)
  const field = page.getByLabel('Password', { exact: true })
  await field.fill('wrong too')
  // Whoever types it can see it.
  assert.equal(await field.getAttribute('type'), 'password')
  await page.getByRole('button', { name: 'Show what is typed' }).click()
  assert.equal(await field.getAttribute('type'), 'text')
  await page.getByRole('button', { name: 'Save and check' }).click()
  await page.getByText('Not saved.').waitFor()
  await page.getByRole('button', { name: 'Save it all the same' }).waitFor()
  assert.deepEqual(await violations(page), [])
  await field.fill('secret')
  await page.getByText('Not saved.').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Save and check' }).click()
  await page.getByText('It works, and is saved.').waitFor()
  await page.getByText('2 messages stored').waitFor()
  await page.close()
})

test('mailbox, folder, interval, size, marks and the first run are changed, and what is not touched is not sent', async () => {
  const destinationId = await dashboard.anyDestination()
  const other = await dashboard.stack.destination('second')
  const { port } = await dashboard.provider(1)
  const id = await dashboard.stack.account({ address: 'all@example.net', user: 'all', port, destinationId })
  const before = (await dashboard.stack.call('GET', `/accounts/${id}`)).body
  const page = await dashboard.open(`/accounts/${id}`)
  const sent: unknown[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(request.postDataJSON())
  })
  await edit(page)
  await dialog(page).getByLabel('Folder').fill('Work')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  assert.deepEqual(sent, [{ folder: 'Work' }])
  await edit(page)
  await dialog(page).getByLabel('Goes to').selectOption('second')
  await dialog(page).getByLabel('The first time', { exact: true }).selectOption('lastDays')
  await dialog(page).getByLabel('Days back').fill('7')
  await dialog(page).getByText('More: how often').click()
  await dialog(page).getByLabel('Minutes between visits, at least').fill('0.5')
  await dialog(page).getByLabel('Minutes between visits, at most').fill('0.25')
  await dialog(page).getByLabel('Largest message').fill('0,2')
  await dialog(page).getByLabel('Marks of what is stored').fill('\\Flagged  work')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  // The mistake is told at its field.
  await dialog(page).locator('[aria-invalid]').first().waitFor()
  assert.deepEqual(await violations(page), [])
  await dialog(page).getByLabel('Minutes between visits, at most').fill('10')
  await page.setViewportSize({ width: 390, height: 800 })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  const { body } = await dashboard.stack.call('GET', `/accounts/${id}`)
  assert.deepEqual(
    [body['destinationId'], body['firstRun'], body['interval'], body['maxMessageBytes'], body['flags']],
    [other, { mode: 'lastDays', days: 7 }, { minSeconds: 30, maxSeconds: 600 }, 200_000, ['\\Flagged', 'work']],
  )
  assert.deepEqual([body['retention'], body['tlsVerify']], [before['retention'], before['tlsVerify']])
  await page.close()
})

test('settings are tried before they are saved, and a certificate is trusted there without the password', async (t) => {
  const shown = certificate()
  const { port } = await provider(t, { tls: shown })
  const destinationId = await dashboard.anyDestination()
  const fields = { address: 'tried@example.net', user: 'tried', host: 'localhost', port, destinationId }
  const id = await dashboard.stack.account({ ...fields, tls: 'implicit' })
  const page = await dashboard.open(`/accounts/${id}`)
  await edit(page)
  const test = dialog(page).getByRole('button', { name: 'Test', exact: true })
  await test.click()
  await dialog(page).getByRole('button', { name: 'Trust exactly this certificate' }).click()
  assert.equal(await dialog(page).getByLabel('Its fingerprint').inputValue(), groups(shown.fingerprint))
  const password = dialog(page).getByLabel('Password', { exact: true })
  assert.equal(await password.getAttribute('required'), null)
  await test.click()
  await dialog(page).getByText('It works: 2 messages').waitFor()
  assert.deepEqual(await violations(page), [])
  // What was tried is told of no other settings.
  await dialog(page).getByLabel('User name').fill('nobody')
  await dialog(page).getByText('It works: 2 messages').waitFor({ state: 'detached' })
  assert.equal(await password.getAttribute('required'), '')
  await dialog(page).getByLabel('User name').fill('tried')
  // One that nobody has seen needs it.
  await dialog(page).getByLabel('Its fingerprint').fill('ab'.repeat(32))
  assert.equal(await password.getAttribute('required'), '')
  await dialog(page).getByLabel('Its fingerprint').fill(shown.fingerprint)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  const { body } = await dashboard.stack.call('GET', `/accounts/${id}`)
  assert.equal(body['tlsFingerprint'], shown.fingerprint)
  await page.close()
})

test('what few need is set when an account is added, too, and a certificate chosen', async (t) => {
  const { port } = await provider(t, { tls: certificate() })
  await dashboard.anyDestination()
  const page = await dashboard.open('/accounts/new')
  await page.getByLabel('E-mail address').fill('more@nowhere.example')
  await page.getByText('No settings were found for this address').waitFor()
  await page.getByText('Server settings, by hand').click()
  await page.getByLabel('POP3 server').fill('localhost')
  await page.getByLabel('Port', { exact: true }).fill(String(port))
  await page.getByLabel('Certificate', { exact: true }).selectOption('unchecked')
  await page.getByLabel('Its password').fill('secret')
  await page.getByText('More: how often').click()
  await page.getByLabel('Minutes between visits, at least').fill('5')
  await page.getByLabel('Minutes between visits, at most').fill('5')
  await page.getByLabel('Largest message').fill('1')
  await page.getByLabel('Marks of what is stored').fill('work')
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Add and start' }).click()
  await page.getByText('2 messages stored').waitFor()
  const id = page.url().split('/').at(-1) ?? ''
  const { body } = await dashboard.stack.call('GET', `/accounts/${id}`)
  assert.deepEqual(
    [body['interval'], body['maxMessageBytes'], body['flags'], body['tlsVerify']],
    [{ minSeconds: 300, maxSeconds: 300 }, 1_000_000, ['work'], false],
  )
  await page.close()
})

test('a mailbox elsewhere is tried before it is made, and before its login is changed', async (t) => {
  const shown = certificate()
  const store = await startImapServer({ tls: { mode: 'implicit', ...shown }, password: 'secret' })
  t.after(async () => await store.close())
  const page = await dashboard.open('/destinations')
  await page.getByRole('button', { name: 'Add a mailbox' }).first().click()
  await dialog(page).getByLabel('At another server').check()
  await dialog(page).getByLabel('IMAP server').fill('localhost')
  await dialog(page).getByLabel('Port', { exact: true }).fill(String(store.port))
  await dialog(page).getByLabel('User name').fill('me')
  await dialog(page).getByLabel('Password', { exact: true }).fill('secret')
  const tried = dialog(page).getByRole('button', { name: 'Test', exact: true })
  await tried.click()
  await dialog(page).getByText('The login does not work').waitFor()
  await dialog(page).getByRole('button', { name: 'Trust exactly this certificate' }).click()
  await tried.click()
  await dialog(page).getByText('It works: 0 messages').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.setViewportSize({ width: 360, height: 800 })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  await dialog(page).getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { level: 1, name: 'me' }).waitFor()
  await edit(page)
  await dialog(page).getByLabel('User name').fill('you')
  await dialog(page).getByLabel('Password', { exact: true }).fill('wrong')
  await tried.click()
  await dialog(page).getByText('The login does not work').waitFor()
  await dialog(page).getByLabel('User name').fill('me')
  await dialog(page).getByLabel('Password', { exact: true }).fill('')
  await tried.click()
  await dialog(page).getByText('It works: 0 messages').waitFor()
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await page.close()
})

test('the overview fits a window that was made narrow, chart and all', async () => {
  const page = await dashboard.open('/')
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.locator('.chart canvas').waitFor()
  await page.setViewportSize({ width: 360, height: 800 })
  await until(
    'a page that fits',
    async () => await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'),
  )
  await page.close()
})
