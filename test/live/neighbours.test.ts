/** Twenty people are at work in their mailboxes while these are filled, and the worker is killed in twenty runs at once. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { untilDoomed } from '../support/doomed.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { assertEachOnce, ledgerOf } from '../support/audit.ts'
import { Neighbour } from '../support/neighbour.ts'
import { boxes, Imaptest, isImaptestAtHand, keepMailLog } from '../support/imaptest.ts'
import { seeded } from '../support/pieces.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const seed = Number(process.env['TRIBUTARY_TEST_SEED'] ?? Date.now() % 1_000_000)
const random = seeded(seed)
const leaseMs = 1500
const windowMessages = 4
/** Each kills what takes up the runs that the one before has killed. */
const kills = 2
const letters = Array.from({ length: 40 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const twenty = (name: string) => Array.from({ length: 20 }, (_, nth) => `${name}-${nth}`)
const people = twenty('person')
/** In whose mailboxes imaptest is at work. */
const simulated = isImaptestAtHand ? twenty('simulated') : []

let provider: TestDovecot
let stack: Stack
before(async () => {
  const everybody = [...people, ...simulated]
  const maildrops = Object.fromEntries(everybody.map((name) => [name, letters]))
  ;[provider, stack] = await Promise.all([
    startDovecot(Object.fromEntries(everybody.map((name) => [name, 'secret'])), maildrops),
    startStack(),
  ])
  if (isImaptestAtHand) await keepMailLog(stack.dovecot)
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

interface Gathered {
  readonly name: string
  readonly id: string
}

/** Every other one deletes at the provider. */
async function registered(names: readonly string[]): Promise<Gathered[]> {
  return await Promise.all(
    names.map(async (name, nth) => {
      const destinationId = await stack.destination(name)
      const retention = { mode: nth % 2 === 0 ? 'keep' : 'delete' }
      return { name, id: await stack.account({ port: provider.pop3Port, user: name, destinationId, retention }) }
    }),
  )
}

/** Kills what pulls them, and what takes up the runs; then lets a worker go on, and pulls once more, to which nothing is left. */
async function pulledAndKilled(accounts: readonly Gathered[]): Promise<void> {
  const asked = accounts.map(async ({ id }) => await stack.call('POST', `/accounts/${id}/pull`))
  for (const { status } of await Promise.all(asked)) assert.equal(status, 202)
  const doomed = {
    redisUrl: stack.server.url,
    store: stack.dovecot.store,
    secretKey: stack.secretKey.toString('hex'),
    leaseMs,
    windowMessages,
  }
  for (let times = 0; times < kills; times += 1) {
    const places = Object.fromEntries(accounts.map(({ id }) => [id, anywhere()]))
    assert.equal(await untilDoomed({ ...doomed, places }), 'SIGKILL', JSON.stringify(places))
  }
  await stack.startWorker({ leaseMs, jobLockMs: leaseMs, concurrency: people.length, heavyPlaces: people.length })
  const pulls = async () => await Promise.all(accounts.map(async ({ id }) => await stack.pull(id)))
  const [runs, again] = [await pulls(), await pulls()]
  await stack.stopWorker()
  assert.deepEqual(
    [...runs, ...again].map(({ failure }) => failure).filter((failure) => failure !== null),
    [],
  )
  assert.deepEqual(new Set(again.map(({ stored, recovered }) => `${stored} ${recovered}`)), new Set(['0 0']))
}

async function assertWhole(accounts: readonly Gathered[]): Promise<void> {
  for (const [nth, { id, name }] of accounts.entries()) {
    const { records, intents } = await ledgerOf(stack.redis, id)
    assert.deepEqual([records.filter(({ state }) => state === 'stored').length, intents], [letters.length, []], name)
    const left = await readFolder(provider.imapPort, name, 'secret')
    assert.equal(left.length, nth % 2 === 0 ? letters.length : 0, name)
  }
}

const inFolders = async (name: string, folders: readonly string[]) =>
  (await Promise.all(folders.map((folder) => readFolder(stack.dovecot.imapPort, name, 'wonder', folder)))).flat()

test('twenty people read, flag, move and expunge while their mail comes and the worker is killed: none is lost, none comes twice', async (t) => {
  t.diagnostic(`TRIBUTARY_TEST_SEED=${seed}`)
  const accounts = await registered(people)
  const neighbours = await Promise.all(
    people.map(
      async (name) => await Neighbour.come(stack.dovecot.imapPort, name, seeded(Math.floor(random() * 2 ** 31))),
    ),
  )
  await pulledAndKilled(accounts)
  await Promise.all(neighbours.map(async (neighbour) => await neighbour.stop()))
  await assertWhole(accounts)
  const did = { read: 0, flagged: 0, moved: 0, expunged: 0, nothing: 0 }
  for (const [nth, { name }] of accounts.entries()) {
    const neighbour = neighbours[nth] ?? assert.fail(name)
    for (const key of Object.keys(did) as (keyof typeof did)[]) did[key] += neighbour.did[key]
    const there = await inFolders(name, Neighbour.folders)
    const gone = neighbour.expunged.map(
      (text) => ({ ...there[0], bytes: Buffer.from(text, 'latin1') }) as (typeof there)[0],
    )
    assertEachOnce([...there, ...gone], letters)
  }
  t.diagnostic(JSON.stringify(did))
  const { nothing: _, ...acts } = did
  for (const [act, times] of Object.entries(acts)) assert.ok(times > 0, `${act}: ${times}`)
})

// It is no package of Debian.
if (isImaptestAtHand)
  test(
    'imaptest reads, flags, copies and expunges in twenty mailboxes meanwhile: none is lost, none comes twice',
    besideImaptest,
  )

async function besideImaptest(t: TestContext): Promise<void> {
  const accounts = await registered(simulated)
  const imaptest = Imaptest.start(stack.dovecot, 'simulated-%d', simulated.length, seed)
  await pulledAndKilled(accounts)
  t.diagnostic(JSON.stringify(await imaptest.stop()))
  await assertWhole(accounts)
  const each = letters.map(() => 1)
  let expunges = 0
  for (const name of simulated) {
    const there = (await inFolders(name, boxes)).map(({ bytes }) => Number(/<(\d+)@example/.exec(String(bytes))?.[1]))
    /** It is there, or was expunged; and a copy did not come. */
    const came = () => {
      const { expunged, copied } = imaptest.told(name)
      const times = (of: readonly number[], nth: number) => of.filter((one) => one === nth).length
      return letters.map((_, nth) => times(there, nth) + times(expunged, nth) - times(copied, nth))
    }
    // Dovecot's log comes a little later than its answer.
    await until(`what was expunged of ${name}`, () => came().every((times) => times > 0))
    assert.deepEqual(came(), each, name)
    expunges += imaptest.told(name).expunged.length
  }
  assert.ok(expunges > 0)
  t.diagnostic(`${letters.length * simulated.length} came once; expunged: ${expunges}`)
}
