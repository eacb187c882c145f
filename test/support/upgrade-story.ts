/** What lay at an instance of an earlier version: the providers of test/fixtures/upgrades, and what each archive there holds. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fixtureLetter } from './fixture.ts'
import { type MaildropMessage, type ScriptedServer, startPop3Server } from './pop3-server.ts'
import { readFolder } from './reader.ts'
import { startTokenService, type TokenService, tokens } from './token-service.ts'
import { tokenMaildrop } from './token-servers.ts'

export const upgradesFolder = 'test/fixtures/upgrades'

/** Each archive is named by the place of its version in the history, and by its commit. */
export const upgradeNames = () =>
  readdirSync(upgradesFolder)
    .flatMap((name) => /^(.*)\.tar\.gz$/.exec(name)?.[1] ?? [])
    .toSorted()

/** What is in an archive beside `home/`, `redis.ndjson` and `backup.ndjson`. */
export interface Then {
  /** The first one of the ports that its accounts name. */
  readonly port: number
  /** The ids of the accounts. */
  readonly ids: Readonly<Record<StoryUser, string>>
  readonly script: string
  /** What its API answered, by path. */
  readonly answers: Readonly<Record<string, Record<string, unknown>>>
  readonly mail: Readonly<Record<string, readonly StoredMail[]>>
}

export interface StoredMail {
  readonly uid: number
  readonly sha256: string
}

export const password = 'wonder'
export const adminPassword = 'a password of the fixture'

/** `ann` keeps, `ben` deletes, `cam` signs in at a provider. */
export const storyUsers = ['ann', 'ben', 'cam'] as const
export type StoryUser = (typeof storyUsers)[number]

export const portOf = (first: number, user: StoryUser) => first + storyUsers.indexOf(user)
export const folderOf: Readonly<Record<StoryUser, string>> = { ann: 'INBOX', ben: 'Gathered/Ben', cam: 'INBOX' }
/** Of ann's messages the second one is larger than her account takes. */
export const annTakes = 2000

const maildrops: Readonly<Record<StoryUser, readonly MaildropMessage[]>> = {
  ann: [1, 2, 3].map((nth) => fixtureLetter('ann', nth, nth === 2 ? 'z'.repeat(2500) : undefined)),
  ben: [1, 2].map((nth) => fixtureLetter('ben', nth)),
  cam: [1].map((nth) => fixtureLetter('cam', nth)),
}

export interface Providers {
  readonly tokens: TokenService
  readonly of: (user: StoryUser) => ScriptedServer
  close(): Promise<void>
}

/** @param more what each maildrop has beside that. @param gone whether ben's has been emptied. */
export async function startProviders(first: number, more: readonly number[], gone: boolean): Promise<Providers> {
  // A token that ends at once: whoever comes later needs the one with which it is refreshed.
  const service = await startTokenService(() => tokens('one', { expires_in: 1 }), {}, first + storyUsers.length)
  const servers = new Map<StoryUser, ScriptedServer>()
  for (const user of storyUsers) {
    const then = user === 'ben' && gone ? [] : maildrops[user]
    const messages = [...then, ...more.map((nth) => fixtureLetter(user, nth))]
    const usual = { messages, user, password: 'secret' }
    const signsIn = tokenMaildrop(messages, { opens: ({ token }) => token === 'access-one', cut: 'tells' }, [])
    servers.set(user, await startPop3Server(user === 'cam' ? signsIn : usual, portOf(first, user)))
  }
  return {
    tokens: service,
    of: (user) => servers.get(user) as ScriptedServer,
    async close() {
      await Promise.all([service.close(), ...[...servers.values()].map(async (server) => await server.close())])
    },
  }
}

export async function storedMail(imapPort: number): Promise<Record<string, StoredMail[]>> {
  const found: Record<string, StoredMail[]> = {}
  for (const folder of new Set(Object.values(folderOf)))
    found[folder] = (await readFolder(imapPort, 'alice', password, folder)).map(({ uid, bytes }) => ({
      uid,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }))
  return found
}

/** Unpacks an archive. */
export function unpackUpgrade(name: string, folder: string): Then {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const archive = resolve(upgradesFolder, `${name}.tar.gz`)
  execFileSync('tar', ['--extract', '--gzip', '--no-same-owner', '--file', archive], { cwd: folder })
  return JSON.parse(readFileSync(join(folder, 'then.json'), 'utf8')) as Then
}
