/** Today's gateway on what versions since 43e1b2e have written (test/fixtures/upgrades): all is as it was, and nothing is fetched twice. */
import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { handOver } from '../../deploy/identity.ts'
import { dovecotLine } from '../../deploy/server-programs.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { Run } from '../../src/runs/run.ts'
import { loadRedis } from '../support/fixture.ts'
import { Containers, parts } from '../support/containers.ts'
import { assertHolds } from '../support/holds.ts'
import { type LocalGateway, startLocalGateway, withRedisOf } from '../support/local-gateway.ts'
import {
  adminPassword,
  folderOf,
  password,
  type Providers,
  startProviders,
  storedMail,
  storyUsers,
  type StoryUser,
  type Then,
  unpackUpgrade,
  upgradeNames,
} from '../support/upgrade-story.ts'
import { until } from '../support/until.ts'

type Item = Readonly<Record<string, unknown>>
type Asked = Pick<LocalGateway, 'ports' | 'call'>
const itemsOf = (answer: unknown) => (answer as { readonly items?: readonly Item[] } | undefined)?.items ?? []

const folder = mkdtempSync('/tmp/tributary-upgrades-')
// The servers run as another user.
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

/** What goes on by itself: what ben is visited for, uses of tokens, the mail that cannot be sent; and where this instance is. */
const moving: ReadonlySet<string> = new Set(
  'status lastRun lastMailAt nextRunAt lastCheckedAt rhythm reason needsPerson sending lastUsedAt waiting lastSentAt lastFailure redirectUri'.split(
    ' ',
  ),
)
const still = (answer: unknown): unknown => {
  if (Array.isArray(answer)) return answer.map(still)
  if (typeof answer !== 'object' || answer === null) return answer
  return Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => (moving.has(name) ? [] : [[name, still(value)]])),
  )
}

async function assertKept({ call }: Asked, { ids, answers }: Then): Promise<void> {
  for (const [path, then] of Object.entries(answers)) {
    const now = await call('GET', path)
    if (path.endsWith('/runs') && path.includes(ids.ben)) {
      // It may have been visited by now, and the last visit of then may be a row that grows.
      const shown = itemsOf(now)
      for (const run of itemsOf(then).filter(({ stored }) => stored !== 0))
        assertHolds(
          shown.find(({ id }) => id === run['id']),
          still(run),
          path,
        )
    } else assertHolds(now, still(then), path)
  }
  const fetched = itemsOf(answers[`/accounts/${ids.ann}/runs`]).map(({ stored }) => stored)
  assert.ok(fetched.includes(2), 'there is something to be kept')
  assert.equal(itemsOf(answers[`/accounts/${ids.ann}/quarantine`]).length, 1)
}

async function assertLetIn({ ports }: Asked, { script }: Then): Promise<void> {
  const ask = async (path: string, body?: object) =>
    await fetch(`http://127.0.0.1:${ports.http}/api/v1${path}`, {
      headers: { authorization: `Bearer ${script}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    }).then(({ status }) => status)
  assert.equal(await ask('/accounts'), 200)
  assert.equal(await ask('/session', { password: adminPassword }), 200)
  assert.equal(await ask('/session', { login: 'alice', password }), 200)
}

/** @param since the messages in each folder that were not there then. */
async function assertMail({ ports }: Asked, then: Then, since: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, now] of Object.entries(await storedMail(ports.imap))) {
    const before = then.mail[name] ?? []
    assert.deepEqual(now.slice(0, before.length), before, name)
    assert.equal(now.length - before.length, since[name] ?? 0, name)
  }
}

interface Running extends LocalGateway {
  /** TRIBUTARY_HOME. */
  readonly home: string
  readonly adminToken: string
}

/** As `npm start` finds it. */
async function inLocalMode(files: string): Promise<Running> {
  const home = join(files, 'home')
  const gateway = await startLocalGateway(home)
  return { ...gateway, home, adminToken: readFileSync(join(home, 'admin-token'), 'utf8').trim() }
}

/** As containers find it in their volumes. */
async function inContainers(files: string): Promise<Running> {
  const containers = await Containers.make()
  const { home, identity, ports } = containers
  for (const [from, to] of [
    ['redis', 'redis'],
    ['mail', 'mail'],
    ['dovecot/users', 'dovecot/users'],
    ['admin-token', 'secrets/gateway/admin-token'],
    ['secret-key', 'secrets/gateway/secret-key'],
  ] as const)
    cpSync(join(files, 'home', from), join(home, to), { recursive: true })
  handOver(home, identity)
  for (const part of parts.toReversed()) await containers.start(part)
  return {
    home,
    ports,
    adminToken: containers.secret('gateway/admin-token'),
    call: async (...asked) => await containers.call(...asked),
    said: () => containers.said('dovecot'),
    redis: () => assert.fail('nobody asks its Redis'),
    stop: async () => await containers.remove(),
  }
}

async function restore({ ports, adminToken }: Running, backup: string): Promise<Item> {
  const response = await fetch(`http://127.0.0.1:${ports.http}/api/v1/restore?replace=true`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminToken}`,
      'content-type': 'application/gzip',
    },
    body: gzipSync(backup),
  })
  const answer = (await response.json()) as Item
  assert.equal(response.status, 200, JSON.stringify(answer))
  return answer
}

async function upgrade(name: string, start: (files: string) => Promise<Running>): Promise<void> {
  const files = join(folder, name)
  const then = unpackUpgrade(name, files)
  const home = join(files, 'home')
  const was = await withRedisOf(home, async (redis) => {
    await loadRedis(redis, join(files, 'redis.ndjson'))
    return Number(await redis.hget(keys.format, 'number'))
  })
  const gone = await startProviders(then.port, [], true)
  let more: Providers | undefined
  const gateway = await start(files)
  const pull = async (user: StoryUser) =>
    (await gateway.call('POST', `/accounts/${then.ids[user]}/pull?wait=60`)) as object as Run
  const counts = async (user: StoryUser) => {
    const { stored, recovered, failure } = await pull(user)
    return [stored, recovered, failure]
  }
  try {
    await assertKept(gateway, then)
    await assertLetIn(gateway, then)
    // The mail is Dovecot 2.3's.
    const isNewer = gateway.said().includes('was written by Dovecot 2.3; Dovecot 2.4 goes on with it')
    assert.equal(isNewer, dovecotLine() === '2.4')
    const kept = join(gateway.home, 'backups')
    const backups = existsSync(kept) ? readdirSync(kept) : []
    assert.equal(
      backups.filter((path) => path.startsWith(`format-${was}-`)).length,
      was < redisLimits.dataFormat ? 1 : 0,
    )
    const before = itemsOf(then.answers['/accounts']).find(({ id }) => id === then.ids.ben)?.['lastCheckedAt']
    await until('ben to be visited by the schedule', async () => {
      const { lastCheckedAt } = await gateway.call('GET', `/accounts/${then.ids.ben}`)
      return lastCheckedAt !== null && lastCheckedAt !== before
    })
    for (const user of storyUsers) assert.deepEqual(await counts(user), [0, 0, null], user)
    await assertMail(gateway, then, {})
    await gone.close()

    more = await startProviders(then.port, [9], true)
    for (const user of storyUsers)
      assert.deepEqual(
        [await counts(user), await counts(user)],
        [
          [1, 0, null],
          [0, 0, null],
        ],
        user,
      )
    // What cam had from the provider is what lets it in by now.
    const asked = [...gone.tokens.asked['/token'], ...more.tokens.asked['/token']]
    const signsIn = '/oauth/applications' in then.answers
    assert.equal(asked[0]?.body.get('refresh_token'), signsIn ? 'refresh-one' : undefined)
    const since = { INBOX: 2, [folderOf.ben]: 1 }
    await assertMail(gateway, then, since)

    const { accounts, proven } = await restore(gateway, readFileSync(join(files, 'backup.ndjson'), 'utf8'))
    assert.deepEqual([accounts, proven], [3, name >= '5'])
    await assertKept(gateway, then)
    for (const user of ['ann', 'cam'] as const) assert.deepEqual(await counts(user), [0, 1, null], user)
    await assertMail(gateway, then, since)
  } finally {
    await gateway.stop()
    for (const providers of [gone, more]) await providers?.close()
  }
}

const [first = '', ...later] = upgradeNames()

test('from each version: all of it is there, nothing is fetched twice, and its backup is restored', {
  concurrency: 2,
}, async (t) => {
  await Promise.all(later.map(async (name) => await t.test(name, async () => await upgrade(name, inLocalMode))))
})

test(`in containers with the volumes of ${first}, carried over by the API: likewise`, async () => {
  await upgrade(first, inContainers)
})
