import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Locator } from 'playwright-core'
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

const dialog = () => page.getByRole('dialog')
const password = () => dialog().getByLabel('Password', { exact: true })
const save = async () => await dialog().getByRole('button', { name: 'Save' }).click()
const needed = 'Where or how it logs in changes'

async function edit(path: string): Promise<void> {
  await page.goto(`${served.url}${path}`)
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
}

interface Change {
  readonly body: object
  readonly type: (form: Locator) => Promise<unknown>
}
const needing: readonly Change[] = [
  {
    body: { host: 'pop.elsewhere.example' },
    type: (form) => form.getByLabel('POP3 server').fill('pop.elsewhere.example'),
  },
  { body: { port: 1995 }, type: (form) => form.getByLabel('Port', { exact: true }).fill('1995') },
  { body: { user: 'you' }, type: (form) => form.getByLabel('User name').fill('you') },
  { body: { sasl: 'PLAIN' }, type: (form) => form.getByLabel('How to log in').selectOption('PLAIN') },
  { body: { proxy: 'none' }, type: (form) => form.getByLabel('Proxy').fill('none') },
  { body: { tls: 'none' }, type: (form) => form.getByLabel('Encryption', { exact: true }).selectOption('none') },
  { body: { tlsMinVersion: 'TLSv1' }, type: (form) => form.getByLabel('Oldest TLS').selectOption('TLSv1') },
  { body: { tlsLegacy: true }, type: (form) => form.getByLabel('Take old, weak encryption').check() },
]
const free: readonly Change[] = [
  { body: { folder: 'Work' }, type: (form) => form.getByLabel('Folder').fill('Work') },
  { body: { host: 'POP.example.net' }, type: (form) => form.getByLabel('POP3 server').fill('POP.example.net') },
  { body: { tlsMinVersion: 'TLSv1.3' }, type: (form) => form.getByLabel('Oldest TLS').selectOption('TLSv1.3') },
]

test('the password is asked for before sending, where the API demands it and nowhere else', async () => {
  const destinationId = await stack.destination('alice')
  const id = await stack.account({ host: 'pop.example.net', tls: 'implicit', destinationId })
  for (const { body, type } of needing) {
    const { status } = await stack.call('PATCH', `/accounts/${id}`, body)
    assert.equal(status, 400, JSON.stringify(body))
    await edit(`/accounts/${id}`)
    assert.equal(await password().getAttribute('required'), null)
    await dialog().getByText('Advanced').click()
    await type(dialog())
    await dialog().getByText(needed).waitFor()
    assert.equal(await password().getAttribute('required'), '', JSON.stringify(body))
  }
  assert.deepEqual(await violations(page), [])
  // It is not even sent.
  await save()
  assert.equal(await password().evaluate((field) => field.matches(':invalid')), true)
  assert.equal(await page.getByRole('alert').count(), 0)
  for (const { body, type } of free) {
    await edit(`/accounts/${id}`)
    await dialog().getByText('Advanced').click()
    await type(dialog())
    assert.equal(await password().getAttribute('required'), null, JSON.stringify(body))
    await save()
    await dialog().waitFor({ state: 'detached' })
  }
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.deepEqual([body['folder'], body['host'], body['tlsMinVersion']], ['Work', 'pop.example.net', 'TLSv1.3'])
})

test('an account goes over to signing in, and back to a password', async () => {
  const destinationId = await stack.destination('bob')
  const id = await stack.account({ port: 1, sasl: 'PLAIN', paused: false, destinationId })
  const application = { provider: 'custom', clientId: 'tributary', issuer: 'http://127.0.0.1:1' }
  assert.equal((await stack.call('POST', '/oauth/applications', application)).status, 201)
  await edit(`/accounts/${id}`)
  await password().fill('half typed')
  await dialog().getByRole('radio', { name: 'Sign in at its provider' }).check()
  assert.equal(await password().count(), 0, 'there is none')
  // PLAIN is no way to show a token.
  assert.equal(await dialog().getByLabel('How to log in').inputValue(), '')
  await dialog().getByLabel('How to log in').selectOption('XOAUTH2')
  assert.deepEqual(await violations(page), [])
  await save()
  await page.getByText('Nobody has signed in yet').waitFor()
  await page.getByText('Needs you').first().waitFor()
  const over = (await stack.call('GET', `/accounts/${id}`)).body
  assert.deepEqual([over['auth'], over['sasl'], over['status']], ['oauth2', 'XOAUTH2', 'needs attention'])

  await edit(`/accounts/${id}`)
  await dialog().getByRole('radio', { name: 'With a password' }).check()
  await dialog().getByText(needed).waitFor()
  await save()
  assert.equal(await password().evaluate((field) => field.matches(':invalid')), true)
  await password().fill('secret')
  await save()
  await page.getByText('Nobody has signed in yet').waitFor({ state: 'detached' })
  const back = (await stack.call('GET', `/accounts/${id}`)).body
  assert.deepEqual([back['auth'], back['sasl'], back['oauth']], ['password', null, null])
  assert.notEqual(back['status'], 'needs attention')
})

test('a mailbox elsewhere goes over to signing in, and the lists say that nobody has', async () => {
  const elsewhere = { kind: 'imap', host: '127.0.0.1', port: 1, tls: 'none', user: 'me', password: 'secret' }
  const { id } = (await stack.call('POST', '/destinations', elsewhere)).body
  await edit(`/destinations/${id}`)
  await dialog().getByRole('radio', { name: 'Sign in at its provider' }).check()
  await save()
  await page.getByText('Nobody has signed in yet').waitFor()
  // There is no password that could be changed.
  assert.equal(await page.getByRole('button', { name: 'Change the password' }).count(), 0)
  await page.goto(`${served.url}/destinations`)
  await page.locator('.mark:visible', { hasText: 'not signed in' }).waitFor()
  assert.deepEqual(await violations(page), [])
})

test('a sign-in that ends soon is marked in the list, and the page of the account says when', async () => {
  const destinationId = await stack.destination('carol')
  const { items } = (await stack.call('GET', '/oauth/applications')).body
  const applicationId = String(items[0]?.['id'])
  const address = 'ends@example.net'
  const fields = { address, host: '127.0.0.1', port: 2, tls: 'none', user: address, destinationId, paused: true }
  const made = await stack.call('POST', '/accounts', { ...fields, auth: 'oauth2', oauth: { applicationId } })
  const { id } = made.body
  const now = Date.now()
  await stack.world.grants.put(id, {
    applicationId,
    host: '127.0.0.1',
    user: address,
    flow: 'code',
    signedInAs: address,
    subject: null,
    state: 'signed in',
    reason: null,
    issuedAtMs: now,
    accessUntilMs: now,
    refreshUntilMs: now + 3 * 86_400_000,
    warning: null,
  })
  await page.goto(`${served.url}/accounts`)
  await page.locator('.mark:visible', { hasText: 'sign-in ends' }).waitFor()
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  await page.goto(`${served.url}/accounts/${id}`)
  await page.getByText(`Signed in as ${address}`).waitFor()
  await page.getByText(/^It is renewed by itself\. At the latest on .* somebody has to sign in again\.$/).waitFor()
})
