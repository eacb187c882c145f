/** The table of accounts at every width, and coming back to it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, row, startDashboardPerson } from '../support/dashboard-person.ts'
import { until } from '../support/until.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
  const destinationId = await dashboard.anyDestination()
  const { stack } = dashboard
  for (let nth = 0; nth < 120; nth += 1) {
    const user = `somebody${String(nth).padStart(3, '0')}`
    const id = await stack.account({ address: `${user}@example.net`, user, host: 'pop.example.net', destinationId })
    if (nth === 0) await stack.call('PATCH', `/accounts/${id}`, { tlsMinVersion: 'TLSv1', password: 'secret' })
  }
})
after(async () => await dashboard?.close())

/** After the next picture: what measures itself is laid out anew by then. */
const settled = async (page: Page) =>
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')

/** What is cut off in the first rows, and whether the page is wider than the window. */
const cut = async (page: Page) =>
  await page.evaluate<string[]>(`[
    ...[...document.querySelectorAll('.who > a, .who-provider, .badge, .table th, .table td:not(:has(.who))')]
      .filter((one) => one.getClientRects().length > 0 && one.clientWidth < one.scrollWidth)
      .map((one) => one.className + ' ' + one.textContent + ' ' + one.clientWidth + ' < ' + one.scrollWidth),
    ...[...document.querySelectorAll('.table')].filter((one) => one.scrollHeight > one.clientHeight + 1).map(() => 'rows'),
    ...(document.documentElement.scrollWidth > innerWidth ? ['the page'] : []),
  ]`)

test('at every width the address, the provider and the status of each account are seen whole', async () => {
  const page = await dashboard.open('/accounts')
  await row(page, 'somebody000@').waitFor()
  const wrong: string[] = []
  for (let width = 360; width <= 1440; width += 40) {
    await page.setViewportSize({ width, height: 800 })
    await settled(page)
    const seen = row(page, 'somebody001@')
    await seen.getByText('pop.example.net').waitFor()
    await seen.locator('.badge:visible').waitFor()
    wrong.push(...(await cut(page)).map((what) => `${width}: ${what}`))
    const heights = await page.evaluate<number[]>(
      `[...new Set([...document.querySelectorAll('tbody tr:not(.gap)')].map((one) => one.offsetHeight))]`,
    )
    assert.equal(heights.length, 1, `${width}: rows of ${heights.join()} px`)
  }
  assert.deepEqual(wrong, [])
  for (const width of [390, 768, 1024, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    await settled(page)
    assert.deepEqual(await violations(page), [], String(width))
  }
  await page.close()
})

test('who comes back to the list is where they were, also after the page was loaded anew', async () => {
  const page = await dashboard.open('/accounts?status=paused')
  await row(page, 'somebody000@').waitFor()
  await page.evaluate('scrollTo(0, 4000)')
  await page.getByRole('link', { name: 'somebody075@example.net' }).click()
  await page.getByRole('heading', { name: 'somebody075@example.net' }).waitFor()
  assert.equal(await page.evaluate('scrollY'), 0)
  await page.goBack()
  await row(page, 'somebody075@').waitFor()
  await until('the place', async () => (await page.evaluate('scrollY')) === 4000)
  // It stays there.
  await settled(page)
  assert.equal(await page.evaluate('scrollY'), 4000)
  await page.reload()
  await until('the place', async () => (await page.evaluate('scrollY')) === 4000)
  await page.goForward()
  await page.getByRole('heading', { name: 'somebody075@example.net' }).waitFor()
  await page.goBack()
  await until('the place', async () => (await page.evaluate('scrollY')) === 4000)
  await page.close()
})
