/** Many accounts at once: changed, imported from a file, exported into one; and the password of a new mailbox. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, row, startDashboardPerson, waitMs } from '../support/dashboard-person.ts'

let dashboard: DashboardPerson
let destinationId: string
before(async () => {
  dashboard = await startDashboardPerson()
  destinationId = await dashboard.anyDestination()
})
after(async () => await dashboard?.close())

test('what is filled in is changed for all that are chosen, and nothing else', async () => {
  const { stack } = dashboard
  const ids: string[] = []
  for (const user of ['one', 'two', 'three'])
    ids.push(await stack.account({ address: `${user}@many.example`, user, destinationId, folder: user }))
  const read = async (id: string | undefined) => (await stack.call('GET', `/accounts/${id}`)).body
  const before = await read(ids[2])
  const page = await dashboard.open('/accounts?q=many.example')
  for (const user of ['one', 'two']) await page.getByRole('checkbox', { name: `Choose ${user}@many.example` }).check()
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const change = dialog.getByRole('button', { name: 'Change 2 accounts' })
  assert.equal(await change.isDisabled(), true)
  await dialog.getByLabel('Minutes between visits, at most').fill('30')
  await dialog.getByLabel('At the provider').selectOption('keepDays')
  await dialog.getByLabel('Days').fill('7')
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    assert.deepEqual(await violations(page), [])
  }
  await change.click()
  await page.getByText('2 accounts changed.').waitFor()
  for (const [nth, folder] of [
    [0, 'one'],
    [1, 'two'],
  ] as const) {
    const { interval, retention, ...rest } = await read(ids[nth])
    assert.deepEqual(
      [interval, retention, rest['folder']],
      [{ minSeconds: 120, maxSeconds: 1800 }, { mode: 'keepDays', days: 7 }, folder],
    )
  }
  assert.deepEqual(await read(ids[2]), before)
  await page.close()
})

test('accounts come from a file, which is looked through first, and go into one', async () => {
  const page = await dashboard.open('/accounts')
  await row(page, 'one@many.example').waitFor()
  const menu = async (entry: string) => {
    await page.getByRole('button', { name: 'Accounts from a file, and into one' }).click()
    await page.getByRole('menuitem', { name: entry }).click()
  }
  const line = (user: string, more: object) =>
    JSON.stringify({
      address: `${user}@file.example`,
      host: 'pop.file.example',
      user,
      destinationId,
      paused: true,
      ...more,
    })
  await menu('Import from a file')
  const dialog = page.getByRole('dialog')
  const lines = [line('good', { password: 'secret' }), line('none', {}), line('fine', { password: 'secret' })]
  await dialog
    .getByLabel('File')
    .setInputFiles({ name: 'accounts.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(lines.join('\n')) })
  await dialog.getByText('2 lines can be added, one cannot.').waitFor()
  await dialog.getByText('Line 2').waitFor()
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    assert.deepEqual(await violations(page), [])
  }
  // Looking through it has added nothing.
  const count = async () => (await dashboard.stack.call('GET', '/accounts?q=file.example')).body.items.length
  assert.equal(await count(), 0)
  await dialog.getByRole('button', { name: 'Add 2 accounts' }).click()
  await page.getByText('2 accounts added.').waitFor()
  assert.equal(await count(), 2)
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await row(page, 'good@file.example').waitFor()

  const download = page.waitForEvent('download')
  await menu('Export, without passwords')
  const file = await (await download).path()
  const exported = readFileSync(file, 'utf8').trim().split('\n')
  assert.ok(exported.some((text) => text.includes('good@file.example')))
  assert.ok(!exported.join().includes('assword":"'))
  assert.equal(page.url(), `${dashboard.served.url}/accounts`)
  await page.close()
})

test('what is wrong with a file, and what is to be known of its accounts, is told in the language of the page', async () => {
  const { cookies } = await dashboard.person.storageState()
  const storageState = { cookies, origins: [] }
  const context = await dashboard.browser.newContext({
    storageState,
    locale: 'de',
    viewport: { width: 390, height: 800 },
  })
  context.setDefaultTimeout(waitMs)
  const page = await context.newPage()
  await page.goto(`${dashboard.served.url}/accounts`)
  await page.getByRole('button', { name: 'Konten aus einer Datei und in eine Datei' }).click()
  await page.getByRole('menuitem').first().click()
  const line = (fields: object) =>
    JSON.stringify({ address: 'zwei@datei.example', host: 'pop.datei.example', destinationId, paused: true, ...fields })
  const password = 'secret'
  const lines = [
    line({ user: 'eins', password }),
    line({ user: 'zwei', password }),
    line({ user: 'drei', password, port: 0 }),
  ]
  const dialog = page.getByRole('dialog')
  await dialog
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(lines.join('\n')) })
  const told = dialog.locator('.wrong-lines')
  await told.getByText('Zeile 3').waitFor()
  assert.equal(await told.locator('[lang=en]').count(), 0)
  await dialog.locator('.button.main').click()
  await told
    .getByText(
      'Ein anderes Konto dieses Postfachs hat auch die Adresse zwei@datei.example (eins bei pop.datei.example).',
    )
    .waitFor()
  assert.equal(await told.locator('[lang=en]').count(), 0)
  await context.close()
})

test('the password of a new mailbox is typed twice, or made and shown', async () => {
  const page = await dashboard.open('/destinations')
  await page.getByRole('button', { name: 'Add a mailbox' }).click()
  const dialog = page.getByRole('dialog')
  const make = dialog.getByRole('button', { name: 'Make it' })
  await dialog.getByLabel('Login', { exact: true }).fill('typed')
  await dialog.getByLabel('Choose a password').fill('a.b*c(d')
  await dialog.getByLabel('Once more').fill('a.b*c(e')
  await make.click()
  await dialog.locator('input:invalid').waitFor()
  await dialog.getByLabel('Once more').fill('a.b*c(d')
  assert.equal(await dialog.locator('input:invalid').count(), 0)
  await dialog.getByRole('button', { name: 'Make one for me' }).click()
  const password = dialog.getByLabel('Choose a password')
  assert.match(await password.inputValue(), /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
  assert.equal(await password.getAttribute('type'), 'text')
  assert.deepEqual(await violations(page), [])
  const made = await password.inputValue()
  await make.click()
  await page.getByRole('heading', { level: 1, name: 'typed' }).waitFor()
  const payload = { login: 'typed', password: made }
  const { statusCode } = await dashboard.stack.app.inject({ method: 'POST', url: '/api/v1/session', payload })
  assert.equal(statusCode, 200)
  await page.close()
})
