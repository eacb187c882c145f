/** Redis fails over, forgets what it was told last, or is restored, while mail goes out: nobody gets anything twice by us, and nothing is lost. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending, untilMails } from '../support/outgoing.ts'
import { startSentinel, type TestRedises } from '../support/redises.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedMail, type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until, untilTold } from '../support/until.ts'

const isEnded = ({ endedAtMs }: OutboxEntry) => endedAtMs !== null
const subjectOf = ({ bytes }: ScriptedMail) => /Subject: no (.*)\r/.exec(String(bytes))?.[1] ?? ''
const auth = { mechanisms: ['PLAIN'], plays: honest() }

async function senderAt(stack: Pick<Stack, 'account'>, destinationId: string, { port }: ScriptedSmtp, nth: number) {
  return await stack.account({ destinationId, port: 20_000 + nth, smtp: { host: '127.0.0.1', port, tls: 'none' } })
}

describe('under Sentinels', () => {
  let stack: Stack<TestRedises>
  let server: ScriptedSmtp
  let outgoing: Outgoing
  before(async () => {
    ;[stack, server] = await Promise.all([
      startStack<TestRedises>(undefined, startSentinel),
      startScriptedSmtp({
        auth,
        dot: async () => (await new Promise((resolve) => setTimeout(resolve, 40)), undefined),
      }),
    ])
    outgoing = outgoingOf(stack)
  })
  after(async () => {
    await stack.stop()
    await Promise.all([server.close(), outgoing.remove()])
  })

  test('a master that dies in mid-sending: each message goes out once, or is unknown where its answer came to nobody', async () => {
    const destinationId = await stack.destination('alice')
    const accounts = await Promise.all([1, 2, 3].map(async (nth) => await senderAt(stack, destinationId, server, nth)))
    const ids: string[] = []
    for (let nth = 0; nth < 60; nth += 1)
      ids.push(await outgoing.put({ accountId: accounts[nth % 3] ?? '', destinationId, bytes: outgoingLetter(nth) }))
    await stack.startWorker({ outbox: outgoing.folder, send: quickSending, leaseMs: 4000, jobLockMs: 4000 })
    await untilMails(server, 15)
    const roles = await Promise.all(stack.server.nodes.map(async ({ redis }) => await redis.info('replication')))
    const master = stack.server.nodes[roles.findIndex((told) => told.includes('role:master'))]
    await master?.halt('SIGKILL')
    const entries = await untilTold('all to end', async () => {
      const all = await Promise.all(ids.map(async (id) => await outgoing.sendings.get(id))).catch(() => [])
      const ended = all.filter((entry) => entry !== undefined && isEnded(entry))
      return ended.length === ids.length ? (ended as OutboxEntry[]) : undefined
    })
    await master?.resume()
    const subjects = server.mails.map(subjectOf)
    assert.equal(new Set(subjects).size, subjects.length, 'nobody gets anything twice')
    for (const [nth, entry] of entries.entries()) {
      if (entry.state === 'accepted') assert.ok(subjects.includes(String(nth)), `${nth} is lost`)
      else assert.equal(entry.state, 'unknown', `${nth}`)
    }
    const unknown = entries.filter(({ state }) => state === 'unknown').length
    assert.ok(unknown <= 9, `${unknown} are unknown: no more than were at their dots`)
  })
})

describe('with one Redis', () => {
  let stack: Stack
  let server: ScriptedSmtp
  let outgoing: Outgoing
  let destinationId: string
  let waitsFor: Promise<void> | undefined
  before(async () => {
    ;[stack, server] = await Promise.all([
      startStack(),
      startScriptedSmtp({ auth, dot: async () => (await waitsFor, undefined) }),
    ])
    outgoing = outgoingOf(stack)
    destinationId = await stack.destination('alice')
  })
  after(async () => {
    await stack.stop()
    await Promise.all([server.close(), outgoing.remove()])
  })
  const startSending = async () =>
    await stack.startWorker({ outbox: outgoing.folder, send: { ...quickSending, waits: {} } })

  /** What the outbox was; then it is so again, as where a replica is promoted that has heard nothing since. */
  async function remembered(): Promise<() => Promise<void>> {
    const named = async () => await stack.redis.keys('*send:*')
    const dumps = await Promise.all(
      (await named()).map(async (name) => [name, await stack.redis.dumpBuffer(name)] as const),
    )
    return async () => {
      const all = stack.redis.multi()
      for (const name of await named()) all.del(name)
      for (const [name, dump] of dumps) all.restore(name, 0, dump, 'REPLACE')
      await all.exec()
    }
  }

  test('an outbox that knows nothing of a message that was sent sends it to nobody a second time: the disk knows', async () => {
    let answer: () => void = () => {}
    waitsFor = new Promise<void>((resolve) => {
      answer = resolve
    })
    const accountId = await senderAt(stack, destinationId, server, 11)
    const [one, two] = [
      await outgoing.put({ accountId, destinationId, bytes: outgoingLetter('one') }),
      await outgoing.put({ accountId, destinationId, bytes: outgoingLetter('two') }),
    ]
    const forget = await remembered()
    await startSending()
    await untilMails(server, 1)
    await forget()
    assert.equal((await outgoing.entry(one)).state, 'queued')
    const [first, second] = subjectOf(server.mails[0] as ScriptedMail) === 'one' ? [one, two] : [two, one]
    answer()
    const doubted = await outgoing.until(first, isEnded)
    assert.deepEqual([doubted.state, doubted.failure?.kind], ['unknown', 'restored'])
    assert.equal((await outgoing.until(second, isEnded)).state, 'accepted', 'what had not come to its dot goes out')
    assert.deepEqual(server.mails.map(subjectOf).toSorted(), ['one', 'two'])
    await stack.stopWorker()
    waitsFor = undefined
  })

  test('after a restore all that has not ended waits for a person; what he tries again goes out, once', async () => {
    const accountId = await senderAt(stack, destinationId, server, 12)
    const headers = { authorization: `Bearer ${adminToken}` }
    const backup = await stack.app.inject({ method: 'GET', url: '/api/v1/backup', headers })
    assert.equal(backup.statusCode, 200)
    const put = async (name: string, changes: Partial<OutboxEntry> = {}) =>
      await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(name), changes })
    const later = { sendAtMs: Date.now() + 60_000, nextAttemptAtMs: Date.now() + 60_000 }
    const ids = [
      await put('queued'),
      await put('deferred', { state: 'deferred', attempts: 3 }),
      await put('later', later),
    ]
    const before = server.mails.length
    const restored = await stack.app.inject({
      method: 'POST',
      url: '/api/v1/restore?replace=true&proven=true',
      headers: { ...headers, 'content-type': 'application/gzip' },
      payload: backup.rawPayload,
    })
    assert.equal(restored.statusCode, 200, restored.payload)
    await startSending()
    for (const id of ids) {
      const entry = await outgoing.entry(id)
      assert.deepEqual([entry.state, entry.failure?.kind, entry.nextAttemptAtMs], ['unknown', 'restored', null])
    }
    // Another message of the account goes out meanwhile, and none of these.
    const another = await put('another')
    assert.equal((await outgoing.until(another, isEnded)).state, 'accepted')
    assert.deepEqual(server.mails.slice(before).map(subjectOf), ['another'])
    cpSync(outgoing.folder, stack.world.outboxFiles.folder, { recursive: true })
    assert.equal((await stack.call('POST', `/outbox/${ids[0]}/retry`)).status, 202)
    await until('it to be sent', async () => (await outgoing.entry(ids[0] ?? '')).state === 'accepted')
    assert.deepEqual(server.mails.slice(before).map(subjectOf), ['another', 'queued'])
    assert.equal((await stack.call('POST', `/outbox/${ids[1]}/cancel`)).status, 200)
    assert.equal((await outgoing.entry(ids[2] ?? '')).state, 'unknown')
  })
})
