/** The pages where there is much of something: mail of a first import, visits, changes at once, accounts. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page, Request } from 'playwright-core'
import type { Account } from '../../src/account/account.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, letters, row, startDashboardPerson } from '../support/dashboard-person.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { until } from '../support/until.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => {
  await dashboard?.close()
})

test('a first import that is limited tells how long it takes yet; the limit is set for an account and for a mailbox', async () => {
  const text = 'x'.repeat(97)
  const large = letters(60).map(({ bytes }) => ({
    bytes: Buffer.concat([bytes, Buffer.from(`${text}\r\n`.repeat(100))]),
  }))
  const limited = await startPop3Server({ messages: large, password: 'secret' })
  dashboard.providers.push(limited)
  const destinationId = await dashboard.anyDestination()
  const account = { address: 'limited@example.net', user: 'limited', port: limited.port, destinationId }
  const id = await dashboard.stack.account({ ...account, importBytesPerHour: 140_000 })
  await dashboard.stack.pull(id)
  const page = await dashboard.open(`/accounts/${id}`)
  await page.getByRole('heading', { name: 'More is to come' }).waitFor()
  await page.getByText('about 3 hours left').waitFor()
  await page.locator('.timeline').getByText('more is to come').waitFor()
  await page.locator('.facts').getByText('at most 140 kB an hour').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Actions for limited@example.net' }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  const field = dialog.getByLabel('The first time: MB an hour')
  assert.equal(await field.inputValue(), '0.14')
  await field.fill('1,250')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.locator('input:invalid').waitFor()
  await field.fill('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('.facts').getByText('as fast as it comes').waitFor()
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.getByRole('heading', { name: 'More is to come' }).waitFor({ state: 'detached' })

  await page.goto(`${dashboard.served.url}/destinations/${destinationId}`)
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Limit first imports' }).click()
  await dialog.getByLabel('The first time: MB an hour').fill('20')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.locator('.facts').getByText('at most 20 MB an hour').waitFor()
  await page.goto(`${dashboard.served.url}/accounts/${id}`)
  await page.locator('.facts').getByText('at most 20 MB an hour, together with').waitFor()
  await page.close()
  await dashboard.stack.call('PATCH', `/destinations/${destinationId}`, { importBytesPerHour: null })
})

test('visits that find nothing are one row, which grows while the page is open', async () => {
  const [letter] = letters(1)
  assert.ok(letter)
  const quiet = await startPop3Server({ messages: [{ ...letter, uidl: 'lasting' }], password: 'secret' })
  dashboard.providers.push(quiet)
  const destinationId = await dashboard.anyDestination()
  const account = { address: 'quiet@example.net', user: 'quiet', port: quiet.port, destinationId }
  const id = await dashboard.stack.account({ ...account, paused: false, interval: { minSeconds: 1, maxSeconds: 1 } })
  const page = await dashboard.open(`/accounts/${id}`)
  const rows = page.locator('.timeline > li')
  await rows.filter({ hasText: '1 message stored' }).waitFor()
  const row = rows.filter({ hasText: /checked \d+ times.*nothing new.*\d+:\d\d/ })
  await row.waitFor()
  assert.equal(await row.count(), 1)
  const before = await row.textContent()
  await until('another time', async () => (await row.textContent()) !== before)
  await dashboard.stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('fifty accounts that change at once cost each page one request a second, and it shows them as they are', async (t) => {
  const destinationId = await dashboard.anyDestination()
  const { port } = await dashboard.provider(1)
  const ids: string[] = []
  t.after(async () => {
    for (const id of ids) await dashboard.stack.call('DELETE', `/accounts/${id}`)
  })
  for (let nth = 0; nth < 50; nth += 1)
    ids.push(
      await dashboard.stack.account({ address: `fifty${nth}@example.net`, user: `fifty${nth}`, port, destinationId }),
    )
  const tabs = await Promise.all(
    ['/accounts?q=fifty', '/', `/accounts/${ids[0]}`, `/mail/${destinationId}`].map(openWatched),
  )
  for (const { quiet } of tabs) await quiet()
  const before = tabs.map(({ beganMs }) => beganMs().length)
  await Promise.all(ids.map(async (id) => await dashboard.stack.call('POST', `/accounts/${id}/resume`)))
  const [list, , account] = tabs
  assert.ok(list && account)
  for (const nth of [0, 1, 10])
    await row(list.page, `fifty${nth}@`)
      .locator('time:visible', { hasText: /^in \d/ })
      .waitFor()
  await account.page.getByText('1 message stored').waitFor()
  await account.page
    .locator('.facts')
    .getByText(/^in \d/)
    .waitFor()
  for (const [nth, { page, beganMs, quiet }] of tabs.entries()) {
    await quiet()
    const began = beganMs().slice(before[nth])
    assert.ok(began.length > 0, page.url())
    const spanMs = (began.at(-1) ?? 0) - (began[0] ?? 0)
    // A page that is late with one timer is early with the next.
    assert.ok(began.length <= 3 + spanMs / 1000, `${page.url()}: ${began.map((ms) => ms - (began[0] ?? 0)).join()}`)
    await page.close()
  }
})

test('ten thousand accounts are listed, sorted and searched without lag, a few rows in the page', async () => {
  await addMany(await dashboard.anyDestination(), 10_000)
  const page = await dashboard.open('/accounts')
  await page.getByText(/^10,0\d\d accounts$/).waitFor()
  const rows = page.locator('tbody tr:not(.gap)')
  assert.ok((await rows.count()) < 60)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  const painted = async () =>
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  const workedMs = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
  // So long the page's thread worked to handle it, lay it out and paint it, in time of the processor.
  const took = async (act: () => Promise<void>) => {
    await painted()
    const beforeMs = await workedMs()
    await act()
    await painted()
    return (await workedMs()) - beforeMs
  }
  const sorted = await took(async () => await page.getByRole('button', { name: 'Account', exact: true }).click())
  await row(page, 'zz9999@bulk.example').waitFor()
  const searched = await took(async () => await page.getByRole('searchbox').fill('zz1234'))
  assert.equal(await rows.count(), 1)
  assert.ok(sorted > 0 && sorted < 1500 && searched < 1500, `sorted in ${sorted} ms, searched in ${searched} ms`)
  await page.getByRole('searchbox').fill('')
  await until('the last row', async () => {
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    return await row(page, 'aa0000@bulk.example').isVisible()
  })
  assert.ok((await rows.count()) < 60)
  await page.close()
})

interface Watched {
  readonly page: Page
  /** When each of its requests to the API began, by the browser's clock; the stream of events is none. */
  readonly beganMs: () => readonly number[]
  /** Is over when it has been answered all that it asked, and has asked nothing for two seconds. */
  readonly quiet: () => Promise<void>
}

async function openWatched(path: string): Promise<Watched> {
  const page = await dashboard.person.newPage()
  const began: number[] = []
  const open = new Set<Request>()
  let lastMs = performance.now()
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/v1/') && pathname !== '/api/v1/events') void open.add(request)
  })
  const end = (request: Request) => {
    if (!open.delete(request)) return
    began.push(request.timing().startTime)
    lastMs = performance.now()
  }
  page.on('requestfinished', end)
  page.on('requestfailed', end)
  await page.goto(`${dashboard.served.url}${path}`)
  const quiet = async () => {
    await until('a quiet page', () => began.length > 0 && open.size === 0 && performance.now() - lastMs > 2000)
  }
  return { page, beganMs: () => began, quiet }
}

/** As if they had been imported: aa0000, and all the others behind it by their names. */
async function addMany(destinationId: string, count: number): Promise<void> {
  const { body } = await dashboard.stack.call('GET', '/accounts?limit=1')
  const like = await dashboard.stack.world.accounts.get(String(body.items[0]?.['id']))
  assert.ok(like)
  const add = async (nth: number) => {
    const name = String(nth).padStart(4, '0')
    const id = `01K0000000000000000000${name}` as AccountId
    const address = `${nth === 0 ? 'aa' : 'zz'}${name}@bulk.example`
    const own = { id, destinationId: destinationId as DestinationId, address, user: name }
    const account: Account = { ...like.account, ...own, paused: true }
    await dashboard.stack.world.accounts.create({ account, sealedPassword: '' })
  }
  const all = Array.from({ length: count }, (_, nth) => nth)
  while (all.length > 0) await Promise.all(all.splice(0, 500).map(async (nth) => await add(nth)))
}
