import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { HostedLogins } from '../../api/hosted-logins.ts'
import { passwordHash } from '../../api/http/passwords.ts'
import { fillOnce } from '../../deploy/sample.ts'
import { type SampleSmtp, startSampleSmtp } from '../../deploy/sample-smtp.ts'
import { hostedLogin, type Login } from '../../src/imap/connection.ts'
import { readLogin } from '../../src/imap/login.ts'
import { sampleCorrespondents, sampleLogin } from '../../src/account/sample.ts'
import { type Served, serve, signIn, startBrowser, violations } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { quickSending } from '../support/outgoing.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let served: Served
let browser: Browser
let smtp: SampleSmtp
let correspondents: Login

/** As local mode has it: beside the logins of its Dovecot. */
before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  const { dovecot, world } = stack
  const { usersFile, mailFolder } = dovecot.places
  const password = 'of the sample'
  const hash = await passwordHash(password)
  const besides = [sampleLogin, sampleCorrespondents].map((login) => ({ login, passwordHash: hash }))
  const hosted = new HostedLogins(world.destinations, dovecot.store, { usersFile, mailFolder, besides })
  await hosted.write()
  const maildrop = hostedLogin(dovecot.store, sampleLogin, password)
  await fillOnce(maildrop)
  correspondents = hostedLogin(dovecot.store, sampleCorrespondents, password)
  smtp = await startSampleSmtp({ password, port: 0, maildrop, correspondents })
  const sample = { host: '127.0.0.1', port: dovecot.pop3Port, smtpPort: smtp.port, password }
  ;[served] = await Promise.all([
    serve({ ...stack, world: { ...world, hosted, sample } }),
    stack.startWorker({ outbox: world.outboxFiles.folder, send: quickSending }),
  ])
})
after(async () => {
  // Whatever there is: what does not start must not keep this from ending.
  await closeAll({
    browser: () => browser?.close(),
    served: () => served?.close(),
    smtp: () => smtp?.stop(),
    stack: () => stack?.stop(),
  })
})

async function all<T>(read: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of read) found.push(one)
  return found
}

test('where there is no sample provider nothing of it is told', async () => {
  const { status, body } = await stack.call('GET', '/sample')
  assert.deepEqual([status, body], [200, { account: null }])
})

test('a first visit without an account leads to sample mail by one click; it is an account like any other', async (t) => {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 390, height: 800 } })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  await signIn(page, served.url)
  const offer = page.getByRole('button', { name: 'Try it with sample mail' })
  await offer.waitFor()
  assert.deepEqual(await violations(page), [])
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)

  // The account is refused at first: a second click goes on with the mailbox that was made.
  await stack.call('PATCH', '/settings', { adminMayReachPrivate: false })
  await offer.click()
  await page.getByRole('alert').waitFor()
  await stack.call('PATCH', '/settings', { adminMayReachPrivate: true })
  await offer.click()
  await page.getByRole('heading', { level: 1, name: 'you@example.net' }).waitFor()
  await page.getByText(/^\d+ messages stored/).waitFor()
  const { body } = await stack.call('GET', '/accounts')
  const [account] = body.items
  const run = account?.['lastRun'] as { stored: number; listed: number; failure: unknown }
  assert.ok(run.stored > 20)
  assert.deepEqual([run.stored, run.failure], [run.listed, null])

  await page.getByRole('link', { name: 'sample', exact: true }).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('link', { name: 'Read it' }).click()
  await page.waitForURL(/\/mail\/\w+\?folder=INBOX/)
  await page.getByRole('list').first().waitFor()

  // Its newest letter is answered, without anything being set before: the answer arrives, and is answered in turn.
  await page.getByText('The last one').click()
  await page.getByRole('heading', { level: 2, name: 'The last one' }).waitFor()
  await page.keyboard.press('r')
  await page.locator('textarea:focus').waitFor()
  await page.keyboard.type('Thank you.')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('Sent.').waitFor()
  const outbox = `/destinations/${String(account?.['destinationId'])}/outbox`
  const [entry] = (await stack.call('GET', outbox)).body.items
  assert.equal((await stack.call('POST', `/outbox/${String(entry?.['id'])}/retry`)).status, 202)
  await until('its end', async () => (await stack.call('GET', outbox)).body.items[0]?.['state'] === 'accepted')
  const [arrived] = await all(readLogin(correspondents))
  assert.deepEqual([arrived?.from, arrived?.subject], ['you@example.net', 'Re: The last one'])
  assert.match(String(arrived?.bytes), /\r\nIn-Reply-To: <sample-35@example\.org>\r\n[^]*Thank you\./)
  const echo = await stack.pull(String(account?.['id']))
  assert.deepEqual([echo.stored, echo.failure], [1, null])
  const sent = `/destinations/${String(account?.['destinationId'])}/messages?folder=Sent`
  await until('the copy in Sent', async () => (await stack.call('GET', sent)).body.items?.length === 1)

  assert.equal((await stack.call('DELETE', `/accounts/${String(account?.['id'])}`)).status, 204)
  const goal = `/destinations/${String(account?.['destinationId'])}`
  assert.equal((await stack.call('DELETE', `${goal}?purge=true`)).status, 204)
})
