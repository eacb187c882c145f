/** What was accepted stands in Sent once, whoever else files a copy, and whatever ends in between; what was not delivered is reported once. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { OutboxFiles } from '../../src/disk/outbox.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { createLog } from '../../src/log.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { needsBody, type OutboxEntry } from '../../src/send/entry.ts'
import { bounceOf } from '../../src/send/bounce.ts'
import { followCopy } from '../../workers/outbox-copies.ts'
import { workerLimits } from '../../workers/limits.ts'
import { type FollowUpParts, FollowUps } from '../../workers/outbox-follow-ups.ts'
import { followReport } from '../../workers/outbox-reports.ts'
import { untilFilerDoomed } from '../support/doomed-filers.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { entryOf } from '../support/entries.ts'
import { converse } from '../support/reader.ts'
import { startRedis } from '../support/redis.ts'
import { until, untilTold } from '../support/until.ts'
import { Crash, type Kind, sentBcc, sentBytes, SentCase, type SentPlaces, withoutMoving } from '../support/sent-case.ts'

const second = 1000
const minute = 60 * second
/** As the program files it that has written it. */
const theirs = Buffer.concat([Buffer.from('Bcc: bob@example.org\r\nX-Mozilla-Status: 0001\r\n'), sentBytes])

let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
let dovecot: TestDovecot
let pool: StorePool
let folder: string
let files: OutboxFiles
let places: SentPlaces
const made = (kind: Kind) => new SentCase(kind, places)
const logins = Array.from({ length: 80 }, (_, nth) => `box${nth}`)
before(async () => {
  ;[server, dovecot] = await Promise.all([
    startRedis(),
    startDovecot(Object.fromEntries(logins.map((login) => [login, 'secret']))),
  ])
  redis = connectRedis(server.url, 'worker', () => {})
  await redis.hset(keys.accounts, 'a', '{}')
  await redis.hset(keys.destinations, 'd', '{}')
  pool = new StorePool(dovecot.store, { lateMs: 20 })
  folder = mkdtempSync(join(tmpdir(), 'tributary-sent-'))
  files = new OutboxFiles(folder)
  places = { redis, dovecot, bare: await withoutMoving(dovecot.imapPort), pool, files, logins }
})
after(async () => {
  await pool.close()
  places.bare.close()
  redis.disconnect()
  await Promise.all([server.stop(), dovecot.stop()])
  rmSync(folder, { recursive: true, force: true })
})

const ours = new RegExp(`^X-Tributary-Id: [0-9a-f.]{83}\\r\\n${sentBcc}`)

for (const kind of ['hosted', 'imap', 'bare'] as const) {
  test(`where nobody files a copy, ours stands in Sent, read, with Bcc, and stays there (${kind})`, async () => {
    const it = await made(kind).begin()
    await it.at(19 * second)
    assert.equal((await it.sent()).length, 0, 'a program still has its time')
    const filed = await it.at(21 * second)
    assert.deepEqual([filed.copy.state, filed.copy.folder, needsBody(filed)], ['filed', 'Sent', true])
    const [copy, ...more] = await it.sent()
    assert.equal(more.length, 0)
    assert.deepEqual(copy?.flags.includes('\\Seen'), true)
    assert.match(copy?.bytes.toString('latin1') ?? '', ours)
    assert.equal(copy?.bytes.toString('latin1').replace(ours, ''), sentBytes.toString('latin1'))
    const ended = await it.at(16 * minute)
    assert.deepEqual([ended.copy.state, ended.copy.nextAtMs, needsBody(ended)], ['filed', null, false])
    assert.equal((await it.sent()).length, 1)
  })

  test(`a copy that a program has filed within 20 seconds is the one (${kind})`, async () => {
    for (const copies of [1, 2]) {
      const it = await made(kind).begin()
      for (let nth = 0; nth < copies; nth += 1) await it.files(theirs)
      const { copy } = await it.at(21 * second)
      assert.deepEqual([copy.state, copy.nextAtMs, copy.token], ['found', null, null])
      await it.at(16 * minute)
      const there = await it.sent()
      assert.equal(there.length, copies, 'nobody removes what others have filed')
      assert.doesNotMatch(there[0]?.bytes.toString('latin1') ?? '', /X-Tributary-Id/)
    }
  })

  test(`a program that files its copy after 30 seconds has ours go, and no other (${kind})`, async () => {
    const it = await made(kind).begin()
    await it.files(Buffer.from('Message-ID: <other@example.net>\r\n\r\nAnother.\r\n'))
    await it.at(21 * second)
    assert.equal((await it.sent()).length, 2)
    await it.files(theirs)
    const { copy } = await it.at(16 * minute)
    assert.equal(copy.state, 'found')
    const there = await it.sent()
    const left = there.filter(({ flags }) => !flags.includes('\\Deleted'))
    assert.deepEqual(
      left.map(({ bytes: held }) => held.includes('X-Tributary-Id')),
      [false, false],
    )
    assert.equal(there.length, kind === 'bare' ? 3 : 2, 'without UIDPLUS ours is marked alone')
  })

  for (const when of ['before', 'after'] as const)
    test(`a worker that ends ${when} any effect leaves one copy in Sent (${kind})`, async () => {
      const rehearsal = await made(kind).begin()
      await rehearsal.at(21 * second)
      const { effects } = rehearsal
      assert.ok(effects.length >= 6, effects.join(' '))
      for (const [nth, effect] of effects.entries()) {
        const it = await made(kind).begin({ messageId: `tea@example.net` })
        it.crash = { when, nth }
        it.now = it.beganMs + 21 * second
        const died = await followCopy(it, it.id).then(
          () => false,
          (error: unknown) => error instanceof Crash,
        )
        it.crash = undefined
        const { copy } = await it.at(11 * minute)
        const name = `${when} ${nth} ${effect}, died: ${died}`
        assert.equal(copy.state, 'filed', name)
        assert.equal((await it.sent()).length, 1, name)
        logins.push(it.login)
        await empty(it.login)
      }
    })
}

for (const kind of ['hosted', 'imap'] as const)
  test(`a process that is killed before and after every effect of filing leaves one copy in Sent (${kind})`, async () => {
    const rehearsal = await made(kind).begin()
    await rehearsal.at(21 * second)
    logins.push(rehearsal.login)
    await empty(rehearsal.login)
    const killed: { it: SentCase; when: 'before' | 'after'; nth: number }[] = []
    for (const nth of rehearsal.effects.keys())
      for (const when of ['before', 'after'] as const) killed.push({ it: await made(kind).begin(), when, nth })
    const cases = killed.map(({ it: { id, login, beganMs }, when, nth }) => {
      return { id, login, kind, when, nth, now: beganMs + 21 * second }
    })
    const { imapPort, store } = dovecot
    assert.equal(await untilFilerDoomed({ redisUrl: server.url, store, imapPort, folder, cases }), 'SIGKILL')
    for (const { it, when, nth } of killed) {
      const { copy } = await it.at(11 * minute)
      const name = `${when} ${nth} ${rehearsal.effects[nth]}`
      assert.equal(copy.state, 'filed', name)
      assert.equal((await it.sent()).length, 1, name)
      const ended = await it.at(27 * minute)
      assert.deepEqual([ended.copy.nextAtMs, (await it.sent()).length], [null, 1], name)
      logins.push(it.login)
      await empty(it.login)
    }
  })

async function empty(login: string): Promise<void> {
  const lines = ['b SELECT Sent', 'c STORE 1:* +FLAGS (\\Deleted)', 'd EXPUNGE', 'z LOGOUT']
  await converse(dovecot.imapPort, [`a LOGIN ${login} secret`, ...lines])
}

test('what was filed without a Message-ID is found by what it says', async () => {
  const it = await made('hosted').begin()
  const bareOfId = Buffer.from(theirs.toString('latin1').replace(/Message-ID: [^\r]*\r\n/, ''), 'latin1')
  await it.files(Buffer.from(bareOfId.toString('latin1').replace('At four?', 'At five?'), 'latin1'))
  await it.files(bareOfId)
  assert.equal((await it.at(21 * second)).copy.state, 'found')
  assert.equal((await it.sent()).length, 2)
  const other = await made('hosted').begin()
  await other.files(Buffer.from(bareOfId.toString('latin1').replace('Subject: Tea', 'Subject: Ted'), 'latin1'))
  assert.equal((await other.at(21 * second)).copy.state, 'filed')
})

test('Sent has another name, or another one since', async () => {
  const named = await made('bare').begin()
  await named.files(theirs, 'Gesendet')
  const { copy } = await named.at(21 * second)
  assert.deepEqual([copy.state, copy.folder], ['found', 'Gesendet'])
  const renamed = await made('bare').begin()
  await renamed.at(21 * second)
  await converse(dovecot.imapPort, [
    `a LOGIN ${renamed.login} secret`,
    'b RENAME Sent "Gesendete Elemente"',
    'z LOGOUT',
  ])
  await renamed.files(theirs, 'Gesendete Elemente')
  assert.equal((await renamed.at(16 * minute)).copy.state, 'found')
  const left = (await renamed.sent('Gesendete Elemente')).filter(({ flags }) => !flags.includes('\\Deleted'))
  assert.deepEqual(
    left.map(({ bytes }) => bytes.includes('X-Tributary-Id')),
    [false],
  )
})

const isOurs = ({ bytes }: { readonly bytes: Buffer }) => bytes.includes('X-Tributary-Id')

/** What the mailbox has of it in all folders but the one for what was thrown away. */
async function copiesOf(it: SentCase, ...folders: readonly string[]) {
  const all = await Promise.all(folders.map(async (path) => await it.sent(path)))
  return all.flat().filter(({ flags }) => !flags.includes('\\Deleted'))
}

async function told(it: SentCase, ...lines: readonly string[]): Promise<void> {
  const named = lines.map((line, nth) => `c${nth} ${line}`)
  const said = await converse(dovecot.imapPort, [`a LOGIN ${it.login} secret`, ...named, 'z LOGOUT'])
  for (const nth of lines.keys()) assert.match(said.toString('latin1'), new RegExp(`^c${nth} OK`, 'm'))
}

for (const kind of ['hosted', 'bare'] as const) {
  test(`of two copies ours goes wherever somebody has moved either, or Sent was given another name (${kind})`, async () => {
    const renames = { Sent: ['Sent', 'Old'], Old: ['Sent', 'Old'] } as const
    for (const [to, folders] of Object.entries(renames)) {
      const renamed = await made(kind).begin()
      await renamed.at(21 * second)
      await told(renamed, 'RENAME Sent Old')
      await renamed.files(theirs, to)
      assert.equal((await renamed.at(16 * minute)).copy.state, 'found', to)
      assert.deepEqual((await copiesOf(renamed, ...folders)).map(isOurs), [false], to)
    }
    for (const whose of ['ours', 'theirs']) {
      const it = await made(kind).begin()
      await it.at(21 * second)
      if (whose === 'theirs') await it.files(theirs, 'Work')
      else await told(it, 'CREATE Work', 'SELECT Sent', 'COPY 1 Work', 'STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE')
      if (whose === 'ours') await it.files(theirs)
      assert.equal((await it.at(16 * minute)).copy.state, 'found', whose)
      assert.deepEqual((await copiesOf(it, 'Sent', 'Work', 'INBOX')).map(isOurs), [false], whose)
    }
  })
}

test('what somebody has thrown away is not filed again, and who threw one of two away keeps the other', async () => {
  for (const how of ['into Trash', 'for good']) {
    const it = await made('hosted').begin()
    await it.at(21 * second)
    await told(it, 'SELECT Sent', how === 'for good' ? 'NOOP' : 'COPY 1 Trash', 'STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE')
    const { copy } = await it.at(16 * minute)
    assert.deepEqual([copy.state, copy.nextAtMs], ['filed', null], how)
    assert.equal((await copiesOf(it, 'Sent')).length, 0, how)
    assert.equal((await it.sent('Trash')).length, how === 'for good' ? 0 : 1)
  }
  const early = await made('hosted').begin()
  await early.files(theirs, 'Trash')
  assert.deepEqual([(await early.at(21 * second)).copy.state, (await early.sent()).length], ['found', 0])
  const doubled = await made('hosted').begin()
  await doubled.at(21 * second)
  await doubled.files(theirs, 'Trash')
  await doubled.at(16 * minute)
  assert.deepEqual((await copiesOf(doubled, 'Sent')).map(isOurs), [true])
})

test('what has come by mail is no copy of what was sent, wherever it lies', async () => {
  const it = await made('hosted').begin()
  await it.at(21 * second)
  const received = 'Received: from mx.example.org by mx.example.net; Mon, 30 Nov 2026 10:00:01 +0000\r\n'
  await it.files(Buffer.concat([Buffer.from(received), sentBytes]), 'List')
  await it.files(Buffer.from(sentBytes.toString('latin1').replace('At four?', 'At five?'), 'latin1'), 'Others')
  assert.equal((await it.at(16 * minute)).copy.state, 'filed')
  assert.deepEqual((await copiesOf(it, 'Sent')).map(isOurs), [true])
})

test('never means none, always means ours beside whatever is there, and our page’s stands there at once', async () => {
  const never = await made('hosted').begin()
  never.sentCopy = 'never'
  assert.deepEqual((await never.at(21 * second)).copy.state, 'unwanted')
  assert.equal((await never.sent()).length, 0)
  const always = await made('hosted').begin()
  always.sentCopy = 'always'
  await always.files(theirs)
  assert.equal((await always.at(21 * second)).copy.nextAtMs, null)
  assert.equal((await always.sent()).length, 2)
  const page = made('hosted')
  const { copy } = entryOf(['queued'])
  await page.begin({ origin: 'api', copy: { ...copy, nextAtMs: page.beganMs } })
  assert.deepEqual([(await page.at(0)).copy.state, (await page.entry()).copy.nextAtMs], ['filed', null])
})

test('a store that is away is asked again, and the copy that was not filed in two days is given up', async () => {
  const it = await made('imap').begin()
  it.isAway = true
  await assert.rejects(it.at(21 * second))
  const waiting = (await it.entry()).copy
  assert.equal(waiting.state, 'wanted')
  assert.ok((waiting.nextAtMs ?? 0) > it.now && (waiting.nextAtMs ?? 0) <= it.now + 30 * minute)
  it.isAway = false
  assert.equal((await it.at(3 * minute)).copy.state, 'filed')
  assert.equal((await it.sent()).length, 1)
  const gone = await made('imap').begin()
  gone.isAway = true
  await gone.at(49 * 60 * minute).catch(() => {})
  assert.deepEqual([(await gone.entry()).copy.state, needsBody(await gone.entry())], ['failed', false])
  await files.remove(it.id)
})

test('bytes that are not on this disk are waited for, since another worker may have them, and given up in the end', async () => {
  const it = await made('hosted').begin()
  await files.remove(it.id)
  await assert.rejects(it.at(21 * second))
  assert.equal((await it.entry()).copy.state, 'wanted')
  await it.at(49 * 60 * minute).catch(() => {})
  assert.equal((await it.entry()).copy.state, 'failed')
})

const refused = {
  state: 'rejected',
  recipients: [
    { address: 'ann@example.org', state: 'rejected', reply: '550 5.1.1 no such user' },
    { address: 'cyd@example.org', state: 'accepted', reply: '250 ok' },
    { address: 'dan@example.org', state: 'unknown', reply: null },
  ],
  failure: { kind: 'recipients refused', reply: '550 5.1.1 no such user' },
} satisfies Partial<OutboxEntry>

for (const kind of ['hosted', 'imap'] as const)
  test(`the report stands in the INBOX once, whenever a worker ends (${kind})`, async () => {
    const due = { state: 'due', nextAtMs: Date.UTC(2026, 10, 30, 10), named: [] } as const
    const rehearsal = await made(kind).begin({ ...refused, report: due })
    await followReport(rehearsal, rehearsal.id)
    const [report, ...more] = await rehearsal.sent('INBOX')
    assert.equal(more.length, 0)
    assert.deepEqual((await rehearsal.entry()).report, {
      state: 'filed',
      nextAtMs: null,
      named: ['ann@example.org'],
      told: { unknown: ['dan@example.org'], delayed: [] },
    })
    const bounce = bounceOf(report?.bytes ?? Buffer.alloc(0))
    assert.deepEqual(
      bounce?.recipients.map(({ address, status }) => [address, status]),
      [['ann@example.org', '5.1.1']],
    )
    assert.deepEqual(bounce?.messageIds[0], '<tea@example.net>')
    assert.match(report?.bytes.toString() ?? '', /It was accepted for: cyd@example\.org/)
    assert.match(report?.bytes.toString() ?? '', /Nobody knows whether these have it.*\r\n\r\n {2}dan@example\.org/)
    assert.doesNotMatch(report?.bytes.toString() ?? '', /Bcc/)
    for (const [nth, effect] of rehearsal.effects.entries())
      for (const when of ['before', 'after'] as const) {
        const it = await made(kind).begin({ ...refused, report: due })
        it.crash = { when, nth }
        await followReport(it, it.id).catch(() => {})
        it.crash = undefined
        it.now += 11 * minute
        await followReport(it, it.id)
        assert.equal((await it.sent('INBOX')).length, 1, `${when} ${nth} ${effect}`)
        assert.equal((await it.entry()).report.state, 'filed')
        logins.push(it.login)
        await converse(dovecot.imapPort, [
          `a LOGIN ${it.login} secret`,
          'b SELECT INBOX',
          'c STORE 1:* +FLAGS (\\Deleted)',
          'd EXPUNGE',
          'z LOGOUT',
        ])
      }
  })

test('a delay is told once where nothing was attempted, and the message waits on', async () => {
  const it = made('hosted')
  const recipients = [{ address: 'ann@example.org', state: 'queued', reply: null, notify: ['DELAY'] }] as const
  await it.begin({ state: 'queued', recipients, sendAtMs: it.beganMs - 5 * 60 * minute, endedAtMs: null })
  const asked = entryOf(['queued'], { recipients, sendAtMs: 1 })
  await new Sendings(redis).create(asked, undefined)
  const due = await new Sendings(redis).followUps(it.beganMs)
  assert.ok(
    due.some(({ id }) => id === asked.id),
    'nothing has to happen to it first',
  )
  for (let nth = 0; nth < 2; nth += 1) await followReport(it, it.id)
  assert.match(String((await it.sent('INBOX'))[0]?.bytes), /Subject: Delayed: Tea[^]*Action: delayed/)
  assert.deepEqual([(await it.sent('INBOX')).length, (await it.entry()).state], [1, 'queued'])
})

test('a worker does by itself what is due, and then the body goes', async () => {
  const { copy } = entryOf(['queued'])
  const accepted = await made('hosted').begin({ origin: 'api', copy: { ...copy, nextAtMs: 1 } })
  const rejected = await made('hosted').begin({ ...refused, copy, report: { state: 'due', nextAtMs: 1, named: [] } })
  const cases = new Map([accepted, rejected].map((one) => [one.login, one]))
  const followUps = followUpsOf(cases)
  for (const one of cases.values())
    await one.sendings.change(one.id, (entry) => ({ ...entry, destinationId: one.login }))
  followUps.begin()
  try {
    for (const { id } of cases.values())
      await untilTold('the body to go', async () => (await files.octetsOf(id)) === undefined)
  } finally {
    await followUps.stop()
  }
  assert.deepEqual([(await accepted.entry()).copy.state, (await accepted.sent()).length], ['filed', 1])
  assert.deepEqual([(await rejected.entry()).report.state, (await rejected.sent('INBOX')).length], ['filed', 1])
})

const followUpsOf = (
  cases: ReadonlyMap<string, SentCase>,
  everyMs = 50,
  storeTarget: FollowUpParts['storeTarget'] = async (id) => await cases.get(id)?.target(),
) =>
  new FollowUps({
    sendings: new Sendings(redis),
    accounts: new Accounts(redis),
    pool,
    storeTarget,
    log: createLog('worker', 'fatal'),
    publicName: 'gather.example.org',
    outbox: folder,
    onError: (error) => assert.fail(error),
    everyMs,
  })

test('of many that are due none waits for the next look: whoever ends makes room', async () => {
  const { copy } = entryOf(['queued'])
  const cases = new Map<string, SentCase>()
  for (let nth = 0; nth < 11; nth += 1) {
    const one = await made('hosted').begin({ origin: 'api', copy: { ...copy, nextAtMs: 1 } })
    cases.set(one.login, one)
    await one.sendings.change(one.id, (entry) => ({ ...entry, destinationId: one.login }))
  }
  const followUps = followUpsOf(cases, 600_000)
  try {
    followUps.soon()
    for (const { id } of cases.values())
      await untilTold('the body to go', async () => (await files.octetsOf(id)) === undefined)
  } finally {
    await followUps.stop()
  }
})

test('where Redis takes no writes, what follows an end is tried at each look, and not without end in between', async () => {
  // What other tests have left takes no place.
  await redis.del(keys.sendFollowUps)
  const { copy } = entryOf(['queued'])
  const cases = new Map<string, SentCase>()
  // More than have a place at once.
  const count = workerLimits.followUpPlaces + 2
  for (let nth = 0; nth < count; nth += 1) {
    const one = await made('hosted').begin({ origin: 'api', copy: { ...copy, nextAtMs: 1 } })
    cases.set(one.login, one)
    await one.sendings.change(one.id, (entry) => ({ ...entry, destinationId: one.login }))
  }
  let tries = 0
  const tried = async (id: string) => {
    tries += 1
    return await cases.get(id)?.target()
  }
  const followUps = followUpsOf(cases, 600_000, tried)
  await redis.config('SET', 'min-replicas-to-write', '1')
  try {
    for (const expected of [workerLimits.followUpPlaces, 2 * workerLimits.followUpPlaces]) {
      followUps.soon()
      await until('all places to have tried', () => tries >= expected)
      // Whoever tries again at once has done so long before these are answered.
      for (let nth = 0; nth < 300; nth += 1) await redis.ping()
      assert.equal(tries, expected)
    }
  } finally {
    // Only then, so that none of these tries is put off by what it can write at its end.
    await followUps.stop()
    await redis.config('SET', 'min-replicas-to-write', '0')
  }
  const others = followUpsOf(cases, 600_000)
  try {
    others.soon()
    for (const { id } of cases.values())
      await untilTold('the body to go', async () => (await files.octetsOf(id)) === undefined)
  } finally {
    await others.stop()
  }
})
