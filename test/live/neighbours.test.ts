/** Twenty people are at work in their mailboxes while these are filled, and the worker is killed in twenty runs at once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { untilDoomed } from '../support/doomed.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { assertEachOnce, ledgerOf } from '../support/audit.ts'
import { Neighbour } from '../support/neighbour.ts'
import { seeded } from '../support/pieces.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'

const seed = Number(process.env['TRIBUTARY_TEST_SEED'] ?? Date.now() % 1_000_000)
const random = seeded(seed)
const leaseMs = 1500
const windowMessages = 4
const letters = Array.from({ length: 40 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const people = Array.from({ length: 20 }, (_, nth) => `person-${nth}`)

let provider: TestDovecot
let stack: Stack
before(async () => {
  const maildrops = Object.fromEntries(people.map((name) => [name, letters]))
  ;[provider, stack] = await Promise.all([
    startDovecot(Object.fromEntries(people.map((name) => [name, 'secret'])), maildrops),
    startStack(),
  ])
  // All are at work at once.
  for (const name of ['', 'peer '])
    await stack.redis.hset(`{tributary}:server:${name}127.0.0.1:${provider.pop3Port}`, { class: 'good', limit: 1000 })
})
after(async () => {
  await Promise.all([provider.stop(), stack.stop()])
})

/** Where a run is killed: with twenty runs each time, nearly everywhere. */
function anywhere(): string {
  const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T
  // Recorded messages are delivered together, at the end of a run this small.
  const effects = [...['intend', 'append', 'record'].flatMap((effect) => [`${effect} 1`, `${effect} 2`]), 'deliver 1']
  return `${one(['before', 'after'])} ${one(effects)}`
}

test('twenty people read, flag, move and expunge while their mail comes and the worker is killed: none is lost, none comes twice', async (t) => {
  t.diagnostic(`TRIBUTARY_TEST_SEED=${seed}`)
  const accounts = await Promise.all(
    people.map(async (name, nth) => {
      const destinationId = await stack.destination(name)
      const retention = { mode: nth % 2 === 0 ? 'keep' : 'delete' }
      return { name, id: await stack.account({ port: provider.pop3Port, user: name, destinationId, retention }) }
    }),
  )
  const neighbours = await Promise.all(
    people.map(
      async (name) => await Neighbour.come(stack.dovecot.imapPort, name, seeded(Math.floor(random() * 2 ** 31))),
    ),
  )
  const asked = accounts.map(async ({ id }) => await stack.call('POST', `/accounts/${id}/pull`))
  for (const { status } of await Promise.all(asked)) assert.equal(status, 202)
  const places = Object.fromEntries(accounts.map(({ id }) => [id, anywhere()]))
  const doomed = {
    places,
    redisUrl: stack.server.url,
    store: stack.dovecot.store,
    secretKey: stack.secretKey.toString('hex'),
    leaseMs,
    windowMessages,
  }
  assert.equal(await untilDoomed(doomed), 'SIGKILL', JSON.stringify(places))
  await stack.startWorker({ leaseMs, jobLockMs: leaseMs, concurrency: people.length, heavyPlaces: people.length })
  const pulls = async () => await Promise.all(accounts.map(async ({ id }) => await stack.pull(id)))
  const [runs, again] = [await pulls(), await pulls()]
  await Promise.all(neighbours.map(async (neighbour) => await neighbour.stop()))
  assert.deepEqual(
    [...runs, ...again].map(({ failure }) => failure).filter((failure) => failure !== null),
    [],
  )
  assert.deepEqual(new Set(again.map(({ stored, recovered }) => `${stored} ${recovered}`)), new Set(['0 0']))

  const did = { read: 0, flagged: 0, moved: 0, expunged: 0, nothing: 0 }
  for (const [nth, { id, name }] of accounts.entries()) {
    const neighbour = neighbours[nth] ?? assert.fail(name)
    for (const key of Object.keys(did) as (keyof typeof did)[]) did[key] += neighbour.did[key]
    const read = async (folder: string) => await readFolder(stack.dovecot.imapPort, name, 'wonder', folder)
    const there = (await Promise.all(Neighbour.folders.map(read))).flat()
    const gone = neighbour.expunged.map(
      (text) => ({ ...there[0], bytes: Buffer.from(text, 'latin1') }) as (typeof there)[0],
    )
    assertEachOnce([...there, ...gone], letters)
    const { records, intents } = await ledgerOf(stack.redis, id)
    assert.deepEqual([records.filter(({ state }) => state === 'stored').length, intents], [letters.length, []], name)
    const left = await readFolder(provider.imapPort, name, 'secret')
    assert.equal(left.length, nth % 2 === 0 ? letters.length : 0, name)
  }
  t.diagnostic(JSON.stringify(did))
  const { nothing: _, ...acts } = did
  for (const [act, times] of Object.entries(acts)) assert.ok(times > 0, `${act}: ${times}`)
})
