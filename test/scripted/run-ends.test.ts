/** Every run has an end: a server below the least rate is left, and one that keeps it is left at a message's edge when the time is up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { windowOctetsMax } from '../../src/pop3/windows.ts'
import type { Behaviour, MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const remove = { retention: { mode: 'delete' } } as const
const ways = { pipelined: ['USER', 'UIDL', 'TOP', 'PIPELINING'], 'one at a time': ['USER', 'UIDL', 'TOP'] }
const ofSize = (name: string, octets: number): MaildropMessage => {
  return { bytes: letter(name, { body: `${'x'.repeat(70)}\r\n`.repeat(octets / 72) }), uidl: `id-${name}` }
}
/** The rate is averaged over this time, in place of three minutes. */
const waits = { leastRateMs: 600 }
/** Drips so many octets a second. */
const drips = (octets: number, on = 'RETR'): Partial<Behaviour> => ({
  trickle: { on, everyMs: 50, octets: octets / 20 },
})

for (const [how, capabilities] of Object.entries(ways)) {
  test(`a server that drips 600 octets a second ends the run as silent, and one of 2,500 does not (${how})`, async (t) => {
    const messages = [ofSize('long', 3000)]
    const slow = await providerOf(t, { messages, capabilities, ...drips(600) }, waits)
    const visit = await slow.visit()
    assert.equal(visit.failure?.kind, 'silent')
    assert.match(visit.failure.message, /too slow: [3-9]\d\d octets a second/)
    assert.equal(times(slow, 'PASS'), 1, 'one session, and no second one')
    assert.deepEqual([visit.quarantined, slow.server.maildrop().length], [0, 1])
    const fast = await providerOf(t, { messages, capabilities, ...drips(2500) }, waits)
    went(await fast.visit(), { stored: 1 })
    holds(fast, messages)
  })
}

test('a listing that drips ends the run as silent too', async (t) => {
  const messages = lettersOf(...Array.from({ length: 100 }, (_, nth) => `n${nth}`))
  const provider = await providerOf(t, { messages, ...drips(600, 'UIDL') }, waits)
  assert.equal((await provider.visit()).failure?.kind, 'silent')
})

for (const [how, capabilities] of Object.entries(ways)) {
  test(`one long message on a line that is too slow keeps no other one back, and is not set aside for it (${how})`, async (t) => {
    const messages = [ofSize('long', 40_000), ...lettersOf('a', 'b', 'c')]
    const provider = await providerOf(
      t,
      { messages, capabilities, trickle: { on: 'RETR 1', everyMs: 50, octets: 30 } },
      { ...waits, leastRateMs: 300 },
    )
    // It takes a visit to learn that a window is too large, and one to learn which message it is.
    let stored = 0
    for (let visit = 0; visit < 4; visit += 1) {
      const seen = await provider.visit()
      assert.equal(seen.quarantined, 0)
      stored += seen.stored
    }
    assert.equal(stored, 3)
    holds(provider, messages.slice(1))
  })
}

for (const [how, capabilities] of Object.entries(ways)) {
  test(`a run whose time is up ends behind the messages that are on their way, and asks for no more (${how})`, async (t) => {
    const messages = Array.from({ length: 60 }, (_, nth) => ofSize(`n${nth}`, 20_000))
    let isUp = false
    let retrieved = 0
    const mangles = (reply: Buffer, command: string) => {
      if (command.startsWith('RETR')) isUp = (retrieved += 1) >= 1
      return reply
    }
    const provider = await providerOf(t, { messages, capabilities, mangles }, waits)
    provider.world.overtimeMs = () => (isUp ? 0 : -1)
    const first = await provider.visit(remove)
    assert.equal(first.failure, null)
    assert.ok(first.stored >= 1 && first.stored < 60, `${first.stored}`)
    assert.equal(first.stored, retrieved, 'what was asked for is stored')
    assert.equal(left(provider).length, 60 - first.stored)
    assert.deepEqual(provider.world.leftMore, ['time'])
    provider.world.overtimeMs = () => -1
    await provider.visit(remove)
    holds(provider, messages)
    assert.deepEqual(left(provider), [])
  })
}

test('nothing is asked for ahead of the first window, and a line of 1,200 octets a second is asked for 32 KiB at a time', async (t) => {
  const messages = Array.from({ length: 100 }, (_, nth) => ofSize(`n${nth}`, 20_000))
  const provider = await providerOf(t, { messages })
  const steps: string[] = []
  const { realMaildrop } = provider.world
  assert.ok(realMaildrop)
  provider.world.realMaildrop = async (pace) =>
    await realMaildrop({
      messagesMax: pace.messagesMax,
      asked: (count) => void steps.push(`asked ${count}`),
      came: () => {},
      closed: (count) => void steps.push(`closed ${count}`),
    })
  went(await provider.visit(), { stored: 100 })
  assert.deepEqual(steps.slice(0, 2), ['asked 13', 'closed 13'])
  assert.equal(windowOctetsMax(1.2), 32 * 1024)
  assert.equal(windowOctetsMax(10_000), 4 * 1024 * 1024)
})
