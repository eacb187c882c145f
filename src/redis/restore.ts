/** A backup (backup.ts) checked, and put in the place of what Redis holds. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { Run } from '../runs/run.ts'
import { keyIdOf, type Seal } from '../seal.ts'
import { describe } from '../failure/sentences.ts'
import { addToIndex } from './account-index.ts'
import { type AccountRecord, sourceOf } from './accounts.ts'
import {
  backupFormat,
  BackupUnfit,
  backupVersion,
  damaged,
  type Entry,
  entryOf,
  noBackup,
  parsed,
} from './backup-entry.ts'
import type { DestinationRecord } from './destinations.ts'
import { everyKey, keys } from './key-names.ts'
import { queuePrefix } from './queue.ts'
import { restate } from './statuses.ts'
import type { TokenRecord } from './tokens.ts'

export interface Inventory {
  readonly createdAt: string
  readonly accounts: number
  readonly destinations: number
}

/** Reads all of it and changes nothing. @throws BackupUnfit */
export async function checkBackup(lines: AsyncIterable<string>, seal: Seal): Promise<Inventory> {
  let createdAt: string | undefined
  let read = 0
  let ended = false
  const accounts = new Set<string>()
  const destinations = new Set<string>()
  for await (const line of lines) {
    read += 1
    if (ended) throw damaged(read, 'something behind its end')
    const json = parsed(line, read)
    if (createdAt === undefined) {
      if (json['format'] !== backupFormat || typeof json['createdAt'] !== 'string') throw noBackup()
      if (json['version'] !== backupVersion)
        throw new BackupUnfit(
          'file',
          `This backup is of version ${String(json['version'])}; this Tributary reads ${backupVersion}.`,
        )
      createdAt = json['createdAt']
    } else if (json['end'] === true) {
      if (json['lines'] !== read - 1) throw damaged(read, `the end of ${String(json['lines'])} lines`)
      ended = true
    } else {
      const entry = entryOf(json, read)
      if (entry.type !== 'hash') continue
      for (const [id, text] of Object.entries(entry.value)) {
        if (entry.key === keys.accounts) {
          const { account, sealedPassword } = recordIn<AccountRecord>(text, read)
          if (account?.id !== id || typeof account.host !== 'string' || typeof account.destinationId !== 'string')
            throw damaged(read, 'no account')
          accounts.add(id)
          checkSealed(seal, sealedPassword, id)
        } else if (entry.key === keys.destinations) {
          const { destination, sealedPassword } = recordIn<DestinationRecord>(text, read)
          if (destination?.id !== id) throw damaged(read, 'no destination')
          destinations.add(id)
          if (sealedPassword !== null) checkSealed(seal, sealedPassword, id)
        } else if (entry.key === keys.tokens) {
          const { id: own, digest } = recordIn<TokenRecord>(text, read)
          if (own !== id || typeof digest !== 'string') throw damaged(read, 'no token')
        }
      }
    }
  }
  if (createdAt === undefined) throw noBackup()
  if (!ended)
    throw new BackupUnfit('file', `This backup is not whole: it ends after line ${read}. Nothing was changed.`)
  return { createdAt, accounts: accounts.size, destinations: destinations.size }
}

function recordIn<T>(text: string, number: number): Partial<T> & { readonly sealedPassword: string } {
  return parsed(text, number) as Partial<T> & { readonly sealedPassword: string }
}

function checkSealed(seal: Seal, sealed: string, id: string): void {
  const keyId = keyIdOf(sealed)
  if (!seal.holds(keyId)) {
    throw new BackupUnfit(
      'key',
      `The passwords of this backup are sealed with the secret key ${keyId}, and this instance has ${seal.keyId}. Put the key of then into the file secret-key, as a line behind the others, and restore again. Nothing was changed.`,
    )
  }
  try {
    seal.open(sealed, id, 'password')
  } catch (error) {
    throw new BackupUnfit('file', `In this backup ${error instanceof Error ? error.message : String(error)}.`)
  }
}

/**
 * Replaces everything by what a checked backup holds. Accounts come last: what breaks off before that leaves none, and can
 * be done again.
 *
 * @param lines gives them anew each time.
 */
export async function restoreBackup(redis: Redis, lines: () => AsyncIterable<string>, nowMs: number): Promise<void> {
  await wipe(redis)
  const due = new Map<string, number>()
  for await (const entry of entriesIn(lines())) {
    if (([keys.accounts, keys.destinations, keys.tokens] as string[]).includes(entry.key)) continue
    if (entry.key === keys.due && entry.type === 'zset')
      for (const [id, dueMs] of Object.entries(entry.value)) due.set(id, dueMs)
    else await write(redis, entry, nowMs)
  }
  const destinations = new Set<string>()
  for await (const { key, type, value } of entriesIn(lines())) {
    if (key === keys.purges && type === 'hash') await redis.hset(keys.logins, loginsIn(value))
    if (key !== keys.destinations || type !== 'hash') continue
    const all = redis.multi()
    for (const [id, json] of Object.entries(value)) {
      destinations.add(id)
      const { destination } = JSON.parse(json) as DestinationRecord
      all.hset(key, id, json).zadd(keys.destinationIds, 0, id)
      if (destination.kind === 'hosted') all.hset(keys.logins, destination.login, id)
    }
    await all.exec()
  }
  for await (const { key, type, value } of entriesIn(lines())) {
    if (key !== keys.tokens || type !== 'hash') continue
    const all = redis.multi()
    for (const [id, json] of Object.entries(value)) {
      const { destinationId } = JSON.parse(json) as TokenRecord
      // Removed while the backup was made, and its tokens with it.
      if (destinationId !== null && !destinations.has(destinationId)) continue
      all.hset(key, id, json).zadd(keys.tokenIds, 0, id)
      if (destinationId !== null) all.sadd(keys.tokensOf(destinationId), id)
    }
    await all.exec()
  }
  for await (const { key, type, value } of entriesIn(lines())) {
    if (key !== keys.accounts || type !== 'hash') continue
    for (const [id, json] of Object.entries(value)) {
      const { account } = JSON.parse(json) as AccountRecord
      // Removed while the backup was made, and its destination with it.
      if (!destinations.has(account.destinationId) || (await redis.hexists(key, id)) === 1) continue
      // Whatever has happened since: the store is asked before the next pull.
      await redis.hset(keys.ledgerNotes(id), 'wholeUnder', 'a backup')
      const dueMs = due.get(id)
      const all = redis.multi()
      all.hset(key, id, json).hset(keys.accountSources, sourceOf(account), id)
      addToIndex(all, account)
      if (dueMs !== undefined && !account.paused)
        all.zadd(keys.due, Math.max(dueMs, nowMs + Math.random() * redisLimits.resumeSpreadMs), id)
      await all.exec()
    }
    await restate(redis, Object.keys(value))
  }
}

/** The logins of destinations that were being removed with their mail: they stay taken until the purge has ended. */
function loginsIn(purges: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(purges).flatMap(([id, json]) => {
      const { destination } = JSON.parse(json) as DestinationRecord
      return destination.kind === 'hosted' ? [[destination.login, id]] : []
    }),
  )
}

/** With leases: a run under way writes nothing any more. Not the fences, so that none is given out twice, nor who did what. */
async function wipe(redis: Redis): Promise<void> {
  await redis.unlink(keys.due, keys.accounts, keys.accountIds)
  for (const pattern of everyKey) {
    let cursor = '0'
    do {
      const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000)
      cursor = next
      for (const key of found) if (!outlivesWipe(key)) await redis.unlink(key)
    } while (cursor !== '0')
  }
}

/** And what is counted for ever: it never goes down; and what was done to this instance. */
const everLasting: ReadonlySet<string> = new Set([keys.workers, keys.measures, keys.measuredHosts, keys.audit])

function outlivesWipe(key: string): boolean {
  return key.startsWith(`${queuePrefix}:`) || everLasting.has(key) || /^tributary:\{[^}]*\}:fence$/.test(key)
}

async function write(redis: Redis, entry: Entry, nowMs: number): Promise<void> {
  if (entry.type === 'hash') {
    if (Object.keys(entry.value).length > 0) await redis.hset(entry.key, entry.value)
  } else if (entry.type === 'zset') {
    const flat = Object.entries(entry.value).flatMap(([member, score]) => [score, member])
    if (flat.length > 0) await redis.zadd(entry.key, ...flat)
  } else if (entry.key.endsWith(':fence')) {
    const before = Number((await redis.get(entry.key)) ?? 0)
    await redis.set(entry.key, Math.max(before, Number(bytesOf(entry))))
  } else if (entry.expiresAtMs === undefined) await redis.setrange(entry.key, entry.at, bytesOf(entry))
  else if (entry.expiresAtMs > nowMs) {
    const value = entry.key.startsWith(keys.run('')) ? closed(bytesOf(entry), nowMs) : bytesOf(entry)
    await redis.multi().setrange(entry.key, entry.at, value).pexpireat(entry.key, entry.expiresAtMs).exec()
  }
}

function bytesOf({ value }: Extract<Entry, { type: 'string' }>): Buffer {
  return Buffer.from(value, 'base64')
}

/** Nobody goes on with a run that was under way. */
function closed(json: Buffer, nowMs: number): Buffer {
  const run = JSON.parse(json.toString()) as Run
  if (run.finishedAt !== null) return json
  const failure = { kind: 'stopped', message: describe({ kind: 'stopped' }) } as const
  const ended: Run = { ...run, state: 'failed', finishedAt: new Date(nowMs).toISOString(), failure }
  return Buffer.from(JSON.stringify(ended))
}

async function* entriesIn(lines: AsyncIterable<string>): AsyncGenerator<Entry> {
  let read = 0
  for await (const line of lines) {
    read += 1
    const json = parsed(line, read)
    if (json['format'] === undefined && json['end'] === undefined) yield entryOf(json, read)
  }
}
