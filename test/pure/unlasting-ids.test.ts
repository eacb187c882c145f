/**
 * Providers whose UIDLs do not last, over several visits and with nothing else wrong: each message is stored at the visit that first lists it,
 * once, and only what is stored is deleted. A failure names its seed: TRIBUTARY_SEED=n TRIBUTARY_CASES=1 plays that case alone.
 */
import assert from 'node:assert/strict'
import { createHash, randomInt } from 'node:crypto'
import { test } from 'node:test'
import type { Retention } from '../../src/account/account.ts'
import { noCounts } from '../../src/runs/run.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { casesOf, Chance } from '../support/chance.ts'
import { type ProviderMessage, TestWorld } from '../support/world.ts'

const cases = casesOf(40)
const firstSeed = Number(process.env['TRIBUTARY_SEED'] ?? randomInt(2 ** 31))

/** One message at the provider, from its arrival on. */
interface Instance {
  readonly text: string
  readonly bytes: Buffer
  /** Its place among all that ever came. */
  readonly nth: number
  readonly day: number
}

/** What a server knows when it makes the id of a message. */
interface Naming {
  readonly one: Instance
  /** Counted from 1. */
  readonly place: number
  readonly count: number
  readonly visit: number
  /** The number that the server has given it: the lowest one that was free. */
  readonly slot: number
}

const allSizes = ['equal', 'some equal', 'different'] as const
type Sizes = (typeof allSizes)[number]

const hashed = (text: unknown) => createHash('sha256').update(String(text)).digest('hex')

/** The id of a message, by the kind of server. */
const places: Readonly<Record<string, (naming: Naming) => string>> = {
  'the position': ({ place }) => `${place}`,
  'the position from 0 on': ({ place }) => `${place - 1}`,
  'the position from the end': ({ place, count }) => `${count + 1 - place}`,
  'a form with the position in it': ({ place }) => `UID${place}-1112223334`,
  'the position with zeros in front': ({ place }) => `${place}`.padStart(8, '0'),
}
const others: Readonly<Record<string, (naming: Naming) => string>> = {
  'new in every session': ({ one, visit }) => hashed(`${visit} ${one.nth}`),
  'new in every other session': ({ one, visit }) => hashed(`${visit >> 1} ${one.nth}`),
  'the size': ({ one }) => `${one.text.length}`,
  'the lowest free number': ({ slot }) => `${slot}`,
  'unique on one day only': ({ one }) => `${one.nth - one.day * 3}`,
  'one id for two messages': ({ one }) => `${one.nth >> 1}`,
  'one id for all messages': () => 'id',
  'in another case at each visit': ({ one, visit }) =>
    visit % 2 === 0 ? hashed(one.nth) : hashed(one.nth).toUpperCase(),
  'cut at 70 octets': ({ one }) => `${'x'.repeat(69)}${one.nth}`.slice(0, 70),
  'numbered anew once': ({ one, place, visit }) => (visit < 2 ? `${one.nth + 7}` : `${place + 7}`),
  'a hash of the position': ({ place }) => hashed(place).slice(0, 5),
}

/** Whether a header tells one message from another: with the same one for all, only their bytes do. */
type Headers = 'own' | 'equal'

class Provider {
  readonly chance: Chance
  readonly sizes: Sizes
  readonly headers: Headers
  present: Instance[] = []
  readonly slots = new Map<Instance, number>()
  day = 0
  came = 0

  constructor(chance: Chance, { sizes, headers }: { readonly sizes: Sizes; readonly headers: Headers }) {
    this.chance = chance
    this.sizes = sizes
    this.headers = headers
  }

  arrive(where: number): void {
    const nth = this.came
    this.came += 1
    const name = `${nth}`.padStart(4, '0')
    const id = nth % 5 === 4 ? '' : `Message-ID: <${name}@example.org>\r\n`
    const ofSize = this.sizes === 'equal' || (this.sizes === 'some equal' && this.chance.happens(0.5)) ? 0 : nth
    const body = `${'x'.repeat(ofSize)}${id === '' ? '.'.repeat(32) : ''}`
    const own = `${id}Date: Tue, 3 Nov 2026 10:00:00 +0000\r\nSubject: ${name}\r\n\r\n${body}\r\n`
    const text =
      this.headers === 'own' ? own : `From: box@example.org\r\n\r\nSubject: ${name}\r\n${'x'.repeat(ofSize)}\r\n`
    // Another message may be sent twice: two equal messages are two.
    const again = this.chance.happens(0.1) ? this.chance.of(this.present) : undefined
    const shown = again?.text ?? text
    const one = { text: shown, bytes: Buffer.from(shown, 'latin1'), nth, day: this.day }
    const used = new Set(this.present.map((other) => this.slots.get(other)))
    let slot = 1
    while (used.has(slot)) slot += 1
    this.slots.set(one, slot)
    this.present.splice(where, 0, one)
  }

  change(): void {
    const { chance, present } = this
    switch (chance.below(7)) {
      case 0:
        return void present.splice(0, 1)
      case 1:
        return void present.splice(chance.below(present.length), 1)
      case 2:
        return void present.reverse()
      case 3:
        return this.arrive(chance.below(present.length + 1))
      case 4:
        return this.arrive(present.length)
      case 5:
        return this.arrive(0)
      default: {
        const last = present.pop()
        if (last !== undefined) present.unshift(last)
      }
    }
  }
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

interface Case {
  readonly retention: Retention
  readonly sizes: Sizes
  readonly headers: Headers
  /** After so many messages each session is cut, up to the visit at which the server is mended. */
  readonly cutAfter: number
  readonly canPeek: boolean
  readonly id: (naming: Naming) => string
  /** Whether another message of the same size under the id of one before is noticed at once (docs/guarantees.md). */
  readonly seesAll: boolean
}

async function play(seed: number, { retention, sizes, headers, cutAfter, canPeek, id, seesAll }: Case): Promise<void> {
  const chance = new Chance(seed)
  const provider = new Provider(chance, { sizes, headers })
  const world = new TestWorld([])
  world.canPeek = canPeek
  // Nothing is set aside for the line's fault.
  world.setAsideAfterMs = 365 * 86_400_000
  const log: string[] = []
  const about = () => `seed ${seed}\n${log.join('\n')}`
  const listed: string[] = []
  const seen = new Set<number>()
  for (let nth = 2 + chance.below(5); nth > 0; nth -= 1) provider.arrive(provider.present.length)

  const visits = Number.isFinite(cutAfter) ? 10 : 6
  for (let visit = 0; visit < visits; visit += 1) {
    const isMended = visit >= 6
    world.tellsPace = Number.isFinite(cutAfter)
    world.cutsSessionAfter = isMended ? Number.POSITIVE_INFINITY : cutAfter
    const shown = [...provider.present]
    let left: readonly Instance[] = shown
    // Between two sessions of one run a server makes its ids anew.
    world.shows = (held) => {
      left = provider.present.filter((one) => held.some(({ bytes }) => bytes === one.bytes))
      return left.map((one, at): ProviderMessage => {
        const slot = provider.slots.get(one) ?? 0
        return { bytes: one.bytes, uidl: id({ one, place: at + 1, count: left.length, visit, slot }) }
      })
    }
    world.provider = shown.map((one) => ({ bytes: one.bytes, uidl: undefined }))
    // In a larger maildrop some are tried at each visit, and all only where more is recorded than listed (docs/guarantees.md).
    const areAllTried = shown.length <= pullLimits.idProbes || world.stored.length > shown.length
    const counts = noCounts()
    await world.pullInto(counts, { retention }).catch((error: unknown) => {
      if (!(error instanceof SessionFailed) || isMended || !Number.isFinite(cutAfter)) throw error
    })
    const { quarantined, deferred } = counts
    const kept = new Set(world.provider.map(({ bytes }) => bytes))
    const deleted = shown.filter((one) => !kept.has(one.bytes))
    provider.present = shown.filter((one) => !deleted.includes(one))
    const subjects = (texts: readonly string[]) => texts.map((text) => /Subject: (.*)/.exec(text)?.[1] ?? '').join()
    const lines = shown.map((one, at) => {
      const naming = { one, place: at + 1, count: shown.length, visit, slot: provider.slots.get(one) ?? 0 }
      return `${subjects([one.text])} ${id(naming)} ${one.text.length}`
    })
    log.push(
      `${lines.join(', ')} -> ${subjects(deleted.map(({ text }) => text))} deleted, ${deferred} deferred, stored ${subjects(world.bodies())}`,
    )
    assert.equal(quarantined, 0, about())
    if (world.cutsSessionAfter > shown.length * 3) assert.equal(deferred, 0, about())

    const stored = countsOf(world.bodies())
    // A message that is there for the first time is one more arrival of its text.
    listed.push(...shown.filter(({ nth }) => !seen.has(nth)).map(({ text }) => text))
    for (const { nth } of shown) seen.add(nth)
    for (const [text, times] of countsOf(deleted.map((one) => one.text)))
      assert.ok((stored.get(text) ?? 0) >= times, `deleted and not stored: ${JSON.stringify(text)}, ${about()}`)
    const came = countsOf(listed)
    for (const [text, times] of stored)
      assert.ok(times <= (came.get(text) ?? 0), `stored more often than it came: ${JSON.stringify(text)}, ${about()}`)
    // Where the header is nobody's own, other bytes under the same id and size are doubted only if something else speaks against the ids.
    const isAllSeen = headers === 'own' ? seesAll || sizes === 'different' : seesAll && retention.mode === 'delete'
    const mustBeThere = isAllSeen && areAllTried && (!Number.isFinite(cutAfter) || visit === visits - 1)
    for (const [text, times] of mustBeThere ? countsOf(shown.map((one) => one.text)) : [])
      assert.ok((stored.get(text) ?? 0) >= times, `listed and not stored: ${JSON.stringify(text)}, ${about()}`)
    const isLeft = retention.mode !== 'keep' && visit === visits - 1 && isMended && provider.present.length > 0
    if (isLeft && seesAll)
      assert.ok(
        world.notices.some(({ event }) => event === 'not deleted'),
        `left without a word: ${about()}`,
      )

    provider.day += 1
    world.nowMs += 86_400_000
    for (let changes = isMended ? 0 : chance.below(4); changes > 0; changes -= 1) provider.change()
  }
}

/**
 * Cases that went wrong once. A message was never fetched: what only bytes could tell waited for mail that was compared at each visit. And one
 * was stored twice: its record was kept for another message, of which nothing had shown yet that it was another.
 */
const before: Readonly<Record<string, readonly number[]>> = {
  'the position from the end': [217777394, 1306317689],
  'the position from 0 on': [1306317689],
}

const retentions: readonly Retention[] = [{ mode: 'keep' }, { mode: 'delete' }, { mode: 'keepDays', days: 2 }]

for (const [kind, id] of [...Object.entries(places), ...Object.entries(others)]) {
  test(`ids that are ${kind}: nothing is lost, stored twice, or deleted before it is stored`, async (t) => {
    t.diagnostic(`seed ${firstSeed}, ${cases} cases`)
    const seeds = Array.from({ length: cases }, (_, nth) => firstSeed + nth)
    for (const seed of [...seeds, ...(before[kind] ?? [])]) {
      const chance = new Chance(seed)
      const seesAll = kind in places || kind === 'the size'
      const how = {
        retention: chance.of(retentions),
        sizes: chance.of(allSizes),
        headers: chance.happens(0.7) ? 'own' : 'equal',
        cutAfter: chance.happens(0.5) ? Number.POSITIVE_INFINITY : 1 + chance.below(5),
        canPeek: chance.happens(0.6),
      } as const
      await play(seed, { ...how, id, seesAll })
    }
  })
}

test('ids that are positions, headers that are nobody’s own, and a line that the server writes into each answer: nothing is stored twice', async () => {
  const world = new TestWorld([])
  let session = 0
  world.provider = ['a', 'b', 'c'].map((name) => ({ bytes: Buffer.from(name), uidl: undefined }))
  world.shows = (held) => {
    session += 1
    return held.map(({ bytes }, at): ProviderMessage => {
      const line = `X-Seen: ${`${session}`.padStart(4, '0')}\r\n`
      return { bytes: Buffer.from(`${line}From: box@example.org\r\n\r\n${bytes.toString()}\r\n`), uidl: `${at + 1}` }
    })
  }
  const after: number[] = []
  for (let visit = 0; visit < 40; visit += 1) {
    await world.pull()
    after.push(world.stored.length)
    world.nowMs += 86_400_000
  }
  assert.equal(after[39], 3, after.join())
})
