import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pullLimits } from '../../src/pull/limits.ts'
import { uidlHash } from '../../src/mail/header.ts'
import type { Uidl } from '../../src/mail/message.ts'
import { noCounts } from '../../src/runs/run.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { Crash, letter, type ProviderMessage, TestWorld } from '../support/world.ts'

const subjects = ['one', 'two', 'three', 'four', 'five', 'six', 'seven']
const letters = subjects.map((subject) => letter(subject))
const asText = (messages: readonly Buffer[]) => messages.map((bytes) => bytes.toString('latin1')).toSorted()
const provider = (): ProviderMessage[] => letters.map((bytes, nth) => ({ bytes, uidl: `u${nth}` }))
const day = 86_400_000

test('a pull stores every message once, and the next one nothing', async () => {
  const world = new TestWorld(provider())
  const counts = await world.pull()
  const bytes = letters.reduce((sum, { length }) => sum + length, 0)
  assert.deepEqual(counts, { ...noCounts(), listed: 7, stored: 7, bytes })
  assert.deepEqual(world.bodies().toSorted(), asText(letters))
  assert.deepEqual(await world.pull(), { ...noCounts(), listed: 7 })
  assert.equal(world.stored.length, 7)
  assert.deepEqual(world.effects, ['quit'], 'a run with nothing to do writes nothing')
  assert.equal(world.released, 3, 'every window gives back its room')
})

/** How long each append takes, in turns of the event loop. */
const paces = { 'at once': () => 0, 'now and then slowly': (nth: number) => (nth % 2) * 5, slowly: () => 20 }

for (const retention of [{ mode: 'keep' }, { mode: 'delete' }] as const) {
  for (const when of ['before', 'after'] as const) {
    for (const [pace, appendTakes] of Object.entries(paces)) {
      test(`a crash ${when} any effect loses no mail and doubles none (${retention.mode}, appends ${pace})`, async () => {
        const rehearsal = new TestWorld(provider())
        rehearsal.appendTakes = appendTakes
        await rehearsal.pull({ retention })
        const effects = [...rehearsal.effects]
        assert.ok(effects.length > 12, `only ${effects.length} effects`)
        for (let nth = 0; nth < effects.length; nth += 1) {
          const at = `after a crash ${when} effect ${nth}, ${effects[nth]}`
          const world = new TestWorld(provider())
          world.appendTakes = appendTakes
          world.crash = { when, nth }
          await assert.rejects(world.pull({ retention }), Crash, at)
          const kept = new Set(world.provider.map(({ bytes }) => bytes.toString('latin1')))
          for (const text of asText(letters)) assert.ok(kept.has(text) || world.bodies().includes(text), `lost ${at}`)
          world.crash = undefined
          await world.pull({ retention })
          assert.deepEqual(world.bodies().toSorted(), asText(letters), at)
          assert.equal(world.provider.length, retention.mode === 'delete' ? 0 : 7, at)
          assert.equal(world.ledger.open.size, 0, at)
        }
      })
    }
  }
}

test('an intent is written while the batch before it is being appended; appends and records come in the order of the maildrop', async () => {
  const world = new TestWorld(provider())
  world.appendTakes = paces.slowly
  await world.pull()
  const { effects } = world
  const upTo = (nth: number, name: string) => effects.slice(0, nth + 1).filter((effect) => effect === name).length
  for (const [nth, effect] of effects.entries()) {
    if (effect === 'append') assert.ok(upTo(nth, 'intend') >= upTo(nth, 'append'), effects.join())
    if (effect === 'record') assert.ok(upTo(nth, 'append') >= upTo(nth, 'record'), effects.join())
  }
  assert.match(effects.join(), /intend,intend,append,record/)
  assert.deepEqual(world.bodies(), letters.map(String))
  assert.deepEqual(
    [...world.ledger.records].map(({ uidl }) => uidl),
    provider().map(({ uidl }) => uidlHash(uidl as Uidl)),
  )
  assert.ok(effects.filter((effect) => effect === 'prepare').length < 4, 'APPENDUID tells where the folder stands')
})

test('a run whose provider hangs up ends only when what is being stored has been recorded', async () => {
  const world = new TestWorld(provider())
  world.appendTakes = () => 50
  world.dropsAfterWindows = 1
  const counts = noCounts()
  await assert.rejects(world.pullInto(counts), /hung up/)
  assert.deepEqual([counts.stored, world.stored.length, world.ledger.records.length], [3, 3, 3])
  assert.equal(world.ledger.open.size, 0)
})

test('batches between which the folder got another UIDVALIDITY are each delivered under their own', async () => {
  const world = new TestWorld(provider())
  world.batch = { messages: 1, octets: 1_000_000 }
  world.appendTakes = (nth) => {
    world.uidValidity = 7 + (nth % 3 === 2 ? 1 : 0)
    return 0
  }
  await world.pull()
  assert.deepEqual(world.bodies(), letters.map(String))
})

test('of a store that tells no UIDs people are shown all the same what came', async () => {
  const world = new TestWorld(provider())
  world.hasUidPlus = false
  await world.pull()
  assert.deepEqual(world.bodies(), letters.map(String))
  assert.deepEqual(
    world.arrivals.map(({ uid }) => uid),
    letters.map(() => undefined),
  )
})

test('one message that the store refuses is found in a large batch by halving it', async () => {
  const many = Array.from({ length: 250 }, (_, nth) => letter(`nth-${nth}`))
  const world = new TestWorld(many.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  world.window = 250
  world.batch = { messages: 250, octets: 1_000_000 }
  world.refuses = (literal) => literal.includes('Subject: nth-77\r')
  const counts = await world.pull()
  assert.deepEqual([counts.stored, counts.deferred, counts.quarantined], [249, 1, 0])
  assert.equal(world.effects.filter((effect) => effect === 'append').length, 1 + 2 * 8)
})

test('an append whose answer was lost is found again by its token and counted as recovered', async () => {
  const world = new TestWorld(provider())
  world.crash = { when: 'after', nth: 4 }
  await assert.rejects(world.pull(), Crash)
  assert.equal(world.effects.at(-1), 'append')
  world.crash = undefined
  const counts = await world.pull()
  assert.equal(counts.recovered, 2)
  assert.equal(counts.stored, 5)
})

test('two equal messages are two', async () => {
  const twin = letter('twin')
  const world = new TestWorld([
    { bytes: twin, uidl: 'a' },
    { bytes: twin, uidl: 'b' },
  ])
  await world.pull()
  assert.equal(world.stored.length, 2)
  await world.pull({ retention: { mode: 'delete' } })
  assert.equal(world.stored.length, 2)
  assert.equal(world.provider.length, 0)
})

test('messages that share a UIDL are all stored, once, however often they are listed', async () => {
  const world = new TestWorld(letters.map((bytes) => ({ bytes, uidl: 'same' })))
  await world.pull()
  await world.pull()
  assert.deepEqual(world.bodies().toSorted(), asText(letters))
  world.provider.push({ bytes: letter('new'), uidl: 'same' })
  assert.equal((await world.pull()).stored, 1)
})

test('another message under the same header and UIDL is not deleted for the first one, but fetched', async () => {
  const [first, second] = [letter('order', { body: 'first' }), letter('order', { body: 'second, and longer' })]
  const world = new TestWorld([{ bytes: first, uidl: 'a' }])
  await world.pull()
  world.provider = [{ bytes: second, uidl: 'a' }]
  await world.pull()
  assert.equal(world.provider.length, 1)
  assert.equal((await world.pull({ retention: { mode: 'delete' } })).stored, 1)
  assert.deepEqual(world.bodies(), asText([first, second]))
  assert.deepEqual(world.provider, [], 'and then it is')
})

test('a size that changed keeps no message from being deleted: its bytes prove it', async () => {
  const world = new TestWorld([{ bytes: letter('a'), uidl: 'a', size: 100 }])
  await world.pull()
  world.provider = [{ bytes: letter('a'), uidl: 'a', size: 101 }]
  await world.pull()
  assert.deepEqual(world.retrievedUidls, ['a'], 'known by its header')
  const run = await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual([run.stored, run.deleted, world.retrievedUidls.length], [0, 1, 2])
})

for (const canPeek of [true, false]) {
  test(`a server without UIDL${canPeek ? '' : ' and TOP'} is known by its messages`, async () => {
    const world = new TestWorld(letters.map((bytes) => ({ bytes, uidl: undefined })))
    world.canPeek = canPeek
    await world.pull()
    world.provider.reverse()
    assert.equal((await world.pull()).stored, 0)
    assert.equal(world.stored.length, 7)
    assert.equal((await world.pull({ retention: { mode: 'delete' } })).deleted, 7)
  })
}

/** As mbox servers keep it: mailutils and qpopper write into the header what becomes of a message, and give it out with that. */
const noted = (bytes: Buffer, status: string, nth: number) =>
  Buffer.from(bytes.toString('latin1').replace('\r\n\r\n', `\r\nX-UID: ${nth}\r\nStatus: ${status}\r\n\r\n`), 'latin1')

test('a provider that notes in a message that it was fetched shows the same message all the same', async () => {
  const weak = ['x', 'y'].map((body) => Buffer.from(`Subject: same\r\n\r\n${body}\r\n`))
  const all = [...letters, ...weak, letter('one'), weak[0] as Buffer]
  const shown = (status: string) => all.map((bytes, nth) => ({ bytes: noted(bytes, status, nth), uidl: `u${nth}` }))
  const world = new TestWorld(shown('O'))
  assert.equal((await world.pull()).stored, all.length)
  world.provider = shown('RO')
  assert.equal((await world.pull()).stored, 0, 'nor where its header proves nothing, or is another one’s too')
  world.provider = shown('ROA')
  const run = await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual([run.stored, run.deleted, world.provider.length], [0, all.length, 0])
})

test('a provider that renames every message overnight has nothing fetched twice', async () => {
  const world = new TestWorld(provider())
  await world.pull()
  world.provider = world.provider.map(({ bytes }, nth) => ({ bytes, uidl: `moved-${nth}` }))
  world.retrievedUidls.length = 0
  assert.equal((await world.pull()).stored, 0)
  assert.deepEqual(world.retrievedUidls, [])
  await world.pull()
  assert.deepEqual(world.effects, ['quit'], 'the new names are learnt')
})

test('a message that was renamed and deleted in one run, and kept by the provider all the same, is not stored again', async () => {
  const world = new TestWorld(provider())
  await world.pull()
  world.provider = world.provider.map(({ bytes }, nth) => ({ bytes, uidl: `moved-${nth}` }))
  const kept = [...world.provider]
  assert.equal((await world.pull({ retention: { mode: 'delete' } })).deleted, 7)
  world.provider = kept
  assert.equal((await world.pull()).stored, 0)
  assert.equal(world.stored.length, 7)
})

test('a UIDL given to another message: that one is fetched, and never deleted for the first one', async () => {
  const world = new TestWorld([{ bytes: letter('first', { body: 'aa' }), uidl: 'u' }])
  await world.pull()
  const other = letter('other', { body: 'aa' })
  assert.equal(other.length, letter('first', { body: 'aa' }).length)
  world.provider = [{ bytes: other, uidl: 'u' }]
  const counts = await world.pull({ retention: { mode: 'delete' } })
  assert.equal(counts.stored, 1)
  assert.equal(world.bodies().at(-1), other.toString('latin1'))
})

test('a size that LIST gives otherwise at every session fetches nothing twice', async () => {
  const world = new TestWorld(provider())
  await world.pull()
  world.provider = world.provider.map((message) => ({ ...message, size: message.bytes.length + 17 }))
  assert.equal((await world.pull()).stored, 0)
})

test('mail without Message-ID or Date is told apart by its bytes', async () => {
  const bare = ['x', 'y'].map((body) => Buffer.from(`Subject: same\r\n\r\n${body}\r\n`))
  const world = new TestWorld(bare.map((bytes) => ({ bytes, uidl: 'same' })))
  await world.pull()
  await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual(world.bodies().toSorted(), asText(bare))
  assert.equal(world.provider.length, 0)
})

test('keepDays leaves a message at the provider for that many days', async () => {
  const retention = { mode: 'keepDays', days: 14 } as const
  const world = new TestWorld(provider())
  await world.pull({ retention })
  world.nowMs += 14 * day - 1000
  assert.equal((await world.pull({ retention })).deleted, 0)
  world.nowMs += 2000
  world.steady = false
  assert.equal((await world.pull({ retention })).deleted, 0, 'a clock that jumped deletes nothing by age')
  world.steady = true
  assert.equal((await world.pull({ retention })).deleted, 7)
  assert.equal(world.provider.length, 0)
})

test('a changed retention holds for everything already stored too', async () => {
  const world = new TestWorld(provider())
  await world.pull()
  assert.equal((await world.pull({ retention: { mode: 'delete' } })).deleted, 7)
  assert.deepEqual(world.retrievedUidls.length, 7, 'their headers were proof enough')
})

test('firstRun onlyNew leaves what is there, for good, and never deletes it', async () => {
  const firstRun = { mode: 'onlyNew' } as const
  const world = new TestWorld(provider())
  assert.equal((await world.pull({ firstRun })).stored, 0)
  world.provider.push({ bytes: letter('new'), uidl: 'n' })
  const counts = await world.pull({ firstRun, retention: { mode: 'delete' } })
  assert.equal(counts.stored, 1)
  assert.equal(counts.deleted, 1)
  assert.equal(world.provider.length, 7)
})

for (const canPeek of [true, false]) {
  test(`firstRun lastDays takes what arrived within them (${canPeek ? 'by TOP' : 'without TOP'})`, async () => {
    const firstRun = { mode: 'lastDays', days: 30 } as const
    const world = new TestWorld([
      { bytes: letter('old', { date: 'Thu, 1 Oct 2026 10:00:00 +0000' }), uidl: 'o' },
      { bytes: letter('young', { date: 'Sun, 1 Nov 2026 10:00:00 +0000' }), uidl: 'y' },
    ])
    world.canPeek = canPeek
    assert.equal((await world.pull({ firstRun })).stored, 1)
    assert.match(world.bodies()[0] ?? '', /Subject: young/)
    world.provider.push({ bytes: letter('backdated', { date: 'Thu, 1 Oct 2026 10:00:00 +0000' }), uidl: 'b' })
    assert.equal((await world.pull({ firstRun })).stored, 1, 'what comes later is new, whatever its date')
    assert.equal((await world.pull({ firstRun })).stored, 0)
  })
}

test('a message that the store refuses blocks nothing, stays at the provider, and is set aside after three failures', async () => {
  const world = new TestWorld(provider())
  world.refuses = (literal) => literal.includes('Subject: three')
  const counts = await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual([counts.stored, counts.deferred, counts.quarantined, counts.deleted], [6, 1, 0, 6])
  await assert.rejects(
    world.pull(),
    /refused message \d of the maildrop \([\d,]+ octets\): "NO Message contains invalid header"/,
  )
  assert.equal((await world.pull()).quarantined, 1)
  assert.deepEqual(
    world.provider.map(({ uidl }) => uidl),
    ['u2'],
  )
  assert.deepEqual(await world.pull(), { ...noCounts(), listed: 1 }, 'and is not fetched again by itself')
})

test('a message larger than the account takes is never retrieved, until the account takes larger ones', async () => {
  const world = new TestWorld([...provider(), { bytes: letter('big', { body: 'x'.repeat(5000) }), uidl: 'big' }])
  const counts = await world.pull({ maxMessageBytes: 1000 })
  assert.deepEqual([counts.stored, counts.quarantined], [7, 1])
  assert.ok(!world.retrievedUidls.includes('big'))
  assert.equal((await world.pull({ maxMessageBytes: 1000 })).quarantined, 0)
  assert.equal((await world.pull({ maxMessageBytes: 10_000 })).stored, 1)
  assert.equal((await world.pull({ maxMessageBytes: 10_000 })).stored, 0)
})

test('a message that the provider lists and does not give costs the others nothing, and fails a run that brings nothing else', async () => {
  const world = new TestWorld(provider())
  world.withholds.add('u3')
  const retention = { mode: 'delete' } as const
  const counts = await world.pull({ retention })
  assert.deepEqual([counts.stored, counts.deleted, counts.deferred], [6, 6, 1])
  await assert.rejects(world.pull({ retention }), (thrown) => {
    assert.ok(thrown instanceof SessionFailed)
    assert.equal(thrown.failure.kind, 'provider refused')
    return true
  })
  assert.deepEqual(
    world.provider.map(({ uidl }) => uidl),
    ['u3'],
  )
})

test('a message that ended the worker is set aside, and its entry says how many times', async () => {
  const { length } = letters[3] as Buffer
  const diedAt = async (size: number, { ids = 'u', times = 4 } = {}) => {
    const world = new TestWorld(provider().map((message, nth) => ({ ...message, uidl: `${ids}${nth}` })))
    for (let run = -1 - times; run < -1; run += 1)
      world.ledger.out.set(run, { uidl: uidlHash(`${ids}3` as Uidl), size, place: 4 })
    const counts = await world.pull()
    return { world, ended: [counts.stored, counts.quarantined] }
  }
  // The provider may have told no size of it then.
  for (const size of [length, 0]) {
    const { world, ended } = await diedAt(size)
    assert.deepEqual(ended, [6, 1])
    const { attempts, reason } = world.ledger.entries[0] ?? {}
    assert.deepEqual([attempts, reason?.message], [4, 'Its retrieval ended the worker 4 times.'])
  }
  const other = length + 7
  assert.deepEqual((await diedAt(other)).ended, [7, 0], 'where ids are positions, it may be another message')
  assert.deepEqual((await diedAt(other, { times: pullLimits.deathsUnderOneId + 1 })).ended, [6, 1], 'it dies on and on')
  assert.deepEqual((await diedAt(other, { ids: 'x9' })).ended, [6, 1], 'its id lasts, and its size does not')
})

test('a worker that is asked to stop finishes the batch in hand, deletes what it has proven, and goes on next time', async () => {
  const world = new TestWorld(provider())
  world.stopAfterWindows = 0
  const counts = noCounts()
  await assert.rejects(world.pullInto(counts, { retention: { mode: 'delete' } }), /stopped/)
  assert.deepEqual([counts.stored, counts.deleted], [3, 3])
  world.stopAfterWindows = Number.POSITIVE_INFINITY
  await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual(world.bodies().toSorted(), asText(letters))
})

test('a false empty maildrop forgets nothing, and a vanished message is forgotten after 30 days of absence', async () => {
  const world = new TestWorld(provider())
  await world.pull()
  const all = world.provider
  world.provider = []
  for (let visit = 0; visit < 5; visit += 1) {
    world.nowMs += 20 * day
    await world.pull()
  }
  world.provider = all
  assert.equal((await world.pull()).stored, 0)
  world.provider = all.slice(1)
  for (let visit = 0; visit < 3; visit += 1) await world.pull()
  assert.equal(world.ledger.records.length, 7)
  world.nowMs += pullLimits.forgetAfterMs + 1000
  await world.pull()
  assert.equal(world.ledger.records.length, 6)
})

test('an account without trace stores the token line alone; flags and arrival go with the message', async () => {
  const world = new TestWorld([{ bytes: letter('one'), uidl: 'u' }])
  await world.pull({ trace: false, flags: ['\\Flagged'] })
  const [only] = world.stored
  assert.match(
    only?.literal.toString('latin1') ?? '',
    /^X-Tributary-Id: [0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{32}\r\nMessage-ID/,
  )
  assert.deepEqual(only?.flags, ['\\Flagged'])
  assert.equal(only?.internalDate.toISOString(), '2026-11-03T09:00:00.000Z')
})

test('of a batch that the store kept in part when it was killed, that part is recorded and the rest transferred', async () => {
  const fresh = () => {
    const made = new TestWorld(provider())
    made.batch = { messages: 10, octets: 1_000_000 }
    made.window = 10
    return made
  }
  const rehearsal = fresh()
  await rehearsal.pull({ retention: { mode: 'delete' } })
  const world = fresh()
  world.crash = { when: 'after', nth: rehearsal.effects.indexOf('append') }
  await assert.rejects(world.pull({ retention: { mode: 'delete' } }), Crash)
  // Dovecot's mdbox, which found 162 of 250 when it rebuilt its index.
  for (const messages of world.staged.values()) messages.splice(4)
  world.crash = undefined
  const counts = await world.pull({ retention: { mode: 'delete' } })
  assert.deepEqual([counts.recovered, counts.stored, counts.deleted], [4, 3, 7])
  assert.deepEqual(world.bodies().toSorted(), asText(letters))
})
