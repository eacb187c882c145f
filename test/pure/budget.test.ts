import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Holding, NoRoom, OctetBudget, type RoomTerms } from '../../src/budget.ts'
import { limits } from '../../src/limits.ts'
import { Chance } from '../support/chance.ts'

/** Asks, and tells whether it was granted by the time that all that can happen has happened. */
async function asked(budget: OctetBudget, octets: number, terms: RoomTerms = {}) {
  let granted = false
  const holding = budget.hold(octets, terms)
  holding.then(
    () => (granted = true),
    () => {},
  )
  await setImmediate()
  return { holding, granted: () => granted }
}

const of = (...shares: string[]) => ({ asker: { session: {}, shares } })

test('room is granted as asked for, and what came counts, not what was announced', async () => {
  const budget = new OctetBudget(100)
  const first = await asked(budget, 60)
  const second = await asked(budget, 50)
  assert.deepEqual([first.granted(), second.granted()], [true, false])
  const holding = await first.holding
  holding.adjust(45)
  await second.holding
  assert.equal(budget.held, 95)
  holding.release()
  holding.release()
  assert.equal(budget.held, 50)
})

test('who waits for more than there is is passed by others for a while, and then by no more than a quarter', async () => {
  let nowMs = 0
  const budget = new OctetBudget(100, () => nowMs)
  const first = await budget.hold(60)
  const large = await asked(budget, 90)
  const small = await budget.hold(10)
  nowMs = limits.roomPassedMs
  const passer = await budget.hold(20)
  const next = await asked(budget, 10)
  assert.deepEqual([large.granted(), next.granted()], [false, false])
  first.release()
  small.release()
  const held = await large.holding
  passer.release()
  await next.holding
  held.release()
  assert.equal(budget.held, 10)
})

test('windows that drip and those behind them keep no small one waiting, whether of one host or of many', async () => {
  for (const hostOf of [() => 'host a', (nth: number) => `host ${nth}`]) {
    let nowMs = 0
    const budget = new OctetBudget(32, () => nowMs)
    for (let nth = 0; nth < 8; nth += 1) {
      const dripping = asked(budget, 20, of(hostOf(nth), `destination ${nth}`))
      nowMs += limits.roomTriedMs
      budget.review()
      await dripping
    }
    nowMs += limits.roomPassedMs
    for (let nth = 0; nth < 100; nth += 1) {
      const small = await asked(budget, 1, of('host of others', `destination of others ${nth % 5}`))
      assert.equal(small.granted(), true, `${hostOf(1)}, the ${nth}th`)
      ;(await small.holding).release()
    }
  }
})

test('the requests of one session are granted in their order, whoever else passes', async () => {
  const budget = new OctetBudget(100)
  const first = await budget.hold(60)
  const session = {}
  const window = await asked(budget, 50, { asker: { session, shares: [] } })
  const ahead = await asked(budget, 10, { asker: { session, shares: [] } })
  const other = await asked(budget, 10)
  assert.deepEqual([window.granted(), ahead.granted(), other.granted()], [false, false, true])
  first.release()
  await window.holding
  await ahead.holding
})

test('what is larger than all the room there is waits until nothing else is held, and after a while until little is', async () => {
  let nowMs = 0
  const budget = new OctetBudget(100, () => nowMs)
  const small = await budget.hold(1)
  const large = await asked(budget, 1000)
  assert.equal(large.granted(), false)
  small.release()
  const held = await large.holding
  const next = await asked(budget, 1)
  assert.equal(next.granted(), false)
  held.release()
  await next.holding
  const again = await asked(budget, 1000)
  nowMs = limits.roomPassedMs
  budget.review()
  await again.holding
})

test('who is cancelled while waiting holds up nobody', async () => {
  let nowMs = 0
  const budget = new OctetBudget(100, () => nowMs)
  const first = await budget.hold(70)
  const cancel = new AbortController()
  const large = await asked(budget, 90, { signal: cancel.signal })
  nowMs = limits.roomPassedMs
  const small = await asked(budget, 30)
  assert.equal(small.granted(), false)
  cancel.abort(new Error('superseded'))
  await assert.rejects(large.holding, /superseded/)
  await small.holding
  first.release()
  assert.equal(budget.held, 30)
  await assert.rejects(budget.hold(1, { signal: AbortSignal.abort(new Error('before')) }), /before/)
  assert.equal(budget.held, 30)
})

test('room that was granted before a cancellation is held, and one release gives it back', async () => {
  const budget = new OctetBudget(100)
  const first = await budget.hold(80)
  const cancel = new AbortController()
  const waiting = budget.hold(50, { signal: cancel.signal })
  first.release()
  cancel.abort(new Error('too late'))
  const holding = await waiting
  assert.equal(budget.held, 50)
  holding.release()
  assert.equal(budget.held, 0)
})

test('nobody waits for room without end', async () => {
  const budget = new OctetBudget(100)
  const first = await budget.hold(100)
  await assert.rejects(budget.hold(1, { waitMs: 1 }), NoRoom)
  assert.equal(budget.isWanted, false)
  first.release()
})

test('while others wait a host holds no more than a quarter, or one window', async () => {
  const budget = new OctetBudget(100)
  const greedy: Holding[] = []
  for (let nth = 0; nth < 5; nth += 1) greedy.push(await budget.hold(20, of('host a')))
  assert.equal(budget.held, 100, 'alone it may hold all of it')
  const more = await asked(budget, 10, of('host a'))
  const other = await asked(budget, 40, of('host b'))
  greedy[0]?.release()
  await setImmediate()
  assert.deepEqual([more.granted(), other.granted()], [false, false])
  greedy[1]?.release()
  await other.holding
  greedy[2]?.release()
  await setImmediate()
  assert.equal(more.granted(), true, 'nobody else waits any more')
})

test('what one destination holds keeps no other one waiting, at whatever hosts its accounts are', async () => {
  const budget = new OctetBudget(100)
  const held: Holding[] = []
  for (let nth = 0; nth < 10; nth += 1) held.push(await budget.hold(10, of(`host ${nth}`, 'destination d')))
  const more = await asked(budget, 10, of('host x', 'destination d'))
  const other = await asked(budget, 30, of('host y', 'destination e'))
  for (const holding of held.slice(0, 3)) holding.release()
  await setImmediate()
  assert.deepEqual([more.granted(), other.granted()], [false, true])
  held[3]?.release()
  await more.holding
})

test('windows that drip give back what LIST announced for them while others wait, go on all the same, and count as what has come', async () => {
  let nowMs = 0
  const budget = new OctetBudget(1_000_000, () => nowMs)
  const slow = await Promise.all(Array.from({ length: 4 }, () => budget.hold(250_000)))
  for (const holding of slow) holding.came(1000)
  const other = await asked(budget, 200_000)
  nowMs = limits.roomTriedMs
  budget.review()
  await other.holding
  assert.equal(budget.held, 4 * 1000 + 200_000)
  for (const holding of slow) holding.came(2000)
  assert.equal(budget.held, 4 * 2000 + 200_000)
  slow[0]?.adjust(250_000)
  assert.equal(budget.held, 250_000 + 3 * 2000 + 200_000)
  for (const holding of slow) holding.release()
  assert.equal(budget.held, 200_000)
})

test('a window that comes as fast as most keeps what it has', async () => {
  let nowMs = 0
  const budget = new OctetBudget(1_000_000, () => nowMs)
  const fast = await budget.hold(1_000_000)
  const other = await asked(budget, 200_000)
  nowMs = limits.roomTriedMs
  fast.came(limits.roomTriedMs * limits.roomOctetsPerMs)
  budget.review()
  await setImmediate()
  assert.equal(other.granted(), false)
})

test('chance: what is held stays within twice the room, nobody is kept out for ever, and all is given back', async () => {
  for (let seed = 1; seed <= 30; seed += 1) await play(new Chance(seed))
})

interface Player {
  holding: Holding | undefined
  readonly octets: number
  came: number
}

async function play(chance: Chance): Promise<void> {
  const max = 1_000_000
  let nowMs = 0
  const budget = new OctetBudget(max, () => nowMs)
  const players: Player[] = []
  const sessions = Array.from({ length: 12 }, (_, nth) => ({
    session: {},
    shares: [`host ${nth % 5}`, `to ${nth % 3}`],
  }))
  const largest = 3 * max
  const ask = () => {
    const octets = chance.happens(0.02) ? largest : 1 + chance.below(400_000)
    const player: Player = { holding: undefined, octets, came: 0 }
    players.push(player)
    void budget.hold(octets, { asker: chance.of(sessions) }).then((holding) => (player.holding = holding))
  }
  const open = () => players.filter(({ holding }) => holding !== undefined)
  const end = (player: Player) => {
    player.holding?.release()
    players.splice(players.indexOf(player), 1)
  }
  for (let turn = 0; turn < 400; turn += 1) {
    nowMs += chance.below(2000)
    if (chance.happens(0.6)) ask()
    const player = open().length === 0 ? undefined : chance.of(open())
    if (player !== undefined && chance.happens(0.7)) {
      player.came = Math.min(player.octets, player.came + chance.below(chance.happens(0.5) ? 2000 : 200_000))
      if (player.came < player.octets) player.holding?.came(player.came)
      else player.holding?.adjust(player.octets)
    } else if (player !== undefined && player.came === player.octets) end(player)
    budget.review()
    await setImmediate()
    const real = open().reduce((sum, { came, octets }) => sum + (octets > max ? 0 : came), 0)
    assert.ok(real <= 2.25 * max, `${real} of ${max}`)
  }
  // From now on nobody asks, and who holds room comes to its end without more.
  for (let turn = 0; players.length > 0; turn += 1) {
    assert.ok(turn < 10_000, `${players.length} wait for ever, ${budget.held} held`)
    nowMs += 1000
    budget.review()
    await setImmediate()
    const [first] = open()
    if (first !== undefined) end(first)
  }
  assert.equal(budget.held, 0)
  assert.equal(budget.isWanted, false)
}
