import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from '../support/browser.ts'
import { type OpenedPage, openPage } from '../support/opened-page.ts'

let opened: OpenedPage
let stack: OpenedPage['stack']
let served: OpenedPage['served']
let page: OpenedPage['page']

before(async () => {
  opened = await openPage()
  ;({ stack, served, page } = opened)
})
after(async () => await opened?.close())

test('an application is added, changed and removed, what is wrong is said at its field, and its secret is never shown', async () => {
  await page.goto(`${served.url}/settings/applications`)
  await page.getByText('None yet').waitFor()
  await page.getByRole('button', { name: 'Add an application' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Provider').selectOption({ label: 'Another provider' })
  await dialog.getByLabel('Client id').fill('tributary')
  await dialog.getByLabel('Issuer').fill('http://login.example.net')
  assert.deepEqual(await violations(page), [])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText(/^An https URL, with nothing/).waitFor()
  await dialog.getByLabel('Issuer').fill('https://login.example.net')
  await dialog.getByLabel('Secret').fill('a secret of it')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const row = page.locator('.rows > li')
  await row.getByText('with a secret').waitFor()
  await row.getByText('https://login.example.net').waitFor()
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Edit' }).click()
  assert.equal(await dialog.getByLabel('Secret').inputValue(), '')
  await dialog.getByLabel('Client id').fill('another')
  // The secret of one client is not sent as that of another.
  await dialog.getByLabel('Secret').fill('another secret')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await row.getByText('another', { exact: true }).waitFor()
  const { body } = await stack.call('GET', '/oauth/applications')
  assert.deepEqual(
    body.items.map(({ clientId, hasClientSecret }) => ({ clientId, hasClientSecret })),
    [{ clientId: 'another', hasClientSecret: true }],
  )
  await row.getByRole('button', { name: 'Remove' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('None yet').waitFor()
})

test('the page of a provider gives the redirect URI, says whether a provider takes it, and sees the application that is saved there', async () => {
  await page.goto(`${served.url}/guides/microsoft`)
  await page.getByText('http://127.0.0.1:8420/api/v1/oauth/callback').first().waitFor()
  await page.getByText('Providers take it only as https:').first().waitFor()
  await page.getByRole('button', { name: 'Copy: POP.AccessAsUser.All' }).waitFor()
  await page.getByText('No application of this provider is saved here yet.').first().waitFor()
  await page.getByRole('button', { name: 'Add an application' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Client id').fill('6f3c')
  await dialog.getByLabel('Cloud').selectOption({ label: 'US government' })
  await dialog.getByLabel('Tenant').fill('contoso.us')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved: 6f3c').first().waitFor()
  const { body } = await stack.call('GET', '/oauth/applications')
  const [{ issuer, tenant, provider } = {}] = body.items
  assert.deepEqual(
    { issuer, tenant, provider },
    { issuer: 'https://login.microsoftonline.us', tenant: 'contoso.us', provider: 'microsoft' },
  )
})

test('what the pages say of a provider, the API says too', async () => {
  const { status, body } = await stack.call('GET', '/oauth/providers')
  assert.equal(status, 200)
  assert.equal(body['redirectUri'], 'http://127.0.0.1:8420/api/v1/oauth/callback')
  assert.deepEqual(
    body.items.map(({ id }) => id),
    ['microsoft', 'google', 'fastmail', 'custom'],
  )
})
