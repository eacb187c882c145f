/** The writes of the outbox (outbox.ts): what each gives its script. */
import { messageNews } from '../news/message-news.ts'
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { readable } from '../readable.ts'
import { followUpMs } from '../send/reportable.ts'
import { isPending, needsBody, waitsForPerson, type OutboxEntry, sendStates } from '../send/entry.ts'
import { wellFormedJson } from '../well-formed.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'
import { surely } from './sure-writes.ts'

export type CreateAnswer = 'done' | 'repeated' | 'gone' | 'full' | 'full in all'
const createSending = script<[answer: CreateAnswer, entry: string]>('create-sending', 16)
const replaceSending = script<'done' | 'changed' | 'late'>('replace-sending', 16)
const countSending = script<'done' | 'changed'>('count-sending', 3)
const removeSending = script<'done' | 'changed'>('remove-sending', 17)

/** What the outbox holds at most; tests hold less. */
export interface OutboxBounds {
  readonly octetsMax: number
  readonly octetsMaxInAll: number
  readonly entriesMax: number
  readonly entriesMaxInAll: number
}

export const usualBounds: OutboxBounds = {
  octetsMax: redisLimits.sendOctetsMax,
  octetsMaxInAll: redisLimits.sendOctetsMaxInAll,
  entriesMax: redisLimits.sendingsMax,
  entriesMaxInAll: redisLimits.sendingsMaxInAll,
}

/** An entry as it was read. */
export interface ReadEntry {
  readonly json: string
  readonly before: OutboxEntry
}

export interface Hold {
  readonly token: string
  /** The write permits an effect: the lease must not have ended. */
  readonly mustHold: boolean
}

/** @param request names the request: a repeated one is given the entry that was made first. */
export async function createEntry(redis: Redis, entry: OutboxEntry, request: string | undefined, most: OutboxBounds) {
  const { id, accountId, destinationId, octets } = entry
  const { octetsMax, octetsMaxInAll, entriesMax, entriesMaxInAll } = most
  const names = [
    keys.sendings,
    keys.sendAnswer(hashed(request ?? id)),
    keys.sendOf(destinationId),
    keys.sendOfState(destinationId, entry.state),
    ...dueKeys(accountId),
    ...pendingKeys(entry),
    keys.sendOctets,
    keys.sendDigests,
    keys.sendMessageIds,
    keys.accounts,
    keys.destinations,
    keys.sendFollowUps,
  ]
  const bounds = [octetsMax, octetsMaxInAll, entriesMax, entriesMaxInAll]
  const times = [request === undefined ? redisLimits.answerAwaitedMs : redisLimits.sendAnswerKeptMs]
  const places = [accountId, destinationId, entry.nextAttemptAtMs ?? '', octets]
  const args = [id, wellFormedJson(entry), ...times, ...places, ...bounds, ...fieldsOf(entry), followUpMs(entry) ?? '']
  return await surely(redis, createSending, names, args)
}

/** @param how `leaseMs` of an attempt that begins. */
export async function replaceEntry(
  redis: Redis,
  { json, before }: ReadEntry,
  entry: OutboxEntry,
  { leaseMs, hold }: { readonly leaseMs: number; readonly hold: Hold | undefined },
) {
  const { id, accountId, destinationId, octets } = entry
  const names = [
    keys.sendings,
    keys.sendOfState(destinationId, before.state),
    keys.sendOfState(destinationId, entry.state),
    ...dueKeys(accountId),
    keys.sendAttempts,
    keys.sendFollowUps,
    keys.sendEnded,
    ...pendingKeys(entry),
    keys.sendOctets,
    keys.outbox,
    ...personKeys(entry),
  ]
  const freed = (Number(needsBody(before)) - Number(needsBody(entry))) * octets
  const args = [
    id,
    sha1Of(json),
    wellFormedJson(entry),
    accountId,
    destinationId,
    entry.nextAttemptAtMs ?? '',
    before.attempt === null ? '' : memberOf(id, before.attempt.token),
    entry.attempt === null ? '' : memberOf(id, entry.attempt.token),
    leaseMs,
    hold?.mustHold === true ? '1' : '',
    followUpMs(entry) ?? '',
    entry.endedAtMs ?? '',
    isPending(entry) ? '1' : '',
    waitsForPerson(entry) ? '1' : '',
    freed,
    redisLimits.outboxMax,
    ...messageNews(before, entry, Date.now()).map((news) => JSON.stringify(news)),
  ]
  return await surely(redis, replaceSending, names, args)
}

/** Files an entry among those that wait for a person, or takes it out, unless it was changed since it was read. */
export async function countForPerson(redis: Redis, { json, before: entry }: ReadEntry) {
  const args = [entry.id, sha1Of(json), waitsForPerson(entry) ? '1' : '']
  return await countSending(redis, [keys.sendings, ...personKeys(entry)], args)
}

export async function removeEntry(redis: Redis, { json, before: entry }: ReadEntry) {
  const { id, accountId, destinationId } = entry
  const names = [
    keys.sendings,
    keys.sendOf(destinationId),
    keys.sendOfState(destinationId, entry.state),
    ...dueKeys(accountId),
    keys.sendAttempts,
    keys.sendFollowUps,
    keys.sendEnded,
    ...pendingKeys(entry),
    keys.sendOctets,
    keys.sendDigests,
    keys.sendMessageIds,
    ...personKeys(entry),
  ]
  const attempt = entry.attempt === null ? '' : memberOf(id, entry.attempt.token)
  const size = needsBody(entry) ? entry.octets : 0
  const args = [id, sha1Of(json), accountId, destinationId, attempt, size, ...fieldsOf(entry)]
  return await surely(redis, removeSending, names, args)
}

/** Undefined for one that cannot be read. */
export function sendingIn(json: string | null | undefined): OutboxEntry | undefined {
  const entry = readable<OutboxEntry>(json, 'id', 'destinationId', 'accountId', 'recipients', 'copy', 'report')
  return entry !== undefined && sendStates.includes(entry.state) ? entry : undefined
}

export const dueKeys = (accountId: string) => [keys.sendDue, keys.sendDueOf(accountId), keys.sendHeld]

function pendingKeys({ accountId, destinationId }: OutboxEntry): string[] {
  return [keys.sendPending, keys.sendPendingOf(accountId), keys.sendPendingOf(destinationId)]
}

const personKeys = ({ destinationId }: OutboxEntry) => [keys.sendForPerson, keys.sendForPersonOf(destinationId)]

function fieldsOf({ accountId, digest, messageId }: OutboxEntry): [string, string] {
  return [`${accountId} ${digest}`, `${accountId} ${hashed(messageId)}`]
}

export const memberOf = (id: string, token: string) => `${id} ${token}`

export function hashed(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

function sha1Of(json: string): string {
  return createHash('sha1').update(json).digest('hex')
}
