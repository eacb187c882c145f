/** A run that has had its time ends well, says that it leaves more, and the account is due at once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Run } from '../../src/runs/run.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let provider: ScriptedServer
const messages = Array.from({ length: 60 }, (_, nth) => {
  return { bytes: letter(`n${nth}`, { body: `${'x'.repeat(70)}\r\n`.repeat(200) }), uidl: `id-${nth}` }
})
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

test('a first import that needs more than the time of a run is one run after another until all is there, and is told as one import', async () => {
  await stack.startWorker({ runMs: 0 })
  const destinationId = await stack.destination('alice')
  const interval = { minSeconds: 3600, maxSeconds: 7200 }
  const retention = { mode: 'delete' }
  const fields = { port: provider.port, destinationId, interval, retention, paused: false }
  const accountId = await stack.account(fields)
  const first = await stack.pull(accountId)
  assert.deepEqual([first.state, first.more, first.failure], ['done', true, null])
  assert.ok(first.stored > 0 && first.stored < 60 && first.deleted === first.stored, JSON.stringify(first))
  const runs = async () => (await stack.call('GET', `/accounts/${accountId}/runs`)).body.items as unknown as Run[]
  const last = await until('the run that leaves nothing', async () =>
    (await runs()).find(({ finishedAt, more }) => finishedAt !== null && !more),
  )
  assert.deepEqual([last.state, provider.maildrop().length], ['done', 0])
  const all = await runs()
  assert.equal(
    all.reduce((sum, { stored }) => sum + stored, 0),
    60,
  )
  const { nextRunAt } = (await stack.call('GET', `/accounts/${accountId}`)).body
  assert.ok(Date.parse(nextRunAt as string) > Date.now() + 3_000_000, 'and then its interval holds again')
})
