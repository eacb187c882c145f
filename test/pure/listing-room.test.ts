/** The memory that listings share in a worker: who waits for it, who does not, and what becomes of a server that sends more than it said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NoRoom, OctetBudget } from '../../src/budget.ts'
import { pop3Limits } from '../../src/pop3/limits.ts'
import { ListingRoom } from '../../src/pop3/listing-room.ts'

const { octetsOfListed, listingFreeOctets, listingRoomMax } = pop3Limits
const ordinary = Math.floor(listingFreeOctets / octetsOfListed)

function rooms(octets: number, waitMs = 20) {
  const budget = new OctetBudget(octets)
  const of = (name: string) => new ListingRoom(budget, { shares: [name], waitMs })
  return { budget, of }
}

test('ordinary maildrops take no room, though there is none', async () => {
  const { budget, of } = rooms(1)
  await of('other').expect(10 * ordinary)
  const room = of('one')
  assert.equal(room.isTold, false)
  await room.expect(ordinary)
  assert.equal(room.isTold, true)
  assert.equal(budget.held, 10 * ordinary * octetsOfListed)
})

test('a large maildrop waits until another one is done, and for no longer than it may', async () => {
  const { budget, of } = rooms(listingRoomMax)
  const [one, other] = [of('one'), of('other')]
  await one.expect(900_000)
  assert.equal(budget.held, listingRoomMax, 'some of the room of a worker is always left')
  await assert.rejects(other.expect(900_000), NoRoom)
  assert.ok(other.refused instanceof NoRoom)
  const waits = of('third').expect(900_000)
  one.release()
  await waits
  assert.equal(budget.held, listingRoomMax)
})

test('what was expected once is not counted twice, and all is given back', async () => {
  const { budget, of } = rooms(listingRoomMax)
  const room = of('one')
  await room.expect(100_000)
  await room.expect(80_000)
  assert.equal(budget.held, 100_000 * octetsOfListed)
  await room.expect(120_000)
  assert.equal(budget.held, 120_000 * octetsOfListed)
  room.release()
  room.release()
  assert.equal(budget.held, 0)
})

test('lines that nobody has announced are read as far as there is room', async () => {
  const { of } = rooms(8 * listingFreeOctets)
  const [one, other] = [of('one'), of('other')]
  assert.ok(one.allows(listingFreeOctets / 2))
  assert.ok(!one.allows(listingFreeOctets / 2 + 1))
  await one.grow(listingFreeOctets / 2 + 1)
  assert.ok(one.allows(listingFreeOctets))
  await other.grow(listingFreeOctets)
  await assert.rejects(other.grow(2 * listingFreeOctets), NoRoom)
})

test('a listing of the largest room is read to its end', async () => {
  const { of } = rooms(2 * listingRoomMax)
  const room = of('one')
  await room.expect(10_000_000)
  assert.ok(room.allows(pop3Limits.listingOctetsMax))
})
