import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageDigest } from '../../src/mail/octets.ts'
import type { Letter, Sorted } from '../../src/pull/letter.ts'
import type { Sorting } from '../../src/pull/sorting.ts'
import { Crash, letter, type ProviderMessage, TestWorld } from '../support/world.ts'

const subjects = ['one', 'mine', 'two', 'mine too', 'three', 'back', 'four']
const letters = subjects.map((subject) => letter(subject))
const provider = (): ProviderMessage[] => letters.map((bytes, nth) => ({ bytes, uidl: `u${nth}` }))
const asText = (messages: readonly Buffer[]) => messages.map((bytes) => bytes.toString('latin1')).toSorted()

const place = { folder: 'Sent', flags: ['\\Seen'] }

function sortedOf({ bytes }: Letter): Sorted | undefined {
  if (bytes.includes('Subject: mine')) return { place }
  return bytes.includes('Subject: back') ? { finding: 'a bounce' } : undefined
}

const mine = new Set<string>()
for (const bytes of letters.filter((one) => one.includes('Subject: mine'))) mine.add(await messageDigest(bytes))

const sorting: Sorting = {
  sort: async (asked) =>
    new Map(
      asked.flatMap((one) => [sortedOf(one)].filter((found) => found !== undefined).map((found) => [one, found])),
    ),
  places: async (digests) => new Map(digests.flatMap((digest) => (mine.has(digest) ? [[digest, place]] : []))),
}

function sortingWorld(): TestWorld {
  const world = new TestWorld(provider())
  world.sorting = sorting
  return world
}

const foldersOf = (world: TestWorld) =>
  Object.fromEntries(
    world.stored.map(({ literal, folder, flags }) => [
      /Subject: (.*)\r/.exec(literal.toString())?.[1],
      [folder, ...flags],
    ]),
  )
const wanted = {
  one: ['INBOX'],
  mine: ['Sent', '\\Seen'],
  two: ['INBOX'],
  'mine too': ['Sent', '\\Seen'],
  three: ['INBOX'],
  back: ['INBOX'],
  four: ['INBOX'],
}

test('messages that were sorted go into their folder with its flags, and all others into the account’s', async () => {
  for (const messages of [1, 2, 50]) {
    const world = sortingWorld()
    world.batch = { messages, octets: 1_000_000 }
    assert.equal((await world.pull()).stored, 7)
    assert.deepEqual(foldersOf(world), wanted)
    assert.equal((await world.pull()).stored, 0, 'they are known by the ledger as all others')
    assert.deepEqual(world.arrivals.map(({ folder }) => folder).toSorted(), [
      'INBOX',
      'INBOX',
      'INBOX',
      'INBOX',
      'INBOX',
      'Sent',
      'Sent',
    ])
    assert.deepEqual(
      world.arrivals.flatMap(({ finding, folder }) => (finding === undefined ? [] : [[finding, folder]])),
      [['a bounce', 'INBOX']],
    )
  }
})

test('the sorting is asked about what was retrieved alone, and never by a visit that finds nothing', async () => {
  const world = sortingWorld()
  let asked = 0
  world.sorting = { ...sorting, sort: async (some) => ((asked += some.length), await sorting.sort(some)) }
  await world.pull()
  assert.equal(asked, 7)
  await world.pull()
  await world.visit()
  assert.equal(asked, 7)
})

test('a sorting that fails, and a folder that is closed, hold up no mail: it goes into the account’s folder', async () => {
  const failing = new TestWorld(provider())
  const fails = async () => {
    throw new Error('no')
  }
  failing.sorting = { sort: fails, places: fails }
  const closed = sortingWorld()
  closed.closedFolders.add('Sent')
  for (const world of [failing, closed]) {
    assert.equal((await world.pull()).stored, 7)
    for (const { folder, flags } of world.stored) assert.deepEqual([folder, flags], ['INBOX', []])
  }
})

for (const when of ['before', 'after'] as const)
  test(`a crash ${when} any effect loses nothing that was sorted and doubles none`, async () => {
    const rehearsal = sortingWorld()
    await rehearsal.pull({ retention: { mode: 'delete' } })
    const effects = [...rehearsal.effects]
    assert.ok(effects.length > 12)
    for (let nth = 0; nth < effects.length; nth += 1) {
      const at = `after a crash ${when} effect ${nth}, ${effects[nth]}`
      const world = sortingWorld()
      world.crash = { when, nth }
      await assert.rejects(world.pull({ retention: { mode: 'delete' } }), Crash, at)
      world.crash = undefined
      await world.pull({ retention: { mode: 'delete' } })
      assert.deepEqual(world.bodies().toSorted(), asText(letters), at)
      assert.deepEqual(foldersOf(world), wanted, at)
      assert.equal(world.provider.length, 0, at)
    }
  })
