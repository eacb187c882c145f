import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Crash, letter, TestWorld } from '../support/world.ts'

const letters = ['one', 'two', 'three'].map((subject) => letter(subject))
const retention = { mode: 'delete' } as const
const fresh = (): TestWorld => {
  const world = new TestWorld(letters.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  world.window = 2
  world.appendTakes = (nth) => nth % 2
  return world
}

for (const first of ['before', 'after'] as const) {
  for (const second of ['before', 'after'] as const) {
    test(`a crash ${first} any effect, and one ${second} any effect of the run that takes over, lose no mail and double none`, async () => {
      const rehearsal = fresh()
      await rehearsal.pull({ retention })
      const seen = new Set<string>()
      for (let nth = 0; nth < rehearsal.effects.length; nth += 1) {
        for (let again = 0, ended = false; !ended; again += 1) {
          const world = fresh()
          world.crash = { when: first, nth }
          await assert.rejects(world.pull({ retention }), Crash)
          const at = `${first} ${nth} ${world.effects.at(-1)}, ${second} ${again}`
          world.crash = { when: second, nth: again }
          // Until the run that takes over has no such effect any more.
          ended = await world.pull({ retention }).then(
            () => true,
            (error: unknown) => {
              assert.ok(error instanceof Crash, String(error))
              return false
            },
          )
          for (const effect of world.effects) seen.add(effect)
          for (const bytes of letters)
            assert.ok(
              world.provider.some((there) => there.bytes === bytes) ||
                world.bodies().includes(bytes.toString('latin1')),
              `lost ${at}: deleted before it was delivered`,
            )
          world.crash = undefined
          await world.pull({ retention })
          assert.deepEqual(world.bodies().toSorted(), letters.map(String).toSorted(), at)
          assert.deepEqual([world.provider, world.staged.size, world.ledger.open.size], [[], 0, 0], at)
          assert.equal(world.ledger.records.length, letters.length, at)
        }
      }
      for (const effect of ['rename', 'copy', 'expunge', 'remove', 'record']) assert.ok(seen.has(effect), effect)
    })
  }
}
