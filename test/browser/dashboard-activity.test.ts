/** The runs of all accounts, and the page of each run. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, letters, startDashboardPerson } from '../support/dashboard-person.ts'
import { startPop3Server } from '../support/pop3-server.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => {
  await dashboard?.close()
})

test('the runs of all accounts are listed newest first, as they go on; each has a page of its own', async () => {
  const { stack } = dashboard
  const [{ port }, destinationId] = [await dashboard.provider(3), await dashboard.anyDestination()]
  const good = await stack.account({ address: 'good@example.net', user: 'good', port, destinationId })
  const fields = { address: 'wrong@example.net', user: 'wrong', port, destinationId, password: 'no' }
  const wrong = await stack.account(fields)
  await stack.pull(good)
  const failed = await stack.pull(wrong)
  const page = await dashboard.open('/')
  await page.getByRole('link', { name: 'Activity', exact: true }).first().click()
  const rows = page.locator('.activity > li')
  await rows.nth(1).getByText('3 messages stored').waitFor()
  await rows.first().getByText('wrong@example.net').waitFor()
  assert.deepEqual(await violations(page), [])

  await page.getByRole('combobox', { name: 'How it went' }).selectOption('failed')
  await rows.nth(1).waitFor({ state: 'detached' })
  await rows.first().getByText('The provider refuses the user name or password').waitFor()
  // One that goes well is not listed here, and another failure is, without asking.
  await stack.pull(good)
  await stack.pull(wrong)
  await rows.nth(1).waitFor()
  assert.equal(await rows.getByText('good@example.net').count(), 0)
  await page.getByRole('combobox', { name: 'Since when' }).selectOption('hour')
  await rows.nth(1).waitFor()
  assert.match(page.url(), /state=failed&since=hour/)

  await rows.last().getByRole('link').first().click()
  await page.getByRole('heading', { name: 'A visit to wrong@example.net' }).waitFor()
  assert.equal(new URL(page.url()).pathname, `/runs/${failed.id}`)
  await page.locator('.callout').getByText('The provider refuses the user name or password').waitFor()
  // It is paused.
  await page.locator('.callout').getByText('nothing is tried again until it is resumed').waitFor()
  await page.locator('.transcript').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.goto(`${dashboard.served.url}/runs/01K00000000000000000000000`)
  await page.getByRole('heading', { name: 'This run is not kept any more' }).waitFor()
  await page.goto(`${dashboard.served.url}/accounts/${good}`)
  await page.locator('.card', { hasText: 'Runs' }).getByRole('link', { name: 'Activity' }).click()
  await rows.nth(1).waitFor()
  assert.equal(await rows.getByText('wrong@example.net').count(), 0)
  await page.getByRole('button', { name: 'Only good@example.net: show all' }).click()
  await rows.nth(3).waitFor()
  await page.close()
})

test('what other settings mend is changed beside the failure, in the list and on the page of the run', async () => {
  const { stack } = dashboard
  const [{ port }, destinationId] = [await dashboard.provider(1), await dashboard.anyDestination()]
  const id = await stack.account({ address: 'clear@example.net', user: 'clear', port, destinationId, tls: 'implicit' })
  const earlier = await stack.pull(id)
  const run = await stack.pull(id)
  const page = await dashboard.open(`/runs?accountId=${id}`)
  await page.locator('.activity > li').nth(1).waitFor()
  const edit = page.getByRole('button', { name: 'Edit: clear@example.net' })
  await edit.waitFor()
  assert.equal(await edit.count(), 1, 'beside the last one alone')
  await edit.click()
  const form = page.getByRole('dialog', { name: /Edit/ })
  await form.waitFor()
  assert.deepEqual(await violations(page), [])
  await page.keyboard.press('Escape')
  await form.waitFor({ state: 'detached' })
  for (const one of [earlier, run]) {
    await page.goto(`${dashboard.served.url}/runs/${one.id}`)
    await page.locator('.callout').getByRole('button', { name: 'Edit' }).click()
    await form.waitFor()
    await page.keyboard.press('Escape')
  }
  await stack.call('PATCH', `/accounts/${id}`, { tls: 'none', password: 'secret' })
  await stack.pull(id)
  await page.reload()
  await page.locator('.callout').waitFor()
  await page.getByText('clear@example.net').first().waitFor()
  assert.equal(await page.locator('.callout').getByRole('button', { name: 'Edit' }).count(), 0, 'it goes well now')
  await stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('what a run remarks is told in the language of the reader; what has no code as it is', async () => {
  const { stack } = dashboard
  const provider = await startPop3Server({ messages: letters(2), password: 'secret', dropAtQuit: true })
  dashboard.providers.push(provider)
  const fields = { address: 'quits@example.net', user: 'quits', port: provider.port, retention: { mode: 'delete' } }
  const id = await stack.account({ ...fields, destinationId: await dashboard.anyDestination() })
  const run = await stack.pull(id)
  const [notice = ''] = run.notices
  assert.match(notice, /^The deletion was not confirmed: 2 messages/)
  const page = await dashboard.open(`/runs/${run.id}`)
  await page.getByText('The deletion of 2 messages was not confirmed').waitFor()
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click()
  await page.getByText('Dass 2 E-Mails gelöscht sind, wurde nicht bestätigt').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.goto(`${dashboard.served.url}/accounts/${id}`)
  await page.locator('.timeline summary').first().click()
  await page.locator('.timeline').getByText('Dass 2 E-Mails gelöscht sind').waitFor()
  await page.getByRole('button', { name: 'Sprache' }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('on a phone every part of the settings is seen', async () => {
  const page = await dashboard.open('/settings')
  await page.setViewportSize({ width: 360, height: 800 })
  const tabs = page.locator('.tabs > a')
  await tabs.nth(5).waitFor()
  for (const tab of await tabs.all()) {
    const { x, width } = (await tab.boundingBox()) ?? { x: -1, width: 0 }
    assert.ok(x >= 0 && x + width <= 360, (await tab.textContent()) ?? '')
  }
  assert.deepEqual(await violations(page), [])
  await page.close()
})

test('a run under way is listed with how far it is, and is done where it stands', async () => {
  const { stack } = dashboard
  const [{ port }, destinationId] = [await dashboard.provider(2), await dashboard.anyDestination()]
  const page = await dashboard.open('/runs')
  await page.locator('.activity > li').first().waitFor()
  const before = await page.locator('.activity > li').count()
  const id = await stack.account({ address: 'later@example.net', user: 'later', port, destinationId })
  const run = await stack.pull(id)
  const row = page.locator('.activity > li').first()
  await row.getByText('2 messages stored').waitFor()
  await row.getByRole('link', { name: 'later@example.net', exact: true }).waitFor()
  assert.equal(await page.locator('.activity > li').count(), before + 1, 'once')
  assert.equal(await row.getByRole('link').first().getAttribute('href'), `/runs/${run.id}`)
  await page.close()
})
