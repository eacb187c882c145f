/** Servers whose UIDLs are positions, or do not last for another reason. test/pure/unlasting-ids.test.ts leaves the same to chance. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Retention } from '../../src/account/account.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const retentions: readonly Retention[] = [{ mode: 'keep' }, { mode: 'delete' }, { mode: 'keepDays', days: 2 }]

const changes: Readonly<Record<string, (before: readonly number[]) => readonly number[]>> = {
  'the first one deleted by another program, and one new behind': (before) => [...before.slice(1), 9],
  'the newest first from now on, and one new': (before) => [9, ...before.toReversed()],
  'a new one in the middle': (before) => [...before.slice(0, 2), 9, ...before.slice(2)],
  'all moved by one, and a new one in place of the first': (before) => [9, ...before.slice(0, -1)],
}

const withTop = { capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING'] }
const withoutTop = { capabilities: ['USER', 'UIDL', 'PIPELINING'], answers: { TOP: '-ERR not here\r\n' } }

for (const retention of retentions) {
  for (const [change, orderAfter] of Object.entries(changes)) {
    for (const isEqualSize of [true, false]) {
      for (const [how, behaviour] of Object.entries({ TOP: withTop, 'no TOP': withoutTop })) {
        test(`UIDLs are positions; ${change}: each is stored once (${retention.mode}, ${isEqualSize ? 'equal' : 'different'} sizes, ${how})`, async (t) => {
          const message = (nth: number) => letter(`m${nth}`, { body: 'x'.repeat(isEqualSize ? 9 : nth + 1) })
          const at = (order: readonly number[]) =>
            order.map((nth, place): MaildropMessage => ({ bytes: message(nth), uidl: `${place + 1}` }))
          const first = [0, 1, 2, 3, 4]
          const second = orderAfter(first)
          const connections = [{}, { messages: at(second) }, { messages: at(second.toReversed()) }]
          const provider = await providerOf(t, { messages: at(first), ...behaviour, keepsDeleted: true, connections })
          const visit = async (stored: number) => {
            went(await provider.visit({ retention }), { stored, quarantined: 0, deferred: 0 })
            provider.world.nowMs += 86_400_000
          }
          for (const stored of [5, 1, 0]) await visit(stored)
          holds(provider, at([...first, 9]))
          assert.ok(!provider.world.notices.some(({ event }) => event === 'ids changed'))
        })
      }
    }
  }
}

const many = lettersOf(...Array.from({ length: 40 }, (_, nth) => `m${nth * 3 + 5}`))
const numbered = (from: number) => many.map((message, nth) => ({ ...message, uidl: `UID${nth + from}-1234567890` }))

for (const [how, messages, topsMax] of [
  ['ids that tell nothing of positions', many, 0],
  ['ids that were numbered when something was deleted before', numbered(2), 0],
  ['ids that have the form of positions', numbered(1), pullLimits.idProbes],
] as const) {
  test(`known mail under ${how} costs ${topsMax} headers at most at a visit, and no message`, async (t) => {
    const provider = await providerOf(t, { messages })
    went(await provider.visit(), { stored: 40 })
    for (let visit = 1; visit < 4; visit += 1) {
      went(await provider.visit(), { stored: 0 })
      assert.ok(times(provider, 'TOP') <= topsMax * visit, `${times(provider, 'TOP')}`)
    }
    assert.equal(times(provider, 'RETR'), 40)
  })
}

test('without TOP, ids that have the form of positions cost 64 KiB at a visit, or one message', async (t) => {
  const large = many.map(({ uidl = '' }, nth) => ({
    bytes: letter(uidl, { body: 'A line of text.\r\n'.repeat(2000) }),
    uidl: `${nth + 1}`,
  }))
  const provider = await providerOf(t, { messages: large, ...withoutTop })
  went(await provider.visit(), { stored: 40 })
  went(await provider.visit(), { stored: 0 })
  assert.ok(times(provider, 'RETR') <= 42)
})

test('UIDL lists in another order than LIST: every message keeps its own id', async (t) => {
  const messages = lettersOf('a', 'b', 'c')
  const mangles = (reply: Buffer, command: string) => {
    if (command !== 'UIDL') return reply
    const lines = reply.toString('latin1').split('\r\n')
    return Buffer.from([lines[0], lines[3], lines[1], lines[2], '.', ''].join('\r\n'), 'latin1')
  }
  const provider = await providerOf(t, { messages, mangles })
  for (const stored of [3, 0]) went(await provider.visit(), { stored })
  assert.equal(times(provider, 'TOP') + times(provider, 'RETR'), 3)
  went(await provider.visit({ retention: { mode: 'delete' } }), { stored: 0, deleted: 3 })
  assert.deepEqual(left(provider), [])
  holds(provider, messages)
})
