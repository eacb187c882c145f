/** What an owner and an admin see of the rules for owners: the present password, and the quotas. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, startDashboardPerson } from '../support/dashboard-person.ts'

let dashboard: DashboardPerson
let destinationId: string
before(async () => {
  dashboard = await startDashboardPerson()
  destinationId = await dashboard.stack.destination('alice')
})
after(async () => await dashboard?.close())

test('an owner gives the mailbox another password with the present one, stays signed in, and is told what is wrong', async () => {
  const context = await dashboard.browser.newContext({ locale: 'en', viewport: { width: 390, height: 800 } })
  context.setDefaultTimeout(120_000)
  const page = await context.newPage()
  await page.goto(dashboard.served.url)
  await page.getByLabel('Login').fill('alice')
  await page.getByLabel('Password').fill('wonder')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('navigation').waitFor()
  await page.goto(`${dashboard.served.url}/destinations/${destinationId}`)
  await page.getByRole('button', { name: 'Change the password' }).click()
  const [present, next] = [page.getByLabel('Present password'), page.getByLabel('New password', { exact: true })]
  await present.fill('a guess')
  await next.fill('another')
  await page.getByLabel('Once more').fill('another')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('This is not the right one.').waitFor()
  assert.deepEqual(await violations(page), [])
  if (process.env['SHOTS'] !== undefined) await page.screenshot({ path: `${process.env['SHOTS']}/present.png` })
  await present.fill('wonder')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The new password holds.').waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'alice' }).waitFor()
  await context.close()
})

test('an admin sets the quotas of owners, and needs no present password', async () => {
  const page = await dashboard.open('/settings/instance')
  await page.getByLabel('Accounts', { exact: true }).fill('7')
  await page.getByLabel('Requests at once').fill('0')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('1 or more.').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByLabel('Requests at once').fill('9')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').waitFor()
  const { body } = await dashboard.stack.call('GET', '/settings')
  assert.deepEqual(body['owners'], { accountsMax: 7, intervalMinSeconds: 60, runsMax: 4, requestsMax: 9 })
  if (process.env['SHOTS'] !== undefined) await page.screenshot({ path: `${process.env['SHOTS']}/quotas.png` })
  await page.goto(`${dashboard.served.url}/destinations/${destinationId}`)
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByLabel('Password', { exact: true }).waitFor()
  assert.equal(await page.getByLabel('Present password').count(), 0)
})
