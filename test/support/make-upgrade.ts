/**
 * Makes an archive of test/fixtures/upgrades: `node dist/test/support/make-upgrade.js CLONE NAME PORT`, where CLONE is a checkout of that version with
 * its packages and its dist/. It starts that version, has it gather mail, and keeps what lies there then.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Redis } from 'ioredis'
import { freePorts } from './ports.ts'
import type { Bytes, Kept } from './fixture.ts'
import { type LocalGateway, startLocalGateway, withRedisOf } from './local-gateway.ts'
import {
  adminPassword,
  annTakes,
  folderOf,
  password,
  portOf,
  startProviders,
  storedMail,
  storyUsers,
  type StoryUser,
  type Then,
  upgradesFolder,
} from './upgrade-story.ts'

const [clone = '', name = '', first = ''] = process.argv.slice(2)
const port = Number(first)
const folder = mkdtempSync('/tmp/tributary-made-')
chmodSync(folder, 0o755)
const home = join(folder, 'home')

/** What a script may be told of an earlier version: whether it has this route. */
async function hasRoute({ call }: LocalGateway, path: string): Promise<boolean> {
  return await call('GET', path).then(
    () => true,
    () => false,
  )
}

/** As somebody with a browser does. */
async function signIn({ call, ports }: LocalGateway, publicUrl: string, id: string): Promise<void> {
  const here = (url: string) => url.replace(publicUrl, `http://127.0.0.1:${ports.http}`)
  const { url } = await call('POST', `/accounts/${id}/oauth/link`)
  const page = await fetch(here(String(url)))
  const to = /<a href="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll('&amp;', '&') ?? ''
  const state = new URL(to).searchParams.get('state') ?? ''
  const cookie = String(page.headers.get('set-cookie')).split(';')[0] ?? ''
  const back = await fetch(here(`${publicUrl}/api/v1/oauth/callback?code=code&state=${state}`), { headers: { cookie } })
  assert.equal(back.status, 200, await back.text())
}

async function registered(gateway: LocalGateway, publicUrl: string): Promise<Record<StoryUser, string>> {
  const { call } = gateway
  const { id: destinationId } = await call('POST', '/destinations', { kind: 'hosted', login: 'alice', password })
  const elsewhere = { kind: 'imap', host: '127.0.0.1', port: port + 9, tls: 'none', user: 'bob', password: 'builder' }
  await call('POST', '/destinations', elsewhere)
  const signsIn = await hasRoute(gateway, '/oauth/applications')
  const issuer = `http://127.0.0.1:${port + storyUsers.length}`
  const application = { provider: 'custom', clientId: 'tributary', clientSecret: 'secret', issuer }
  const applicationId = signsIn ? (await call('POST', '/oauth/applications', application))['id'] : undefined
  const special: Readonly<Record<StoryUser, object>> = {
    ann: { maxMessageBytes: annTakes, flags: ['\\Seen'], password: 'secret' },
    ben: { retention: { mode: 'delete' }, password: 'secret' },
    cam: signsIn ? { auth: 'oauth2', oauth: { applicationId } } : { password: 'secret' },
  }
  const ids = {} as Record<StoryUser, string>
  for (const user of storyUsers) {
    const at = { address: `${user}@example.net`, host: '127.0.0.1', port: portOf(port, user), tls: 'none', user }
    const account = { ...at, destinationId, folder: folderOf[user], paused: true, ...special[user] }
    ids[user] = String((await call('POST', '/accounts', account))['id'])
  }
  if (signsIn) await signIn(gateway, publicUrl, ids.cam)
  return ids
}

/** @returns what lets a program in. */
async function settled({ call }: LocalGateway): Promise<string> {
  await call('PATCH', '/settings', { transcriptsKept: 3, setAsideAfterSeconds: 7200 })
  const hook = { url: `http://127.0.0.1:${port + 8}/hook`, events: ['account.needs_attention'] }
  await call('POST', '/webhooks', hook)
  const mail = { from: 'tributary@example.net', to: ['ops@example.net'] }
  await call('PUT', '/bulletin', { host: '127.0.0.1', port: port + 7, tls: 'none', ...mail })
  await call('PUT', '/session/password', { password: adminPassword })
  return String((await call('POST', '/tokens', { name: 'of a script', scopes: ['read'] }))['token'])
}

async function gathered(gateway: LocalGateway, ids: Readonly<Record<StoryUser, string>>): Promise<void> {
  for (const user of storyUsers)
    for (const _ of ['first', 'again']) {
      const { failure, state } = await gateway.call('POST', `/accounts/${ids[user]}/pull?wait=60`)
      assert.deepEqual([state, failure], ['done', null], user)
    }
}

async function told(
  { call, ports }: LocalGateway,
  ids: Readonly<Record<StoryUser, string>>,
  script: string,
): Promise<Then> {
  const answers: Record<string, Record<string, unknown>> = {}
  const own = Object.values(ids).flatMap((id) => [`/accounts/${id}/runs`, `/accounts/${id}/quarantine`])
  const shared = ['accounts', 'destinations', 'webhooks', 'tokens', 'settings', 'bulletin', 'oauth/applications']
  for (const path of [...shared.map((word) => `/${word}`), ...own])
    if (await hasRoute({ call } as LocalGateway, path)) answers[path] = await call('GET', path)
  return { port, ids, script, answers, mail: await storedMail(ports.imap) }
}

async function backupOf({ ports }: LocalGateway): Promise<string> {
  const authorization = `Bearer ${readFileSync(join(home, 'admin-token'), 'utf8').trim()}`
  const response = await fetch(`http://127.0.0.1:${ports.http}/api/v1/backup`, { headers: { authorization } })
  return gunzipSync(Buffer.from(await response.arrayBuffer())).toString()
}

async function everyKey(redis: Redis): Promise<Kept[]> {
  const kept: Kept[] = []
  const text = (octets: Buffer): Bytes => {
    const words = octets.toString()
    return Buffer.from(words).equals(octets) ? words : { base64: octets.toString('base64') }
  }
  const pairs = (flat: readonly Buffer[]) =>
    Array.from({ length: flat.length / 2 }, (_, nth) => [text(flat[2 * nth]!), text(flat[2 * nth + 1]!)] as const)
  for (const key of (await redis.keys('*')).toSorted()) {
    // Nobody looks for what was told.
    if (key.endsWith(':events')) continue
    const [type, leftMs] = await Promise.all([redis.type(key), redis.pttl(key)])
    const about = { key, ...(leftMs < 0 ? {} : { expiresInMs: leftMs }) }
    if (type === 'string') kept.push({ ...about, type, value: text((await redis.getBuffer(key))!) })
    else if (type === 'hash')
      kept.push({ ...about, type, value: pairs((await redis.callBuffer('HGETALL', key)) as Buffer[]) })
    else if (type === 'zset')
      kept.push({ ...about, type, value: pairs(await redis.zrangeBuffer(key, '0', '-1', 'WITHSCORES')) })
    else if (type === 'set') kept.push({ ...about, type, value: (await redis.smembersBuffer(key)).map(text) })
    else if (type === 'list') kept.push({ ...about, type, value: (await redis.lrangeBuffer(key, 0, -1)).map(text) })
    else
      kept.push({
        ...about,
        type: 'stream',
        value: (await redis.xrange(key, '-', '+')).map(([id, fields]) => [id, ...fields]),
      })
  }
  return kept
}

const [publicPort] = await freePorts(1)
const publicUrl = `http://localhost:${publicPort}`
const gateway = await startLocalGateway(home, { TRIBUTARY_PUBLIC_URL: publicUrl }, resolve(clone))
const files = join(folder, 'archive')
mkdirSync(files)
const providers = await startProviders(port, [], false)
try {
  const ids = await registered(gateway, publicUrl)
  const script = await settled(gateway)
  await gathered(gateway, ids)
  // Ben is due when it starts again; what is kept of the others stands still until somebody asks.
  await gateway.call('POST', `/accounts/${ids.ben}/resume`)
  writeFileSync(join(files, 'then.json'), JSON.stringify(await told(gateway, ids, script)))
  writeFileSync(join(files, 'backup.ndjson'), await backupOf(gateway))
} finally {
  await gateway.stop()
  await providers.close()
}
const kept = await withRedisOf(home, everyKey)
writeFileSync(join(files, 'redis.ndjson'), kept.map((one) => `${JSON.stringify(one)}\n`).join(''))
for (const part of ['admin-token', 'secret-key', 'dovecot', 'mail'])
  cpSync(join(home, part), join(files, 'home', part), {
    recursive: true,
    errorOnExist: false,
    force: true,
    filter: (path) => !path.endsWith('.lock'),
  })
execFileSync(
  'tar',
  [
    '--create',
    '--gzip',
    '--owner=0',
    '--group=0',
    '--sort=name',
    '--file',
    resolve(upgradesFolder, `${name}.tar.gz`),
    '.',
  ],
  { cwd: files },
)
rmSync(folder, { recursive: true, force: true })
