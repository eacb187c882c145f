/**
 * Writes everything that Tributary stores in Redis as lines of JSON; restore.ts reads them back (docs/decisions/0014). The data of one
 * account are of one moment (MULTI), those of two accounts are not: each account is made whole from the store before its next pull
 * (reconcile.ts).
 */
import type { Redis } from 'ioredis'
import { hashOf } from './hashes.ts'
import { redisLimits } from './limits.ts'
import type { Seal } from '../seal.ts'
import { backupName, backupProof, type Entry } from './backup-entry.ts'
import { runTasks } from '../runs/run.ts'
import { runIn } from '../runs/run-record.ts'
import { backedUpOfAccount, keys, openField } from './key-names.ts'

/** The number of fields, runs and accounts that are read at once. */
const chunk = 200

/**
 * The last line proves all before it: nobody without the key of the first line can have written them (docs/decisions/0078).
 *
 * @param version the format of the data; it is not today's if they are about to be carried over.
 */
export async function* backupLines(
  redis: Redis,
  seal: Pick<Seal, 'keyId' | 'prover'>,
  nowMs: number,
  version: number = redisLimits.dataFormat,
): AsyncGenerator<string> {
  const { keyId } = seal
  // The key stays this one, whatever becomes of the ring meanwhile.
  const prover = seal.prover(keyId)
  if (prover === undefined) throw new Error(`there is no key ${keyId} any more`)
  let lines = 0
  const proven = (line: object) => {
    const text = `${JSON.stringify(line)}\n`
    lines += 1
    prover.update(text)
    return text
  }
  yield proven({ format: backupName, version, createdAt: new Date(nowMs).toISOString(), keyId, proof: backupProof })
  for await (const entry of entriesOf(redis, nowMs)) yield proven(entry)
  yield `${JSON.stringify({ end: true, lines, proof: prover.digest('base64url') })}\n`
}

/** Hashes whose fields are the ids of accounts. */
const byAccount = [keys.accountStates, keys.predecessors, keys.lastRuns, keys.lastMail, keys.rhythms, keys.checks]

async function* entriesOf(redis: Redis, nowMs: number): AsyncGenerator<Entry> {
  // Accounts are read before destinations, so that the destination of each account is read too.
  for await (const accounts of hashOf(redis, keys.accounts)) {
    yield* inPieces(keys.accounts, accounts)
    const ids = Object.keys(accounts)
    const [due, ...values] = await Promise.all([
      redis.zmscore(keys.due, ...ids),
      ...byAccount.map(async (key) => await redis.hmget(key, ...ids)),
    ])
    for (const [nth, key] of byAccount.entries()) yield* inPieces(key, zipped(ids, values[nth] ?? []))
    const value = Object.fromEntries(ids.flatMap((id, nth) => (due[nth] == null ? [] : [[id, Number(due[nth])]])))
    yield { key: keys.due, type: 'zset', value }
    for (const id of ids) yield* accountEntries(redis, id)
    yield* openRuns(redis, ids, nowMs)
  }
  const access = [keys.settings, keys.tokens, keys.tokenUses, keys.passwords]
  const outward = [keys.told, keys.webhooks, keys.notice, keys.oauthApplications, keys.oauthGrants]
  for (const key of [keys.destinations, keys.purges, keys.pauses, keys.serverTraits, ...access, ...outward])
    for await (const fields of hashOf(redis, key)) {
      yield* inPieces(key, fields)
      if (key === keys.destinations) yield* formerSources(redis, Object.keys(fields))
    }
}

async function* formerSources(redis: Redis, destinationIds: readonly string[]): AsyncGenerator<Entry> {
  for (const key of destinationIds.map(keys.formerSources))
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

/** Runs that are under way are in the backup as runs by themselves: nobody goes on with them. */
async function* openRuns(redis: Redis, accountIds: readonly string[], nowMs: number): AsyncGenerator<Entry> {
  const fields = accountIds.flatMap((id) => runTasks.map((task) => openField(id, task)))
  const open = (await redis.hmget(keys.openRuns, ...fields)).flatMap((id) => id ?? [])
  const records = open.length === 0 ? [] : await redis.hmget(keys.openRecords, ...open)
  for (const [nth, json] of records.entries()) {
    const id = open[nth] ?? ''
    const run = runIn(json)
    if (json === null || run === null) continue
    yield { key: keys.runs(run.accountId), type: 'zset', value: { [id]: 0 } }
    yield* stringPieces(keys.run(id), Buffer.from(json), nowMs + redisLimits.runKeptMs)
  }
}

function* stringPieces(key: string, value: Buffer, expiresAtMs = -1): Generator<Entry> {
  for (let at = 0; at === 0 || at < value.length; at += redisLimits.backupPieceOctets) {
    const piece = value.toString('base64', at, at + redisLimits.backupPieceOctets)
    yield { key, type: 'string', at, value: piece, ...(expiresAtMs > 0 ? { expiresAtMs } : {}) }
  }
}

function* inPieces(key: string, fields: Readonly<Record<string, string>>): Generator<Entry> {
  let value: Record<string, string> = {}
  let octets = 0
  for (const [field, text] of Object.entries(fields)) {
    if (octets > redisLimits.backupPieceOctets) {
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
