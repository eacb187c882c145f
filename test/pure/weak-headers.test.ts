/**
 * Mail whose headers and sizes are all equal, at providers whose UIDLs do not last and that cut each session, while another client deletes
 * some: when the provider is mended, each message is stored once, and what stays there is told.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { noCounts } from '../../src/runs/run.ts'
import { casesOf, Chance } from '../support/chance.ts'
import { type ProviderMessage, TestWorld } from '../support/world.ts'

const cases = casesOf(6)
const firstSeed = Number(process.env['TRIBUTARY_SEED'] ?? 1)

/** The id of a message by its place, counted from 1, and by the number of those that are there. */
const ids: Readonly<Record<string, (place: number, count: number) => string>> = {
  positions: (place) => `${place}`,
  'positions from the end': (place, count) => `UID${count + 1 - place}-77`,
  'hashes of the position': (place) => createHash('sha256').update(`${place}`).digest('hex').slice(0, 16),
}

interface Case {
  readonly id: (place: number, count: number) => string
  readonly cutAfter: number
  /** How many messages arrive before the first visits. */
  readonly groups: readonly number[]
  /** How many stored messages another client deletes before the third visit. */
  readonly others: number
  readonly canPeek: boolean
}

const bodyOf = (nth: number) => `From: box@example.org\r\nSubject: report\r\n\r\nbody ${`${nth}`.padStart(6, '0')}\r\n`

async function play({ id, cutAfter, groups, others, canPeek }: Case, about: string): Promise<void> {
  const world = new TestWorld([])
  world.canPeek = canPeek
  world.setAsideAfterMs = 365 * 86_400_000
  world.shows = (held) => {
    // Each session takes its time.
    world.nowMs += 60_000
    return held.map(({ bytes }, at) => ({ bytes, uidl: id(at + 1, held.length) }))
  }
  const came: string[] = []
  const log: string[] = []
  const told = () => `${about}\n${log.join('\n')}`
  const isStored = ({ bytes }: ProviderMessage) => world.bodies().includes(bytes.toString('latin1'))
  for (let visit = 0; visit < 10; visit += 1) {
    const isMended = visit >= 4
    world.tellsPace = Number.isFinite(cutAfter)
    world.cutsSessionAfter = isMended ? Number.POSITIVE_INFINITY : cutAfter
    if (visit === 2) {
      const gone = new Set(world.provider.filter(isStored).slice(0, others))
      world.provider = world.provider.filter((message) => !gone.has(message))
    }
    for (let nth = groups[visit] ?? 0; nth > 0; nth -= 1) {
      came.push(bodyOf(came.length + 1))
      world.provider.push({ bytes: Buffer.from(came.at(-1) ?? '', 'latin1'), uidl: undefined })
    }
    const before = world.provider.map(({ bytes }) => bytes.toString('latin1'))
    await world.pullInto(noCounts(), { retention: { mode: 'delete' } }).catch((error: unknown) => {
      if (!(error instanceof SessionFailed) || isMended) throw error
    })
    const after = new Set(world.provider.map(({ bytes }) => bytes.toString('latin1')))
    const stored = world.bodies()
    const short = (texts: readonly string[]) => texts.map((text) => Number(/body (\d+)/.exec(text)?.[1])).join()
    log.push(`${short(before)} -> left ${short([...after])}, stored ${short(stored)}`)
    for (const text of before) assert.ok(after.has(text) || stored.includes(text), `deleted and not stored: ${told()}`)
    assert.equal(new Set(stored).size, stored.length, `stored twice: ${told()}`)
    world.nowMs += 86_400_000
  }
  for (const { bytes } of world.provider)
    assert.ok(world.bodies().includes(bytes.toString('latin1')), `never fetched: ${told()}`)
  const isTold = world.notices.some(({ event }) => event === 'not deleted')
  assert.ok(world.provider.length === 0 || isTold, `left without a word: ${told()}`)
}

for (const [kind, id] of Object.entries(ids)) {
  for (const canPeek of [true, false]) {
    test(`equal headers and sizes under ids that are ${kind}${canPeek ? '' : ', without TOP'}: each is stored once in the end`, async () => {
      for (const cutAfter of [2, 3, 4, Number.POSITIVE_INFINITY])
        for (const others of [0, 2])
          for (const groups of [
            [5, 3, 0, 4],
            [12, 3, 0, 3],
            [6, 2, 0, 0],
          ])
            await play({ id, cutAfter, groups, others, canPeek }, `cut ${cutAfter}, others ${others}, ${groups.join()}`)
      for (let seed = firstSeed; seed < firstSeed + cases; seed += 1) {
        const chance = new Chance(seed)
        const cutAfter = 1 + chance.below(6)
        const groups = [1 + chance.below(9), chance.below(6), chance.below(6), chance.below(6), chance.below(3)]
        await play(
          { id, cutAfter, groups, others: chance.below(4), canPeek },
          `seed ${seed}, cut ${cutAfter}, ${groups.join()}`,
        )
      }
    })
  }
}
