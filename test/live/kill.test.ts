import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Listed } from '../../src/mail/message.ts'
import { assertAgree, assertEachOnce, assertNoneLost, ledgerOf, type Missed, seedMissed } from '../support/audit.ts'
import type { Run } from '../../src/runs/run.ts'
import { effectsOf, untilDoomed } from '../support/doomed.ts'
import { fillMaildir, startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

/** `npm run soak -- --kills` sets it to 2,000; in the gate that would take ten minutes. */
const many = Number(process.env['KILL_MESSAGES'] ?? 0)
const windowMessages = many === 0 ? 4 : 250
/** Two whole batches, and one of 2; or many. */
const letters = Array.from({ length: many === 0 ? 2 * windowMessages + 2 : many }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const maxMessageBytes = 1000
/** Set aside before it is retrieved. */
const large = Buffer.from(`Message-ID: <large@example.org>\r\n\r\n${'x'.repeat(maxMessageBytes)}\r\n`)
const maildrop = [...letters.slice(0, 5), large, ...letters.slice(5)]

/** A run that deletes has old records too: one to be forgotten, one that it misses for another time. */
const missed = (nowMs: number): Missed[] =>
  [nowMs - pullLimits.forgetAfterMs - 3_600_000, nowMs - 3_600_000].map((sinceMs, nth) => ({
    sighting: {
      message: { number: 1, uidl: `old ${nth}`, size: 100 } as unknown as Listed,
      fingerprint: undefined,
      digest: undefined,
      arrived: undefined,
    },
    sinceMs,
    listings: nth === 0 ? pullLimits.missedListingsMin : 1,
  }))

const leaseMs = 1500
const identity = childIdentity([])
const perWorker = many === 0 ? 25 : 6

let provider: TestDovecot
/** Each has one worker at a time. */
let stacks: Stack[]
before(async () => {
  ;[provider, ...stacks] = await Promise.all([startDovecot({}, { nobody: [] }), startStack(), startStack()])
})
after(async () => {
  await Promise.all([provider, ...stacks].map(async (part) => await part.stop()))
})

type Mode = 'keep' | 'delete'

/** A registered account, its maildrop filled, and its run asked for. */
interface Ready {
  readonly id: string
  readonly place: string
  readonly login: string
  /** The login at the store. */
  readonly owner: string
  readonly runId: string
}

/**
 * @returns accounts that gather into a folder each of one login. It is another one each time: what is staged, and was recorded, is looked for
 * in all folders of its login, and with all accounts in one these would grow to 250,000 messages.
 */
async function ready(stack: Stack, mode: Mode, places: readonly string[]): Promise<Ready[]> {
  const owner = `${mode}-${places[0]?.replaceAll(' ', '-')}`.toLowerCase()
  const destinationId = await stack.destination(owner)
  const named = places.map((place) => ({ place, login: `${mode}-${place.replaceAll(' ', '-')}`.toLowerCase() }))
  for (const { login } of named) {
    fillMaildir(join(provider.places.mailFolder, login, 'Maildir'), maildrop)
    handOver(join(provider.places.mailFolder, login), identity)
    provider.addUser(login, 'secret')
  }
  // Dovecot looks at its users once a second at most.
  for (const one of named.slice(-1)) await untilTold('the provider to know its logins', async () => await left(one))
  // All of them are at work at once.
  for (const name of ['', 'peer '])
    await stack.redis.hset(`{tributary}:server:${name}127.0.0.1:${provider.pop3Port}`, { class: 'good', limit: 1000 })
  const all: Ready[] = []
  for (const { place, login } of named) {
    const id = await stack.account({
      port: provider.pop3Port,
      user: login,
      destinationId,
      folder: login,
      retention: { mode },
      maxMessageBytes,
    })
    if (mode === 'delete') await seedMissed(stack.redis, id, missed(Date.now()))
    const { status, body } = await stack.call('POST', `/accounts/${id}/pull`)
    assert.equal(status, 202)
    all.push({ id, place, login, owner, runId: body.id })
  }
  return all
}

const doomedBy = ({ server, dovecot, secretKey }: Stack, places: Readonly<Record<string, string>>) => ({
  places,
  redisUrl: server.url,
  store: dovecot.store,
  secretKey: secretKey.toString('hex'),
  leaseMs,
  windowMessages,
})

const stored = async (stack: Stack, { login, owner }: Ready) =>
  await readFolder(stack.dovecot.imapPort, owner, 'wonder', login)
const left = async ({ login }: Pick<Ready, 'login'>) => await readFolder(provider.imapPort, login, 'secret')

/** What an account must look like when it has been pulled, whatever came in between. */
async function assertWhole(stack: Stack, mode: Mode, account: Ready): Promise<void> {
  const messages = await stored(stack, account)
  assertEachOnce(messages, letters)
  const ledger = await ledgerOf(stack.redis, account.id)
  assertAgree(ledger, messages)
  const states = ledger.records.map(({ state }) => state)
  assert.equal(states.filter((state) => state === 'quarantined').length, 1, 'one is set aside, once')
  assert.equal(states.filter((state) => state === 'skipped').length, mode === 'delete' ? 1 : 0)
  const kept = mode === 'keep' ? maildrop : [large]
  assert.deepEqual(
    (await left(account)).map(({ bytes }) => String(bytes)),
    kept.map(String),
    'at the provider',
  )
}

/** Kills one worker at these places, each in a run of its own; then lets another one go on. */
async function kill(t: TestContext, stack: Stack, mode: Mode, places: readonly string[]): Promise<void> {
  const accounts = await ready(stack, mode, places)
  const where = Object.fromEntries(accounts.map(({ id, place }) => [id, place]))
  assert.equal(await untilDoomed(doomedBy(stack, where)), 'SIGKILL', `not all came to their place: ${String(places)}`)
  if (mode === 'delete')
    for (const account of accounts) assertNoneLost(await stored(stack, account), await left(account), maildrop)
  await stack.startWorker({ leaseMs, jobLockMs: leaseMs, concurrency: perWorker, heavyPlaces: perWorker })
  const pullAll = async () => await Promise.all(accounts.map(async ({ id }) => await stack.pull(id, 600)))
  const [runs, again] = [await pullAll(), await pullAll()]
  await stack.stopWorker()
  for (const [nth, account] of accounts.entries()) {
    await t.test(`${account.place} (${mode})`, async () => {
      const run = runs[nth] as Run
      // Dovecot's own account of a run that failed: it comes once in thousands.
      if (run.failure !== null) t.diagnostic(stack.dovecot.lines.slice(-200).join('\n'))
      assert.deepEqual([run.id, run.state, run.failure], [account.runId, 'done', null])
      assert.equal(run.stored + run.recovered, letters.length)
      const { stored, recovered, deleted, failure } = again[nth] as Run
      assert.deepEqual([stored, recovered, deleted, failure], [0, 0, 0, null], 'a further pull does nothing')
      await assertWhole(stack, mode, account)
    })
  }
}

/** Of one session it ends the run; 25 accounts at once have met it (deploy/dovecot.conf, mailbox_list_index). */
after(() => {
  const panics = stacks.flatMap(({ dovecot }) => dovecot.lines.filter((line) => line.includes('Panic')))
  assert.deepEqual(panics, [], 'the store stands it')
})

for (const mode of ['keep', 'delete'] as const) {
  test(`a worker killed before and after every effect of a run (${mode}): every message is stored once`, async (t) => {
    const [first] = stacks as [Stack]
    // A run that lost its lease, because everything stood still for a moment, would begin anew.
    const effects = await effectsOf({ ...doomedBy(first, {}), leaseMs: 60_000 }, async () => {
      const [account] = await ready(first, mode, ['nowhere'])
      assert.ok(account !== undefined)
      assert.equal((await first.pull(account.id, 600)).failure, null)
      await assertWhole(first, mode, account)
    })
    assert.deepEqual(effects, [...new Set(effects)], 'one session of one run')
    const times = (effect: string) => effects.filter((one) => one.startsWith(`${effect} `)).length
    const batches = Math.ceil(letters.length / windowMessages)
    for (const effect of ['intend', 'append', 'record']) assert.ok(times(effect) >= batches, effect)
    const ofMode = mode === 'delete' ? ['markDeleted'] : []
    for (const effect of ['list', 'prepare', 'quarantine', 'amend', ...ofMode, 'quit'])
      assert.ok(times(effect) > 0, effect)
    assert.ok(times(mode === 'keep' ? 'begin' : 'forget') > 0)

    const around = effects.flatMap((effect) => [`before ${effect}`, `after ${effect}`])
    const groups = ['append 2', 'append 3', 'quit 1'].map((effect) => [`during ${effect}`])
    while (around.length > 0) groups.push(around.splice(0, perWorker))
    const turns = stacks.map(async (stack) => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) await kill(t, stack, mode, group)
    })
    await Promise.all(turns)
  })
}
