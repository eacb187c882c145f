/** The order of retrieval: what is ordinary mail, and how a first import goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listed, MessageNumber, Octets, Uidl } from '../../src/mail/message.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { type Import, orderOf } from '../../src/pull/order.ts'
import type { ImportBudget } from '../../src/pull/import-budget.ts'
import { KiB, MiB } from '../../src/units.ts'
import { Chance } from '../support/chance.ts'
import { turnsDuring } from '../support/turns.ts'
import { letter, TestWorld } from '../support/world.ts'

const listed = (...sizes: number[]): Listed[] =>
  sizes.map((size, nth) => ({ number: (nth + 1) as MessageNumber, size: size as Octets, uidl: `${nth + 1}` as Uidl }))
const numbers = (messages: readonly Listed[]) => messages.map(({ number }) => number as number)
const many = (count: number, size: number) => Array.from({ length: count }, () => size)

test('one window of mail is ordinary, in the order of the maildrop, whatever the sizes', async () => {
  const messages = listed(3 * MiB, 1000, 500 * KiB)
  assert.deepEqual(await orderOf(messages, undefined), { fresh: [], freshRest: [], first: messages, rest: [] })
})

test('beside a large message the small ones are ordinary mail, and the large one is not', async () => {
  const { first, rest } = await orderOf(listed(20 * MiB, 1000, 2000), undefined)
  assert.deepEqual([numbers(first), numbers(rest)], [[2, 3], [1]])
})

test('of more mail than one window the first window is ordinary, and all of it keeps its order', async () => {
  const { first, rest } = await orderOf(listed(...many(600, 1000)), undefined)
  assert.equal(first.length, pullLimits.windowMessagesMax)
  assert.deepEqual([...numbers(first), ...numbers(rest)], numbers(listed(...many(600, 1000))))
})

test('a first import brings the newest first, then the small ones, and the large ones last', async () => {
  const messages = listed(10 * MiB, 2 * MiB, 500 * KiB, ...many(300, 1000), 600 * KiB, 12 * MiB)
  const { fresh, first, rest } = await orderOf(messages, { fresh: new Set(), isBeginning: true })
  assert.deepEqual(fresh, [])
  const order = numbers([...first, ...rest])
  assert.deepEqual(order.slice(0, 50), numbers(messages.slice(253, 303)))
  assert.deepEqual(order.slice(50, 300), numbers(messages.slice(3, 253)))
  assert.deepEqual(order.slice(300), [3, 304, 2, 1, 305])
  assert.ok(first.length <= pullLimits.windowMessagesMax)
})

test('what has come since the import began is ordinary mail of its own, before all that is left of it', async () => {
  const messages = listed(...many(400, 100 * KiB), 2000, 9 * MiB, 3000)
  const news = { fresh: new Set(messages.slice(400)), isBeginning: false }
  const { fresh, freshRest, first, rest } = await orderOf(messages, news)
  assert.deepEqual([numbers(fresh), numbers(freshRest)], [[401, 403], [402]])
  assert.equal(first.length + rest.length, 400)
})

test('what a first import of 50,000 messages brings first is decided in turns of the event loop', async () => {
  const messages = listed(...many(50_000, 1000))
  const turns = await turnsDuring(async () => {
    const { first } = await orderOf(messages, { fresh: new Set(), isBeginning: true })
    assert.equal(numbers(first).at(0), 50_000 - pullLimits.importNewest + 1)
  })
  assert.ok(turns > 50)
})

test('chance: nothing is left out, nothing comes twice, and only one window is ordinary', async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const chance = new Chance(seed)
    const messages = listed(
      ...Array.from({ length: chance.below(700) }, () => chance.below(chance.of([100, 5000, 9_000_000]))),
    )
    const upTo = chance.of([0, chance.below(messages.length + 1)])
    const ofImport: Import = { fresh: new Set(messages.slice(upTo)), isBeginning: upTo === 0 }
    const { fresh, freshRest, first, rest } = await orderOf(messages, chance.of([undefined, ofImport]))
    assert.deepEqual(
      numbers([...fresh, ...freshRest, ...first, ...rest]).toSorted((a, b) => a - b),
      numbers(messages),
    )
    for (const ordinary of [fresh, first]) {
      const octets = ordinary.reduce((sum, { size }) => sum + size, 0)
      assert.ok(ordinary.length <= pullLimits.windowMessagesMax && octets <= pullLimits.ordinaryOctetsMax)
    }
  }
})

const lettersOf = (count: number, octets = 10, from = 0) =>
  Array.from({ length: count }, (_, nth) => {
    return { bytes: letter(`n${from + nth}`, { body: 'x'.repeat(octets) }), uidl: `id-${from + nth}` }
  })

function worldOf(provider: ReturnType<typeof lettersOf>): TestWorld {
  const world = new TestWorld(provider)
  Object.assign(world, { tellsPace: true, window: 250, batch: { messages: 100, octets: 1_000_000 } })
  return world
}

test('a run that gets no heavy place has brought a window, leaves the rest, and the next one goes on', async () => {
  const world = worldOf(lettersOf(600))
  world.hasHeavyPlace = false
  const first = await world.pull()
  assert.deepEqual([first.stored, first.deferred, world.leftMore], [250, 0, ['place']])
  world.ledger.importing = true
  world.hasHeavyPlace = true
  const second = await world.pull()
  assert.deepEqual([second.stored, world.leftMore.length], [350, 1])
  assert.equal(new Set(world.bodies()).size, 600)
})

test('a visit with no more than one window of mail asks for no heavy place', async () => {
  const world = worldOf(lettersOf(200))
  world.hasHeavyPlace = false
  assert.equal((await world.pull()).stored, 200)
  assert.equal(world.heavyAsked, 0)
})

test('a run that others wait for leaves at the edge of a window', async () => {
  const world = worldOf(lettersOf(1000))
  world.isWanted = (windows) => windows >= 2
  const counts = await world.pull()
  assert.deepEqual([counts.stored, world.leftMore], [500, ['place']])
})

/** A budget that gives so many octets in all. */
function budgetOf(octets: number): ImportBudget & { left: number } {
  const budget = {
    left: octets,
    octetsPerHour: octets,
    shortage: undefined,
    async take(wanted: number, least: number) {
      const granted = budget.left >= wanted ? wanted : budget.left >= least ? budget.left : 0
      budget.left -= granted
      return granted
    },
    async giveBack(octets: number) {
      budget.left += octets
    },
  }
  return budget
}

test('a first import whose budget is used up ends well, and new mail comes all the same until there is room again', async () => {
  const world = worldOf(lettersOf(600, 1000))
  const size = world.provider[0]?.bytes.length ?? 0
  world.importBudget = budgetOf(400 * (size + 10))
  const first = await world.pull()
  assert.ok(first.stored >= 390 && first.stored <= 405, `${first.stored}`)
  assert.deepEqual(world.leftMore, ['budget'])
  world.ledger.importing = true
  world.importBudget = budgetOf(0)
  world.provider.push(...lettersOf(3, 1000, 9000))
  const second = await world.pull()
  assert.equal(second.stored, 3)
  assert.ok(world.bodies().some((body) => body.includes('n9002')))
  assert.deepEqual(world.leftMore, ['budget', 'budget'])
  world.ledger.importing = true
  world.importBudget = budgetOf(1e9)
  await world.pull()
  assert.equal(new Set(world.bodies()).size, 603)
  assert.equal(world.leftMore.length, 2)
})

type Letters = ReturnType<typeof lettersOf>
const without = (letters: Letters, from: number, to: number) => [...letters.slice(0, from), ...letters.slice(to)]
/** What happens to the maildrop between the first visit and the second. */
const meanwhile: readonly (readonly [string, Letters, retention: 'keep' | 'delete', (left: Letters) => Letters])[] = [
  ['nothing', lettersOf(400, 5000), 'keep', (left) => left],
  ['what is stored is deleted', lettersOf(400, 5000), 'delete', (left) => left],
  ['nothing, and it is small', lettersOf(40, 5000), 'keep', (left) => left],
  ['nothing, and all of it is large', lettersOf(60, 90_000), 'keep', (left) => left],
  ['the newest are deleted by another program', lettersOf(400, 5000), 'keep', (left) => without(left, 300, 400)],
  ['the oldest are deleted by another program', lettersOf(400, 5000), 'keep', (left) => without(left, 0, 200)],
  ['it is listed the other way round', lettersOf(400, 5000), 'keep', (left) => left.toReversed()],
]
for (const [what, letters, mode, then] of meanwhile)
  for (const part of [0, 0.1])
    test(`a budget of an import holds up no new mail, and lets nothing else through: ${what} (${part} of it has come)`, async () => {
      const world = worldOf(letters)
      const octets = letters.reduce((sum, { bytes }) => sum + bytes.length + 10, 0)
      world.importBudget = budgetOf(part * octets)
      const changes = { retention: { mode }, maxMessageBytes: 10_000_000 } as const
      const first = await world.pull(changes)
      assert.ok(part === 0 ? first.stored === 0 : first.stored > 0 && first.stored <= letters.length / 5)
      world.ledger.importing = true
      world.importBudget = budgetOf(0)
      world.provider = [
        ...then([...world.provider] as Letters),
        ...lettersOf(2, 700, 9000),
        ...lettersOf(1, 2_000_000, 9500),
      ]
      assert.equal((await world.pull(changes)).stored, 3)
      world.ledger.importing = true
      assert.equal((await world.pull(changes)).stored, 0)
      world.ledger.importing = true
      world.importBudget = undefined
      await world.pull(changes)
      const bodies = world.bodies()
      assert.equal(new Set(bodies).size, bodies.length)
    })

test('what a session that breaks did not bring costs no budget', async () => {
  const world = worldOf(lettersOf(40, 5000))
  const octets = world.provider.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const budget = budgetOf(octets)
  world.importBudget = budget
  world.breaks.set('id-20', 'broken protocol')
  assert.equal((await world.pull()).stored, 39, 'the rest comes in another session of the run')
  const size = world.provider[20]?.bytes.length ?? 0
  assert.ok(Math.abs(budget.left - size) < 40 * 20, `${budget.left}`)
})

test('where ids do not last, what is left of an import stays within its budget', async () => {
  const world = worldOf(lettersOf(400, 5000))
  world.importBudget = budgetOf(200_000)
  await world.pull()
  world.ledger.importing = true
  world.importBudget = budgetOf(0)
  world.provider = world.provider.map((message, nth) => ({ ...message, uidl: `new-${nth}` }))
  assert.equal((await world.pull()).stored, 0)
})

test('the budget of an import is none of a later visit', async () => {
  const world = worldOf(lettersOf(5))
  await world.pull()
  world.importBudget = budgetOf(0)
  world.provider.push(...lettersOf(300, 10, 9000))
  assert.equal((await world.pull()).stored, 300)
})
