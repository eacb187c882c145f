/** What a page does by itself: it heals, says what waits and what fails, and lets nobody lose what they typed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from '../support/browser.ts'
import { serve } from '../support/browser.ts'
import { type DashboardPerson, letters, row, startDashboardPerson } from '../support/dashboard-person.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { until } from '../support/until.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => await dashboard?.close())

test('a page whose code could not be loaded while the API was away is there when it is back', async () => {
  const page = await dashboard.open('/accounts')
  await page.getByRole('heading', { name: 'Accounts' }).waitFor()
  const port = Number(new URL(dashboard.served.url).port)
  await dashboard.served.close()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('Tributary does not answer').waitFor()
  dashboard.providers.push(await serve(dashboard.stack, port))
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await page.getByText('Tributary does not answer').waitFor({ state: 'detached' })
  await page.close()
})

test('the title says how many messages wait to be read, and the icon is marked while an account fails', async (t) => {
  const destinationId = await dashboard.anyDestination()
  const server = await startPop3Server({ messages: letters(3), password: 'secret' })
  t.after(async () => await server.close())
  const fields = { user: 'title', port: server.port, destinationId }
  const id = await dashboard.stack.account({ address: 'title@example.net', ...fields })
  await dashboard.stack.pull(id)
  const page = await dashboard.open(`/mail/${destinationId}`)
  await until('the count', async () => (await page.title()) === '(3) alice · Tributary')
  await page.getByText('Letter 2').click()
  await until('one fewer', async () => (await page.title()).startsWith('(2) Letter 2'))
  const icon = async () => (await page.locator('link[rel=icon]').getAttribute('href')) ?? ''
  assert.match(await icon(), /favicon\.svg$/)
  const failing = await dashboard.stack.account({
    ...fields,
    user: 'nobody',
    address: 'nobody@example.net',
    password: 'wrong',
    paused: false,
  })
  await until('the mark', async () => (await icon()).endsWith('/favicon-trouble.svg'))
  const mark = await page.request.get(`${dashboard.served.url}/favicon-trouble.svg`)
  assert.match(mark.headers()['content-type'] ?? '', /svg/)
  await dashboard.stack.call('DELETE', `/accounts/${failing}`)
  await until('no mark', async () => (await icon()).endsWith('/favicon.svg'))
  await page.close()
})

test('whoever leaves a half-filled page is asked, and finds what they typed when they stay', async () => {
  await dashboard.anyDestination()
  const page = await dashboard.open('/accounts')
  await page.getByRole('link', { name: 'Add an account' }).first().click()
  const address = page.getByLabel('E-mail address')
  await address.fill('half@example.net')
  const question = page.getByRole('dialog', { name: 'Leave without saving?' })
  // By a link.
  await page.getByRole('link', { name: 'Settings' }).click()
  await question.waitFor()
  assert.deepEqual(await violations(page), [])
  await question.getByRole('button', { name: 'Stay here' }).click()
  assert.equal(await address.inputValue(), 'half@example.net')
  // By the browser's Back.
  await page.evaluate('history.back()')
  await question.waitFor()
  await question.getByRole('button', { name: 'Stay here' }).click()
  assert.equal(await address.inputValue(), 'half@example.net')
  await page.waitForURL(/\/accounts\/new/)
  // By closing the tab.
  const asked = page.waitForEvent('dialog')
  await page.close({ runBeforeUnload: true })
  const dialog = await asked
  assert.equal(dialog.type(), 'beforeunload')
  await dialog.dismiss()
  await page.evaluate('history.back()')
  await question.getByRole('button', { name: 'Leave' }).click()
  await page.getByRole('heading', { name: 'Accounts', exact: true }).waitFor()
  assert.match(page.url(), /\/accounts$/)
  // Nothing typed, nothing asked.
  await page.goForward()
  await page.getByRole('heading', { name: 'Add an account' }).waitFor()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await page.close()
})

test('a dialog with something typed is not lost by a click beside it', async () => {
  const destinationId = await dashboard.anyDestination()
  await dashboard.stack.account({ address: 'typed@example.net', user: 'typed', destinationId })
  const page = await dashboard.open('/accounts?q=typed')
  await row(page, 'typed@example.net').waitFor()
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const editor = page.getByRole('dialog', { name: 'Edit typed@example.net' })
  await editor.getByLabel('Folder').fill('Work')
  await page.keyboard.press('Escape')
  const question = page.getByRole('dialog', { name: 'Leave without saving?' })
  await question.getByRole('button', { name: 'Stay here' }).click()
  assert.equal(await editor.getByLabel('Folder').inputValue(), 'Work')
  await editor.getByRole('button', { name: 'Save' }).click()
  await editor.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await page.close()
})
