/** Webhooks as they are kept: the record with its secrets sealed, how its endpoint does, and what is delivered to it. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { Seal } from '../seal.ts'
import { type Delivery, defaultWebhookState, type Webhook, type WebhookState } from '../news/webhook.ts'
import { keys } from './key-names.ts'

export interface WebhookRecord {
  readonly webhook: Webhook
  readonly sealedSecret: string
  /** The secret before that signs as well until then. */
  readonly before: { readonly sealedSecret: string; readonly untilMs: number } | null
}

/** That it signs with, the newest first. */
export function secretsOf(
  { webhook: { id }, sealedSecret, before }: WebhookRecord,
  seal: Seal,
  nowMs: number,
): string[] {
  const sealed = [sealedSecret, ...(before !== null && nowMs < before.untilMs ? [before.sealedSecret] : [])]
  return sealed.map((one) => seal.open(one, id, 'secret'))
}

/** KEYS webhooks; ARGV id, record before, after. */
const updateScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`

/** KEYS webhooks, deliveries, due, ended; ARGV webhook id, delivery id, delivery, due ms or '', now, how many are kept. */
const putScript = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
  redis.call('ZREM', KEYS[4], ARGV[2])
  return 1
end
redis.call('ZREM', KEYS[3], ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[2])
for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -ARGV[6] - 1)) do
  redis.call('ZREM', KEYS[4], id)
  redis.call('HDEL', KEYS[2], id)
end
return 1`

/** KEYS due; ARGV now. */
const releaseScript = `
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 'LT', ARGV[1], id) end
return 1`

/** KEYS visits, due; ARGV webhook id, not before. */
const settleScript = `
local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if #next == 0 then redis.call('ZREM', KEYS[1], ARGV[1])
else redis.call('ZADD', KEYS[1], math.max(next[2], ARGV[2]), ARGV[1]) end
return 1`

export class Webhooks {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async create(record: WebhookRecord): Promise<void> {
    await this.#redis.hset(keys.webhooks, record.webhook.id, JSON.stringify(record))
  }

  async get(id: string): Promise<WebhookRecord | undefined> {
    const json = await this.#redis.hget(keys.webhooks, id)
    return json === null ? undefined : (JSON.parse(json) as WebhookRecord)
  }

  /** In the order they were made. */
  async all(): Promise<WebhookRecord[]> {
    const records = (await this.#redis.hvals(keys.webhooks)).map((json) => JSON.parse(json) as WebhookRecord)
    return records.sort((one, other) => (one.webhook.id < other.webhook.id ? -1 : 1))
  }

  async update(id: string, change: (before: WebhookRecord) => WebhookRecord): Promise<WebhookRecord | undefined> {
    for (;;) {
      const json = await this.#redis.hget(keys.webhooks, id)
      if (json === null) return undefined
      const after = change(JSON.parse(json) as WebhookRecord)
      const answer = await this.#redis.eval(updateScript, 1, keys.webhooks, id, json, JSON.stringify(after))
      if (answer === 1) return after
    }
  }

  async remove(id: string): Promise<boolean> {
    const removed = (await this.#redis.hdel(keys.webhooks, id)) === 1
    await this.#redis
      .multi()
      .hdel(keys.webhookStates, id)
      .zrem(keys.visits, id)
      .unlink(keys.deliveries(id), keys.deliveriesDue(id), keys.deliveriesEnded(id))
      .exec()
    return removed
  }

  /** Those that hear of this destination alone. */
  async removeOf(destinationId: string): Promise<void> {
    for (const { webhook } of await this.all())
      if (webhook.destinationId === destinationId) await this.remove(webhook.id)
  }

  async states(ids: readonly string[]): Promise<WebhookState[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.webhookStates, ...ids)
    return found.map((json) => (json === null ? defaultWebhookState : (JSON.parse(json) as WebhookState)))
  }

  async state(id: string): Promise<WebhookState> {
    return (await this.states([id]))[0] ?? defaultWebhookState
  }

  async setState(id: string, state: WebhookState): Promise<void> {
    await this.#redis.hset(keys.webhookStates, id, JSON.stringify(state))
  }

  /** Its endpoint may be tried at once, whatever it did before. */
  async refresh(id: string, nowMs: number): Promise<void> {
    await this.#redis.hdel(keys.webhookStates, id)
    await this.release(id, nowMs)
    await this.visit(id, nowMs)
  }

  /** All that waits is due. */
  async release(id: string, nowMs: number): Promise<void> {
    await this.#redis.eval(releaseScript, 1, keys.deliveriesDue(id), nowMs)
  }

  async visit(id: string, nowMs: number): Promise<void> {
    await this.#redis.zadd(keys.visits, 'LT', nowMs, id)
  }

  /** @param dueMs null: it has ended. False: there is no such webhook any more. */
  async put(webhookId: string, delivery: Delivery, dueMs: number | null, nowMs: number): Promise<boolean> {
    const own = [keys.deliveries(webhookId), keys.deliveriesDue(webhookId), keys.deliveriesEnded(webhookId)]
    const args = [webhookId, delivery.id, JSON.stringify(delivery), dueMs ?? '', nowMs, redisLimits.deliveriesKept]
    return (await this.#redis.eval(putScript, 4, keys.webhooks, ...own, ...args)) === 1
  }

  async delivery(webhookId: string, id: string): Promise<Delivery | undefined> {
    const json = await this.#redis.hget(keys.deliveries(webhookId), id)
    return json === null ? undefined : (JSON.parse(json) as Delivery)
  }

  /** What is due longest. A time later than any can be was written before the clock was set back. */
  async next(webhookId: string, nowMs: number): Promise<Delivery | undefined> {
    const due = keys.deliveriesDue(webhookId)
    const [id] = await this.#redis.zrangebyscore(due, '-inf', nowMs, 'LIMIT', 0, 1)
    if (id !== undefined) return await this.delivery(webhookId, id)
    const latest = `(${nowMs + redisLimits.visitLatestMs}`
    const [far] = await this.#redis.zrangebyscore(due, latest, '+inf', 'LIMIT', 0, 1)
    return far === undefined ? undefined : await this.delivery(webhookId, far)
  }

  /** After a visit: the next one is when something is due, and not before. */
  async settle(webhookId: string, notBeforeMs: number): Promise<void> {
    await this.#redis.eval(settleScript, 2, keys.visits, keys.deliveriesDue(webhookId), webhookId, notBeforeMs)
  }

  /** Nothing is delivered there for now. */
  async leave(webhookId: string): Promise<void> {
    await this.#redis.zrem(keys.visits, webhookId)
  }

  /** Newest first. `after`: a delivery's id; `next`: the id to go on after, null at the end. */
  async page(
    webhookId: string,
    { limit, after }: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ items: { delivery: Delivery; dueMs: number | null }[]; next: string | null }> {
    const ids = (await this.#redis.hkeys(keys.deliveries(webhookId))).sort().reverse()
    const shown = after === undefined ? ids : ids.filter((id) => id < after)
    const page = shown.slice(0, limit)
    if (page.length === 0) return { items: [], next: null }
    const [found, due] = await Promise.all([
      this.#redis.hmget(keys.deliveries(webhookId), ...page),
      this.#redis.zmscore(keys.deliveriesDue(webhookId), ...page),
    ])
    const items = found.flatMap((json, nth) => {
      const dueMs = due[nth] ?? null
      return json === null
        ? []
        : [{ delivery: JSON.parse(json) as Delivery, dueMs: dueMs === null ? null : Number(dueMs) }]
    })
    return { items, next: shown.length > limit ? (page.at(-1) ?? null) : null }
  }
}
