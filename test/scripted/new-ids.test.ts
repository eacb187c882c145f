/** Ids that are new in each session, and one message at which every session ends: what is behind it comes all the same. */
import { test } from 'node:test'
import type { Behaviour, MaildropMessage } from '../support/pop3-server.ts'
import { holds, providerOf } from '../support/visits.ts'
import { letter } from '../support/world.ts'

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
