/** Loads the data that an earlier version wrote: test/fixtures/version-N, whose README describes them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Redis } from 'ioredis'
import type { MaildropMessage } from './pop3-server.ts'

export const fixtureFolder = 'test/fixtures/version-1'

export type Bytes = string | { readonly base64: string }
export type Kept = { readonly key: string; readonly expiresInMs?: number } & (
  | { readonly type: 'string'; readonly value: Bytes }
  | { readonly type: 'hash'; readonly value: readonly (readonly [Bytes, Bytes])[] }
  | { readonly type: 'zset'; readonly value: readonly (readonly [Bytes, Bytes])[] }
  | { readonly type: 'set'; readonly value: readonly Bytes[] }
  | { readonly type: 'list'; readonly value: readonly Bytes[] }
  /** Each entry has its id, and then fields and values in turn. */
  | { readonly type: 'stream'; readonly value: readonly (readonly [string, ...string[]])[] }
)

const octets = (text: Bytes) => (typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.base64, 'base64'))

/** Loads the keys. A key that had a lifetime gets the same lifetime from now on. */
export async function loadRedis(redis: Redis, file = join(fixtureFolder, 'redis.ndjson')): Promise<void> {
  const all = redis.pipeline()
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const kept = JSON.parse(line) as Kept
    const { key } = kept
    if (kept.type === 'string') all.set(key, octets(kept.value))
    else if (kept.type === 'hash') all.hset(key, ...kept.value.flat().map(octets))
    else if (kept.type === 'zset')
      all.zadd(key, ...kept.value.flatMap(([member, score]) => [octets(score), octets(member)]))
    else if (kept.type === 'set') all.sadd(key, ...kept.value.map(octets))
    else if (kept.type === 'list') all.rpush(key, ...kept.value.map(octets))
    else for (const [id, ...fields] of kept.value) all.xadd(key, id, ...fields)
    if (kept.expiresInMs !== undefined) all.pexpire(key, kept.expiresInMs)
  }
  for (const [error] of (await all.exec()) ?? []) if (error !== null) throw error
}

/** Unpacks the files, except those of Redis. */
export function unpackHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o755 })
  execFileSync('tar', ['--extract', '--gzip', '--no-same-owner', '--file', resolve(fixtureFolder, 'home.tar.gz')], {
    cwd: home,
  })
}

export interface Access {
  readonly adminToken: string
  readonly adminPassword: string
  /** The cookie of a session of the admin. */
  readonly cookie: string
  readonly tokens: { readonly script: string; readonly bob: string }
  readonly logins: { readonly alice: string; readonly bob: string }
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(fixtureFolder, `${name}.json`), 'utf8'))

export const fixtureAccess = () => read('access') as Access
/** The answers of the API at that time, by path. */
export const fixtureAnswers = () => read('answers') as Record<string, Record<string, unknown>>
/** The stored mail, by login and folder. */
export const fixtureMail = () => read('mail') as Record<string, readonly StoredThen[]>

export interface StoredThen {
  readonly uid: number
  readonly internalDate: string
  readonly subject: string
  /** The hash of the whole message, as IMAP gives it. */
  readonly sha256: string
}

/** Makes a message as the providers of the fixture had it. */
export function fixtureLetter(who: string, nth: number, body = `This is letter ${nth} to ${who}.`): MaildropMessage {
  const date = new Date(Date.UTC(2026, 5, nth + 1, 8, nth)).toUTCString().replace('GMT', '+0000')
  const lines = [
    `Received: from mx.example.net by pop.example.net; ${date}`,
    `Message-ID: <${who}-${nth}@example.net>`,
    `Date: ${date}`,
    'From: friend@example.net',
    `To: ${who}@example.net`,
    `Subject: Letter ${nth} to ${who}`,
    '',
    body,
    '',
  ]
  return { uidl: `${who}-${nth}`, bytes: Buffer.from(lines.join('\r\n')) }
}

export const fixturePorts = { ann: 7110, ben: 7111, cam: 7112, dot: 7113 } as const

/** The messages that each provider shows, as they were when the fixture was made. */
export const fixtureMaildrops: Readonly<Record<keyof typeof fixturePorts, readonly MaildropMessage[]>> = {
  ann: [1, 2, 3, 4, 5].map((nth) => fixtureLetter('ann', nth, nth === 4 ? 'z'.repeat(2500) : undefined)),
  ben: [fixtureLetter('ben', 2, 'x'.repeat(3000))],
  cam: [1, 2, 3].map((nth) => fixtureLetter('cam', nth)),
  // This provider no longer shows the other messages.
  dot: [fixtureLetter('dot', 2, 'y'.repeat(2500))],
}

/** Gives the lines of the backup. Its runs are kept for a day from now on; with the times in the file they would be gone after a month. */
export function fixtureBackup(nowMs: number): string[] {
  const lines = readFileSync(join(fixtureFolder, 'backup.ndjson'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => line.replace(/"expiresAtMs":\d+/, `"expiresAtMs":${nowMs + 86_400_000}`))
}
