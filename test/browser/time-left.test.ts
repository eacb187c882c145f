/** The page of an account shows how long a run will still take, and until when it waits. */
import { after, before, test } from 'node:test'
import { type DashboardPerson, letters, startDashboardPerson, waitMs } from '../support/dashboard-person.ts'
import { startPop3Server } from '../support/pop3-server.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => {
  await dashboard?.close()
})

async function accountAt(login: string, capabilities: readonly string[], count: number, delayMs?: number) {
  const delay = delayMs === undefined ? {} : { delayMs }
  const messages = letters(count).map((letter, nth) => ({ ...letter, uidl: `letter-${nth}` }))
  const server = await startPop3Server({ messages, capabilities, ...delay })
  dashboard.providers.push(server)
  const destinationId = await dashboard.stack.destination(login)
  const id = await dashboard.stack.account({ port: server.port, destinationId, address: `${login}@example.net` })
  const page = await dashboard.open(`/accounts/${id}`)
  page.setDefaultTimeout(waitMs)
  await page.getByRole('heading', { level: 1, name: `${login}@example.net` }).waitFor()
  return { id, page }
}

test('an import says how long it will take', async () => {
  // One at a time, and slow: longer than anybody waits for the page.
  const { id, page } = await accountAt('slow', ['USER', 'UIDL', 'TOP'], 8000, 15)
  await dashboard.stack.call('POST', `/accounts/${id}/pull`)
  await page
    .locator('.run-progress')
    .getByText(/^about \d+ (?:seconds|minutes?) left$/)
    .waitFor()
  await page.close()
})

test('a run that waits for its server says until when', async () => {
  const { id, page } = await accountAt('delayed', ['USER', 'UIDL', 'TOP', 'LOGIN-DELAY 900'], 2)
  await dashboard.stack.pull(id)
  await page.getByText('2 messages stored').first().waitFor()
  await dashboard.stack.call('POST', `/accounts/${id}/pull`)
  const progress = page.locator('.run-progress')
  await progress.getByText(/^Waits until .*\d:\d\d/).waitFor()
  await progress.getByText(/127\.0\.0\.1 wants some time between two logins \(LOGIN-DELAY\)/).waitFor()
  await page.close()
})
