import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from '../support/browser.ts'
import { type OpenedPage, openPage, phoneWidth } from '../support/opened-page.ts'

let opened: OpenedPage
let stack: OpenedPage['stack']
let served: OpenedPage['served']
let page: OpenedPage['page']

before(async () => {
  opened = await openPage()
  ;({ stack, served, page } = opened)
})
after(async () => await opened?.close())

const weak = 'Old, weak encryption is allowed here'
const advanced = 'Advanced: how to log in, old encryption, proxy'

test('the way to log in, old encryption and a proxy are set for an account, and shown without the password of the proxy', async () => {
  const destinationId = await stack.destination('alice')
  const id = await stack.account({ host: 'pop.example.net', tls: 'implicit', destinationId })
  await page.goto(`${served.url}/accounts/${id}`)
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(advanced).click()
  await dialog.getByLabel('How to log in').selectOption({ label: 'PLAIN: the password is sent' })
  await dialog.getByLabel('Oldest TLS that is taken').selectOption({ label: '1.0 (not safe)' })
  await dialog.getByText('Only for a server that has nothing better').waitFor()
  await dialog.getByLabel('Proxy').fill('socks5://gate:a-secret@proxy.example.net:1080')
  // What is emptied again does not shut the fields in which somebody types.
  await dialog.getByLabel('Proxy').fill('')
  await dialog.getByLabel('Proxy').fill('socks5://gate:a-secret@proxy.example.net:1080')
  assert.deepEqual(await violations(page), [])
  await dialog.getByLabel('Password', { exact: true }).fill('secret')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(weak).waitFor()
  await page.locator('.facts').getByText('through socks5://gate@proxy.example.net:1080').waitFor()
  await page.locator('.facts').getByText('by PLAIN alone').waitFor()
  assert.deepEqual(await violations(page), [])
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), phoneWidth)
  assert.doesNotMatch(await page.content(), /a-secret/)
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.deepEqual([body['sasl'], body['tlsMinVersion']], ['PLAIN', 'TLSv1'])
})

test('the same for a mailbox elsewhere, whose host and user can be changed, too', async () => {
  await page.goto(`${served.url}/destinations`)
  await page.getByRole('button', { name: 'Add a mailbox' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[value="imap"]').check()
  await dialog.getByLabel('IMAP server').fill('imap.example.net')
  await dialog.getByLabel('User name').fill('me')
  await dialog.getByLabel('Password').fill('secret')
  await dialog.getByText(advanced).click()
  // APOP and USER are commands of POP3.
  assert.equal(await dialog.getByLabel('How to log in').locator('option[value="APOP"]').count(), 0)
  await dialog.getByLabel('How to log in').selectOption('SCRAM-SHA-256')
  await dialog.getByLabel('Take old, weak encryption').check()
  await dialog.getByLabel('Proxy').fill('none')
  await dialog.locator('button[type="submit"]').click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(weak).waitFor()
  const made = async () => (await stack.call('GET', '/destinations')).body.items.find(({ kind }) => kind === 'imap')
  const before = await made()
  assert.deepEqual([before?.['sasl'], before?.['tlsLegacy'], before?.['proxy']], ['SCRAM-SHA-256', true, 'none'])
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await dialog.getByLabel('Take old, weak encryption').uncheck()
  // A stronger line needs no password.
  assert.equal(await dialog.getByLabel('Password').getAttribute('required'), null)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(weak).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await dialog.getByLabel('IMAP server').fill('imap.elsewhere.example')
  await dialog.getByLabel('User name').fill('you')
  assert.deepEqual(await violations(page), [])
  await dialog.getByLabel('Password').fill('another')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('heading', { level: 1, name: 'you (imap.elsewhere.example)' }).waitFor()
  const after = await made()
  assert.deepEqual([after?.['host'], after?.['user']], ['imap.elsewhere.example', 'you'])
})

test('lists mark old encryption, with words and on a phone with a sign', async () => {
  const marked = page.locator('.mark:visible', { hasText: 'old encryption' })
  await page.goto(`${served.url}/accounts`)
  await marked.first().waitFor()
  assert.equal(await marked.count(), 1)
  assert.deepEqual(await violations(page), [])
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), phoneWidth)
  await page.setViewportSize({ width: 1280, height: 800 })
  await marked.waitFor()
  assert.deepEqual(await violations(page), [])
  await page.setViewportSize({ width: phoneWidth, height: 800 })
})
