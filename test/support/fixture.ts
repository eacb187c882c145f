/** Loads the data that an earlier version wrote: test/fixtures/version-N, whose README says what is in it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'

export const fixtureFolder = 'test/fixtures/version-1'

type Bytes = string | { readonly base64: string }
type Kept = { readonly key: string; readonly expiresInMs?: number } & (
  | { readonly type: 'string'; readonly value: Bytes }
  | { readonly type: 'hash'; readonly value: readonly (readonly [Bytes, Bytes])[] }
  | { readonly type: 'zset'; readonly value: readonly (readonly [Bytes, Bytes])[] }
  | { readonly type: 'set'; readonly value: readonly Bytes[] }
  | { readonly type: 'list'; readonly value: readonly Bytes[] }
  /** Id, then fields and values in turn. */
  | { readonly type: 'stream'; readonly value: readonly (readonly [string, ...string[]])[] }
)

const octets = (text: Bytes) => (typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.base64, 'base64'))

/** What was kept for a while is kept as long again from now on. */
export async function loadRedis(redis: Redis): Promise<void> {
  for (const line of readFileSync(join(fixtureFolder, 'redis.ndjson'), 'utf8').trimEnd().split('\n')) {
    const kept = JSON.parse(line) as Kept
    const { key } = kept
    if (kept.type === 'string') await redis.set(key, octets(kept.value))
    else if (kept.type === 'hash') await redis.hset(key, ...kept.value.flat().map(octets))
    else if (kept.type === 'zset')
      await redis.zadd(key, ...kept.value.flatMap(([member, score]) => [octets(score), octets(member)]))
    else if (kept.type === 'set') await redis.sadd(key, ...kept.value.map(octets))
    else if (kept.type === 'list') await redis.rpush(key, ...kept.value.map(octets))
    else for (const [id, ...fields] of kept.value) await redis.xadd(key, id, ...fields)
    if (kept.expiresInMs !== undefined) await redis.pexpire(key, kept.expiresInMs)
  }
}

/** The files, but for those of Redis. */
export function unpackHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o755 })
  execFileSync('tar', ['--extract', '--gzip', '--no-same-owner', '--file', join(fixtureFolder, 'home.tar.gz')], {
    cwd: home,
  })
}

export interface Access {
  readonly adminToken: string
  readonly adminPassword: string
  /** Of a session of the admin. */
  readonly cookie: string
  readonly tokens: { readonly script: string; readonly bob: string }
  readonly logins: { readonly alice: string; readonly bob: string }
}

export function fixtureJson<T>(name: 'access' | 'answers' | 'mail'): T {
  return JSON.parse(readFileSync(join(fixtureFolder, `${name}.json`), 'utf8')) as T
}

/** The lines of the backup. The runs in it are kept for a day from now on; as the file says it they would be gone after a month. */
export function fixtureBackup(nowMs: number): string[] {
  const lines = readFileSync(join(fixtureFolder, 'backup.ndjson'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => line.replace(/"expiresAtMs":\d+/, `"expiresAtMs":${nowMs + 86_400_000}`))
}
