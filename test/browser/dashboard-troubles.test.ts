/** Accounts that fail, a few and many: why, where, and who has to mend it; and messages that are set aside. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ulid } from 'ulid'
import type { Account } from '../../src/account/account.ts'
import type { FailureKind } from '../../src/failure/failure.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { keys } from '../../src/redis/key-names.ts'
import { indexQuarantine } from '../../src/redis/quarantine-index.ts'
import { defaultState } from '../../src/redis/accounts.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { Senders, soundSender } from '../../src/redis/senders.ts'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, letters, row, startDashboardPerson } from '../support/dashboard-person.ts'
import { startPop3Server } from '../support/pop3-server.ts'

let dashboard: DashboardPerson
before(async () => {
  dashboard = await startDashboardPerson()
})
after(async () => {
  await dashboard?.close()
})

test('mail that is set aside is told on the overview, in the list, at the account and its run; the limit is raised there', async () => {
  const large = letters(60).map(({ bytes }) => ({
    bytes: Buffer.concat([Buffer.from('From: Alice <alice@example.net>\r\n'), bytes, Buffer.from('x'.repeat(70))]),
  }))
  const provider = await startPop3Server({ messages: large, password: 'secret' })
  dashboard.providers.push(provider)
  const destinationId = await dashboard.anyDestination()
  const fields = { address: 'large@example.net', user: 'large', port: provider.port, destinationId }
  const interval = { minSeconds: 3600, maxSeconds: 3600 }
  const id = await dashboard.stack.account({ ...fields, paused: false, maxMessageBytes: 50, interval })
  const page = await dashboard.open('/')
  await page.locator('.verdict').getByText('60 messages set aside').waitFor()
  await page.locator('.rows').getByRole('link', { name: '60 messages set aside' }).waitFor()
  assert.deepEqual(await violations(page), [])

  await page.getByRole('link', { name: 'Accounts', exact: true }).click()
  await row(page, 'large@example.net').locator('.badge:visible', { hasText: '60 set aside' }).waitFor()
  await page.getByRole('combobox', { name: 'Status' }).selectOption('set aside')
  assert.match(page.url(), /status=set/)
  await row(page, 'large@example.net').getByRole('link').click()
  await page.locator('.page-lead .badge', { hasText: '60 set aside' }).waitFor()
  const run = page.locator('.timeline > li').last()
  await run.getByText('60 messages set aside').waitFor()
  assert.equal(await run.getByText('nothing new').count(), 0)

  await page.goto(`${dashboard.served.url}/set-aside`)
  await page.getByText('60 messages of 1 account').waitFor()
  const entries = page.locator('.set-aside')
  assert.equal(await entries.count(), 50)
  await page.getByRole('button', { name: 'Show more' }).click()
  await entries.nth(59).waitFor()
  const first = entries.first()
  for (const text of ['Letter 0', 'alice@example.net', 'Larger than this account takes'])
    await first.getByText(text).waitFor()
  assert.equal(await first.getByRole('button', { name: 'Try again' }).count(), 0, 'it would be set aside again')
  assert.deepEqual(await violations(page), [])
  await first.getByRole('button', { name: 'Leave it' }).click()
  await page.getByText('59 messages of 1 account').waitFor()
  await first.getByRole('button', { name: /^Take up to \d+ bytes?$/ }).click()
  await page.getByText(/The account takes messages of up to \d+ byte/).waitFor()
  // The others fit as well.
  await page.getByText('Nothing is set aside').waitFor()
  assert.deepEqual(await violations(page), [])
  await dashboard.stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('all that were set aside for one reason are settled at once, after a question that says how many', async () => {
  const { redis } = dashboard.stack
  const destinationId = await dashboard.anyDestination()
  const fields = { user: 'many', port: 1, destinationId, paused: true, maxMessageBytes: 500 }
  const id = await dashboard.stack.account({ ...fields, address: 'aside@example.net' })
  const why = {
    limit: 'It is too large for this account: 900 octets; this account takes messages of up to 500.',
    refused: 'pop.example.net:995 lists this message and refuses to give it: "no".',
  }
  const entries = Array.from({ length: 640 }, (_, nth): [string, string] => {
    const entryId = ulid(Date.now() - 60_000 + nth)
    const isLimit = nth >= 3
    const kind = isLimit ? 'store refused' : 'provider refused'
    const reason = { kind, message: isLimit ? why.limit : why.refused }
    const firstSeenAt = new Date(Date.now() - 60_000).toISOString()
    const record = { uidl: null, digest: null }
    return [
      entryId,
      JSON.stringify({ id: entryId, uidl: `u${nth}`, size: 900, firstSeenAt, attempts: 3, reason, record }),
    ]
  })
  await redis.hset(keys.quarantine(id), ...entries.flat())
  await indexQuarantine(redis, [id])
  const page = await dashboard.open(`/accounts/${id}`)
  await page.getByRole('link', { name: 'All at once' }).click()
  await page.getByRole('button', { name: 'Only aside@example.net: show all' }).waitFor()
  await page.getByRole('combobox', { name: 'Why it fails' }).selectOption('over limit')
  await page.locator('.set-aside', { hasText: 'Larger than this account takes' }).first().waitFor()
  assert.equal(await page.getByRole('button', { name: 'Try all again' }).count(), 0, 'they would be set aside again')
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Leave all' }).click()
  const question = page.getByRole('dialog', { name: 'Leave 637 messages at the provider?' })
  await question.waitFor()
  assert.deepEqual(await violations(page), [])
  await question.getByRole('button', { name: 'Leave all' }).click()
  await page.getByText('637 messages are left alone from now on.').waitFor()
  await page.getByText('Nothing is set aside for this reason').waitFor()
  await page.getByRole('combobox', { name: 'Why it fails' }).selectOption('')
  await page.locator('.set-aside').nth(2).waitFor()
  assert.equal(await page.locator('.set-aside').count(), 3)
  await page.getByText('pop.example.net:995 lists this message and refuses to give it: “no”.').first().waitFor()
  await page.getByRole('button', { name: 'Try all again' }).click()
  await page
    .getByRole('dialog', { name: 'Try 3 messages again?' })
    .getByRole('button', { name: 'Try all again' })
    .click()
  await page.getByText('3 messages are tried again.').waitFor()
  await dashboard.stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('a refused password needs somebody at once, and says so in the list, at the account and on the overview', async () => {
  const { port } = await dashboard.provider(1)
  const destinationId = await dashboard.anyDestination()
  const fields = { address: 'wrong@example.net', user: 'wrong', port, destinationId, password: 'no' }
  const id = await dashboard.stack.account({ ...fields, paused: false })
  const page = await dashboard.open('/accounts?status=needs+attention')
  const found = row(page, 'wrong@example.net')
  await found.locator('.badge:visible', { hasText: 'Needs you' }).waitFor()
  await found.locator(':visible', { hasText: 'wrong user or password' }).last().waitFor()
  assert.deepEqual(await violations(page), [])
  await found.getByRole('link').click()
  await page.locator('.page-lead .badge', { hasText: 'Needs you' }).waitFor()
  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  await page.locator('.verdict').getByText('One account needs you').waitFor()
  await page.locator('.rows').getByRole('link', { name: 'wrong@example.net' }).waitFor()
  await dashboard.stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

test('an account that cannot send says why, since when it waits, and what to do, until it sends again', async () => {
  const { stack } = dashboard
  const { port } = await dashboard.provider(1)
  const destinationId = await dashboard.anyDestination()
  const smtp = { host: '127.0.0.1', port: 1, tls: 'none' }
  const id = await stack.account({ address: 'mute@example.net', user: 'mute', port, destinationId, smtp })
  const senders = new Senders(stack.redis)
  const failure = { kind: 'credentials refused', message: 'It said "535 5.7.8 no".', step: 'app password' } as const
  await senders.setState(id, { ...soundSender, failures: 1, firstFailureAtMs: Date.now(), failure })
  await new Sendings(stack.redis).hold(id, Date.now() + 3_600_000)
  const page = await dashboard.open(`/accounts/${id}`)
  const told = page.locator('.callout', { hasText: 'Nothing is sent as this address just now' })
  await told.getByText('The provider wants an app password').waitFor()
  await told.getByText('is tried again at').waitFor()
  await told.getByText('It said "535 5.7.8 no".').waitFor()
  assert.deepEqual(await violations(page), [])
  await senders.forget(id)
  await senders.tell({ id: id as AccountId, destinationId: destinationId as DestinationId })
  await told.waitFor({ state: 'detached' })
  await stack.call('DELETE', `/accounts/${id}`)
  await page.close()
})

const kinds = {
  'credentials refused': 600,
  tls: 300,
  unreachable: 300,
  'maildrop in use': 300,
  silent: 302,
} as const satisfies Partial<Record<FailureKind, number>>

test('three thousand accounts, of which 1,802 fail for five reasons, are grouped by why and where, and acted on as a group', async () => {
  // Nobody visits them meanwhile.
  await dashboard.stack.stopWorker()
  await addMany(await dashboard.anyDestination())
  const page = await dashboard.open('/')
  await page.locator('.overview-side .rows > li', { hasText: 'Needs you' }).getByText('900').waitFor()
  const groups = page.locator('.rows > li', { hasText: 'The provider refuses the user name or password' })
  await groups.getByText('600').first().waitFor()
  await groups.getByRole('link', { name: 'pop2.example' }).waitFor()
  assert.deepEqual(await violations(page), [])
  await groups.getByRole('link', { name: 'pop2.example' }).click()
  await page.getByText('200 of 3,009 accounts').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('host'), 'pop2.example')
  await page.getByRole('combobox', { name: 'Provider' }).selectOption('')
  await page.getByText('600 of 3,009 accounts').waitFor()
  await page.getByRole('combobox', { name: 'Why it fails' }).selectOption('tls')
  await page.getByText('300 of 3,009 accounts').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('checkbox', { name: 'Choose all' }).check()
  await page.getByRole('region', { name: 'Actions' }).getByRole('button', { name: 'Pause' }).click()
  await page.getByText('300 accounts paused.').waitFor()
  await page.getByText('Nothing found').waitFor()
  await page.close()
})

/** As if they had been visited. */
async function addMany(destinationId: string): Promise<void> {
  const { accounts } = dashboard.stack.world
  const { port } = await dashboard.provider(1)
  const paused = await dashboard.stack.account({ address: 'like@example.net', user: 'like', port, destinationId })
  const like = await accounts.get(paused)
  assert.ok(like)
  await dashboard.stack.call('DELETE', `/accounts/${paused}`)
  const reasons = Object.entries(kinds).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => kind as FailureKind),
  )
  const add = async (nth: number) => {
    const name = String(nth).padStart(4, '0')
    const id = `01K0000000000000000000${name}` as AccountId
    const own = { id, destinationId: destinationId as DestinationId, address: `user${name}@example.net`, user: name }
    const account: Account = { ...like.account, ...own, host: `pop${nth % 3}.example`, paused: false }
    await accounts.create({ account, sealedPassword: '' })
    const kind = reasons[nth]
    if (kind === undefined) return
    const person = kind === 'credentials refused' || kind === 'tls' ? ({ needsPerson: true } as const) : {}
    await accounts.setState(id, { ...defaultState, lastFailure: { kind, message: 'No.' }, failures: 1, ...person })
  }
  const all = Array.from({ length: 3009 }, (_, nth) => nth)
  while (all.length > 0) await Promise.all(all.splice(0, 300).map(async (nth) => await add(nth)))
}
