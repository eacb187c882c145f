/** Providers that end a session before a window is whole: what they give in windows that are closed is kept, and windows shrink. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour, MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const remove = { retention: { mode: 'delete' } } as const
const manyOf = (count: number) => lettersOf(...Array.from({ length: count }, (_, nth) => `n${nth}`))
const ways = { pipelined: ['USER', 'UIDL', 'TOP', 'PIPELINING'], 'one at a time': ['USER', 'UIDL', 'TOP'] }

for (const [how, capabilities] of Object.entries(ways)) {
  test(`a provider that closes at every 100th RETR: 500 messages in two runs, each once (${how})`, async (t) => {
    const messages = manyOf(500)
    const provider = await providerOf(t, { messages, capabilities, dropAtRetr: 100 })
    const first = await provider.visit()
    assert.ok(first.stored > 300, `${first.stored} in the first run`)
    went(await provider.visit(remove), { listed: 500 })
    holds(provider, messages)
    assert.deepEqual(left(provider), [])
    assert.ok(times(provider, 'PASS') <= 8, `${times(provider, 'PASS')} logins`)
  })
}

test('a provider that closes after so many octets: every run brings mail, down to one message a window', async (t) => {
  const body = `${'x'.repeat(70)}\r\n`.repeat(100)
  const messages = Array.from({ length: 40 }, (_, nth): MaildropMessage => {
    return { bytes: letter(`n${nth}`, { body }), uidl: `n${nth}` }
  })
  for (const dropAfterRetrieved of [17_000, 50_000]) {
    const provider = await providerOf(t, { messages, dropAfterRetrieved })
    let stored = 0
    for (let run = 0; run < 6 && stored < messages.length; run += 1) {
      const visit = await provider.visit()
      assert.ok(visit.stored > 0, `run ${run} brought nothing`)
      stored += visit.stored
    }
    holds(provider, messages)
  }
})

test('what is learnt of a provider is known to the next run, and no run logs in again at one that names a LOGIN-DELAY', async (t) => {
  const capabilities = ['USER', 'UIDL', 'TOP', 'PIPELINING', 'LOGIN-DELAY 60']
  const provider = await providerOf(t, { messages: manyOf(150), capabilities, dropAtRetr: 100 })
  const stored: number[] = []
  for (let run = 0; run < 3; run += 1) stored.push((await provider.visit()).stored)
  assert.deepEqual(stored, [0, 96, 54])
  assert.equal(times(provider, 'PASS'), 3)
})

for (const [how, capabilities] of Object.entries(ways)) {
  test(`a server that refuses a message and hangs up: that message is named, and costs one more session (${how})`, async (t) => {
    for (const [nth, words] of [
      [2, 'internal error'],
      [5, 'internal error'],
      [10, 'internal error'],
      [5, '[SYS/TEMP] later'],
    ] as const) {
      const messages = manyOf(10)
      const answers = { [`RETR ${nth}`]: `-ERR ${words}\r\n` }
      const provider = await providerOf(t, { messages, capabilities, answers, hangsUpAfter: `RETR ${nth}` })
      const visit = await provider.visit()
      went(visit, { stored: 9, deferred: 1 })
      assert.equal(visit.because?.kind, 'provider refused')
      assert.ok(visit.because.message.includes(`RETR ${nth}: "${words}"`), visit.because.message)
      assert.ok(times(provider, 'PASS') <= 2, `${times(provider, 'PASS')} logins`)
      holds(
        provider,
        messages.filter((_, place) => place !== nth - 1),
      )
    }
  })
}

for (const words of ['Daily download limit exceeded', '今日下载邮件数已达上限']) {
  for (const most of [1, 6, 20]) {
    test(`a limit after ${most} messages, said in words before a hang-up: each visit keeps what came (${words})`, async (t) => {
      const messages = manyOf(30)
      let retrieves = 0
      const atConnection = () => {
        retrieves = 0
        return {}
      }
      const isOver = (command: string) => command.startsWith('RETR') && (retrieves += 1) > most
      const mangles: Behaviour['mangles'] = (reply, command) =>
        isOver(command) ? Buffer.from(`-ERR ${words}\r\n`) : reply
      const hangsUp = () => retrieves > most
      const provider = await providerOf(t, { messages, atConnection, mangles, hangsUp })
      let visits = 0
      for (; visits < 80 && provider.world.bodies().length < 30; visits += 1) await provider.visit()
      assert.ok(visits <= 3 + 2 * Math.ceil(30 / most), `${visits} visits`)
      holds(provider, messages)
    })
  }
}

test('a server that refuses every 100th RETR in words that nobody knows, and hangs up: every run brings mail, each once', async (t) => {
  const messages = manyOf(250)
  let retrieves = 0
  const atConnection = () => {
    retrieves = 0
    return {}
  }
  const mangles: Behaviour['mangles'] = (reply, command) =>
    command.startsWith('RETR') && (retrieves += 1) >= 100 ? Buffer.from('-ERR internal error\r\n') : reply
  const hangsUp = () => retrieves >= 100
  const provider = await providerOf(t, { messages, mangles, atConnection, hangsUp })
  for (let run = 0; run < 5 && provider.world.bodies().length < 250; run += 1)
    assert.ok((await provider.visit()).stored > 0, `run ${run}`)
  holds(provider, messages)
})

test('what a run leaves is counted once, whichever of its sessions broke at a message', async (t) => {
  const messages = manyOf(10)
  for (const breaks of [['RETR 7'], ['RETR 5', 'RETR 8']]) {
    const connections = [...breaks.map((dropOn) => ({ dropOn })), { greeting: '-ERR not now' }]
    const provider = await providerOf(t, { messages, capabilities: ['USER', 'UIDL', 'TOP'], connections })
    const visit = await provider.visit()
    assert.equal(visit.failure, null, visit.failure?.message)
    assert.ok(visit.stored > 0)
    assert.equal(visit.deferred, messages.length - visit.stored, `${breaks.join()}: ${visit.stored} stored`)
  }
})
