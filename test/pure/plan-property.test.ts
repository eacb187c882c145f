/**
 * Random maildrops over several visits: whatever the provider does with ids, sizes and order, and wherever the process ends,
 * nothing leaves the provider by our hand that is not in the store, and nothing is stored more often than it came.
 * A failure names its seed: TRIBUTARY_SEED=n TRIBUTARY_CASES=1 plays that case alone.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import type { Account, FirstRun, Retention } from '../../src/account/account.ts'
import { fieldsOf, headerFingerprint, headerOf, uidlHash } from '../../src/mail/header.ts'
import type { Uidl } from '../../src/mail/message.ts'
import { toCrlf } from '../../src/mail/octets.ts'
import { cameShort } from '../../src/pull/policy.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { casesOf, Chance } from '../support/chance.ts'
import { Crash, type ProviderMessage, TestWorld } from '../support/world.ts'

const cases = casesOf(2000)
const firstSeed = Number(process.env['TRIBUTARY_SEED'] ?? randomInt(2 ** 31))
const hour = 3_600_000

/** One message at the provider, from its arrival on, whatever it is called there. */
interface Instance {
  readonly text: string
  uidl: string | undefined
  size: number
}

/**
 * Few, so that equal ones meet. Where a UIDL and a size are those of a record, or a strong header is, that is taken for the
 * message (DESIGN section 5): no two different ones share them here, but where they are `alike`. There mail may wait at the
 * provider that should not. Nothing is deleted for another one all the same, though they share headers and sizes.
 */
function textOf(chance: Chance, alike: boolean): string {
  const header = chance.below(6)
  const apart = alike ? 0 : header * 80
  const body = `${(alike ? chance.of(['x', 'y', 'z']) : 'x').repeat(apart + chance.below(3) * 7)}${chance.happens(0.2) ? 'bare\nlin' : 'line'}`
  const id = header < 4 ? `Message-ID: <${alike ? header : body.length}@example.org>\r\n` : ''
  const ends = chance.of(['\r\n', '\n', ''])
  return `${id}Date: Tue, ${1 + header} Nov 2026 10:00:00 +0000\r\nSubject: ${header}\r\n\r\n${body}${ends}`
}

class Provider {
  readonly chance: Chance
  readonly alike: boolean
  /** It confirms deletions, and deletes nothing. */
  readonly keeps: boolean
  present: Instance[] = []
  /** Taken away, by somebody or for a while. */
  absent: Instance[] = []
  /** Deleted by us, if the server keeps copies all the same. */
  deleted: Instance[] = []
  /** Ids of messages that a run has deleted and knows it. */
  readonly idsOfDeleted = new Set<string>()
  readonly arrivals = new Map<string, number>()
  #named = 0

  constructor(chance: Chance) {
    this.chance = chance
    this.alike = chance.happens(0.3)
    this.keeps = chance.happens(0.2)
  }

  #uidl(): string | undefined {
    const { chance, present, absent } = this
    const kind = chance.below(20)
    if (kind === 0) return undefined
    // One id, one header and one size at two visits in a row are taken for one message (docs/guarantees.md).
    if (kind < 4 && this.alike) {
      const used = new Set([...present, ...absent].map(({ uidl }) => uidl))
      return chance.of([...this.idsOfDeleted].filter((id) => !used.has(id)))
    }
    if (kind < 3 && present.length > 0) return chance.of(present).uidl
    if (kind === 3 && absent.length > 0) return chance.of(absent).uidl
    this.#named += 1
    return `u${this.#named}`
  }

  arrive(): void {
    const text =
      this.chance.happens(0.2) && this.present.length > 0
        ? this.chance.of(this.present).text
        : textOf(this.chance, this.alike)
    const message = { text, uidl: this.#uidl(), size: text.length }
    this.#arrived(message)
    this.present.splice(this.chance.below(this.present.length + 1), 0, message)
  }

  #arrived({ text }: Instance): void {
    this.arrivals.set(text, (this.arrivals.get(text) ?? 0) + 1)
  }

  change(): void {
    const { chance } = this
    const some = () => this.present[chance.below(this.present.length)]
    switch (chance.below(11)) {
      case 0:
      case 1:
      case 2:
        return this.arrive()
      case 3: {
        const [gone] = this.present.splice(chance.below(this.present.length), 1)
        if (gone !== undefined) this.absent.push(gone)
        return
      }
      case 4: {
        const [back] = this.absent.splice(chance.below(this.absent.length), 1)
        if (back !== undefined) this.present.push(back)
        return
      }
      case 5: {
        const one = some()
        if (one !== undefined) one.uidl = this.#uidl()
        return
      }
      case 6:
        for (const one of this.present) one.uidl = this.#uidl()
        return
      case 7:
        for (const one of this.present) one.uidl = undefined
        return
      case 8: {
        // No length of another message, so that a lie about it proves nothing.
        const one = some()
        if (one !== undefined) one.size = 1000 + chance.below(1_000_000)
        return
      }
      case 9: {
        // A server that keeps copies, whatever DELE says, shows them again, and may give them other names then.
        const [kept] = this.deleted.splice(chance.below(this.deleted.length), 1)
        if (kept !== undefined) this.present.push(kept)
        return
      }
      default:
        this.present = chance.shuffled(this.present)
    }
  }
}

function headerShown(chance: Chance): (bytes: Buffer) => Buffer | undefined {
  const whole = (bytes: Buffer) => bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 2)
  return chance.of([
    whole,
    whole,
    // All of the message.
    (bytes: Buffer) => bytes,
    // Not all of the header, or another one.
    (bytes: Buffer) => whole(bytes).subarray(0, -20),
    (bytes: Buffer) => Buffer.concat([whole(bytes), Buffer.from('Received: from nowhere\r\n')]),
    (bytes: Buffer) => (bytes.length % 2 === 0 ? undefined : whole(bytes)),
  ])
}

async function play(seed: number): Promise<void> {
  const chance = new Chance(seed)
  const provider = new Provider(chance)
  const world = new TestWorld([])
  world.window = 1 + chance.below(4)
  world.batch = { messages: 1 + chance.below(3), octets: 1_000_000 }
  world.canPeek = chance.happens(0.7)
  world.showsHeader = headerShown(chance)
  const pace = chance.of([0, 0, 3])
  world.appendTakes = () => pace
  const unwanted = chance.happens(0.2) ? `Subject: ${chance.below(6)}\r` : undefined
  world.refuses = (literal) => unwanted !== undefined && literal.includes(unwanted)
  const retention = chance.of<Retention>([
    { mode: 'keep' },
    { mode: 'delete' },
    { mode: 'delete' },
    { mode: 'keepDays', days: 1 },
  ])
  const all: FirstRun = { mode: 'all' }
  const firstRun = chance.of<FirstRun>([all, all, all, { mode: 'onlyNew' }, { mode: 'lastDays', days: 7 }])
  const maxMessageBytes = chance.happens(0.1) ? 300 : 100_000_000
  const takesAll = unwanted === undefined && firstRun.mode === 'all' && maxMessageBytes > 1000
  const log: string[] = []

  const visit = async (troubled: boolean) => {
    const falselyEmpty = troubled && chance.happens(0.05)
    const shown = falselyEmpty ? [] : [...provider.present]
    const held = shown.map(
      ({ text, uidl, size }): ProviderMessage => ({ bytes: Buffer.from(text, 'latin1'), uidl, size }),
    )
    const byMessage = new Map(held.map((message, nth) => [message, shown[nth] as Instance]))
    world.provider = held
    world.crash = undefined
    world.stopAfterWindows = world.dropsAfterWindows = Number.POSITIVE_INFINITY
    world.withholds = new Set()
    if (troubled) {
      const trouble = chance.below(8)
      if (trouble < 3) world.crash = { when: chance.of(['before', 'after']), nth: chance.below(12) }
      if (trouble === 3) world.stopAfterWindows = chance.below(3)
      if (trouble === 4) world.dropsAfterWindows = chance.below(3)
      if (trouble === 5) world.withholds.add(chance.of(shown)?.uidl ?? '')
    }
    const changes: Partial<Account> = { retention, firstRun, maxMessageBytes }
    let ended = 'well'
    try {
      const { deferred } = await world.pull(changes)
      if (deferred > 0) ended = 'with messages that are tried again'
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof SessionFailed)) throw error
      ended = error instanceof Crash ? `crash ${world.crash?.when} ${error.message}` : error.failure.kind
    }
    const left = new Set(world.provider.map((message) => byMessage.get(message)))
    const deleted = shown.filter((one) => !left.has(one))
    if (!falselyEmpty && !provider.keeps) provider.present = shown.filter((one) => left.has(one))
    if (!provider.keeps) provider.deleted.push(...deleted)
    for (const { uidl = '' } of deleted) provider.idsOfDeleted[ended === 'well' ? 'add' : 'delete'](uidl)
    log.push(
      `${JSON.stringify(shown.map(({ text, uidl, size }) => [text, uidl, size]))} -> ${ended}, deleted ${deleted.length}`,
    )

    const stored = countsOf(world.bodies())
    const about = () => `seed ${seed}\n${log.join('\n')}\n${JSON.stringify([...stored], null, 1)}`
    for (const [text, times] of countsOf(await Promise.all(deleted.map(({ text }) => storedAs(text)))))
      assert.ok((stored.get(text) ?? 0) >= times, `deleted and not stored: ${JSON.stringify(text)}, ${about()}`)
    for (const { text, size } of deleted) {
      const octets = (await storedAs(text)).length
      assert.ok(!cameShort(octets, size), `${octets} octets came of ${size}, and it was deleted, ${about()}`)
    }
    if (provider.alike) return
    const arrivals = new Map<string, number>()
    for (const [text, times] of provider.arrivals) {
      const as = await storedAs(text)
      arrivals.set(as, (arrivals.get(as) ?? 0) + times)
    }
    for (const [text, times] of stored)
      assert.ok(
        times <= (arrivals.get(text) ?? 0),
        `stored more often than it came: ${JSON.stringify(text)}, ${about()}`,
      )
    if (ended !== 'well' || falselyEmpty || !takesAll) return
    // What a worker died of three times, or a provider refused to give, is set aside; what is listed under the same id waits a run longer.
    const aside = new Set(world.ledger.entries.map(({ record }) => record.uidl))
    // It may be known by its header under another id, or without one.
    const headers = new Set(
      world.ledger.records.filter(({ state }) => state === 'quarantined').map(({ fingerprint }) => fingerprint?.hash),
    )
    const isAside = ({ text, uidl }: Instance) => {
      const bytes = Buffer.from(text, 'latin1')
      // TOP may have shown another one.
      const shownHeaders = [bytes, world.showsHeader(bytes) ?? bytes].map(headerOf)
      return (
        aside.has(uidl === undefined ? null : uidlHash(uidl as Uidl)) ||
        shownHeaders.some((header) => headers.has(headerFingerprint(fieldsOf(header)).hash))
      )
    }
    const expected = shown.filter((one) => !isAside(one))
    for (const [text, times] of countsOf(await Promise.all(expected.map(({ text }) => storedAs(text)))))
      assert.ok((stored.get(text) ?? 0) >= times, `listed and not stored: ${JSON.stringify(text)}, ${about()}`)
  }

  for (let nth = chance.below(6); nth > 0; nth -= 1) provider.arrive()
  for (let visits = 2 + chance.below(6); visits > 0; visits -= 1) {
    await visit(chance.happens(0.6))
    for (let changes = chance.below(4); changes > 0; changes -= 1) provider.change()
    world.nowMs += chance.below(30) * hour
  }
  await visit(false)
}

async function storedAs(text: string): Promise<string> {
  return (await toCrlf(Buffer.from(text, 'latin1'))).toString('latin1')
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

test('nothing is deleted that is not stored, and nothing stored more often than it came, whatever a provider shows', async (t) => {
  t.diagnostic(`seed ${firstSeed}, ${cases} cases`)
  for (let nth = 0; nth < cases; nth += 1) await play(firstSeed + nth)
})
