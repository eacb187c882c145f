/** A server that says nothing in several sessions of one run is told of with the time of all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPop3Server } from '../support/pop3-server.ts'
import { startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

test('a run that was silent at RETR in one session after the other says how long it waited in all', async (t) => {
  const stack = await startStack()
  t.after(() => stack.stop())
  await stack.startWorker({ waits: { replyMs: 2000 } })
  const messages = ['a', 'b', 'c'].map((name) => ({ bytes: letter(name), uidl: name }))
  const provider = await startPop3Server({ messages, silentOn: 'RETR' })
  t.after(() => provider.close())
  const id = await stack.account({ port: provider.port, destinationId: await stack.destination('alice') })
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.failure?.kind], ['failed', 'silent'])
  const told = /said nothing for 2 s during .*; it was asked in (\d) sessions, and said nothing for ([\d.]+) s in all\./
  const [, sessions, seconds] = told.exec(run.failure?.message ?? '') ?? []
  assert.ok(Number(sessions) > 1, run.failure?.message)
  assert.ok(Math.abs(Number(seconds) - Number(sessions) * 2) < 0.01)
  assert.equal(provider.commands.filter((line) => line.startsWith('PASS')).length, Number(sessions))
  const took = Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '')
  assert.ok(took >= Number(seconds) * 1000 - 50, `${took} ms`)
})
