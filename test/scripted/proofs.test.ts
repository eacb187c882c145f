/** Stored messages that only their bytes prove, at providers that end their sessions early: new mail goes first, and all is deleted at last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import type { MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, type Provider, providerOf, went } from '../support/visits.ts'

const remove = { retention: { mode: 'delete' } } as const satisfies Partial<Account>
const all = ['USER', 'UIDL', 'TOP', 'PIPELINING']

/** Messages whose header identifies nobody: no Message-ID, no Date. */
function weak(count: number, from = 0): MaildropMessage[] {
  return Array.from({ length: count }, (_, nth) => {
    const id = String(from + nth).padStart(4, '0')
    return { bytes: Buffer.from(`Subject: report\r\n\r\nNumber ${id}.\r\n`), uidl: `id-${id}` }
  })
}

async function stored(provider: Provider, count: number): Promise<void> {
  for (let visit = 0; visit < 20 && provider.world.bodies().length < count; visit += 1) await provider.visit()
  assert.equal(provider.world.bodies().length, count)
}

for (const capabilities of [all, ['USER', 'UIDL', 'TOP'], ['USER', 'UIDL']]) {
  const answers = capabilities.includes('TOP') ? {} : { TOP: '-ERR\r\n' }
  test(`a provider that cuts at every tenth RETR gives its new mail first, and loses the stored one nine at a time (${capabilities.join()})`, async (t) => {
    const old = weak(40)
    const provider = await providerOf(t, { messages: old, capabilities, answers, dropAtRetr: 10 })
    await stored(provider, 40)
    const news = weak(5, 40)
    for (const message of news) provider.server.deliver(message)
    const first = await provider.visit(remove)
    went(first, { stored: 5 })
    assert.ok(first.deleted >= 9, `${first.deleted} deleted`)
    let visits = 1
    for (; visits < 10 && left(provider).length > 0; visits += 1) went(await provider.visit(remove), {})
    assert.deepEqual(left(provider), [])
    assert.ok(visits <= 5, `${visits} visits`)
    holds(provider, [...old, ...news])
  })
}

test('one stored message at which every session ends does not keep the others at the provider, and fails no run', async (t) => {
  const old = weak(12)
  let drops = false
  const place = () => left(provider).indexOf('id-0003') + 1
  const atConnection = () => (drops ? { dropOn: `RETR ${place()}` } : {})
  const provider: Provider = await providerOf(t, { messages: old, capabilities: all, atConnection })
  await stored(provider, 12)
  drops = true
  for (let visit = 0; visit < 12 && left(provider).length > 1; visit += 1) {
    provider.world.nowMs += 60_001
    went(await provider.visit(remove), { stored: 0 })
  }
  assert.deepEqual(left(provider), ['id-0003'])
  holds(provider, old)
})

test('a second session that the provider refuses leaves the deletion for later, and fails nothing', async (t) => {
  const old = weak(20)
  const provider = await providerOf(t, {
    messages: old,
    capabilities: all,
    connections: [{}, { dropAtRetr: 10 }, { greeting: '-ERR not now' }, {}],
  })
  await stored(provider, 20)
  const notices = provider.world.notices.length
  went(await provider.visit(remove), { stored: 0, deleted: 0 })
  assert.deepEqual(
    provider.world.notices.slice(notices).map(({ event }) => event),
    ['deletion not confirmed'],
  )
  went(await provider.visit(remove), { stored: 0 })
  assert.equal(provider.world.bodies().length, 20)
})
