/** Today's gateway on what a gateway at 43e1b2e wrote (test/fixtures/version-1): all is as it was, and nothing is fetched twice. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { Run } from '../../src/runs/run.ts'
import {
  fixtureAccess,
  fixtureAnswers,
  fixtureBackup,
  fixtureLetter,
  fixtureMail,
  fixtureMaildrops,
  fixturePorts,
  loadRedis,
  unpackHome,
} from '../support/fixture.ts'
import { assertHolds } from '../support/holds.ts'
import { instancePorts, settingsOf } from '../support/instance.ts'
import { startLocalGateway, withRedisOf } from '../support/local-gateway.ts'
import { type MaildropMessage, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { startRedis as startTestRedis } from '../support/redis.ts'
import { untilTold } from '../support/until.ts'

type Items = { readonly items: readonly Record<string, unknown>[] }

const access = fixtureAccess()
const answers = fixtureAnswers()
const accounts = (answers['/accounts'] as unknown as Items).items as readonly {
  readonly id: string
  readonly user: string
}[]
const idOf = (user: string) => accounts.find((account) => account.user === user)?.id ?? ''
const users = ['ann', 'ben', 'cam', 'dot'] as const

const folder = mkdtempSync('/tmp/tributary-upgrade-')
// The servers run as another user.
chmodSync(folder, 0o755)
const providers = new Map<string, ScriptedServer>()
after(async () => {
  for (const provider of providers.values()) await provider.close()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(user: (typeof users)[number], more: readonly MaildropMessage[] = []): Promise<void> {
  await providers.get(user)?.close()
  const messages = [...fixtureMaildrops[user], ...more]
  const hidesRetrieved = user === 'dot' ? ({ hidesRetrieved: true } as const) : {}
  providers.set(
    user,
    await startPop3Server({ messages, user, password: 'secret', ...hidesRetrieved }, fixturePorts[user]),
  )
}

type Gateway = Awaited<ReturnType<typeof startGateway>>

async function startGateway(home: string) {
  const gateway = await startLocalGateway(home)
  const pull = async (user: string) =>
    (await gateway.call('POST', `/accounts/${idOf(user)}/pull?wait=60`)) as object as Run
  return { ...gateway, pull }
}

const without = (record: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)))

/** What goes on by itself: the visits of accounts, and the deliveries of news. */
const moving: Readonly<Record<string, readonly string[]>> = {
  '/accounts': ['status', 'lastRun', 'lastMailAt', 'nextRunAt'],
  '/destinations': [],
  '/webhooks': ['status', 'reason', 'failingSince', 'lastDeliveredAt'],
  '/tokens': ['lastUsedAt'],
}

async function assertKept({ call }: Gateway): Promise<void> {
  for (const [path, names] of Object.entries(moving)) {
    const now = (await call('GET', path)) as unknown as Items
    const then = (answers[path] as unknown as Items).items.map((record) => without(record, names))
    assertHolds(now.items, then, path)
  }
  assertHolds(await call('GET', '/settings'), answers['/settings'], '/settings')
  assertHolds(
    await call('GET', '/notice'),
    without(answers['/notice'] ?? {}, ['waiting', 'lastSentAt', 'lastFailure']),
    '/notice',
  )
  for (const { id, user } of accounts) {
    const path = `/accounts/${id}`
    const { items } = (await call('GET', `${path}/runs`)) as unknown as Items
    const ended = (answers[`${path}/runs`] as unknown as Items).items.filter(({ finishedAt }) => finishedAt !== null)
    assert.ok(ended.length > 1)
    for (const run of ended)
      assertHolds(
        items.find((one) => one['id'] === run['id']),
        run,
        `a run of ${user}`,
      )
    assertHolds(await call('GET', `${path}/quarantine`), answers[`${path}/quarantine`], `the quarantine of ${user}`)
  }
}

async function assertLetIn({ ports }: Gateway): Promise<void> {
  const ask = async (path: string, headers: Record<string, string>, body?: object) => {
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const url = `http://127.0.0.1:${ports.http}/api/v1${path}`
    const method = body === undefined ? 'GET' : 'POST'
    const response = await fetch(url, {
      method,
      headers: { ...json, ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  assert.equal((await ask('/accounts', bearer(access.tokens.script))).status, 200)
  assert.equal((await ask(`/accounts/${idOf('cam')}/pull`, bearer(access.tokens.script), {})).status, 403)
  const seen = (await ask('/accounts', bearer(access.tokens.bob))).body as unknown as Items
  assert.deepEqual(seen.items.map(({ user }) => String(user)).toSorted(), ['cam', 'dot'])
  assert.equal((await ask('/session', {}, { password: access.adminPassword })).status, 200)
  assert.equal((await ask('/session', {}, { login: 'alice', password: access.logins.alice })).status, 200)
}

/** @param more subjects of what has come since. */
async function assertMail({ ports }: Gateway, more: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [place, then] of Object.entries(fixtureMail())) {
    const [login = '', name = ''] = place.split(' ')
    const now = await readFolder(ports.imap, login, access.logins[login as 'alice' | 'bob'], name)
    const shown = now.map(({ uid, internalDate, bytes }) => ({
      uid,
      internalDate,
      subject: /^Subject: (.*?)\r$/m.exec(bytes.toString('latin1'))?.[1] ?? '',
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }))
    assert.deepEqual(shown.slice(0, then.length), then, place)
    const since = shown.slice(then.length).map(({ subject }) => subject)
    assert.deepEqual(since.toSorted(), (more[place] ?? []).toSorted(), place)
  }
}

/** Records may be amended by a listing, but stay who they are, in their place. */
async function assertLedgers(gateway: Gateway, then: ReadonlyMap<string, Buffer>): Promise<void> {
  const redis = gateway.redis()
  for (const [user, packed] of then) {
    const [old, now] = [packed, (await redis.getBuffer(keys.ledger(idOf(user)))) ?? Buffer.alloc(0)].map(
      (octets) => new PackedRecords(octets),
    )
    for (let nth = 0; nth < (old?.length ?? 0); nth += 1) {
      const [was, is] = [old?.at(nth), now?.at(nth)]
      assert.deepEqual(
        [is?.state, is?.uidl, is?.fingerprint, is?.digest, is?.size],
        [was?.state, was?.uidl, was?.fingerprint, was?.digest, was?.size],
        `record ${nth} of ${user}`,
      )
    }
  }
  redis.disconnect()
}

/** Every account is pulled with the maildrop of then, and with one message more. */
async function assertNothingTwice(gateway: Gateway): Promise<void> {
  const recovered = { 'alice Gathered/Ann': ['Letter 5 to ann'], 'bob INBOX': ['Letter 3 to dot'] }
  for (const user of users) {
    const run = await gateway.pull(user)
    assert.deepEqual([run.stored, run.recovered, run.failure], [0, 0, null], user)
  }
  await assertMail(gateway, recovered)
  for (const user of users) {
    await serve(user, [fixtureLetter(user, 9)])
    assert.deepEqual([(await gateway.pull(user)).stored, (await gateway.pull(user)).stored], [1, 0], user)
  }
  await assertMail(gateway, {
    'alice INBOX': ['Letter 9 to ben'],
    'alice Gathered/Ann': ['Letter 5 to ann', 'Letter 9 to ann'],
    'bob INBOX': ['Letter 3 to dot', 'Letter 9 to cam', 'Letter 9 to dot'],
  })
}

/** A home with the Redis of the fixture in it. */
async function homeOfThen(): Promise<{ readonly home: string; readonly ledgers: ReadonlyMap<string, Buffer> }> {
  const home = join(folder, 'then')
  unpackHome(home)
  const ledgers = new Map<string, Buffer>()
  await withRedisOf(home, async (redis) => {
    await loadRedis(redis)
    for (const user of users) ledgers.set(user, (await redis.getBuffer(keys.ledger(idOf(user)))) ?? Buffer.alloc(0))
  })
  // What ben had deleted at the provider may be forgotten, once it has been missing for a month.
  ledgers.delete('ben')
  return { home, ledgers }
}

before(async () => {
  for (const user of users) await serve(user)
})

test('it starts on what was written then, finds all of it, ends the runs that had died, and fetches nothing twice', async () => {
  const { home, ledgers } = await homeOfThen()
  const gateway = await startGateway(home)
  try {
    await assertKept(gateway)
    for (const user of ['ann', 'dot']) {
      const open = (answers[`/accounts/${idOf(user)}/runs`] as unknown as Items).items[0] as unknown as Run
      assert.equal(open.finishedAt, null)
      const run = await untilTold('the end of the open run', async () => {
        const now = (await gateway.call('GET', `/runs/${open.id}`)) as object as Run
        return now.finishedAt !== null && now
      })
      assert.deepEqual([run.state, run.recovered, run.stored], ['done', 1, 0], user)
    }
    const [first] = (answers[`/accounts/${idOf('ann')}/runs`] as unknown as Items).items.slice(-1)
    for (const part of ['messages', 'transcript'])
      assertHolds(
        await gateway.call('GET', `/runs/${String(first?.['id'])}/${part}`),
        answers[`/runs/${String(first?.['id'])}/${part}`],
        part,
      )
    const session = await fetch(`http://127.0.0.1:${gateway.ports.http}/api/v1/session`, {
      headers: { cookie: access.cookie },
    })
    assert.equal(session.status, 200)
    const done = ((await gateway.call('GET', '/audit?limit=500')) as unknown as Items).items
    for (const entry of (answers['/audit?limit=500'] as unknown as Items).items)
      assertHolds(
        done.find(({ id }) => id === entry['id']),
        entry,
        'the audit',
      )
    await assertLetIn(gateway)
    await assertLedgers(gateway, ledgers)
    await assertNothingTwice(gateway)
    await assertLedgers(gateway, ledgers)
    const redis = gateway.redis()
    assert.equal(await redis.hget(keys.format, 'number'), String(redisLimits.dataFormat))
    redis.disconnect()
  } finally {
    await gateway.stop()
  }
})

test('its backup, restored into an empty Redis beside the mail of then, leads to the same', async () => {
  for (const user of users) await serve(user)
  const home = join(folder, 'restored')
  unpackHome(home)
  const gateway = await startGateway(home)
  const restoredAt = new Date().toISOString()
  try {
    const response = await fetch(`http://127.0.0.1:${gateway.ports.http}/api/v1/restore`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access.adminToken}`, 'content-type': 'application/gzip' },
      body: gzipSync(
        fixtureBackup(Date.now())
          .map((line) => `${line}\n`)
          .join(''),
      ),
    })
    const { notice, ...answer } = (await response.json()) as Record<string, unknown>
    const { createdAt } = JSON.parse(fixtureBackup(0)[0] ?? '') as Record<string, unknown>
    assert.deepEqual(
      [response.status, answer],
      [200, { createdAt, accounts: 4, destinations: 2, proven: false, before: null }],
    )
    assert.match(String(notice), /^Nothing proves .* It brought 1 webhook, an SMTP server for the bulletin,/)
    await assertKept(gateway)
    await assertLetIn(gateway)
    for (const user of ['ann', 'dot']) {
      await gateway.pull(user)
      // They are due at once, so that a scheduled visit may be before the pull.
      const { items } = (await gateway.call('GET', `/accounts/${idOf(user)}/runs`)) as unknown as Items
      const since = (items as unknown as Run[]).filter((run) => run.queuedAt >= restoredAt)
      const sum = (name: 'recovered' | 'stored') => since.reduce((all, run) => all + run[name], 0)
      assert.deepEqual([sum('recovered'), sum('stored'), since.find((run) => run.failure)], [1, 0, undefined], user)
    }
    await assertNothingTwice(gateway)
  } finally {
    await gateway.stop()
  }
})

test('npm start, the API and a worker refuse what a newer version wrote, in one sentence, and change nothing', async () => {
  const server = await startTestRedis()
  const redis = connectRedis(server.url, 'api', () => {})
  try {
    await loadRedis(redis)
    await redis.hset(keys.format, { number: '999', writtenBy: '99.0.0' })
    const before = await dumpOf(redis)
    const home = join(folder, 'older')
    unpackHome(home)
    const env = { PATH: process.env['PATH'], TRIBUTARY_HOME: home, TRIBUTARY_REDIS_URL: server.url }
    const store = {
      TRIBUTARY_STORE_URL: 'imap://gateway:x@127.0.0.1:1',
      TRIBUTARY_STORE_USERS_FILE: join(home, 'users'),
    }
    for (const [module, more] of [
      ['api/main', store],
      ['workers/main', store],
      ['deploy/run', settingsOf(await instancePorts())],
    ] as const) {
      const child = spawn(process.execPath, [`dist/${module}.js`], { env: { ...env, ...more }, stdio: 'pipe' })
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number | null]
      assert.equal(code, 1, `${module}: ${said}`)
      assert.match(
        said,
        /The data in this Redis have format 999, written by Tributary 99\.0\.0; this is Tributary /,
        module,
      )
      assert.doesNotMatch(said, /^\s+at /m, module)
    }
    assert.deepEqual(await dumpOf(redis), before)
  } finally {
    redis.disconnect()
    await server.stop()
  }
})

/** All but what a worker said of itself for a quarter of a minute. */
async function dumpOf(redis: ReturnType<typeof connectRedis>): Promise<(string | undefined)[][]> {
  const names = (await redis.keys('*')).filter((name) => !name.startsWith(keys.workerVitals(''))).toSorted()
  const dumps = await Promise.all(names.map(async (name) => await redis.dumpBuffer(name)))
  return names.map((name, nth) => [name, dumps[nth]?.toString('base64')])
}
