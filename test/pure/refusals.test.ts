/** Who is at fault when a message is not given or not taken, and what follows: FAULTS of providers and stores, played in memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { asideWaitMs, isPatienceOver, suspectAfterFailure, waitsForItsTime } from '../../src/pull/patience.ts'
import { noCounts } from '../../src/runs/run.ts'
import { hour, minute } from '../../src/units.ts'
import { letter, TestWorld } from '../support/world.ts'

const letters = (count: number, from = 1) =>
  Array.from({ length: count }, (_, nth) => ({ bytes: letter(`nth-${from + nth}`), uidl: `u${from + nth}` }))

async function failureIn(world: TestWorld) {
  const counts = noCounts()
  const thrown = await world.pullInto(counts).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown !== undefined && !(thrown instanceof SessionFailed)) throw thrown
  return { counts, failure: thrown?.failure }
}

test('a daily quota, told in words: what comes is stored, nothing is ever set aside, and the rest comes when it is lifted', async () => {
  const world = new TestWorld(letters(20))
  world.window = 1
  world.givesInSession = 1
  world.refusalOf = () => '-ERR Download exceed. msg=10'
  const first = await failureIn(world)
  assert.equal(first.failure, undefined, 'a run that brought mail is done')
  assert.deepEqual([first.counts.stored, first.counts.deferred, first.counts.quarantined], [1, 19, 0])
  world.givesInSession = 0
  for (let nth = 0; nth < 10; nth += 1) {
    const { failure, counts } = await failureIn(world)
    assert.deepEqual([failure?.kind, failure?.kind === 'throttled' && failure.passes], ['throttled', true])
    assert.deepEqual([counts.quarantined, counts.deferred], [0, 19])
  }
  world.givesInSession = Number.POSITIVE_INFINITY
  const last = await world.pull()
  assert.deepEqual([last.stored, last.deferred], [19, 0])
})

test('a limit or an overload, told at a message in any language: nothing is set aside, and the run says that it passes', async () => {
  for (const [words, kind] of [
    ['Превышен лимит', 'throttled'],
    ['Limit exceeded', 'throttled'],
    ['Server ist überlastet', 'provider refused'],
  ] as const) {
    const world = new TestWorld(letters(3))
    world.window = 1
    world.givesInSession = 0
    world.refusalOf = () => `-ERR ${Buffer.from(words).toString('latin1')}`
    for (let nth = 0; nth < 4; nth += 1) {
      world.nowMs += 24 * hour
      const { failure, counts } = await failureIn(world)
      assert.equal(failure?.kind, kind, words)
      assert.equal(failure !== undefined && 'passes' in failure && failure.passes, true, words)
      assert.equal(counts.quarantined, 0, words)
    }
    world.givesInSession = Number.POSITIVE_INFINITY
    assert.equal((await world.pull()).stored, 3, words)
  }
})

test('temporary words never set a message aside, however often and long; it goes behind all others', async () => {
  const world = new TestWorld(letters(6))
  world.withholds.add('u2').add('u3')
  world.refusalOf = () => '-ERR [SYS/TEMP] try again later'
  const first = await world.pull()
  assert.deepEqual([first.stored, first.deferred], [4, 2])
  for (let nth = 0; nth < 8; nth += 1) {
    world.nowMs += 24 * hour
    const { failure, counts } = await failureIn(world)
    assert.deepEqual(
      [failure?.kind, failure?.kind === 'provider refused' && failure.passes],
      ['provider refused', true],
    )
    assert.equal(counts.quarantined, 0)
  }
  world.withholds.clear()
  world.provider.push(...letters(1, 7))
  world.retrievedUidls.length = 0
  assert.equal((await world.pull()).stored, 3)
  assert.deepEqual(world.retrievedUidls, ['u7', 'u2', 'u3'])
})

test('a limit in unknown words: many refusals behind some that came, and a message that came is not given again either', async () => {
  const world = new TestWorld(letters(20))
  world.window = 1
  world.givesInSession = 3
  world.refusalOf = () => '-ERR no more of it'
  let stored = 0
  for (let nth = 0; nth < 7; nth += 1) {
    const { counts } = await failureIn(world)
    stored += counts.stored
    assert.equal(counts.quarantined, 0, `run ${nth}`)
  }
  assert.equal(stored, 20, 'three come at each visit')
})

test('many messages refused in the same unknown words, by a provider that still gives others: they are at fault', async () => {
  const world = new TestWorld(letters(12))
  for (let nth = 5; nth <= 12; nth += 1) world.withholds.add(`u${nth}`)
  const sum = await world.pullUntilJudged()
  assert.deepEqual([sum.stored, sum.quarantined, sum.deferred], [4, 8, 0])
  assert.ok(world.ledger.entries.every(({ passes, nextAttemptAt }) => passes === true && nextAttemptAt !== null))
})

test('three failures in a few minutes set nothing aside: it takes the time of setAsideAfterSeconds too', async () => {
  const world = new TestWorld(letters(3))
  world.setAsideAfterMs = 6 * hour
  world.withholds.add('u2')
  await world.pull()
  for (let nth = 0; nth < 10; nth += 1) {
    world.nowMs += minute
    assert.equal((await failureIn(world)).counts.quarantined, 0)
  }
  world.nowMs += 6 * hour
  assert.equal((await world.pull()).quarantined, 1)
})

test('unless somebody asks, a message that fails waits for its time: such a visit finds nothing due, and is done', async () => {
  const world = new TestWorld(letters(3))
  Object.assign(world, { setAsideAfterMs: 6 * hour, requested: false })
  world.withholds.add('u2')
  await world.pull()
  world.retrievedUidls.length = 0
  world.nowMs += minute
  const waiting = await world.pull()
  assert.deepEqual([waiting.deferred, waiting.stored, world.retrievedUidls], [1, 0, []])
  world.withholds.clear()
  world.nowMs += 2 * minute
  assert.equal((await world.pull()).stored, 1)
})

test('what was set aside for a reason that may pass is tried again by itself; for its size it waits for somebody', async () => {
  const world = new TestWorld([...letters(3), { bytes: letter('big', { body: 'x'.repeat(5000) }), uidl: 'big' }])
  world.withholds.add('u2')
  const own = { maxMessageBytes: 1000 }
  await world.pullUntilJudged(own)
  const [big, refused] = world.ledger.entries.toSorted((a, b) => b.size - a.size)
  assert.deepEqual([big?.passes, big?.nextAttemptAt], [false, null])
  assert.equal(refused?.passes, true)
  assert.deepEqual([refused.from, refused.subject], ['a@example.org', 'nth-2'])
  world.nowMs = Date.parse(refused.nextAttemptAt ?? '') - 1
  world.retrievedUidls.length = 0
  await world.pull(own)
  assert.deepEqual(world.retrievedUidls, [])
  // It fails again: the next time is further away.
  world.nowMs += 1
  assert.equal((await world.pull(own)).quarantined, 1)
  const again = world.ledger.entries.find(({ id }) => id === refused.id)
  assert.ok(Date.parse(again?.nextAttemptAt ?? '') > world.nowMs)
  assert.equal(again?.attempts, pullLimits.failuresMin + 1)
  // So it is if the words are of the kind that pass: it is not asked for at each visit then.
  world.refusalOf = () => '-ERR [SYS/TEMP] later'
  world.nowMs = Date.parse(again?.nextAttemptAt ?? '')
  await world.pull(own)
  const third = world.ledger.entries.find(({ id }) => id === refused.id)
  assert.ok(Date.parse(third?.nextAttemptAt ?? '') > world.nowMs)
  world.retrievedUidls.length = 0
  await world.pull(own)
  assert.deepEqual(world.retrievedUidls, [])
  world.withholds.clear()
  world.nowMs = Date.parse(third?.nextAttemptAt ?? '')
  assert.equal((await world.pull(own)).stored, 1)
  assert.deepEqual(
    world.ledger.entries.map(({ uidl }) => uidl),
    ['big'],
  )
})

test('messages that cut the line: all others come in the first run, which is done', async () => {
  const world = new TestWorld(letters(10))
  for (const uidl of ['u1', 'u2', 'u3']) world.breaks.set(uidl, 'unreachable')
  const { counts, failure } = await failureIn(world)
  assert.equal(failure, undefined)
  assert.deepEqual([counts.stored, counts.deferred, counts.quarantined], [7, 3, 0])
})

test('a provider that gives nothing at all for a while has nothing set aside after three visits', async () => {
  for (const breaks of [true, false]) {
    const world = new TestWorld(letters(3))
    if (breaks) world.breaksAt = () => true
    else for (const { uidl } of world.provider) world.withholds.add(uidl ?? '')
    for (let nth = 0; nth < pullLimits.failuresMin; nth += 1)
      assert.equal((await failureIn(world)).counts.quarantined, 0)
    world.breaksAt = () => false
    world.withholds.clear()
    assert.equal((await world.pull()).stored, 3)
  }
})

test('a store that ends the session at one message: that one is found, blocks nobody, and is set aside in the end', async () => {
  const world = new TestWorld(letters(40))
  Object.assign(world, { window: 40, batch: { messages: 40, octets: 1_000_000 } })
  world.breaksStoreAt = (literal) => literal.includes('Subject: nth-7\r')
  const { counts, failure } = await failureIn(world)
  assert.equal(failure, undefined)
  assert.deepEqual([counts.stored, counts.deferred], [39, 1])
  const sum = await world.pullUntilJudged()
  assert.deepEqual([sum.stored, sum.quarantined], [0, 1])
  assert.match(world.ledger.entries[0]?.reason.message ?? '', /BYE Invalid character in literal/)
})

test('a store that ends the session at every append is at fault itself', async () => {
  const world = new TestWorld(letters(5))
  world.breaksStoreAt = () => true
  world.takesProbe = false
  for (let nth = 0; nth < 5; nth += 1) {
    const { counts, failure } = await failureIn(world)
    assert.deepEqual([failure?.kind, counts.quarantined], ['store unreachable', 0])
  }
  world.breaksStoreAt = () => false
  assert.equal((await world.pull()).stored, 5)
})

test('a message that fails is the same one at a provider that tells another size of it at each visit, or none', async () => {
  const sizes = [70, 0, 90, 0, 71, 72, 0]
  for (const refuses of [true, false]) {
    const world = new TestWorld(letters(3))
    let visits = 0
    world.shows = (provider) => provider.map((message) => ({ ...message, size: sizes[visits] ?? 0 }))
    // The others come at the first visit.
    if (refuses) world.refuses = (literal) => literal.includes('Subject: nth-2\r')
    else world.withholds.add('u2')
    const sum = noCounts()
    for (; visits < pullLimits.failuresMin; visits += 1) {
      const { counts } = await failureIn(world)
      sum.stored += counts.stored
      sum.quarantined += counts.quarantined
    }
    assert.deepEqual([sum.stored, sum.quarantined], [2, 1], refuses ? 'the store' : 'the provider')
  }
})

test('what is set aside at such a provider keeps its one entry, and has none once it comes', async () => {
  const sizes = [70, 71, 72, 73, 90, 74, 75, 76, 77, 78]
  for (const showsHeader of [true, false]) {
    const world = new TestWorld(letters(3))
    let visits = 0
    world.shows = (provider) => provider.map((message) => ({ ...message, size: sizes[visits % sizes.length] ?? 0 }))
    world.withholds.add('u2')
    if (!showsHeader) world.canPeek = false
    for (; visits < 30; visits += 1) {
      world.nowMs += 3 * hour
      await failureIn(world)
    }
    assert.deepEqual(
      world.ledger.entries.map(({ uidl }) => uidl),
      ['u2'],
    )
    world.withholds.clear()
    for (const { id } of world.ledger.entries) world.ledger.wishes.set(id, 0)
    for (; visits < 33; visits += 1) await failureIn(world)
    assert.deepEqual([world.bodies().length, world.ledger.entries], [3, []], `a header is shown: ${showsHeader}`)
  }
})

test('of messages that share an id and are told apart by their sizes, only the one that fails is set aside', async () => {
  const [one, two, three] = letters(3)
  const world = new TestWorld(
    [one, two, three].map((message) => ({ bytes: message?.bytes ?? Buffer.alloc(0), uidl: 'same' })),
  )
  world.shows = (provider) => provider.map((message, nth) => ({ ...message, size: 100 + nth }))
  world.refuses = (literal) => literal.includes('Subject: nth-2\r')
  const sum = await world.pullUntilJudged()
  assert.deepEqual([sum.stored, sum.quarantined], [2, 1])
})

test('a spooled message that the store refuses is tried again from the spool, and set aside after the same number of failures', async () => {
  const world = new TestWorld(letters(3))
  world.hides = true
  world.refuses = (literal) => literal.includes('Subject: nth-2\r')
  const sum = await world.pullUntilJudged()
  assert.deepEqual([sum.stored, sum.quarantined], [2, 1])
  assert.equal(world.ledger.spoolContent.size, 1, 'its bytes stay')
})

test('the time is counted from the first failure, and by a clock that was set back not at all', () => {
  const name = { uidl: undefined, size: 10, place: 1 }
  let suspect = suspectAfterFailure({ name, before: undefined }, 'at fault', 1000, 6 * hour)
  assert.deepEqual([suspect.failures, suspect.sinceMs], [1, 1000])
  suspect = suspectAfterFailure({ name, before: suspect }, 'at fault', 500, 6 * hour)
  assert.equal(suspect.sinceMs, 500)
  suspect = suspectAfterFailure({ name, before: suspect }, 'at fault', 6 * hour, 6 * hour)
  assert.equal(isPatienceOver(suspect, 6 * hour, 6 * hour), false)
  assert.equal(isPatienceOver(suspect, 6 * hour + 500, 6 * hour), true)
  assert.equal(waitsForItsTime(suspect, 6 * hour, 6 * hour), true)
  assert.equal(
    waitsForItsTime(suspect, 0, 6 * hour),
    false,
    'a time that lies further ahead than any wait is not waited for',
  )
  assert.equal(waitsForItsTime({ ...name, failures: 2 }, 0, 6 * hour), false, 'an older version wrote no time')
})

test('the waits of what was set aside double, from a day up to a week; a minute where messages are set aside at once', () => {
  const waits = [3, 4, 5, 6, 20].map((attempts) => asideWaitMs(attempts, 6 * hour) / hour)
  assert.deepEqual(waits, [24, 48, 96, 168, 168])
  assert.equal(asideWaitMs(3, 0), minute)
})
