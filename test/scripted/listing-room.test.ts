/** Sessions that wait for room for their listings: the server is not taken for silent meanwhile, and what it says is believed as far as there is room. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { NoRoom, OctetBudget } from '../../src/budget.ts'
import { freePorts } from '../support/ports.ts'
import { pop3Limits } from '../../src/pop3/limits.ts'
import { ListingRoom } from '../../src/pop3/listing-room.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { hugeUidl, startHugeProvider } from '../support/huge-provider.ts'

const messages = 30_000

async function at(t: TestContext, told: number, roomOctets: number) {
  const [port = 0] = await freePorts(1)
  const provider = await startHugeProvider({ ports: [port], messages, told })
  t.after(() => provider.stop())
  const budget = new OctetBudget(roomOctets)
  const open = async (waitMs: number, replyMs = 5000) => {
    const listingRoom = new ListingRoom(budget, { shares: [], waitMs })
    const options = {
      host: '127.0.0.1',
      port,
      tls: 'none',
      tlsVerify: true,
      tlsFingerprint: null,
      user: 'me',
      password: 'secret',
      listingRoom,
    } as const
    const session = await openMaildrop({ ...options, waits: { replyMs, listingMs: replyMs } })
    t.after(() => session.abandon())
    return { session, listingRoom }
  }
  return { provider, port, budget, open }
}

test('STAT tells how much is coming, and the room for it is waited for before it is asked for', async (t) => {
  const { provider, budget, open, port } = await at(t, messages, messages * pop3Limits.octetsOfListed)
  const other = await budget.hold(messages * pop3Limits.octetsOfListed)
  const { session } = await open(30_000, 1500)
  const listing = session.list()
  const until = async () => ((await provider.see()).commands['STAT'] ?? 0) === 1
  while (!(await until()));
  // More than the server may be silent for.
  await new Promise((resolve) => setTimeout(resolve, 2500))
  assert.equal((await provider.see()).commands['UIDL'], undefined)
  other.release()
  const listed = await listing
  assert.deepEqual([listed.length, listed.at(messages - 1)?.uidl], [messages, hugeUidl(port, messages)])
})

test('a server that sends more than it said is read on when there is room', async (t) => {
  const roomOctets = 4 * messages * pop3Limits.octetsOfListed
  const { budget, open } = await at(t, 10, roomOctets)
  const other = await budget.hold(roomOctets)
  const { session, listingRoom } = await open(30_000, 1500)
  const listing = session.list()
  await new Promise((resolve) => setTimeout(resolve, 2500))
  assert.equal(listingRoom.refused, undefined)
  other.release()
  assert.equal((await listing).length, messages)
  listingRoom.release()
  assert.equal(budget.held, 0)
})

test('where there is none in its time, the session says so, and gives back what it has', async (t) => {
  const { budget, open } = await at(t, 10, 8 * pop3Limits.listingFreeOctets)
  const other = await budget.hold(8 * pop3Limits.listingFreeOctets)
  const { session, listingRoom } = await open(100)
  await assert.rejects(session.list(), NoRoom)
  listingRoom.release()
  other.release()
  assert.equal(budget.held, 0)
})
