/** A server whose listings name a message that is gone: it refuses everything that is asked about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holds, left, lettersOf, providerOf } from '../support/visits.ts'

const verbs = ['USER', 'UIDL', 'TOP', 'PIPELINING']

for (const mode of ['keep', 'delete'] as const) {
  for (const [how, without] of [
    ['pipelined', []],
    ['one at a time', ['PIPELINING']],
    ['without TOP', ['TOP']],
    ['without UIDL', ['UIDL']],
    ['with nothing but LIST', ['UIDL', 'TOP', 'PIPELINING']],
  ] as const) {
    for (const count of [2, 4, 12]) {
      test(`a message that is listed and gone holds up no other (${mode}, ${how}, ${count} listed)`, async (t) => {
        const ghost = 1
        const first = lettersOf(...Array.from({ length: count }, (_, nth) => (nth === ghost ? 'ghost' : `m${nth}`)))
        const good = first.filter((_, nth) => nth !== ghost)
        const isUidl = !(without as readonly string[]).includes('UIDL')
        const provider = await providerOf(t, {
          messages: first,
          capabilities: verbs.filter((verb) => !(without as readonly string[]).includes(verb)),
          ...(isUidl ? {} : { answers: { UIDL: '-ERR what\r\n' } }),
          mangles(reply, command) {
            const [verb = '', number] = command.split(' ')
            const isAbout = /^(?:RETR|TOP|UIDL|LIST|DELE)$/.test(verb) && number !== undefined
            const at = isAbout ? provider.server.maildrop()[Number(number) - 1]?.uidl : undefined
            return at === 'id-ghost' ? Buffer.from('-ERR no such message\r\n') : reply
          },
        })
        const visit = async () => {
          const { failure } = await provider.visit({ retention: { mode } })
          assert.equal(failure, null, failure?.message)
          provider.world.nowMs += 3_600_000
        }
        provider.world.setAsideAfterMs = 30 * 86_400_000
        await visit()
        holds(provider, good)
        const [more] = lettersOf('later')
        if (more !== undefined) provider.server.deliver(more)
        await visit()
        holds(provider, [...good, ...lettersOf('later')])
        if (mode === 'delete') assert.deepEqual(left(provider), ['id-ghost'])
      })
    }
  }
}

test('a listing of "0 0" is that of an empty maildrop', async (t) => {
  const provider = await providerOf(t, {
    messages: [],
    mangles: (reply, command) => (/^(?:LIST|UIDL)$/.test(command) ? Buffer.from('+OK\r\n0 0\r\n.\r\n') : reply),
  })
  const { failure, listed } = await provider.visit()
  assert.deepEqual([failure, listed], [null, 0])
})
