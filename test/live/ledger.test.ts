import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Redis } from 'ioredis'
import { ulid } from 'ulid'
import { type Intent, newRecord } from '../../src/ledger/ledger.ts'
import type {
  AccountId,
  MessageNumber,
  Octets,
  RunId,
  ShortHash,
  Sighting,
  Token,
  Uidl,
} from '../../src/mail/message.ts'
import { uidlHash } from '../../src/mail/header.ts'
import { Backlog } from '../../src/pull/backlog.ts'
import type { AccountLedger } from '../../src/pull/ledger-ports.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { countsOf, RedisLedger } from '../../src/redis/ledger.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Quarantine } from '../../src/redis/quarantine.ts'
import { revokeLease } from '../../src/redis/revocations.ts'
import { script } from '../../src/redis/scripts.ts'
import { noCounts } from '../../src/runs/run.ts'
import { startRedis } from '../support/redis.ts'
import { MemoryLedger } from '../support/memory-ledger.ts'

const nowMs = Date.UTC(2026, 10, 10)
let server: Awaited<ReturnType<typeof startRedis>>
let redis: Redis
before(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
after(async () => {
  redis.disconnect()
  await server.stop()
})

const run = { id: '01J0000000000000000000RUN0' as RunId, counts: { ...noCounts(), stored: 7 } }
let accounts = 0
const newAccount = () => `ACCOUNT${(accounts += 1)}` as AccountId

async function leaseOf(id: AccountId, leaseMs = 10_000): Promise<Lease> {
  const lease = await Lease.take(redis, id, leaseMs)
  assert.ok(lease instanceof Lease)
  return lease
}

const hash = (n: number) => n.toString(16).padStart(16, '0') as ShortHash
const token = (n: number) => n.toString(16).padStart(32, '0') as Token

function intentOf(first: number, count: number): Intent {
  const entries = Array.from({ length: count }, (_, nth) => ({
    token: token(first + nth),
    uidl: hash(first + nth),
    fingerprint: { hash: hash(1000 + first + nth), weak: false },
    digest: hash(2000 + first + nth),
    size: 100 + nth,
  }))
  return { id: token(first), folder: 'INBOX', uidValidity: 1, uidNext: 1, entries, writtenAtSeconds: 1 }
}
const tokensOf = (intent: Intent) => new Set(intent.entries.map((entry) => entry.token))

/** What every ledger must do. */
function ledgerContract(name: string, open: () => Promise<{ ledger: AccountLedger; release(): Promise<void> }>): void {
  const contract = (sentence: string, check: (ledger: AccountLedger) => Promise<void>) => {
    test(`${name}: ${sentence}`, async () => {
      const held = await open()
      await check(held.ledger)
      await held.release()
    })
  }

  contract(
    'an intent stays open until it is recorded, and its records come back as they were written',
    async (ledger) => {
      const intent = intentOf(1, 3)
      await ledger.intend(intent)
      assert.deepEqual(await ledger.intents(), [intent])
      const records = await ledger.record(intent, tokensOf(intent))
      assert.deepEqual(await ledger.intents(), [])
      const view = await ledger.view()
      assert.deepEqual([...view.records], records)
      assert.deepEqual(
        records.map(({ index, digest, state }) => [index, digest, state]),
        [
          [0, hash(2001), 'stored'],
          [1, hash(2002), 'stored'],
          [2, hash(2003), 'stored'],
        ],
      )
      assert.deepEqual([view.begun, view.importing], [false, false])
      assert.equal(view.lastSeenMs, nowMs)
    },
  )

  contract('an intent of which the store holds nothing leaves no record', async (ledger) => {
    const intent = intentOf(1, 3)
    await ledger.intend(intent)
    assert.deepEqual(await ledger.record(intent, new Set()), [])
    assert.equal((await ledger.view()).records.length, 0)
    assert.deepEqual(await ledger.intents(), [])
  })

  contract(
    'the first run’s choice is kept with what it skipped; quarantine and skips are records too',
    async (ledger) => {
      const seen = (uidl: string): Sighting => ({
        message: { number: 1 as MessageNumber, uidl: uidl as Uidl, size: 5 as Octets },
        fingerprint: undefined,
        digest: undefined,
        arrived: undefined,
      })
      await ledger.begin([seen('a'), seen('b')], await Backlog.of([seen('a').message]))
      await ledger.skip(seen('c'))
      await ledger.quarantine(seen('d'), { failure: { kind: 'internal', reason: 'it would not' }, attempts: 0 })
      const { records, begun, importing, backlog } = await ledger.view()
      assert.deepEqual([begun, importing], [true, true])
      const messages = [seen('a').message, seen('z').message]
      assert.deepEqual([...((await backlog?.freshAmong(messages, messages)) ?? [])], messages.slice(1))
      assert.deepEqual(
        [...records].map(({ state }) => state),
        ['skipped', 'skipped', 'skipped', 'quarantined'],
      )
    },
  )

  const refusedOf = (n: number): Sighting => ({
    message: { number: n as MessageNumber, uidl: `uidl ${n}` as Uidl, size: (100 + n) as Octets },
    fingerprint: { hash: hash(1000 + n), weak: false },
    digest: hash(2000 + n),
    arrived: undefined,
  })
  const refusal = {
    failure: { kind: 'store refused', during: { code: 'message', number: 1, octets: 10 }, reply: 'NO' },
    attempts: 1,
  } as const
  const intentFor = ({ message, fingerprint, digest }: Sighting): Intent => {
    const [entry] = intentOf(1, 1).entries
    const uidl = message.uidl === undefined ? undefined : uidlHash(message.uidl)
    const sighting = { uidl, size: message.size, fingerprint: fingerprint!, digest: digest! }
    return { ...intentOf(1, 1), entries: [{ ...entry!, ...sighting }] }
  }

  contract('a message that is set aside again keeps its record; one that is stored takes its place', async (ledger) => {
    for (const n of [1, 2, 3]) await ledger.quarantine(refusedOf(n), refusal)
    await ledger.view()
    await ledger.quarantine(refusedOf(2), refusal)
    const { records: setAside } = await ledger.view()
    assert.equal(setAside.length, 3)
    const intent = intentFor(refusedOf(2))
    await ledger.intend(intent)
    const [record] = await ledger.record(intent, tokensOf(intent))
    assert.deepEqual([record?.index, record?.state], [1, 'stored'])
    await ledger.amend([{ ...setAside.at(1), missedListings: 1 }])
    const { records } = await ledger.view()
    assert.deepEqual(
      [...records].map(({ state }) => state),
      ['quarantined', 'stored', 'quarantined'],
    )
    assert.deepEqual(records.at(1), record, 'nor does what was known before overwrite it')
  })

  contract(
    'what a run sets aside is not taken for another message of that run, however alike they are',
    async (ledger) => {
      const nameless = { ...refusedOf(1), message: { ...refusedOf(1).message, uidl: undefined } }
      await ledger.view()
      await ledger.quarantine({ ...nameless, digest: undefined }, refusal)
      const intent = intentFor(nameless)
      await ledger.intend(intent)
      await ledger.record(intent, tokensOf(intent))
      assert.deepEqual(
        [...(await ledger.view()).records].map(({ state }) => state),
        ['quarantined', 'stored'],
      )
    },
  )

  contract('messages of one UIDL and size are not taken for one another: their bytes tell', async (ledger) => {
    for (const digest of [hash(1), hash(2)]) await ledger.quarantine({ ...refusedOf(1), digest }, refusal)
    await ledger.view()
    const entries = [2, 3].flatMap((n) => intentFor({ ...refusedOf(1), digest: hash(n) }).entries)
    const intent = { ...intentOf(1, 1), entries }
    await ledger.intend(intent)
    await ledger.record(intent, tokensOf(intent))
    assert.deepEqual(
      [...(await ledger.view()).records].map(({ state, digest }) => [state, digest]),
      [
        ['quarantined', hash(1)],
        ['stored', hash(2)],
        ['stored', hash(3)],
      ],
    )
  })

  contract(
    'a message whose provider tells another size each time keeps its record: its header tells',
    async (ledger) => {
      const ofSize = (size: number, n = 1): Sighting => ({
        ...refusedOf(n),
        message: { ...refusedOf(1).message, size: size as Octets },
        digest: undefined,
      })
      for (const size of [70, 71]) {
        await ledger.quarantine(ofSize(size), refusal)
        await ledger.view()
      }
      await ledger.quarantine(ofSize(72, 2), refusal)
      assert.deepEqual(
        [...(await ledger.view()).records].map(({ size }) => size),
        [71, 72],
        'under its id, and with another header, it is another message',
      )
      const intent = intentFor({ ...ofSize(73), digest: hash(9) })
      await ledger.intend(intent)
      await ledger.record(intent, tokensOf(intent))
      assert.deepEqual(
        [...(await ledger.view()).records].map(({ state, size }) => [state, size]),
        [
          ['stored', 73],
          ['quarantined', 72],
        ],
      )
    },
  )

  contract('the size of the next windows is noted, and let go of again', async (ledger) => {
    assert.equal((await ledger.view()).window, undefined)
    await ledger.noteWindow({ messages: 24, came: 99 })
    assert.deepEqual((await ledger.view()).window, { messages: 24, came: 99 })
    await ledger.noteWindow(undefined)
    assert.equal((await ledger.view()).window, undefined)
  })

  contract('who set out and did not return is a death to the next, and who returned is none', async (ledger) => {
    assert.deepEqual((await ledger.view()).deaths, 0)
    await ledger.setOut({ uidl: hash(1), size: 7, place: 3 })
    assert.equal((await ledger.view()).deaths, 0, 'not to itself')
    const suspects = [
      { uidl: hash(1), size: 7, place: 3, failures: 2 },
      { uidl: undefined, size: 8, place: 4, failures: 1 },
    ]
    await ledger.returned(suspects)
    const read = (await ledger.view()).suspects
    assert.deepEqual(
      read.map(({ uidl, size, place, failures }) => ({ uidl, size, place, failures })),
      suspects,
    )
  })

  contract('what is recorded at once goes to places of its own', async (ledger) => {
    const intents = [intentOf(1, 2), intentOf(11, 3)]
    for (const intent of intents) await ledger.intend(intent)
    await ledger.view()
    const recorded = await Promise.all(intents.map((intent) => ledger.record(intent, tokensOf(intent))))
    assert.deepEqual([...(await ledger.view()).records], recorded.flat())
  })

  contract('amended records change in place; forgotten ones are gone and the rest move up', async (ledger) => {
    const intent = intentOf(1, 5)
    await ledger.intend(intent)
    const records = await ledger.record(intent, tokensOf(intent))
    const changed = { ...records[1]!, missedListings: 2, missingSinceSeconds: 77, deletedAtSource: true }
    await ledger.amend([changed])
    assert.deepEqual((await ledger.view()).records.at(1), changed)
    await ledger.forget([records[0]!, records[3]!])
    const left = [...(await ledger.view()).records]
    assert.deepEqual(
      left.map(({ index, uidl }) => [index, uidl]),
      [
        [0, hash(2)],
        [1, hash(3)],
        [2, hash(5)],
      ],
    )
    const more = intentOf(9, 1)
    await ledger.intend(more)
    assert.equal((await ledger.record(more, tokensOf(more)))[0]?.index, 3)
  })
}

ledgerContract('memory', async () => ({
  ledger: new MemoryLedger({ nowMs, effect: (_name, act) => act() }),
  release: async () => {},
}))
ledgerContract('redis', async () => {
  const lease = await leaseOf(newAccount())
  return { ledger: new RedisLedger(redis, lease, () => nowMs, run), release: () => lease.release() }
})

test('messages that are tried again, and fail or are stored, are no reason to read the whole quarantine for each', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  let atMs = nowMs
  const ledger = new RedisLedger(redis, lease, () => atMs, run)
  const sighting = (n: number): Sighting => ({
    message: { number: n as MessageNumber, uidl: `uidl ${n}` as Uidl, size: 5 as Octets },
    fingerprint: undefined,
    digest: undefined,
    arrived: undefined,
  })
  const failure = { kind: 'provider refused', server: 'pop.example.net', during: 'RETR', reply: 'no' } as const
  const numbers = Array.from({ length: 20 }, (_, nth) => nth)
  for (const n of numbers) await ledger.quarantine(sighting(n), { failure, attempts: 3 })
  atMs += 30 * 86_400_000
  assert.equal((await ledger.view()).retries.size, 20)
  const readings = async () => Number(/cmdstat_hvals:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
  const before = await readings()
  for (const n of numbers) await ledger.quarantine(sighting(n), { failure, attempts: 1 })
  assert.equal((await readings()) - before, 0)
  const { items } = await new Quarantine(redis).page(id, { limit: 100 })
  assert.deepEqual([items.length, ...new Set(items.map(({ attempts }) => attempts))], [20, 4])
  await lease.release()
})

test('runs that set out and whose worker died are counted, with what the last one retrieved; a run that was merely superseded is none', async () => {
  const id = newAccount()
  const die = async (place: number) => {
    const lease = await leaseOf(id)
    const ledger = new RedisLedger(redis, lease, () => nowMs, run)
    await ledger.view()
    await ledger.setOut({ uidl: hash(place), size: 1, place })
    await lease.release()
    return ledger
  }
  const frozen = await die(1)
  await die(2)
  await die(3)
  const lease = await leaseOf(id)
  const ledger = new RedisLedger(redis, lease, () => nowMs, run)
  const { deaths, alone } = await ledger.view()
  assert.deepEqual([deaths, alone], [3, { name: { uidl: hash(3), size: 1, place: 3 }, times: 1, withRedis: false }])
  const notesKey = keys.ledgerNotes(id)
  const notes = await redis.hgetall(notesKey)
  const [, last] = Object.entries(notes).findLast(([, note]) => note.includes('"place":3')) ?? []
  // It was alone twice, and Redis was started anew since: so says the name of the one that kept the note.
  const elder = JSON.stringify({ ...(JSON.parse(last ?? '') as object), keeper: 'elder' })
  for (const field of Object.keys(notes))
    if (field.startsWith('out') && !notes[field]?.includes('"place":1')) await redis.hset(notesKey, field, elder)
  const twice = (await ledger.view()).alone
  assert.deepEqual([twice?.times, twice?.withRedis], [2, true])
  await frozen.returned([])
  assert.equal((await ledger.view()).deaths, 2, 'it was alive all the time')
  await ledger.setOut()
  await ledger.returned([])
  await lease.release()
  const next = await leaseOf(id)
  assert.equal((await new RedisLedger(redis, next, () => nowMs, run).view()).deaths, 0)
  await next.release()
})

test('an entry keeps its id and when it was first seen; a wish outlasts what a run did not know of', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  let atMs = nowMs
  const ledger = new RedisLedger(redis, lease, () => atMs, run)
  const quarantine = new Quarantine(redis)
  const sighting = (n: number): Sighting => ({
    message: { number: n as MessageNumber, uidl: `uidl ${n}` as Uidl, size: 5 as Octets },
    fingerprint: undefined,
    digest: undefined,
    arrived: undefined,
  })
  const reason = { failure: { kind: 'internal', reason: 'It would not' }, attempts: 1 } as const
  for (const n of [1, 2, 3]) await ledger.quarantine(sighting(n), reason)
  const first = (await quarantine.page(id, { limit: 10 })).items
  assert.deepEqual(
    first.map(({ uidl, attempts, firstSeenAt, reason: { message } }) => [uidl, attempts, firstSeenAt, message]),
    [1, 2, 3].map((n) => [`uidl ${n}`, 1, new Date(nowMs).toISOString(), 'It would not.']),
  )
  const [one, two, three] = first.map((entry) => entry.id) as [string, string, string]
  assert.equal(await quarantine.retry(id, [one]), 1)
  assert.deepEqual([...(await ledger.view()).retries], [[0, 0]])
  assert.equal(await quarantine.retry(id, [one]), 1, 'wished for again while that run is at work')
  atMs += 1000
  await ledger.quarantine(sighting(1), reason)
  const again = await quarantine.get(id, one)
  assert.deepEqual([again?.attempts, again?.firstSeenAt], [2, first[0]?.firstSeenAt])
  assert.deepEqual([...(await ledger.view()).retries], [[0, 0]], 'the second wish is there still')
  await ledger.quarantine(sighting(1), reason)
  assert.deepEqual([...(await ledger.view()).retries], [])

  assert.equal(await quarantine.dismiss(id, [two]), 1)
  assert.deepEqual([await quarantine.get(id, two), await quarantine.retry(id, [two])], [undefined, 0])
  assert.equal((await quarantine.page(id, { limit: 10 })).items.length, 2)
  assert.equal((await ledger.view()).records.at(1).state, 'skipped')
  assert.equal(await redis.hexists(keys.quarantine(id), two), 0)

  await quarantine.retry(id, [three])
  await ledger.forget([(await ledger.view()).records.at(2)])
  assert.equal(await quarantine.get(id, three), undefined, 'it goes with its record')
  assert.deepEqual(await quarantine.retries(id), new Set())
  await lease.release()
})

test('very many that are let go of at once are noted and carried out in pieces: no call is large', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  const ledger = new RedisLedger(redis, lease, () => nowMs, run)
  const many = 2.5 * redisLimits.recordsPerCall
  const all = Array.from({ length: many }, (_, nth) => ({
    id: ulid(nowMs + nth),
    record: newRecord('quarantined', { uidl: hash(nth), fingerprint: undefined, digest: undefined, size: 5 }, nowMs),
  }))
  await ledger.adopt(all.map(({ record }) => record))
  const entries = all.map(({ id: entryId, record: { uidl, size } }) => {
    const reason = { kind: 'internal', message: 'No.' }
    const firstSeenAt = new Date(nowMs).toISOString()
    return [entryId, JSON.stringify({ id: entryId, size, firstSeenAt, reason, record: { uidl, digest: null } })]
  })
  await redis.hset(keys.quarantine(id), ...entries.flat())
  let most = 0
  const send = redis.sendCommand.bind(redis)
  redis.sendCommand = (command, ...rest) => {
    most = Math.max(most, command.args.length)
    return send(command, ...rest)
  }
  assert.equal(
    await new Quarantine(redis).dismiss(
      id,
      all.map((entry) => entry.id),
    ),
    many,
  )
  assert.ok(most < redisLimits.recordsPerCall + 20, `${most} arguments note it`)
  most = 0
  const { records } = await ledger.view()
  redis.sendCommand = send
  assert.ok(most < 3 * (redisLimits.recordsPerCall + 3) + 20, `${most} arguments carry it out`)
  assert.ok(all.every((_entry, nth) => records.stateAt(nth) === 'skipped'))
  assert.equal(await redis.exists(keys.quarantine(id), keys.asideOrder(id)), 0)
  await lease.release()
})

test('recording the same intent twice, as after a lost answer, makes no second record', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  const intent = intentOf(1, 3)
  const first = new RedisLedger(redis, lease, () => nowMs, run)
  await first.intend(intent)
  await first.view()
  const again = new RedisLedger(redis, lease, () => nowMs, run)
  await again.view()
  await first.record(intent, tokensOf(intent))
  await again.record(intent, tokensOf(intent))
  assert.equal((await first.view()).records.length, 3)
  await lease.release()
})

test('two that were recorded at once, and said again in their order after a lost answer, make no more records', async () => {
  const lease = await leaseOf(newAccount())
  const intents = [intentOf(1, 3), intentOf(11, 2)]
  const [first, again] = [0, 1].map(() => new RedisLedger(redis, lease, () => nowMs, run)) as [RedisLedger, RedisLedger]
  await Promise.all([first.view(), again.view()])
  for (const ledger of [first, again])
    await Promise.all(intents.map((intent) => ledger.record(intent, tokensOf(intent))))
  assert.equal((await first.view()).records.length, 5)
  const other = new RedisLedger(redis, lease, () => nowMs, run)
  await other.view()
  await first.record(intentOf(21, 1), tokensOf(intentOf(21, 1)))
  await assert.rejects(other.record(intentOf(31, 1), tokensOf(intentOf(31, 1))), /expected 200/)
  await lease.release()
})

test('100,000 messages cost 40 octets each', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  const ledger = new RedisLedger(redis, lease, () => nowMs, run)
  for (let first = 0; first < 100_000; first += 10_000) {
    const intent = intentOf(first, 10_000)
    await ledger.record(intent, tokensOf(intent))
  }
  assert.equal(await redis.strlen(keys.ledger(id)), 4_000_000)
  assert.equal((await ledger.view()).records.length, 100_000)
  const memory = Number(await redis.memory('USAGE', keys.ledger(id)))
  assert.ok(memory < 8_500_000, `${memory} octets in memory`)
  await lease.release()
})

test('one lease at a time; the next one has a higher fence', async () => {
  const id = newAccount()
  const first = await leaseOf(id)
  const left = await Lease.take(redis, id, 10_000)
  assert.ok(typeof left === 'number' && left > 0 && left <= 10_000)
  await first.release()
  const second = await leaseOf(id)
  assert.ok(second.fence > first.fence)
  await second.release()
})

test('a fence that is given out twice makes no two equal holders', async () => {
  const id = newAccount()
  const before = await leaseOf(id)
  // What a Redis knows that was put back, or whose master is another one now.
  await redis.del(keys.lease(id))
  await redis.decr(keys.fence(id))
  const after = await leaseOf(id)
  assert.equal(after.fence, before.fence)
  assert.notEqual(after.holder, before.holder)
  assert.match(after.holder, /^\d+-[0-9a-f]{16}$/)
  const ledger = new RedisLedger(redis, before, () => nowMs, run)
  await assert.rejects(ledger.begin([], await Backlog.of([])), /took this account over/)
  await before.release()
  assert.equal(await redis.get(keys.lease(id)), after.holder)
  await after.release()
})

test('a lease that was taken by an earlier version is waited for, and taken from its run', async () => {
  const id = newAccount()
  await redis.set(keys.lease(id), '7', 'PX', 10_000)
  const left = await Lease.take(redis, id, 10_000)
  assert.ok(typeof left === 'number' && left > 0)
  await revokeLease(redis, id)
  assert.equal(await redis.get(keys.lease(id)), 'revoked 7')
})

test('a lease whose answer was lost is given again to the one that asks', async () => {
  const id = newAccount()
  const takeLease = script<[number, number]>('take-lease', 6)
  const own = [keys.ledgerNotes, keys.intents, keys.spool].map((name) => name(id))
  const take = async (random: string) =>
    await takeLease(redis, [keys.lease(id), keys.fence(id), keys.format, ...own], [10_000, nowMs, random])
  const [fence] = await take('00000000000000aa')
  assert.deepEqual((await take('00000000000000aa')).slice(0, 2), [fence, 0])
  assert.equal((await take('00000000000000bb'))[0], 0)
})

test('a lease that was lost writes nothing: every ledger call fails as superseded', async () => {
  const id = newAccount()
  const zombie = await leaseOf(id)
  const ledger = new RedisLedger(redis, zombie, () => nowMs, run)
  await ledger.view()
  // What a frozen process meets when it thaws: its lease has run out and another one holds it.
  await redis.del(keys.lease(id))
  const next = await leaseOf(id)
  const intent = intentOf(1, 2)
  const writes = [
    () => ledger.intend(intent),
    () => ledger.record(intent, tokensOf(intent)),
    async () => await ledger.begin([], await Backlog.of([])),
  ]
  for (const write of writes) await assert.rejects(write, /took this account over/)
  assert.equal(await redis.exists(keys.ledger(id), keys.intents(id)), 0)
  await zombie.release()
  assert.equal(await redis.get(keys.lease(id)), next.holder, 'releasing a lost lease leaves the new one')
  await next.release()
})

test('a lease that cannot be renewed says so', async () => {
  const id = newAccount()
  const lease = await leaseOf(id, 400)
  const lost = new Promise((resolve) => lease.lost.addEventListener('abort', resolve, { once: true }))
  await redis.set(keys.lease(id), 'another')
  await lost
  assert.match(String(lease.lost.reason), /took this account over/)
})

test('a ledger that grows run by run takes little more memory than its records', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  const ledger = new RedisLedger(redis, lease, () => nowMs, run)
  for (let nth = 0; nth < 20; nth += 1) {
    const message = { uidl: hash(nth), fingerprint: { hash: hash(nth), weak: false }, digest: hash(nth), size: 5 }
    await ledger.adopt([newRecord('stored', message, nowMs)])
  }
  await lease.release()
  assert.equal(await redis.strlen(keys.ledger(id)), 20 * 40)
  const octets = Number(await redis.call('MEMORY', 'USAGE', keys.ledger(id)))
  assert.ok(octets < 20 * 40 * 1.25 + 150, `${octets} octets`)
})

test('what a run had counted by its last write is there for whoever goes on with it, and for no other run', async () => {
  const id = newAccount()
  const lease = await leaseOf(id)
  assert.equal(await countsOf(redis, id, run.id), undefined)
  await new RedisLedger(redis, lease, () => nowMs, run).intend(intentOf(1, 2))
  assert.deepEqual(await countsOf(redis, id, run.id), run.counts)
  assert.equal(await countsOf(redis, id, '01J0000000000000000000RUN1' as RunId), undefined)
  await lease.release()
})
