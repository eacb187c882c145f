/** A plan that is known: which runs leave one, what ends it, and that a visit which finds it does nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import { unsaidSending } from '../../src/account/sending.ts'
import { createClock } from '../../src/clock.ts'
import type { AccountId, Listed, MessageNumber, Octets, Uidl } from '../../src/mail/message.ts'
import { holds, isKnown, type KnownPlan, listingHash, settingsHash, tellsAll } from '../../src/pull/known-plan.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { noCounts } from '../../src/runs/run.ts'
import { account, letter, type ProviderMessage, TestWorld } from '../support/world.ts'

const hour = 3_600_000
const day = 24 * hour
const ids = ['kx', 'qa', 'zz']
const provider = (): ProviderMessage[] => ids.map((uidl) => ({ bytes: letter(uidl), uidl }))
const pad = (bytes: Buffer, size: number) => Buffer.concat([bytes, Buffer.from('x'.repeat(size - bytes.length))])

/** A world whose second pull has found nothing to do. */
async function idle(changes: Partial<Account> = {}, messages = provider()): Promise<TestWorld> {
  const world = new TestWorld(messages)
  world.requested = false
  await world.pull(changes)
  world.nowMs += 60_000
  await world.pull(changes)
  return world
}

test('a run that stores mail leaves no plan, and the next one, which finds nothing to do, leaves one', async () => {
  const world = new TestWorld(provider())
  await world.pull()
  assert.equal(world.ledger.noted, undefined)
  await world.pull()
  assert.equal(world.ledger.known?.listed, 3)
  assert.equal(await world.visit(), undefined)
  assert.deepEqual(world.effects, ['quit'])
})

test('a visit that finds new mail goes on in the same session', async () => {
  const world = await idle()
  world.provider.push({ bytes: letter('new'), uidl: 'nn' })
  const { sessions } = world
  const counts = await world.visit()
  assert.equal(counts?.stored, 1)
  assert.equal(counts.listed, 4)
  assert.equal(world.sessions, sessions + 1)
})

test('a session that a visit has opened tells its run how far it gets', async () => {
  const world = await idle()
  world.tellsPace = true
  for (let nth = 0; nth < 9; nth += 1) world.provider.push({ bytes: letter(`n${nth}`), uidl: `n${nth}x` })
  world.cutsSessionAfter = 4
  await world.visit()
  world.cutsSessionAfter = Infinity
  await world.visit()
  assert.equal(world.stored.length, 12)
})

test('a run that goes on in the session of a visit ends when its time is up, and leaves the rest to the next one', async () => {
  const world = await idle()
  world.tellsPace = true
  for (let nth = 0; nth < 9; nth += 1) world.provider.push({ bytes: letter(`n${nth}`), uidl: `n${nth}x` })
  world.overtimeMs = (windows) => (windows >= 2 ? 0 : -1)
  assert.equal((await world.visit())?.stored, 6)
  assert.deepEqual(world.leftMore, ['time'])
  world.overtimeMs = () => -1
  assert.equal((await world.visit())?.stored, 3)
  assert.equal(new Set(world.bodies()).size, 12)
})

test('an empty maildrop is a listing too', async () => {
  const world = await idle({}, [])
  assert.ok(world.ledger.known)
  assert.equal(await world.visit(), undefined)
  world.provider.push({ bytes: letter('new'), uidl: 'nn' })
  assert.equal((await world.visit())?.stored, 1)
})

for (const [name, uidlOf] of Object.entries({
  'no UIDL': () => undefined,
  'a blank one among them': (nth: number) => (nth === 1 ? undefined : ids[nth]),
  'one that is there twice': (nth: number) => ids[nth === 1 ? 0 : nth],
  'positions as ids': (nth: number) => String(nth + 1),
})) {
  test(`a message replaced by one of the same size is fetched (${name})`, async () => {
    const size = letter('zz').length + 20
    const world = await idle(
      {},
      ids.map((id, nth) => ({ bytes: pad(letter(id), size), uidl: uidlOf(nth) })),
    )
    assert.equal(world.ledger.known, undefined)
    world.provider[1] = { bytes: pad(letter('other'), size), uidl: uidlOf(1) }
    await world.visit()
    await world.visit()
    assert.ok(world.bodies().some((body) => body.includes('Subject: other')))
  })
}

test('a listing that leaves lines out is no plan, and none is compared with it', async () => {
  const world = await idle()
  world.leavesOut = true
  assert.ok(await world.visit())
  assert.equal((await world.visit())?.listed, 3)
})

test('a message that fails leaves no plan, and the visits go the whole way until it is judged', async () => {
  const world = new TestWorld(provider())
  world.requested = false
  world.setAsideAfterMs = 6 * hour
  world.withholds.add('qa')
  for (let nth = 0; nth < 3; nth += 1) {
    await world.visit().catch(() => {})
    assert.equal(world.ledger.known, undefined)
  }
  world.withholds.clear()
  world.nowMs += 2 * hour
  assert.equal((await world.visit())?.stored, 1)
})

test('a message that was set aside is tried again in its time, though nothing was listed otherwise', async () => {
  const world = new TestWorld(provider())
  world.refusalOf = () => '-ERR [SYS/TEMP] try again later'
  world.breaks.set('qa', 'broken protocol')
  await world.pullUntilJudged()
  assert.equal(world.ledger.entries.length, 1)
  const retryMs = Date.parse(world.ledger.entries[0]?.nextAttemptAt ?? '')
  world.requested = false
  await world.visit()
  assert.equal(world.ledger.known?.untilMs, retryMs)
  world.nowMs = retryMs - 1
  assert.equal(await world.visit(), undefined)
  world.breaks.clear()
  world.nowMs = retryMs
  assert.equal((await world.visit())?.stored, 1)
})

test('what a retention of days wants deleted is deleted on its day', async () => {
  const changes = { retention: { mode: 'keepDays', days: 2 } } as const
  const world = await idle(changes)
  const storedMs = world.nowMs - 60_000
  for (let nth = 0; nth < 2 * 24 - 1; nth += 1) {
    world.nowMs += hour
    await world.visit(changes)
    assert.ok((world.ledger.known?.untilMs ?? Infinity) <= storedMs + 2 * day)
  }
  world.nowMs = storedMs + 2 * day - 1
  assert.equal(await world.visit(changes), undefined)
  world.nowMs += 1
  assert.equal((await world.visit(changes))?.deleted, 3)
})

test('a message that is gone is missed as often as before, and forgotten in its time', async () => {
  const world = await idle()
  world.provider.shift()
  for (let nth = 0; nth < pullLimits.missedListingsMin; nth += 1) assert.ok(await world.visit())
  const missingMs = (world.ledger.records[0]?.missingSinceSeconds ?? 0) * 1000
  assert.ok(await world.visit())
  assert.equal(await world.visit(), undefined)
  world.nowMs = missingMs + pullLimits.forgetAfterMs - hour
  assert.ok(await world.visit())
  assert.equal(world.ledger.known?.untilMs, missingMs + pullLimits.forgetAfterMs)
  world.nowMs += hour
  assert.ok(await world.visit())
  assert.equal(world.ledger.records.length, 2)
})

test('a plan is believed for a day', async () => {
  const world = await idle()
  world.nowMs += day - 1
  assert.equal(await world.visit(), undefined)
  world.nowMs += 1
  assert.ok(await world.visit())
  assert.equal(await world.visit(), undefined)
})

test('a plan holds neither before it was made nor under a clock that was stepped', async () => {
  const world = await idle()
  world.nowMs -= 1
  assert.ok(await world.visit())
  assert.equal(await world.visit(), undefined)
  world.steady = false
  assert.ok(await world.visit())
  const plan = world.ledger.known
  world.steady = true
  world.nowMs += 1
  assert.equal(world.ledger.known, plan, 'an unsteady clock leaves no plan of its own')
})

test('a clock that jumps ends what is known until it is trusted again', () => {
  let [wallMs, steadyMs] = [1_800_000_000_000, 0]
  const clock = createClock(
    () => wallMs,
    () => steadyMs,
  )
  const planned = { account }
  const plan: KnownPlan = {
    listing: '',
    settings: settingsHash(planned),
    listed: 0,
    madeAtMs: wallMs,
    untilMs: wallMs + day,
  }
  assert.ok(holds(plan, planned, clock))
  wallMs += hour
  assert.ok(!holds(plan, planned, clock))
  wallMs -= hour
  steadyMs += 1000
  wallMs += 1000
  assert.ok(holds(plan, planned, clock))
})

test('a wish ends what is known, in the same call', async () => {
  const world = new TestWorld(provider())
  world.breaks.set('qa', 'broken protocol')
  await world.pullUntilJudged()
  world.requested = false
  await world.visit()
  assert.equal(await world.visit(), undefined)
  world.ledger.wish('0', 'dismiss')
  assert.ok(await world.visit())
})

test('whoever writes between a reading and the end of its run keeps the run from leaving a plan', async () => {
  const world = await idle()
  world.ledger.revision += 1
  const { reading } = await world.ledger.view()
  world.ledger.revision += 1
  const plan: KnownPlan = { listing: 'x', settings: 'y', listed: 0, madeAtMs: 0, untilMs: Infinity }
  await world.ledger.noteKnown({ plan, reading })
  assert.equal(world.ledger.known, undefined)
})

const listed = (number: number, uidl: string | undefined, size: number): Listed => ({
  number: number as MessageNumber,
  uidl: uidl as Uidl | undefined,
  size: size as Octets,
})

test('a listing is another one by each of its parts, and by its order', async () => {
  const listings = [
    [],
    [listed(1, 'a', 10)],
    [listed(1, 'a', 11)],
    [listed(1, 'b', 10)],
    [listed(2, 'a', 10)],
    [listed(1, undefined, 10)],
    [{ ...listed(1, 'a', 0), unsized: '10' }],
    [listed(1, 'a', 10), listed(2, 'b', 10)],
    [listed(2, 'b', 10), listed(1, 'a', 10)],
    [listed(1, 'a 2', 10)],
    [listed(11, 'a', 0)],
  ]
  const hashes = await Promise.all(listings.map((listing) => listingHash(listing)))
  // `unsized` tells the same words as a size, and such a listing leaves no plan.
  assert.equal(new Set(hashes).size, listings.length - 1)
  assert.ok(hashes.every((hash) => hash.length === 22))
  const many = Array.from({ length: 5000 }, (_, nth) => listed(nth + 1, `u${nth}`, nth))
  assert.equal(await listingHash(many), await listingHash([...many]))
  assert.notEqual(await listingHash(many), await listingHash(many.slice(0, -1)))
})

test('a listing tells all if each message has an id of its own, and a size', async () => {
  assert.ok(await tellsAll([]))
  assert.ok(await tellsAll([listed(1, 'a', 10), listed(2, 'b', 10)]))
  assert.ok(!(await tellsAll([listed(1, 'a', 10), listed(2, 'a', 11)])))
  assert.ok(!(await tellsAll([listed(1, 'a', 10), listed(2, undefined, 11)])))
  assert.ok(!(await tellsAll([{ ...listed(1, 'a', 0), unsized: '?' }])))
})

/** Another value for each setting of an account. */
const others: { readonly [Name in keyof Required<Account>]: Account[Name] } = {
  id: 'other' as AccountId,
  address: 'you@example.net',
  host: 'pop2.example.net',
  port: 110,
  tls: 'none',
  tlsVerify: false,
  tlsFingerprint: 'ab',
  user: 'you',
  auth: 'oauth2',
  sasl: 'PLAIN',
  tlsMinVersion: 'TLSv1',
  tlsLegacy: true,
  proxy: 'none',
  oauth: { applicationId: 'other' },
  destinationId: 'other' as Account['destinationId'],
  sourceHost: 'POP.example.net',
  folder: 'Other',
  flags: ['\\Flagged'],
  retention: { mode: 'delete' },
  retentionChanges: 1,
  firstRun: { mode: 'onlyNew' },
  interval: { minSeconds: 1, maxSeconds: 2 },
  longestChosen: true,
  maxMessageBytes: 5,
  importBytesPerHour: 5,
  hidesRetrieved: true,
  trace: false,
  paused: true,
  smtp: null,
  senderName: 'Another',
  signature: 'Another',
  sentCopy: 'never',
  sendLimit: { perHour: 1 },
  createdAtMs: 1,
}

test('every setting but those of the schedule and of sending is part of the plan, and so are the predecessor and the planner', async () => {
  const hash = settingsHash({ account })
  for (const [name, value] of Object.entries(others)) {
    const isSame = settingsHash({ account: { ...account, [name]: value } }) === hash
    assert.equal(isSame, ['interval', 'longestChosen', 'paused', ...Object.keys(unsaidSending)].includes(name), name)
  }
  assert.notEqual(settingsHash({ account, predecessor: 'before' as AccountId }), hash)
  const world = await idle()
  for (const changes of [{ maxMessageBytes: 5 }, { host: 'pop2.example.net' }, { user: 'you' }])
    assert.ok(
      !(await isKnown(world.ledger.known as KnownPlan, { account: { ...account, ...changes } }, [], clockOf(world))),
    )
  assert.ok(await world.visit({ retention: { mode: 'delete' } }))
  assert.equal(world.provider.length, 0, 'a changed retention holds from the next visit on')
})

function clockOf(world: TestWorld): { nowMs(): number; steadySince(): boolean } {
  return { nowMs: () => world.nowMs, steadySince: () => world.steady }
}

test('what is asked for goes the whole way, and leaves what it found', async () => {
  const world = await idle()
  world.requested = true
  assert.deepEqual(await world.pull(), { ...noCounts(), listed: 3 })
  assert.equal(await world.visit(), undefined)
})
