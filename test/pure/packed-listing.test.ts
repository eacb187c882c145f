/** What is read of the answers to UIDL and LIST, in columns: the same as word by word, whatever stands in the lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listed } from '../../src/mail/message.ts'
import { Lines } from '../../src/pop3/lines.ts'
import { listingOf, scanSizes, scanUidls } from '../../src/pop3/listing.ts'
import { Backlog } from '../../src/pull/backlog.ts'
import { tellsAll } from '../../src/pull/known-plan.ts'
import { UidlSet } from '../../src/ledger/uidl-set.ts'
import type { ShortHash } from '../../src/mail/message.ts'

const linesOf = (...all: readonly string[]): Lines => {
  const lines = new Lines()
  for (const line of all) lines.add(Buffer.from(`${line}\r\n`, 'latin1'), 1)
  return lines
}

async function listed(uidls: readonly string[] | undefined, sizes: readonly string[]) {
  const named = uidls && (await scanUidls(linesOf(...uidls)))
  const { listed: listing, leavesOut } = await listingOf(await scanSizes(linesOf(...sizes)), named, (expected) =>
    assert.fail(expected),
  )
  const told = ({ number, uidl, size, unsized }: Listed) => [number, uidl, unsized ?? size]
  const all = [...listing].map(told)
  assert.deepEqual(listing.slice(0, listing.length).map(told), all)
  assert.deepEqual(
    all.map((_, place) => told(listing.at(place) as Listed)),
    all,
  )
  assert.equal(listing.at(-1), undefined)
  assert.equal(listing.at(listing.length), undefined)
  return { all, leavesOut, listing }
}

const cases: Record<string, [uidls: string[] | undefined, sizes: string[], all: unknown[], leavesOut?: boolean]> = {
  'as the RFC has it': [
    ['1 a', '2 b'],
    ['1 10', '2 20'],
    [
      [1, 'a', 10],
      [2, 'b', 20],
    ],
  ],
  'without UIDL': [
    undefined,
    ['1 10', '2 20'],
    [
      [1, undefined, 10],
      [2, undefined, 20],
    ],
  ],
  'another order': [
    ['2 b', '1 a'],
    ['1 10', '2 20'],
    [
      [1, 'a', 10],
      [2, 'b', 20],
    ],
  ],
  'both in another order': [
    ['2 b', '1 a'],
    ['2 20', '1 10'],
    [
      [2, 'b', 20],
      [1, 'a', 10],
    ],
  ],
  'with a gap': [
    ['1 a', '3 c', '4 d'],
    ['1 10', '3 30', '4 40'],
    [
      [1, 'a', 10],
      [3, 'c', 30],
      [4, 'd', 40],
    ],
  ],
  'an id of two words, spaces, tabs, zeros': [
    ['1  a b ', '02\tb'],
    ['1  10', '2 20 x'],
    [
      [1, 'a b', 10],
      [2, 'b', 20],
    ],
  ],
  'no id, and a control in one': [
    ['1', '2 b\x01', '3 c'],
    ['1 1', '2 2', '3 3'],
    [
      [1, undefined, 1],
      [2, undefined, 2],
      [3, 'c', 3],
    ],
  ],
  'octets beyond ASCII': [['1 \xe9\xff'], ['1 10'], [[1, '\xe9\xff', 10]]],
  'two ids for one': [
    ['1 a', '1 b', '2 c'],
    ['1 10', '2 20'],
    [
      [1, undefined, 10],
      [2, 'c', 20],
    ],
  ],
  'the same id twice': [
    ['1 a', '1 a', '2 c'],
    ['1 10', '2 20'],
    [
      [1, 'a', 10],
      [2, 'c', 20],
    ],
  ],
  'sizes that are none': [
    ['1 a', '2 b', '3 c'],
    ['1 x', '2', '3 -5'],
    [
      [1, 'a', 'x'],
      [2, 'b', ''],
      [3, 'c', '-5'],
    ],
  ],
  'the largest size that is believed, and one more': [
    ['1 a', '2 b'],
    ['1 4294967296', '2 4294967297'],
    [
      [1, 'a', 4_294_967_296],
      [2, 'b', '4294967297'],
    ],
  ],
  'two sizes for one': [
    ['1 a', '2 b'],
    ['1 10', '1 11', '2 20'],
    [
      [1, 'a', ''],
      [2, 'b', 20],
    ],
  ],
  'a line of LIST that is none': [
    ['1 a', '2 b'],
    ['1 10', 'x'],
    [
      [1, 'a', 10],
      [2, 'b', ''],
    ],
  ],
  'OK twice, and 0 0': [['+OK', '1 a'], ['+ok', '1 10'], [[1, 'a', 10]]],
  nothing: [['0 0'], ['0 0'], []],
  'a UIDL that begins with a dot': [['1 .a'], ['1 10'], [[1, '.a', 10]]],
  'a message that UIDL leaves out': [
    ['1 a'],
    ['1 10', '2 20'],
    [
      [1, 'a', 10],
      [2, undefined, 20],
    ],
  ],
  'a number that is wrong': [
    ['1 a', '2 b'],
    ['1 10', '77 20'],
    [
      [1, 'a', 10],
      [2, 'b', ''],
    ],
  ],
}

for (const [what, [uidls, sizes, wanted, leavesOut = false]] of Object.entries(cases))
  test(`a listing: ${what}`, async () => {
    const { all, leavesOut: left } = await listed(uidls, sizes)
    assert.deepEqual([all, left], [wanted, leavesOut])
  })

test('pieces of many lines, with LF alone, are the same lines', async () => {
  const lines = new Lines()
  lines.add(Buffer.from('1 a\n2 b\r\n3 c\n'), 3)
  lines.add(Buffer.from('4 d\r\n'), 1)
  const uidls = await scanUidls(lines)
  assert.deepEqual(
    [0, 1, 2, 3].map((place) => uidls.at(place)),
    ['a', 'b', 'c', 'd'],
  )
  assert.equal(uidls.at(4), undefined)
})

test('an id that is there twice is found among 3,000', async () => {
  const uidls = Array.from({ length: 3000 }, (_, nth) => `${nth + 1} id-${nth}`)
  const sizes = uidls.map((_, nth) => `${nth + 1} 5`)
  assert.equal(await tellsAll((await listed(uidls, sizes)).listing), true)
  uidls[2999] = '3000 id-17'
  assert.equal(await tellsAll((await listed(uidls, sizes)).listing), false)
})

test('a set of hashes tells what is in it, be it all zeros', () => {
  const set = new UidlSet(4)
  const hashes = ['0000000000000000', '0000000000000001', '0000000100000000', 'ffffffffffffffff'] as ShortHash[]
  assert.deepEqual(
    hashes.map((hash) => set.add(hash)),
    [true, true, true, true],
  )
  assert.deepEqual(
    hashes.map((hash) => set.add(hash)),
    [false, false, false, false],
  )
})

test('a backlog is the same when it was written and read', async () => {
  const { listing } = await listed(['1 a', '2 b', '3 c'], ['1 1', '2 2', '3 3'])
  const backlog = Backlog.parse(String(await Backlog.of([...listing].slice(0, 2))))
  const fresh = await backlog.freshAmong([...listing], listing)
  assert.deepEqual(
    [...fresh].map(({ number }) => number),
    [3],
  )
  assert.deepEqual(String(Backlog.parse(Buffer.alloc(4).toString('base64'))), Buffer.alloc(4).toString('base64'))
})
