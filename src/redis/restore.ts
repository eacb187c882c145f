/** Replaces the data in Redis by a backup (backup.ts) that has been checked (backup-check.ts). */
import type { ChainableCommander, Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { Grant } from '../oauth/grant.ts'
import type { Run } from '../runs/run.ts'
import { reportOf } from '../failure/sentences.ts'
import { bringHostsToOneForm } from './account-hosts.ts'
import { addToIndex } from './account-index.ts'
import { type AccountRecord, readableRecordIn } from './account-record.ts'
import { addSource } from './accounts.ts'
import { hashOf } from './hashes.ts'
import { BackupUnfit, type Entry, entryOf, parsed, runOfKey } from './backup-entry.ts'
import type { DestinationRecord } from './destinations.ts'
import { DueAccounts } from './due.ts'
import { FormatLock } from './format/lock.ts'
import { restoring } from './format/mark.ts'
import { formatOf, formatSteps, runSteps, type FormatStep } from './format/steps.ts'
import { everyKey, keys } from './key-names.ts'
import { infoOfAll, keysLike } from './nodes.ts'
import { addConsents } from './oauth-grants.ts'
import { Sendings } from './outbox.ts'
import { pipelined } from './pipelined.ts'
import { indexQuarantine } from './quarantine-index.ts'
import { queuePrefix } from './queue.ts'
import { readable } from '../readable.ts'
import { indexRuns } from './run-index.ts'
import { script } from './scripts.ts'
import { restate } from './statuses.ts'
import type { TokenRecord } from './tokens.ts'
import type { WebhookRecord } from './webhooks.ts'

const raiseFence = script<1>('raise-fence', 1)

/**
 * Replaces everything by the data of a checked backup, carried over to today's format. Until that is done no process takes a lease:
 * the mark says so. If it breaks off, all restored data are removed again, at the latest by the next start of the API;
 * then there are no accounts, and the restore can be repeated.
 *
 * @param lines gives them from the beginning each time.
 * @throws RestoreBusy if another process restores, or changes the format of the data.
 */
export async function restoreBackup(
  redis: Redis,
  { lines, version }: RestorableBackup,
  nowMs: number,
  steps: readonly FormatStep[] = formatSteps,
): Promise<void> {
  const lock = await FormatLock.take(redis)
  if (lock === undefined) throw new RestoreBusy()
  const settle = async () => await lock.write([['HSET', keys.format, 'number', formatOf(steps)]])
  try {
    await lock.write([['HSET', keys.format, 'number', restoring]])
    const sendings = new Sendings(redis)
    try {
      await sendings.doubtAll(nowMs)
      await removeEverything(redis)
      for await (const slice of slicesOf(entriesIn(lines())))
        await pipelined(redis, slice, (pipeline, entry) => write(pipeline, entry, nowMs))
      await runSteps({ redis, lock, steps, from: version })
      await rebuild(redis, nowMs)
      // Whoever was about to take a message when this began has taken it by now.
      await sendings.doubtAll(nowMs)
    } catch (error) {
      // This is not done if another process goes on with the data.
      await lock.write([['HSET', keys.format, 'number', restoring]])
      await removeEverything(redis)
      await settle()
      throw error
    }
    await settle()
  } finally {
    await lock.release()
  }
}

/**
 * A backup that does not fit would break off half-way, when what was there before is gone.
 *
 * @param octets of the backup; in Redis they are some three quarters of that, and at most all of it.
 * @throws BackupUnfit
 */
export async function demandRoom(redis: Redis, octets: number): Promise<void> {
  const nodes = await infoOfAll(redis, 'memory')
  const roomOf = (info: string) => {
    const numberOf = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
    return numberOf('maxmemory') || numberOf('total_system_memory') || Number.POSITIVE_INFINITY
  }
  const room = nodes.map(roomOf).reduce((sum, one) => sum + one, 0)
  if (octets * 0.75 <= room) return
  const mb = (number: number) => `${Math.round(number / 1e6)} MB`
  throw new BackupUnfit(
    'room',
    `This backup has ${mb(octets)}, and Redis may take ${mb(room)}. Nothing was changed; give Redis more memory (maxmemory), and restore again.`,
  )
}

export interface RestorableBackup {
  readonly lines: () => AsyncIterable<string>
  /** The format of its data. */
  readonly version: number
}

export class RestoreBusy extends Error {
  override readonly name = 'RestoreBusy'

  constructor() {
    super('Another process is restoring a backup, or carrying the data over to another format. Nothing was changed.')
  }
}

/** Makes the data that no backup holds because they follow from the rest: indexes, logins, and the owners of tokens. */
async function rebuild(redis: Redis, nowMs: number): Promise<void> {
  const destinations = await rebuildDestinations(redis)
  for await (const grants of hashOf(redis, keys.oauthGrants)) {
    const readableOnes = Object.entries(grants).filter(
      ([, json]) => readable<Grant>(json, 'applicationId') !== undefined,
    )
    await pipelined(redis, readableOnes, (pipeline, [id, json]) => addConsents(pipeline, id, json))
  }
  await rebuildTokens(redis, destinations)
  await dropWebhooks(redis, destinations)
  const due = await redis.zrange(keys.due, '0', '-1', 'WITHSCORES')
  await redis.unlink(keys.due)
  const dueMs = new Map<string, number>()
  for (let nth = 0; nth + 1 < due.length; nth += 2) dueMs.set(due[nth] ?? '', Number(due[nth + 1]))
  for await (const accounts of hashOf(redis, keys.accounts)) {
    await pipelined(redis, Object.entries(accounts), (pipeline, [id, json]) => {
      const record = readableRecordIn(id, json)
      // What could not be read where the backup was made cannot be read here either.
      if (record === undefined) return
      // The account was removed while the backup was made, and its destination with it.
      if (destinations.has(record.account.destinationId)) rebuildAccount(pipeline, record, dueMs.get(id), nowMs)
      else pipeline.hdel(keys.accounts, id)
    })
    // Nothing is assumed about later changes: the store is asked before the next pull.
    await pipelined(redis, Object.keys(accounts), (pipeline, id) =>
      pipeline.hset(keys.ledgerNotes(id), 'wholeUnder', 'a backup'),
    )
    await restate(redis, Object.keys(accounts))
    await indexQuarantine(redis, Object.keys(accounts))
    await new DueAccounts(redis).place(Object.keys(accounts))
    await indexRuns(redis, Object.keys(accounts))
  }
  await dropSpoolsOfNobody(redis)
  await redis.set(keys.runsIndexed, '1')
  await bringHostsToOneForm(redis)
}

/** Spools of accounts that the backup does not have: nobody would deliver them. */
async function dropSpoolsOfNobody(redis: Redis): Promise<void> {
  for await (const found of keysLike(redis, keys.spool('*'))) {
    const ids = found.map((key) => /\{(\w+)\}/.exec(key)?.[1] ?? '')
    const there = await redis.hmget(keys.accounts, ...ids)
    const left = found.filter((_, nth) => there[nth] === null)
    await pipelined(redis, left, (pipeline, key) => pipeline.unlink(key))
  }
}

/** @returns the ids of all of them. */
async function rebuildDestinations(redis: Redis): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const purges of hashOf(redis, keys.purges)) await redis.hset(keys.logins, loginsIn(purges))
  for await (const destinations of hashOf(redis, keys.destinations)) {
    const all = redis.multi()
    for (const [id, json] of Object.entries(destinations)) {
      ids.add(id)
      all.zadd(keys.destinationIds, 0, id)
      const record = readable<DestinationRecord>(json, 'destination')
      if (record?.destination.kind === 'hosted') all.hset(keys.logins, record.destination.login, id)
    }
    await all.exec()
  }
  return ids
}

/** The logins of destinations that were being removed with their mail: they stay taken until the purge has ended. */
function loginsIn(purges: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(purges).flatMap(([id, json]) => {
      const record = readable<DestinationRecord>(json, 'destination')
      return record?.destination.kind === 'hosted' ? [[record.destination.login, id]] : []
    }),
  )
}

async function rebuildTokens(redis: Redis, destinations: ReadonlySet<string>): Promise<void> {
  for await (const tokens of hashOf(redis, keys.tokens)) {
    const all = redis.multi()
    for (const [id, json] of Object.entries(tokens)) {
      const { destinationId = null } = readable<TokenRecord>(json) ?? {}
      // The token was removed while the backup was made, and its destination with it.
      if (destinationId !== null && !destinations.has(destinationId)) all.hdel(keys.tokens, id)
      else all.zadd(keys.tokenIds, 0, id)
      if (destinationId !== null && destinations.has(destinationId)) all.sadd(keys.tokensOf(destinationId), id)
    }
    await all.exec()
  }
}

/** Those that hear of a destination which was removed while the backup was made. */
async function dropWebhooks(redis: Redis, destinations: ReadonlySet<string>): Promise<void> {
  for await (const webhooks of hashOf(redis, keys.webhooks)) {
    const lost = Object.entries(webhooks).flatMap(([id, json]) => {
      const destinationId = readable<WebhookRecord>(json, 'webhook')?.webhook.destinationId ?? null
      return destinationId === null || destinations.has(destinationId) ? [] : [id]
    })
    if (lost.length > 0) await redis.hdel(keys.webhooks, ...lost)
  }
}

function rebuildAccount(
  pipeline: ChainableCommander,
  { account, twinOf }: AccountRecord,
  dueMs: number | undefined,
  nowMs: number,
): void {
  const { id } = account
  if (twinOf === undefined) addSource(pipeline, account)
  addToIndex(pipeline, account)
  // No interval is longer (api/schemas/accounts.ts).
  const latestMs = nowMs + account.interval.maxSeconds * 1000
  if (dueMs !== undefined && !account.paused)
    pipeline.zadd(keys.due, Math.min(latestMs, Math.max(dueMs, nowMs + Math.random() * redisLimits.resumeSpreadMs)), id)
}

/** Removes the leases too: a run under way writes nothing any more. It keeps the fences, so that none is given out twice, the spools and the audit log. */
export async function removeEverything(redis: Redis): Promise<void> {
  await redis.unlink(keys.due, keys.accounts, keys.accountOrder)
  for (const pattern of everyKey) {
    for await (const found of keysLike(redis, pattern))
      await pipelined(
        redis,
        found.filter((key) => !outlivesWipe(key)),
        (pipeline, key) => pipeline.unlink(key),
      )
  }
}

/** The keys about the processes and the format, the counters that never go down, and the audit log of this instance. */
const everLasting: ReadonlySet<string> = new Set([
  keys.workers,
  keys.workerSessions,
  keys.processes,
  keys.format,
  keys.formatLock,
  keys.measures,
  keys.measuredHosts,
  keys.audit,
])

/**
 * Fences; spools, whose messages nobody else may have (spool.ts); guesses at passwords, since a restore gives a guesser no new budget, nor an
 * owner's address that of strangers; and what is to be sent, whose bodies lie on the disk (outbox.ts).
 */
const lastingForm = /^(?:tributary:(?:\{[^}]*\}:(?:fence|spool)|(?:familiar|guesses):.*)|\{tributary\}:send:.*)$/

function outlivesWipe(key: string): boolean {
  return key.startsWith(`${queuePrefix}:`) || everLasting.has(key) || lastingForm.test(key)
}

/** Adds the commands that restore an entry. An entry that is empty or expired adds none. */
function write(pipeline: ChainableCommander, entry: Entry, nowMs: number): void {
  if (entry.type === 'hash') {
    if (Object.keys(entry.value).length > 0) pipeline.hset(entry.key, entry.value)
  } else if (entry.type === 'zset') {
    const flat = Object.entries(entry.value).flatMap(([member, score]) => [score, member])
    if (flat.length > 0) pipeline.zadd(entry.key, ...flat)
  } else if (entry.key.endsWith(':fence')) raiseFence(pipeline, [entry.key], [Number(bytesOf(entry))])
  else if (entry.expiresAtMs === undefined || entry.expiresAtMs > nowMs) {
    const value = runOfKey(entry.key) === undefined ? bytesOf(entry) : closed(bytesOf(entry), nowMs)
    // The first piece takes the place of whatever a line before it has put there.
    if (entry.at === 0) pipeline.set(entry.key, value)
    else pipeline.setrange(entry.key, entry.at, value)
    if (entry.expiresAtMs !== undefined) pipeline.pexpireat(entry.key, entry.expiresAtMs)
  }
}

/** Entries that go to Redis in one round trip. A line of a backup has up to 4 MiB, so their octets are bounded as well. */
async function* slicesOf(entries: AsyncIterable<Entry>): AsyncGenerator<readonly Entry[]> {
  let slice: Entry[] = []
  let octets = 0
  for await (const entry of entries) {
    slice.push(entry)
    octets += entry.type === 'string' ? entry.value.length : JSON.stringify(entry.value).length
    if (slice.length < redisLimits.pipelinedAtOnce && octets < redisLimits.restoredOctetsAtOnce) continue
    yield slice
    slice = []
    octets = 0
  }
  if (slice.length > 0) yield slice
}

function bytesOf({ value }: Extract<Entry, { type: 'string' }>): Buffer {
  return Buffer.from(value, 'base64')
}

/** Nobody goes on with a run that was under way. */
function closed(json: Buffer, nowMs: number): Buffer {
  const run = readable<Run>(json.toString())
  if (run === undefined || run.finishedAt !== null) return json
  const failure = reportOf({ kind: 'stopped' })
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
