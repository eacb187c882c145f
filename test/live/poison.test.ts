import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { MessageNumber, Octets, Uidl } from '../../src/mail/message.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { messageName } from '../../src/pull/message-name.ts'
import { keys } from '../../src/redis/key-names.ts'
import { noCounts, type Run } from '../../src/runs/run.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { startPoisonedWorker } from '../support/poisoned.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { Crash, letter, TestWorld } from '../support/world.ts'

const leaseMs = 1500
const subjects = Array.from({ length: 8 }, (_, nth) => `nth-${nth + 1}`)
const letters = subjects.map((subject) => letter(subject))
const messages = letters.map((bytes, nth) => ({ bytes, uidl: `uidl-of-${nth + 1}` }))
const asText = (all: readonly Buffer[]) => all.map((bytes) => bytes.toString('latin1')).toSorted()
const without = (...nths: number[]) => asText(letters.filter((_, nth) => !nths.includes(nth + 1)))

let stack: Stack
let provider: TestDovecot
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startDovecot({ poisoned: 'secret' }, { poisoned: letters })])
  await stack.call('PATCH', '/settings', { setAsideAfterSeconds: 0 })
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

let logins = 0
async function newAccount(fields: object) {
  const login = `login${(logins += 1)}`
  const id = await stack.account({ destinationId: await stack.destination(login), ...fields })
  const stored = async () => {
    const all = await readFolder(stack.dovecot.imapPort, login, 'wonder')
    return all.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1')).toSorted()
  }
  return { id, stored }
}

async function served(t: TestContext, behaviour: Partial<Behaviour>, port = 0): Promise<ScriptedServer> {
  const server = await startPop3Server({ messages, ...behaviour }, port)
  t.after(async () => await server.close().catch(() => {}))
  return server
}

interface Entry {
  readonly id: string
  readonly uidl: string
  readonly attempts: number
  readonly reason: { readonly kind: string; readonly message: string }
}
const entries = async (id: string) =>
  (await stack.call('GET', `/accounts/${id}/quarantine`)).body.items as unknown as Entry[]

// It stays the first when the others are deleted.
const [poisoned] = letters as [Buffer]
const early = `+OK\r\n${poisoned.toString('latin1')}.\r\nthe rest of it\r\n.\r\n`
const glued = `+OK\r\n${poisoned.toString('latin1').trimEnd()}.\r\n`

/** What is wrong with the first message, after how many runs it is set aside, and what is said of it. */
const poisons: readonly (readonly [string, Partial<Behaviour>, number, RegExp])[] = [
  [
    'is listed and refused',
    { answers: { 'RETR 1': '-ERR [SYS/PERM] mailbox file is corrupt\r\n' } },
    pullLimits.failuresMin,
    /^127\.0\.0\.1 lists this message and refuses to give it: "\[SYS\/PERM\] mailbox file is corrupt"\.$/,
  ],
  [
    'ends early, so that the rest of it answers the barrier',
    { answers: { 'RETR 1': early } },
    pullLimits.failuresMin,
    /broke the protocol at this message each time: expected .*, got "(?:a line of 14 octets|19 octets that nobody asked for)"\.$/,
  ],
  [
    'has its terminator glued to its last line',
    { answers: { 'RETR 1': glued } },
    pullLimits.failuresMin,
    /broke the protocol at this message each time: .*a dot at the end of a line, and silence"\.$/,
  ],
  [
    'makes the server hang up',
    { dropOn: 'RETR 1' },
    pullLimits.failuresMin,
    /^The connection to 127\.0\.0\.1:\d+ ended at this message each time: .*RETR of message 1 of \d+\.$/,
  ],
  [
    'makes the server fall silent',
    { silentOn: 'RETR 1' },
    pullLimits.failuresMin,
    /^127\.0\.0\.1:\d+ fell silent at this message each time, for 2 s\.$/,
  ],
]

for (const pipelining of [true, false]) {
  const capabilities = ['USER', 'UIDL', 'TOP', ...(pipelining ? ['PIPELINING'] : [])]
  for (const [what, behaviour, runs, sentence] of poisons) {
    test(`a message that ${what} holds up no other and is set aside after ${runs} failures (${pipelining ? 'pipelined' : 'one at a time'})`, async (t) => {
      // A server that is well may be late, too: whoever gives up soon is asked only where silence is waited for.
      if (/silen/.test(sentence.source)) {
        await stack.startWorker({ waits: { replyMs: 2000 } })
        t.after(async () => await stack.startWorker())
      }
      const server = await served(t, { capabilities, ...behaviour })
      const { id, stored } = await newAccount({ port: server.port, retention: { mode: 'delete' } })
      for (let nth = 1; nth < runs; nth += 1) {
        const run = await stack.pull(id)
        const state = nth === 1 ? 'done' : 'failed'
        assert.deepEqual([run.state, run.quarantined, run.deferred], [state, 0, 1], `${nth}: ${run.failure?.message}`)
        assert.deepEqual(await stored(), without(1), 'all others come in the first run')
        server.commands.length = 0
      }
      const last = await stack.pull(id)
      assert.deepEqual([last.state, last.failure, last.quarantined], ['done', null, 1])
      assert.deepEqual(await stored(), without(1))
      assert.deepEqual(
        server.maildrop().map(({ bytes }) => bytes),
        [poisoned],
        'all others are deleted by then, and that one never',
      )
      const [entry, ...more] = await entries(id)
      assert.equal(more.length, 0)
      assert.equal(entry?.attempts, runs)
      assert.match(entry.reason.message, sentence)
      server.commands.length = 0
      const after = await stack.pull(id)
      assert.deepEqual([after.state, after.listed, after.stored, after.quarantined], ['done', 1, 0, 0])
      assert.ok(!server.commands.some((line) => line.startsWith('RETR')), 'not fetched again by itself')

      const retry = await stack.call('POST', `/accounts/${id}/quarantine/${entry.id}/retry`)
      assert.equal(retry.status, 202)
      assert.deepEqual([(await stack.pull(id)).state, (await entries(id))[0]?.attempts], ['done', runs + 1])
    })
  }
}

test('a message that is larger than LIST said is set aside at once, and goes through when the account takes it', async (t) => {
  const large = letter('large', { body: `${'x'.repeat(70)}\r\n`.repeat(1000) })
  const server = await served(t, { messages: [messages[0]!, { bytes: large, size: 100, uidl: 'large' }, messages[1]!] })
  const { id, stored } = await newAccount({ port: server.port, maxMessageBytes: 5000, retention: { mode: 'delete' } })
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.stored, run.deleted, run.quarantined], ['done', 2, 2, 1])
  const [entry] = await entries(id)
  assert.match(entry?.reason.message ?? '', new RegExp(`: ${large.length} octets; this account takes .* 5000`))
  server.commands.length = 0
  assert.equal((await stack.pull(id)).quarantined, 0)
  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 10_000 })
  assert.equal((await stack.pull(id)).quarantined, 0)
  assert.ok(!server.commands.some((line) => line.startsWith('RETR')), 'not while it is too large')
  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 100_000 })
  const larger = await stack.pull(id)
  assert.deepEqual([larger.stored, larger.deleted], [1, 1])
  assert.deepEqual([(await entries(id)).length, (await stored()).length], [0, 3])
})

test('what went well again is suspect no more', async (t) => {
  const bad = await startPop3Server({ messages, answers: { 'RETR 5': '-ERR no\r\n' } })
  const { id, stored } = await newAccount({ port: bad.port })
  for (let nth = 1; nth < pullLimits.failuresMin; nth += 1) assert.equal((await stack.pull(id)).deferred, 1)
  await bad.close()
  const server = await served(t, {}, bad.port)
  assert.equal((await stack.pull(id)).state, 'done')
  assert.deepEqual([await stored(), await entries(id)], [without(), []])
  assert.equal(await stack.redis.hget(keys.ledgerNotes(id), 'suspects'), '[]')
  server.commands.length = 0
  await stack.pull(id)
  assert.ok(!server.commands.some((line) => line.startsWith('RETR')))
})

test('a provider that refuses all of it is at fault itself: nothing is set aside', async (t) => {
  const many = Array.from({ length: pullLimits.refusedInARowMax }, (_, nth) => ({ bytes: letter(`many-${nth}`) }))
  const server = await served(t, { messages: many, answers: { RETR: '-ERR Download Exceed\r\n' } })
  const { id } = await newAccount({ port: server.port })
  for (let nth = 0; nth < pullLimits.failuresMin + 2; nth += 1) {
    const run = await stack.pull(id)
    assert.deepEqual(
      [run.state, run.failure?.kind, run.failure?.passes, run.quarantined],
      ['failed', 'throttled', true, 0],
    )
  }
  assert.deepEqual(await entries(id), [])
})

test('several that break the session are set aside one after the other, and never keep each other from their turn', async () => {
  const world = new TestWorld(letters.map((bytes, nth) => ({ bytes, uidl: `u${nth + 1}` })))
  for (const uidl of ['u2', 'u5', 'u6']) world.breaks.set(uidl, 'broken protocol')
  const retention = { mode: 'delete' } as const
  const first = await world.pull({ retention })
  assert.deepEqual([first.stored, first.deferred], [5, 3], 'the others come in the first run')
  await world.pullUntilJudged({ retention })
  assert.deepEqual(world.bodies().toSorted(), without(2, 5, 6))
  assert.deepEqual(
    world.provider.map(({ uidl }) => uidl),
    ['u2', 'u5', 'u6'],
  )
  assert.equal(world.ledger.entries.length, 3)
  assert.deepEqual(await world.pull({ retention }), { ...noCounts(), listed: 3 })
})

test('after two deaths nothing is named and retrieved before what was named before is stored', async () => {
  const world = new TestWorld(letters.slice(0, 3).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  world.appendTakes = () => 20
  world.ledger.out.set(-2, undefined).set(-1, 'in the lane')
  assert.equal((await world.pull()).stored, 3)
  assert.match(
    world.effects.join(),
    /^begin(?:,setOut,(?:prepare,)?intend,append,record,copy,expunge){3},whole,quit,remove,returned$/,
  )
  assert.equal(world.ledger.out.size, 0)
})

for (const [withRedis, before] of [
  [false, 0],
  [true, 1],
] as const)
  test(`a message that was alone at the third death is set aside (${withRedis ? 'Redis went as well: at the fourth' : 'Redis lived on'})`, async () => {
    const world = new TestWorld(letters.slice(0, 3).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    const alone = messageName({
      number: 1 as MessageNumber,
      uidl: 'u0' as Uidl,
      size: world.provider[0]!.bytes.length as Octets,
    })
    world.ledger.withRedis = withRedis
    world.ledger.out.set(-3, undefined).set(-2, 'in the lane').set(-1, alone)
    for (let nth = 0; nth < before; nth += 1) {
      // Behind `begin`, it sets out to that message once more.
      world.crash = { when: 'after', nth: 1 }
      await assert.rejects(world.pull(), Crash)
      world.crash = undefined
      assert.deepEqual([world.effects.at(-1), world.ledger.entries, world.stored], ['setOut', [], []])
    }
    const run = await world.pull()
    assert.deepEqual([run.stored, run.quarantined], [2, 1])
    assert.equal((await world.pull()).quarantined, 0)
  })

test('a machine that goes as a whole takes no message along', async () => {
  const world = new TestWorld(letters.slice(0, 3).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  world.ledger.withRedis = true
  const [first, second] = [1, 2].map((number) =>
    messageName({
      number: number as MessageNumber,
      uidl: `u${number - 1}` as Uidl,
      size: world.provider[number - 1]!.bytes.length as Octets,
    }),
  )
  world.ledger.out.set(-4, undefined).set(-3, 'in the lane').set(-2, first).set(-1, second)
  assert.deepEqual([(await world.pull()).stored, world.ledger.entries], [3, []])
})

test('of messages that share a UIDL, those that come well do not clear the one that does not', async () => {
  const world = new TestWorld([1, 2, 3].map((n) => ({ bytes: letter('x', { body: 'x'.repeat(n) }), uidl: 'same' })))
  const [, poison] = world.provider
  world.breaksAt = (bytes) => bytes === poison?.bytes
  await world.pullUntilJudged()
  assert.deepEqual([world.ledger.entries.length, world.stored.length], [1, 2])
})

for (const uidls of [true, false]) {
  test(`a message without UIDL is suspect and set aside as well (${uidls ? 'beside others that have one' : 'none has one'})`, async () => {
    const world = new TestWorld(
      letters.map((bytes, nth) => ({ bytes, uidl: uidls && nth !== 4 ? `u${nth}` : undefined })),
    )
    world.breaksAt = (bytes) => bytes === letters[4]
    assert.equal((await world.pullUntilJudged()).quarantined, 1)
    assert.deepEqual(world.bodies().toSorted(), without(5))
    assert.deepEqual(await world.pull(), { ...noCounts(), listed: 8 }, 'its header is known')
  })
}

test('a crash before or after any effect while a message is suspect loses no mail, doubles none, and sets it aside once', async () => {
  for (const breaks of [true, false]) {
    const retention = { mode: 'delete' } as const
    const begun = async () => {
      const world = new TestWorld(letters.slice(0, 5).map((bytes, nth) => ({ bytes, uidl: `u${nth + 1}` })))
      if (breaks) world.breaks.set('u2', 'broken protocol')
      else world.withholds.add('u2')
      await world.pull({ retention })
      await assert.rejects(world.pull({ retention }))
      // One that is new comes with the run that sets the other one aside.
      world.provider.push({ bytes: letters[5]!, uidl: 'u6' })
      return world
    }
    const rehearsal = await begun()
    await rehearsal.pull({ retention })
    const effects = [...rehearsal.effects]
    assert.ok(effects.includes('quarantine') && effects.includes('setOut') && effects.includes('returned'))
    for (const when of ['before', 'after'] as const) {
      for (let nth = 0; nth < effects.length; nth += 1) {
        const at = `after a crash ${when} effect ${nth}, ${effects[nth]}`
        const world = await begun()
        world.crash = { when, nth }
        await assert.rejects(world.pull({ retention }), Crash, at)
        world.crash = undefined
        // What was counted in a run that died is counted again.
        await world.pull({ retention }).catch(async () => await world.pull({ retention }))
        assert.deepEqual(world.bodies().toSorted(), asText(letters.slice(0, 6).filter((_, one) => one !== 1)), at)
        assert.deepEqual(
          [
            world.ledger.entries.map(({ uidl }) => uidl),
            world.provider.map(({ uidl }) => uidl),
            world.ledger.open.size,
          ],
          [['u2'], ['u2'], 0],
          at,
        )
      }
    }
  }
})

test('a message that kills the worker is alone the third time, and set aside the fourth; all others are stored', async () => {
  const { id, stored } = await newAccount({ port: provider.pop3Port, user: 'poisoned', retention: { mode: 'delete' } })
  await stack.stopWorker()
  const { server, dovecot, secretKey } = stack
  const options = { redisUrl: server.url, store: dovecot.store, secretKey: secretKey.toString('hex'), leaseMs }
  const poison = 'Subject: nth-5\r\n'
  const { body: asked } = await stack.call('POST', `/accounts/${id}/pull`)
  for (let death = 1; death <= 3; death += 1) {
    assert.equal(await startPoisonedWorker({ ...options, poison }).ended, 'SIGKILL', `death ${death}`)
    const before = (await stored()).length
    // Its windows hold all eight; alone, those before it come.
    assert.equal(before, death < 3 ? 0 : 4)
  }
  const worker = startPoisonedWorker({ ...options, poison })
  const run = await stack.pull(id)
  assert.deepEqual([run.id, run.state, run.failure, run.quarantined], [asked.id, 'done', null, 1])
  assert.deepEqual(await stored(), without(5))
  const [entry] = await entries(id)
  assert.deepEqual(
    [entry?.attempts, entry?.reason],
    [
      3,
      {
        kind: 'internal',
        message: 'Its retrieval ended the worker 3 times.',
        remark: { code: 'worker ended', times: 3 },
      },
    ],
  )
  const left = await readFolder(provider.imapPort, 'poisoned', 'secret')
  assert.deepEqual(
    left.map(({ bytes }) => bytes),
    [letters[4]],
    'deleted at the provider are the others alone',
  )
  const shown = await stack.app.inject({
    method: 'GET',
    url: `/api/v1/accounts/${id}/quarantine/${entry?.id}/message`,
    headers: { authorization: 'Bearer the-token-of-the-admin' },
  })
  assert.deepEqual([shown.statusCode, shown.rawPayload], [200, letters[4]])
  const again = await stack.pull(id)
  assert.deepEqual([again.state, again.stored], ['done', 0])
  worker.stop()
  assert.equal(await worker.ended, null)

  // With a worker that has been mended it goes through.
  await stack.startWorker()
  await stack.call('POST', `/accounts/${id}/quarantine/${entry?.id}/retry`)
  const mended = await stack.pull(id)
  assert.deepEqual([mended.stored, mended.deleted], [1, 1])
  assert.deepEqual([await stored(), await entries(id)], [without(), []])
})

test('accounts that are visited beside a message that kills the worker lose no message to the quarantine, however often it dies', async (t) => {
  await stack.stopWorker()
  const bad = await served(t, { capabilities: ['UIDL', 'TOP'] })
  const healthy = messages.filter((_, nth) => nth !== 4)
  const slow = { messages: healthy, capabilities: ['UIDL', 'TOP'], delayMs: 150 }
  const others = await Promise.all([served(t, slow), served(t, slow), served(t, slow)])
  const poisonedAccount = await newAccount({ port: bad.port })
  const beside = await Promise.all(others.map(({ port }) => newAccount({ port })))
  const { server, dovecot, secretKey } = stack
  const options = { redisUrl: server.url, store: dovecot.store, secretKey: secretKey.toString('hex'), leaseMs }
  const ids = [poisonedAccount, ...beside].map(({ id }) => id)
  for (const id of ids) await stack.call('POST', `/accounts/${id}/pull`)
  let deaths = 0
  for (let isOver = false; !isOver; ) {
    const worker = startPoisonedWorker({ ...options, poison: 'Subject: nth-5\r\n' })
    const done = Promise.all(ids.map(async (id) => await stack.pull(id))).then(() => 'done')
    isOver = (await Promise.race([worker.ended, done])) === 'done'
    if (isOver) worker.stop()
    else deaths += 1
    await worker.ended
    assert.ok(deaths <= 6, `${deaths} deaths`)
  }
  assert.ok(deaths >= 3, `${deaths} deaths`)
  assert.equal((await entries(poisonedAccount.id)).length, 1)
  assert.deepEqual(await poisonedAccount.stored(), without(5))
  for (const { id, stored } of beside) {
    assert.deepEqual(await entries(id), [])
    assert.deepEqual(await stored(), without(5))
  }
  await stack.startWorker()
})

test('a run that a stop ended counts for nothing, at the edge of a batch or cancelled', async (t) => {
  const server = await served(t, { capabilities: ['UIDL', 'TOP'], delayMs: 400 })
  const { id, stored } = await newAccount({ port: server.port })
  await stack.stopWorker()
  for (let stop = 0; stop < 3; stop += 1) {
    await stack.startWorker()
    const asked = server.commands.length
    const { body } = await stack.call('POST', `/accounts/${id}/pull`)
    while (!server.commands.slice(asked).some((line) => line.startsWith('RETR')))
      await new Promise((resolve) => setTimeout(resolve, 5))
    const marks = async () =>
      Object.keys(await stack.redis.hgetall(keys.ledgerNotes(id))).filter((field) => field.startsWith('out '))
    assert.equal((await marks()).length, 1)
    await stack.stopWorker()
    const { state, failure } = (await stack.call('GET', `/runs/${body.id}`)).body as unknown as Run
    assert.deepEqual([state, failure, await marks()], ['queued', null, []])
  }
  const mended = await startPop3Server({ messages })
  await stack.call('PATCH', `/accounts/${id}`, { port: mended.port, password: 'secret' })
  await stack.startWorker()
  assert.equal((await stack.pull(id)).state, 'done')
  assert.deepEqual(await stored(), without())
  await mended.close()
})
