/**
 * All that Tributary keeps in Redis as lines of JSON, and back (docs/decisions/0014). Of one account everything is of one
 * moment (MULTI), of two accounts not: each is made whole from the store before its next pull, see reconcile.ts.
 */
import type { Redis } from 'ioredis'
import { describe } from '../failure.ts'
import { limits } from '../limits.ts'
import type { Run } from '../run.ts'
import { keyIdOf, type Seal } from '../seal.ts'
import { addToIndex } from './account-index.ts'
import { type AccountRecord, sourceOf } from './accounts.ts'
import type { DestinationRecord } from './destinations.ts'
import { backedUpOfAccount, backedUpShared, everyKey, keys } from './keys.ts'
import { queuePrefix } from './queue.ts'
import { restate } from './statuses.ts'
import type { TokenRecord } from './tokens.ts'

export const backupFormat = 'tributary backup'
const version = 1

/** A string lies in pieces, each with its place; JSON takes no bytes, so it is base64. */
type Entry =
  | {
      readonly key: string
      readonly type: 'string'
      readonly at: number
      readonly value: string
      readonly expiresAtMs?: number
    }
  | { readonly key: string; readonly type: 'hash'; readonly value: Readonly<Record<string, string>> }
  | { readonly key: string; readonly type: 'zset'; readonly value: Readonly<Record<string, number>> }

export class BackupUnfit extends Error {
  override readonly name = 'BackupUnfit'
  /** `key`: whole, but sealed with another key than this instance has. */
  readonly fault: 'file' | 'key'

  constructor(fault: 'file' | 'key', message: string) {
    super(message)
    this.fault = fault
  }
}

/** How many fields, runs and accounts are read at once. */
const chunk = 200

export async function* backupLines(redis: Redis, keyId: string, nowMs: number): AsyncGenerator<string> {
  let lines = 1
  const head = { format: backupFormat, version, createdAt: new Date(nowMs).toISOString(), keyId }
  yield `${JSON.stringify(head)}\n`
  for await (const entry of entriesOf(redis)) {
    lines += 1
    yield `${JSON.stringify(entry)}\n`
  }
  yield `${JSON.stringify({ end: true, lines })}\n`
}

async function* entriesOf(redis: Redis): AsyncGenerator<Entry> {
  // Accounts before destinations: none is read whose destination is not.
  for await (const accounts of hashOf(redis, keys.accounts)) {
    yield* inPieces(keys.accounts, accounts)
    const ids = Object.keys(accounts)
    const [states, last, mail, due] = await Promise.all([
      redis.hmget(keys.accountStates, ...ids),
      redis.hmget(keys.lastRuns, ...ids),
      redis.hmget(keys.lastMail, ...ids),
      redis.zmscore(keys.due, ...ids),
    ])
    yield* inPieces(keys.accountStates, zipped(ids, states))
    yield* inPieces(keys.lastRuns, zipped(ids, last))
    yield* inPieces(keys.lastMail, zipped(ids, mail))
    const value = Object.fromEntries(ids.flatMap((id, nth) => (due[nth] == null ? [] : [[id, Number(due[nth])]])))
    yield { key: keys.due, type: 'zset', value }
    for (const id of ids) yield* accountEntries(redis, id)
  }
  const access = [keys.settings, keys.tokens, keys.tokenUses, keys.passwords]
  const outward = [keys.told, keys.webhooks, keys.notice]
  for (const key of [keys.destinations, keys.pauses, keys.hostTraits, ...access, ...outward])
    for await (const fields of hashOf(redis, key)) yield* inPieces(key, fields)
}

async function* accountEntries(redis: Redis, id: string): AsyncGenerator<Entry> {
  const names = Object.keys(backedUpOfAccount) as (keyof typeof backedUpOfAccount)[]
  const together = redis.multi()
  for (const name of names) {
    const type = backedUpOfAccount[name]
    if (type === 'string') together.getBuffer(keys[name](id))
    else if (type === 'hash') together.hgetall(keys[name](id))
    else together.zrange(keys[name](id), '0', '-1')
  }
  const read = (await together.exec()) ?? []
  let runs: string[] = []
  for (const [nth, name] of names.entries()) {
    const [error, value] = read[nth] ?? [new Error(`${name} was not read`)]
    if (error) throw error
    const key = keys[name](id)
    if (Buffer.isBuffer(value)) yield* stringPieces(key, value)
    else if (Array.isArray(value)) {
      runs = value as string[]
      // Their order is that of their ids.
      yield { key, type: 'zset', value: Object.fromEntries(runs.map((run) => [run, 0])) }
    } else if (value !== null) yield* inPieces(key, value as Record<string, string>)
  }
  for (let from = 0; from < runs.length; from += chunk) {
    const some = runs.slice(from, from + chunk).map(keys.run)
    const [values, ends] = await Promise.all([
      Promise.all(some.map((key) => redis.getBuffer(key))),
      Promise.all(some.map((key) => redis.pexpiretime(key))),
    ])
    for (const [nth, key] of some.entries()) {
      const value = values[nth]
      if (value != null) yield* stringPieces(key, value, ends[nth])
    }
  }
}

async function* hashOf(redis: Redis, key: string): AsyncGenerator<Record<string, string>> {
  let cursor = '0'
  do {
    const [next, flat] = await redis.hscan(key, cursor, 'COUNT', chunk)
    cursor = next
    const fields: Record<string, string> = {}
    for (let nth = 0; nth + 1 < flat.length; nth += 2) fields[flat[nth] ?? ''] = flat[nth + 1] ?? ''
    if (flat.length > 0) yield fields
  } while (cursor !== '0')
}

function* stringPieces(key: string, value: Buffer, expiresAtMs = -1): Generator<Entry> {
  for (let at = 0; at === 0 || at < value.length; at += limits.backupPieceOctets) {
    const piece = value.toString('base64', at, at + limits.backupPieceOctets)
    yield { key, type: 'string', at, value: piece, ...(expiresAtMs > 0 ? { expiresAtMs } : {}) }
  }
}

function* inPieces(key: string, fields: Readonly<Record<string, string>>): Generator<Entry> {
  let value: Record<string, string> = {}
  let octets = 0
  for (const [field, text] of Object.entries(fields)) {
    if (octets > limits.backupPieceOctets) {
      yield { key, type: 'hash', value }
      value = {}
      octets = 0
    }
    value[field] = text
    octets += field.length + text.length
  }
  if (octets > 0) yield { key, type: 'hash', value }
}

function zipped(ids: readonly string[], values: readonly (string | null)[]): Record<string, string> {
  return Object.fromEntries(ids.flatMap((id, nth) => (values[nth] == null ? [] : [[id, values[nth]]])))
}

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
      if (json['format'] !== backupFormat || typeof json['createdAt'] !== 'string')
        throw new BackupUnfit('file', 'This is no backup of Tributary.')
      if (json['version'] !== version)
        throw new BackupUnfit(
          'file',
          `This backup is of version ${String(json['version'])}; this Tributary reads ${version}.`,
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
  if (createdAt === undefined) throw new BackupUnfit('file', 'This is no backup of Tributary.')
  if (!ended)
    throw new BackupUnfit('file', `This backup is not whole: it ends after line ${read}. Nothing was changed.`)
  return { createdAt, accounts: accounts.size, destinations: destinations.size }
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
        all.zadd(keys.due, Math.max(dueMs, nowMs + Math.random() * limits.resumeSpreadMs), id)
      await all.exec()
    }
    await restate(redis, Object.keys(value))
  }
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

function damaged(line: number, what: string): BackupUnfit {
  return new BackupUnfit('file', `This backup is damaged: in line ${line} stands ${what}. Nothing was changed.`)
}

function parsed(line: string, number: number): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw number === 1 ? new BackupUnfit('file', 'This is no backup of Tributary.') : damaged(number, 'no JSON object')
}

function recordIn<T>(text: string, number: number): Partial<T> & { readonly sealedPassword: string } {
  return parsed(text, number) as Partial<T> & { readonly sealedPassword: string }
}

const ofAccount = new Map(
  Object.entries(backedUpOfAccount).map(([name, type]) => [keys[name as keyof typeof backedUpOfAccount]('*'), type]),
)
const ofAll = new Map<string, Entry['type']>(
  Object.entries(backedUpShared).map(([name, type]) => [keys[name as keyof typeof backedUpShared], type]),
)

function typeOf(key: string): Entry['type'] | undefined {
  if (/^tributary:run:[0-9A-Z]{26}$/.test(key)) return 'string'
  return ofAll.get(key) ?? ofAccount.get(key.replace(/^tributary:\{[0-9A-Z]{26}\}:/, 'tributary:{*}:'))
}

function entryOf(json: Record<string, unknown>, number: number): Entry {
  const { key, type, value, at, expiresAtMs } = json
  if (typeof key !== 'string' || typeOf(key) === undefined) throw damaged(number, 'a key that no backup holds')
  const fits = (test: (one: unknown) => boolean) =>
    typeof value === 'object' && value !== null && Object.values(value).every(test)
  const right =
    type === 'string'
      ? typeof value === 'string' && Number.isSafeInteger(at) && (at as number) >= 0 && (at as number) < 2 ** 29
      : type === 'hash'
        ? fits((text) => typeof text === 'string')
        : fits((score) => typeof score === 'number')
  const lasts = expiresAtMs === undefined || (typeof expiresAtMs === 'number' && Number.isSafeInteger(expiresAtMs))
  if (type !== typeOf(key) || !right || !lasts) throw damaged(number, `no value of ${key}`)
  return json as unknown as Entry
}
