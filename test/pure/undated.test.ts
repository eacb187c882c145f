import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pullLimits } from '../../src/pull/limits.ts'
import { noCounts } from '../../src/runs/run.ts'
import { letter, TestWorld } from '../support/world.ts'

const nowMs = Date.UTC(2026, 10, 10)
const now = new Date(nowMs).toISOString().slice(0, 10)

/** A maildrop: each message has the day of its date, or none ("-"). */
function worldOf(days: string): TestWorld {
  const messages = days.split(' ').map((day, nth) => {
    const date = day === '-' ? 'Whenever' : new Date(`${day}T10:00:00Z`).toUTCString()
    return { bytes: letter(`m${nth}`, { date }), uidl: `u${nth * 3 + 5}` }
  })
  return new TestWorld(messages)
}

const stored = ({ stored: messages }: TestWorld) =>
  messages.map(({ internalDate }) => internalDate.toISOString().slice(0, 10)).join(' ')

/** In the maildrop's order, as numbers. */
const order = (world: TestWorld) => world.bodies().map((body) => Number(/Subject: m(\d+)/.exec(body)?.[1]))

for (const window of [1, 2, 3, 100]) {
  test(`at a first import an undated message gets the time of its nearest dated neighbour; windows of ${window}`, async () => {
    for (const [days, expected] of [
      ['2004-10-28 - 2005-01-01', '2004-10-28 2004-10-28 2005-01-01'],
      ['- 2004-10-28', '2004-10-28 2004-10-28'],
      ['- - - 2004-10-28', '2004-10-28 2004-10-28 2004-10-28 2004-10-28'],
      ['2004-10-28 - - - 2005-01-01', '2004-10-28 2004-10-28 2004-10-28 2005-01-01 2005-01-01'],
      ['2004-10-28 - -', '2004-10-28 2004-10-28 2004-10-28'],
      ['- -', `${now} ${now}`],
      ['1970-01-01 2004-10-28', '2004-10-28 2004-10-28'],
    ] as const) {
      const world = worldOf(days)
      world.window = window
      await world.pull({ retention: { mode: 'delete' } })
      assert.equal(stored(world), expected, days)
      assert.deepEqual(order(world), [...days.split(' ').keys()], 'in the order of the maildrop')
      assert.equal(world.provider.length, 0)
    }
  })
}

test('an undated message that was not there at the last visit gets the present time', async () => {
  const world = worldOf('2004-10-28')
  await world.pull()
  world.provider.push({ bytes: letter('m1', { date: 'Whenever' }), uidl: 'new' })
  await world.pull()
  assert.equal(stored(world), `2004-10-28 ${now}`)
})

for (const [days, expected] of [
  ['2004-10-28 2004-10-29 2004-10-30 - 2005-01-01 -', '2005-01-01 2005-01-01 2005-01-01'],
  ['2004-10-28 2004-10-29 2004-10-30 - -', '2004-10-30 2004-10-30'],
  ['2004-10-28 2004-10-29 - - -', '2004-10-29 2004-10-29'],
] as const) {
  test(`a first import that goes on after a break still dates by neighbours, stored ones at last: ${days}`, async () => {
    const world = worldOf(days)
    world.dropsAfterWindows = 1
    await assert.rejects(world.pull(), /hung up/)
    world.dropsAfterWindows = Number.POSITIVE_INFINITY
    world.nowMs += 86_400_000
    await world.pull()
    assert.equal(stored(world).split(' ').slice(3).join(' '), expected)
  })
}

test('a server that ends the session at TOP holds up no undated message of a first import', async () => {
  const world = worldOf('2004-10-28 2004-10-29 2004-10-30 - -')
  world.dropsAfterWindows = 1
  await assert.rejects(world.pull(), /hung up/)
  world.dropsAfterWindows = Number.POSITIVE_INFINITY
  world.showsHeader = () => {
    throw new Error('TOP ends the session')
  }
  await assert.rejects(world.pull(), /TOP ends/)
  assert.equal(stored(world), `2004-10-28 2004-10-29 2004-10-30 ${now} ${now}`)
  await world.pull()
  assert.equal(world.stored.length, 5)
})

test('an undated message that waits for its neighbour is stored when the session breaks, or the worker is asked to stop', async () => {
  const broken = worldOf('- - - 2004-10-28')
  broken.dropsAfterWindows = 1
  await assert.rejects(broken.pull(), /hung up/)
  assert.equal(stored(broken), `${now} ${now} ${now}`)
  const stopped = worldOf('- - - 2004-10-28')
  stopped.stopAfterWindows = 0
  const counts = noCounts()
  await assert.rejects(stopped.pullInto(counts), /stopped/)
  assert.deepEqual([counts.stored, stopped.stored.length], [3, 3])
})

for (const canPeek of [true, false]) {
  test(`firstRun lastDays never passes a message by for the date of its neighbour (${canPeek ? 'by TOP' : 'without TOP'})`, async () => {
    const firstRun = { mode: 'lastDays', days: 30 } as const
    const world = worldOf('2004-10-28 - 2004-10-30 2026-11-01 -')
    world.canPeek = canPeek
    await world.pull({ firstRun })
    assert.deepEqual(order(world), [1, 3, 4])
    assert.equal(stored(world), '2004-10-28 2026-11-01 2026-11-01')
  })
}

test('messages that were spooled at a first import are dated by one another', async () => {
  const world = worldOf('2004-10-28 - - 2005-01-01')
  world.hides = true
  world.window = 4
  world.crash = { when: 'before', nth: 4 }
  await assert.rejects(world.pull())
  assert.deepEqual([world.stored.length, world.ledger.spoolContent.size], [0, 4])
  world.crash = undefined
  await world.pull()
  assert.equal(stored(world), '2004-10-28 2004-10-28 2005-01-01 2005-01-01')
})

test('no more wait for a neighbour than may be held, and nothing is lost, doubled or out of its order', async () => {
  const count = 3 * pullLimits.heldLettersMax
  const world = worldOf(`${'- '.repeat(count)}2004-10-28`)
  world.window = 7
  world.batch = { messages: 10, octets: 1_000_000 }
  await world.pull()
  assert.deepEqual(order(world), [...Array(count + 1).keys()])
  assert.equal(world.stored.at(-2)?.internalDate.toISOString().slice(0, 10), '2004-10-28')
  assert.equal(world.stored[0]?.internalDate.getTime(), nowMs)
})
