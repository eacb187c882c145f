import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { limits } from '../src/limits.ts'
import { startDovecot, type TestDovecot } from './support/dovecot.ts'
import { untilDoomed } from './support/doomed.ts'
import { readFolder, withoutTrace } from './support/reader.ts'
import { type Stack, startStack } from './support/stack.ts'

const batch = limits.windowMessagesMax
/** Two whole batches, and one of 30. */
const letters = Array.from({ length: 2 * batch + 30 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)

/** Where a worker is killed, and how many messages the next one finds in the store without a record. */
const places: readonly (readonly [string, number | 'all or none'])[] = [
  ['before list 1', 0],
  ['after list 1', 0],
  // The first batch is on its way by then.
  ['before intend 2', 'all or none'],
  ['after intend 2', 'all or none'],
  ['during append 2', 'all or none'],
  ['after append 2', batch],
  ['before record 3', 30],
  ['after record 3', 0],
  ['before markDeleted 1', 0],
  ['after markDeleted 1', 0],
  ['during quit 1', 0],
  ['after quit 1', 0],
]
const loginOf = (place: string) => place.replaceAll(' ', '-').toLowerCase()

const leaseMs = 1500
let stack: Stack
let provider: TestDovecot
before(async () => {
  const logins = places.map(([place]) => loginOf(place))
  const passwords = Object.fromEntries(logins.map((login) => [login, 'secret']))
  const maildrops = Object.fromEntries(logins.map((login) => [login, letters]))
  ;[stack, provider] = await Promise.all([startStack(), startDovecot(passwords, maildrops)])
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

for (const [place, recovered] of places) {
  test(`a worker killed ${place.slice(0, -2)}: every message is stored once, and nothing is deleted unstored`, async () => {
    const login = loginOf(place)
    const destinationId = await stack.destination(login)
    const id = await stack.account({
      port: provider.pop3Port,
      user: login,
      destinationId,
      retention: { mode: 'delete' },
    })
    const stored = async () => {
      const messages = await readFolder(stack.dovecot.imapPort, login, 'wonder')
      return messages.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1'))
    }
    const { status, body } = await stack.call('POST', `/accounts/${id}/pull`)
    assert.equal(status, 202)
    const { server, dovecot, secretKey } = stack
    const signal = await untilDoomed({
      place,
      redisUrl: server.url,
      store: dovecot.store,
      secretKey: secretKey.toString('hex'),
      leaseMs,
    })
    assert.equal(signal, 'SIGKILL')
    const left = await readFolder(provider.imapPort, login, 'secret')
    if (left.length < letters.length) assert.equal((await stored()).length, letters.length, 'deleted what is stored')

    await stack.startWorker({ leaseMs, jobLockMs: leaseMs })
    const run = await stack.pull(id)
    assert.deepEqual([run.id, run.state, run.failure], [body.id, 'done', null])
    assert.deepEqual((await stored()).toSorted(), letters.map(String).toSorted())
    assert.deepEqual([run.listed, run.stored + run.recovered], [letters.length, letters.length])
    if (recovered !== 'all or none') assert.equal(run.recovered, recovered)
    else assert.ok(run.recovered === 0 || run.recovered === batch, String(run.recovered))
    assert.deepEqual(
      await readFolder(provider.imapPort, login, 'secret'),
      [],
      'and then all are deleted at the provider',
    )
    const again = await stack.pull(id)
    assert.deepEqual([again.stored, again.recovered, again.failure], [0, 0, null])
    await stack.stopWorker()
  })
}
