/** Ids that are new in each session, and one message at which every session ends: what is behind it comes all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour, MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, providerOf } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const remove = { retention: { mode: 'delete' } } as const
const all = ['USER', 'UIDL', 'TOP', 'PIPELINING']

const manyOf = (count: number, isWeak: boolean) =>
  Array.from({ length: count }, (_, nth): MaildropMessage => {
    const body = 'x'.repeat(nth)
    return {
      bytes: isWeak ? Buffer.from(`Subject: report\r\n\r\n${nth}. ${body}\r\n`) : letter(`n${nth}`, { body }),
      uidl: `n${nth}`,
    }
  })

/** Gives each message an id of this session. */
const newIds =
  (session: number): NonNullable<Behaviour['mangles']> =>
  (reply, command) =>
    command.startsWith('UIDL')
      ? Buffer.from(reply.toString('latin1').replace(/\bn(\d+)\r\n/g, (_, id) => `s${session}-${id}\r\n`))
      : reply

for (const isWeak of [false, true])
  for (const capabilities of [all, ['USER', 'UIDL', 'TOP'], ['USER', 'UIDL']])
    test(`one message at which every session ends, with new ids in each session: all others come (${isWeak ? 'weak headers, ' : ''}${capabilities.join()})`, async (t) => {
      const messages = manyOf(20, isWeak)
      const provider = await providerOf(t, {
        messages,
        capabilities,
        answers: capabilities.includes('TOP') ? {} : { TOP: '-ERR\r\n' },
        atConnection: (nth) => ({ mangles: newIds(nth) }),
        dropOn: 'RETR 3',
      })
      provider.world.setAsideAfterMs = 6 * 3_600_000
      for (let visit = 0; visit < 5; visit += 1) await provider.visit()
      holds(
        provider,
        messages.filter((_, nth) => nth !== 2),
      )
    })

for (const most of [3, 6])
  test(`a limit after ${most} messages, said in words before a hang-up, weak headers, retention delete: all comes, and all is deleted`, async (t) => {
    const messages = manyOf(20, true)
    let retrieves = 0
    const mangles: Behaviour['mangles'] = (reply, command) =>
      command.startsWith('RETR') && (retrieves += 1) > most
        ? Buffer.from('-ERR Daily download limit exceeded\r\n')
        : reply
    const atConnection = () => {
      retrieves = 0
      return {}
    }
    const provider = await providerOf(t, { messages, mangles, atConnection, hangsUp: () => retrieves > most })
    let visits = 0
    for (; visits < 60 && left(provider).length > 0; visits += 1) {
      provider.world.nowMs += 86_400_000 + 1
      await provider.visit(remove)
    }
    holds(provider, messages)
    assert.deepEqual(left(provider), [], `${visits} visits`)
  })

for (const capabilities of [all, ['USER', 'UIDL']])
  test(`a message that is never given, with new ids in each session, has one entry in the quarantine (weak header, ${capabilities.join()})`, async (t) => {
    const messages = manyOf(6, true)
    const provider = await providerOf(t, {
      messages,
      capabilities,
      answers: { 'RETR 3': '-ERR no\r\n', ...(capabilities.includes('TOP') ? {} : { TOP: '-ERR\r\n' }) },
      atConnection: (nth) => ({ mangles: newIds(nth) }),
    })
    let times = 0
    for (let visit = 0; visit < 16; visit += 1) times += (await provider.visit()).quarantined
    assert.ok(times > 1, `set aside ${times} times`)
    assert.equal(provider.world.ledger.entries.length, 1)
    holds(
      provider,
      messages.filter((_, nth) => nth !== 2),
    )
  })
