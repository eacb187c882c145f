/** Stores the webhooks: each record with its secrets sealed, the state of its endpoint, and the deliveries to it. */
import type { Redis } from 'ioredis'
import { readable } from '../readable.ts'
import { redisLimits } from './limits.ts'
import type { Seal } from '../seal.ts'
import { type Delivery, defaultWebhookState, type Webhook, type WebhookState } from '../news/webhook.ts'
import { keys } from './key-names.ts'
import { replaced } from './replaced.ts'
import { script } from './scripts.ts'

export interface WebhookRecord {
  readonly webhook: Webhook
  readonly sealedSecret: string
  /** The previous secret also signs until then. */
  readonly before: { readonly sealedSecret: string; readonly untilMs: number } | null
}

/** Gives the secrets with which a webhook signs, the newest first. */
export function secretsOf(
  { webhook: { id }, sealedSecret, before }: WebhookRecord,
  seal: Seal,
  nowMs: number,
): string[] {
  const sealed = [sealedSecret, ...(before !== null && nowMs < before.untilMs ? [before.sealedSecret] : [])]
  return sealed.map((one) => seal.open(one, id, 'secret'))
}

const putDelivery = script<0 | 1>('put-delivery', 4)
const releaseDeliveries = script<1>('release-deliveries', 1)
const settleVisit = script<1>('settle-visit', 2)

/** Undefined for one that cannot be read. */
export function webhookIn(json: string | null | undefined): WebhookRecord | undefined {
  const record = readable<WebhookRecord>(json, 'webhook', 'sealedSecret')
  return typeof record?.webhook.url === 'string' && Array.isArray(record.webhook.events) ? record : undefined
}

export class Webhooks {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async create(record: WebhookRecord): Promise<void> {
    await this.#redis.hset(keys.webhooks, record.webhook.id, JSON.stringify(record))
  }

  async get(id: string): Promise<WebhookRecord | undefined> {
    return webhookIn(await this.#redis.hget(keys.webhooks, id))
  }

  /** Gives all webhooks, in the order in which they were made. */
  async all(): Promise<WebhookRecord[]> {
    const records = (await this.#redis.hvals(keys.webhooks)).flatMap((json) => webhookIn(json) ?? [])
    return records.sort((one, other) => (one.webhook.id < other.webhook.id ? -1 : 1))
  }

  async update(id: string, change: (before: WebhookRecord) => WebhookRecord): Promise<WebhookRecord | undefined> {
    const json = await replaced(this.#redis, { hash: keys.webhooks, field: id }, (json) => {
      const before = webhookIn(json)
      return before === undefined ? undefined : JSON.stringify(change(before))
    })
    return json === undefined ? undefined : (JSON.parse(json) as WebhookRecord)
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

  /** Removes the webhooks that hear of this destination alone. */
  async removeOf(destinationId: string): Promise<void> {
    for (const { webhook } of await this.all())
      if (webhook.destinationId === destinationId) await this.remove(webhook.id)
  }

  async states(ids: readonly string[]): Promise<WebhookState[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.webhookStates, ...ids)
    return found.map((json) => readable<WebhookState>(json) ?? defaultWebhookState)
  }

  async state(id: string): Promise<WebhookState> {
    return (await this.states([id]))[0] ?? defaultWebhookState
  }

  async setState(id: string, state: WebhookState): Promise<void> {
    await this.#redis.hset(keys.webhookStates, id, JSON.stringify(state))
  }

  /** Makes a worker try the endpoint at once, whatever happened there before. @param deliveredAtMs stays, unless the endpoint is another one. */
  async refresh(id: string, nowMs: number, deliveredAtMs: number | null): Promise<void> {
    await this.setState(id, { ...defaultWebhookState, deliveredAtMs })
    await this.release(id, nowMs)
    await this.visit(id, nowMs)
  }

  /** Makes all waiting deliveries due. */
  async release(id: string, nowMs: number): Promise<void> {
    await releaseDeliveries(this.#redis, [keys.deliveriesDue(id)], [nowMs])
  }

  async visit(id: string, nowMs: number): Promise<void> {
    await this.#redis.zadd(keys.visits, 'LT', nowMs, id)
  }

  /**
   * Writes a delivery. False: there is no such webhook any more.
   *
   * @param dueMs null if it has ended.
   */
  async put(webhookId: string, delivery: Delivery, dueMs: number | null, nowMs: number): Promise<boolean> {
    const own = [keys.deliveries(webhookId), keys.deliveriesDue(webhookId), keys.deliveriesEnded(webhookId)]
    const args = [webhookId, delivery.id, JSON.stringify(delivery), dueMs ?? '', nowMs, redisLimits.deliveriesKept]
    return (await putDelivery(this.#redis, [keys.webhooks, ...own], args)) === 1
  }

  async delivery(webhookId: string, id: string): Promise<Delivery | undefined> {
    const json = await this.#redis.hget(keys.deliveries(webhookId), id)
    return readable<Delivery>(json, 'id')
  }

  /** Gives the delivery that has been due longest. A time in the impossible future was written before the clock was set back. */
  async next(webhookId: string, nowMs: number): Promise<Delivery | undefined> {
    const due = keys.deliveriesDue(webhookId)
    const [id] = await this.#redis.zrangebyscore(due, '-inf', nowMs, 'LIMIT', 0, 1)
    if (id !== undefined) return await this.delivery(webhookId, id)
    const latest = `(${nowMs + redisLimits.visitLatestMs}`
    const [far] = await this.#redis.zrangebyscore(due, latest, '+inf', 'LIMIT', 0, 1)
    return far === undefined ? undefined : await this.delivery(webhookId, far)
  }

  /** Ends a visit: the next one is when a delivery is due, and not before a given time. */
  async settle(webhookId: string, notBeforeMs: number): Promise<void> {
    await settleVisit(this.#redis, [keys.visits, keys.deliveriesDue(webhookId)], [webhookId, notBeforeMs])
  }

  /** Stops deliveries to it for now. */
  async leave(webhookId: string): Promise<void> {
    await this.#redis.zrem(keys.visits, webhookId)
  }

  /** Reads a page, newest first. `after` is a delivery's id, and so is `next`, null at the end. */
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
      const delivery = readable<Delivery>(json, 'id')
      return delivery === undefined ? [] : [{ delivery, dueMs: dueMs === null ? null : Number(dueMs) }]
    })
    return { items, next: shown.length > limit ? (page.at(-1) ?? null) : null }
  }
}
