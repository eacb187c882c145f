/**
 * Stores what is to be sent (send/entry.ts), with the time when each is to be tried. Each change is a compare-and-set of the whole record in
 * one script, which sets the indexes as well: so of two who would change it one comes first, and the other reads anew. All outlive a fail-over.
 */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { ShortHash } from '../mail/message.ts'
import { needsBody, waitsForPerson, type OutboxEntry, type SendState } from '../send/entry.ts'
import { abandoned, begin, restored } from '../send/transitions.ts'
import { tellEvent } from './events.ts'
import { hashOf } from './hashes.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import {
  countForPerson,
  type CreateAnswer,
  createEntry,
  dueKeys,
  sendingIn,
  hashed,
  type Hold,
  memberOf,
  type OutboxBounds,
  removeEntry,
  replaceEntry,
  usualBounds,
} from './outbox-writes.ts'
import { forgetOtherNames, nameAlso } from './outbox-names.ts'
import { script } from './scripts.ts'
import { surely } from './sure-writes.ts'

const renewSending = script<0 | 1>('renew-sending', 1)
const holdSender = script<1>('hold-sender', 3)

export interface EntriesWanted {
  readonly state?: SendState | undefined
  readonly limit: number
  /** The id of the last one of the page before. */
  readonly after?: string | undefined
}

export class Sendings {
  readonly #redis: Redis
  readonly #bounds: OutboxBounds

  constructor(redis: Redis, bounds: Partial<OutboxBounds> = {}) {
    this.#redis = redis
    this.#bounds = { ...usualBounds, ...bounds }
  }

  /**
   * Puts a message into the outbox, whose body is on the disk.
   *
   * @param request names the request: a repeated one is given the entry that was made first. Undefined: it is not repeated.
   */
  async create(
    entry: OutboxEntry,
    request: string | undefined,
  ): Promise<
    | { readonly answer: 'done' | 'repeated'; readonly entry: OutboxEntry }
    | { readonly answer: Exclude<CreateAnswer, 'done' | 'repeated'> }
  > {
    const { id } = entry
    const [answer, json] = await createEntry(this.#redis, entry, request, this.#bounds)
    if (answer !== 'done' && answer !== 'repeated') return { answer }
    const made = sendingIn(json)
    if (made === undefined) throw new Error(`the entry ${id} of the outbox cannot be read`)
    if (answer === 'done') await this.#tell(made)
    return { answer, entry: made }
  }

  /** The entry that a request was given before. */
  async answered(request: string): Promise<OutboxEntry | undefined> {
    const id = await this.#redis.get(keys.sendAnswer(hashed(request)))
    return id === null ? undefined : await this.get(id)
  }

  async get(id: string): Promise<OutboxEntry | undefined> {
    return sendingIn(await this.#redis.hget(keys.sendings, id))
  }

  /** Those that there are and that can be read. */
  async all(ids: readonly string[]): Promise<OutboxEntry[]> {
    if (ids.length === 0) return []
    return (await this.#redis.hmget(keys.sendings, ...ids)).flatMap((json) => sendingIn(json) ?? [])
  }

  /** A page, newest first. `next`: the id to go on after, null at the end. */
  async list(
    destinationId: string,
    { state, limit, after }: EntriesWanted,
  ): Promise<{ items: OutboxEntry[]; next: string | null }> {
    const set = state === undefined ? keys.sendOf(destinationId) : keys.sendOfState(destinationId, state)
    const from = after === undefined ? '+' : `(${after}`
    const ids = await this.#redis.zrange(set, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
    const page = ids.slice(0, limit)
    return { items: await this.all(page), next: ids.length > limit ? (page.at(-1) ?? null) : null }
  }

  /** How many of an account's or destination's entries have not ended. */
  async countOf(accountOrDestinationId: string): Promise<number> {
    return await this.#redis.scard(keys.sendPendingOf(accountOrDestinationId))
  }

  /**
   * How many entries of a destination, or of all, wait for a person.
   *
   * @returns of all, the destinations of the first ones too.
   */
  async forPerson(destinationId: string | undefined): Promise<{ count: number; destinationIds: string[] }> {
    if (destinationId !== undefined) {
      const count = await this.#redis.scard(keys.sendForPersonOf(destinationId))
      return { count, destinationIds: count === 0 ? [] : [destinationId] }
    }
    const count = await this.#redis.scard(keys.sendForPerson)
    if (count === 0) return { count, destinationIds: [] }
    const ids = await this.#redis.srandmember(keys.sendForPerson, redisLimits.sendingsLookedAt)
    const entries = await this.all(ids)
    return { count, destinationIds: [...new Set(entries.map((entry) => entry.destinationId))] }
  }

  /** Counts what an earlier version has left waiting for a person, and nothing that does not wait any more. The API calls it at its start. */
  async ensureCounted(): Promise<void> {
    const counted = new Set(await this.#redis.smembers(keys.sendForPerson))
    for await (const some of hashOf(this.#redis, keys.sendings))
      for (const [id, json] of Object.entries(some)) {
        const before = sendingIn(json)
        if (before === undefined || waitsForPerson(before) === counted.has(id)) continue
        // Whoever has changed it meanwhile has counted it.
        await countForPerson(this.#redis, { json, before })
      }
  }

  /** Whether a destination has room for another message of this size; it is asked again when one is made. */
  async hasRoom(destinationId: string, octets: number): Promise<boolean> {
    const { octetsMax, octetsMaxInAll, entriesMax, entriesMaxInAll } = this.#bounds
    const [own, all] = (await this.#redis.hmget(keys.sendOctets, destinationId, '')).map(Number)
    const [count, countInAll] = await Promise.all([this.countOf(destinationId), this.#redis.scard(keys.sendPending)])
    const fits = (own ?? 0) + octets <= octetsMax && (all ?? 0) + octets <= octetsMaxInAll
    return fits && count < entriesMax && countInAll < entriesMaxInAll
  }

  async bySentDigest(accountId: string, digest: ShortHash): Promise<OutboxEntry | undefined> {
    return await this.#found(keys.sendDigests, `${accountId} ${digest}`)
  }

  /** @param messageId without its angle brackets. */
  async byMessageId(accountId: string, messageId: string): Promise<OutboxEntry | undefined> {
    return await this.#found(keys.sendMessageIds, `${accountId} ${hashed(messageId)}`)
  }

  /** What any of these accounts has sent under a Message-ID, without its angle brackets. One call for all. */
  async named(accountIds: readonly string[], messageId: string): Promise<OutboxEntry[]> {
    if (accountIds.length === 0) return []
    const fields = accountIds.map((id) => `${id} ${hashed(messageId)}`)
    const ids = await this.#redis.hmget(keys.sendMessageIds, ...fields)
    return await this.all(ids.filter((id) => id !== null))
  }

  /** From now on it is found by this Message-ID, too, unless another message has it. */
  async alsoCalled(entry: OutboxEntry, messageId: string): Promise<void> {
    await nameAlso(this.#redis, entry, messageId)
  }

  /** Which of these digests are those of what an account has sent, by the id of its entry. One call for all. */
  async sentAs(accountId: string, digests: readonly ShortHash[]): Promise<Map<ShortHash, string>> {
    const ids = await this.#redis.hmget(keys.sendDigests, ...digests.map((digest) => `${accountId} ${digest}`))
    return new Map(digests.flatMap((digest, nth) => (ids[nth] ? [[digest, ids[nth]] as const] : [])))
  }

  async #found(hash: string, field: string): Promise<OutboxEntry | undefined> {
    const id = await this.#redis.hget(hash, field)
    return id === null ? undefined : await this.get(id)
  }

  /**
   * Writes what has become of an entry.
   *
   * @param change is given the entry as it stands, and is called again if somebody else changed it meanwhile; undefined: it stays as it is.
   * @returns the entry that was written; undefined: there is none, or it stays as it is.
   */
  async change(id: string, change: (before: OutboxEntry) => OutboxEntry | undefined): Promise<OutboxEntry | undefined> {
    return await this.#change(id, change)
  }

  /**
   * Writes a step of an attempt, or its end; undefined: it is not this attempt's any more.
   *
   * @param mustHold the write permits an effect: it is made only while the lease lasts. What has happened is written down in any case.
   */
  async during(
    id: string,
    token: string,
    change: (before: OutboxEntry) => OutboxEntry,
    { mustHold }: { readonly mustHold: boolean },
  ): Promise<OutboxEntry | undefined> {
    const own = (before: OutboxEntry) => (before.attempt?.token === token ? change(before) : undefined)
    return await this.#change(id, own, { hold: { token, mustHold } })
  }

  /** Prolongs the lease of an attempt. @returns false: it has ended. */
  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return (await surely(this.#redis, renewSending, [keys.sendAttempts], [memberOf(id, token), leaseMs])) === 1
  }

  /** Redis' own time, by which all this goes. */
  async nowMs(): Promise<number> {
    const [seconds, micros] = await this.#redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  }

  /** The accounts that have something to send now, who waits longest first. */
  async dueAccounts(nowMs: number, limit: number): Promise<string[]> {
    return await this.#redis.zrangebyscore(keys.sendDue, '-inf', nowMs, 'LIMIT', 0, limit)
  }

  /** How many messages of an account are due. */
  async dueCount(accountId: string, nowMs: number): Promise<number> {
    return await this.#redis.zcount(keys.sendDueOf(accountId), '-inf', nowMs)
  }

  /** Gives out an account's due entries: each is the attempt of this token until its lease ends. Others who claim at the same time get none of them. */
  async claim(accountId: string, token: string, leaseMs: number, limit: number): Promise<OutboxEntry[]> {
    const nowMs = await this.nowMs()
    const ids = await this.#redis.zrangebyscore(keys.sendDueOf(accountId), '-inf', nowMs, 'LIMIT', 0, limit)
    const claimed: OutboxEntry[] = []
    for (const id of ids) {
      const entry = await this.#change(id, (before) => begin(before, token, nowMs), { leaseMs })
      if (entry !== undefined) claimed.push(entry)
    }
    return claimed
  }

  /**
   * Gives out one due entry, also where others claim at the same time.
   *
   * @param recipientsMost are sent to at once.
   */
  async claimOne(
    accountId: string,
    token: string,
    leaseMs: number,
    recipientsMost?: number,
  ): Promise<OutboxEntry | undefined> {
    const nowMs = await this.nowMs()
    const ids = await this.#redis.zrangebyscore(
      keys.sendDueOf(accountId),
      '-inf',
      nowMs,
      'LIMIT',
      0,
      redisLimits.sendingsOffered,
    )
    for (const id of ids) {
      const entry = await this.#change(id, (before) => begin(before, token, nowMs, recipientsMost), { leaseMs })
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** Does not ask an account's server before that time; null: as soon as something is due. */
  async hold(accountId: string, untilMs: number | null): Promise<void> {
    await holdSender(this.#redis, dueKeys(accountId), [accountId, untilMs ?? ''])
  }

  /** What kept an account from sending may be mended: its server is asked at once, for all that waits after an attempt. */
  async resume(accountId: string): Promise<void> {
    const nowMs = await this.nowMs()
    const { sendingsLookedAt } = redisLimits
    const ids = await this.#redis.zrangebyscore(keys.sendDueOf(accountId), nowMs, '+inf', 'LIMIT', 0, sendingsLookedAt)
    for (const id of ids)
      await this.#change(id, (before) =>
        before.state === 'deferred' ? { ...before, nextAttemptAtMs: nowMs } : undefined,
      )
    await this.hold(accountId, null)
  }

  /** Ends the attempts whose lease has ended: their workers have died, or have lost touch. @returns the entries as they are then. */
  async endAbandoned(nowMs: number): Promise<OutboxEntry[]> {
    const members = await this.#redis.zrangebyscore(
      keys.sendAttempts,
      '-inf',
      nowMs,
      'LIMIT',
      0,
      redisLimits.sendingsLookedAt,
    )
    const ended: OutboxEntry[] = []
    for (const member of members) {
      const [id = '', token = ''] = member.split(' ')
      const own = (before: OutboxEntry) => (before.attempt?.token === token ? abandoned(before, nowMs) : undefined)
      const entry = await this.#change(id, own, { hold: { token, mustHold: false } })
      if (entry === undefined) await this.#redis.zrem(keys.sendAttempts, member)
      else ended.push(entry)
    }
    return ended
  }

  /** Entries whose copy or report is due. Whoever takes one up writes a later time first. */
  async followUps(nowMs: number): Promise<OutboxEntry[]> {
    const { sendingsLookedAt } = redisLimits
    return await this.all(
      await this.#redis.zrangebyscore(keys.sendFollowUps, '-inf', nowMs, 'LIMIT', 0, sendingsLookedAt),
    )
  }

  /** Forgets what ended long ago, and the oldest if there is too much of it. @returns the ids that are forgotten. */
  async forgetOld(nowMs: number): Promise<string[]> {
    const { sendingsLookedAt, sendingKeptMs, sendingsEndedMax } = redisLimits
    const over = (await this.#redis.zcard(keys.sendEnded)) - sendingsEndedMax
    const oldest =
      over <= 0 ? [] : await this.#redis.zrange(keys.sendEnded, '0', String(Math.min(over, sendingsLookedAt) - 1))
    const old = await this.#redis.zrangebyscore(
      keys.sendEnded,
      '-inf',
      nowMs - sendingKeptMs,
      'LIMIT',
      0,
      sendingsLookedAt,
    )
    const ids = [...new Set([...oldest, ...old])]
    for (const id of ids) await this.#remove(id)
    return ids
  }

  /** Forgets all that a destination has sent. @returns the ids that are forgotten. */
  async forgetOf(destinationId: string): Promise<string[]> {
    const forgotten: string[] = []
    for (;;) {
      const { items } = await this.list(destinationId, { limit: redisLimits.sendingsLookedAt })
      if (items.length === 0) return forgotten
      for (const { id } of items) {
        await this.#remove(id)
        forgotten.push(id)
      }
    }
  }

  /** Of these ids, those whose bodies are needed. */
  async needing(ids: readonly string[]): Promise<Set<string>> {
    return new Set((await this.all(ids)).filter(needsBody).map(({ id }) => id))
  }

  /** The name of this outbox. Another Redis has another one. */
  async era(): Promise<string> {
    await this.#redis.set(keys.sendEra, randomBytes(12).toString('base64url'), 'NX')
    return (await this.#redis.get(keys.sendEra)) ?? ''
  }

  /** Redis may know less than was done: whatever has not ended waits for a person. */
  async doubtAll(nowMs: number): Promise<void> {
    for await (const some of hashOf(this.#redis, keys.sendings))
      for (const id of Object.keys(some)) await this.#change(id, (before) => restored(before, nowMs))
  }

  async #change(
    id: string,
    change: (before: OutboxEntry) => OutboxEntry | undefined,
    { leaseMs = 0, hold }: { readonly leaseMs?: number; readonly hold?: Hold } = {},
  ): Promise<OutboxEntry | undefined> {
    for (;;) {
      const json = await this.#redis.hget(keys.sendings, id)
      const before = sendingIn(json)
      const entry = before && change(before)
      if (json === null || before === undefined || entry === undefined) return undefined
      const answer = await replaceEntry(this.#redis, { json, before }, entry, { leaseMs, hold })
      if (answer === 'late') return undefined
      if (answer === 'changed') continue
      await this.#tell(entry)
      return entry
    }
  }

  async #remove(id: string): Promise<void> {
    for (;;) {
      const json = await this.#redis.hget(keys.sendings, id)
      if (json === null) return
      const entry = sendingIn(json)
      if (entry === undefined) return await this.#dropUnreadable(id)
      await forgetOtherNames(this.#redis, entry)
      if ((await removeEntry(this.#redis, { json, before: entry })) === 'done') return
    }
  }

  async #dropUnreadable(id: string): Promise<void> {
    const all = this.#redis.multi().hdel(keys.sendings, id).srem(keys.sendPending, id)
    for (const set of [keys.sendEnded, keys.sendFollowUps]) all.zrem(set, id)
    await all.exec()
  }

  async #tell(entry: OutboxEntry): Promise<void> {
    const { id, destinationId, accountId, state } = entry
    await tellEvent(this.#redis, 'outbox', destinationId, { id, destinationId, accountId, state })
  }
}
