/** `/webhooks/:id/test` and `/webhooks/:id/deliveries`: what was sent to a webhook, and how its endpoint answered. */
import { post } from '../../src/net/post.ts'
import { newsLimits } from '../../src/news/limits.ts'
import { type Delivery, deliveryOf, signed } from '../../src/news/webhook.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { secretsOf, type Webhooks } from '../../src/redis/webhooks.ts'
import type { Seal } from '../../src/seal.ts'
import { type App, newId } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { findWebhook } from '../http/found.ts'
import { unknown } from '../http/problems.ts'
import { currentReach } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { listOf } from '../schemas/answers.ts'
import { Id, Page } from '../schemas/requests.ts'
import * as schemas from '../schemas/webhooks.ts'

interface DeliveriesWorld {
  readonly webhooks: Webhooks
  readonly settings: InstanceSettingsStore
  readonly seal: Seal
}

export async function deliveryRoutes(app: App, world: DeliveriesWorld): Promise<void> {
  const handlers = new DeliveryHandlers(world)
  app.post('/webhooks/:id/test', testWebhook, handlers.test)
  app.get('/webhooks/:id/deliveries', listDeliveries, handlers.list)
  app.post('/webhooks/:id/deliveries/:delivery/replay', replayDelivery, handlers.replay)
}

const testWebhook = route(
  { scope: 'operate' },
  {
    operationId: 'testWebhook',
    summary: 'Send something to try a webhook',
    description: 'Sent at once and once, of type webhook.test; the answer says what became of it.',
    params: Id,
    response: { 200: schemas.Delivery },
  },
)

const listDeliveries = route(
  { scope: 'read' },
  {
    operationId: 'listDeliveries',
    summary: 'List what was sent to a webhook, or waits for it',
    description: `Newest first. Of those that have ended the last ${redisLimits.deliveriesKept} are kept.`,
    params: Id,
    querystring: Page,
    response: { 200: listOf(schemas.Delivery) },
  },
)

const replayDelivery = route(
  { scope: 'operate' },
  {
    operationId: 'replayDelivery',
    summary: 'Send something again',
    description: 'The same message under the same id, with all its attempts before it.',
    params: schemas.DeliveryId,
    response: { 202: schemas.Delivery },
  },
)

class DeliveryHandlers {
  readonly #world: DeliveriesWorld

  constructor(world: DeliveriesWorld) {
    this.#world = world
  }

  readonly test: HandlerOf<typeof testWebhook> = async ({ params: { id } }) => {
    const { webhooks, settings, seal } = this.#world
    const record = await findWebhook(this.#world.webhooks, id)
    const { url, guarded, description } = record.webhook
    const nowMs = Date.now()
    const data = { webhookId: id, description }
    const test = deliveryOf({ id: newId(), type: 'webhook.test', timestamp: new Date(nowMs).toISOString(), data })
    const answer = await post({
      url,
      ...signed(test, secretsOf(record, seal, nowMs), nowMs),
      reach: await currentReach(settings, { guarded }, 'web'),
      waitMs: newsLimits.deliveryWaitMs,
    })
    const { status } = answer
    const outcome = status !== null && status >= 200 && status < 300 ? ('delivered' as const) : ('failed' as const)
    const delivery: Delivery = { ...test, outcome, attempts: 1, triedAtMs: nowMs, answer }
    await webhooks.put(id, delivery, null, Date.now())
    const state = await webhooks.state(id)
    if (outcome === 'delivered' && state.deliveredAtMs === null)
      await webhooks.setState(id, { ...state, deliveredAtMs: nowMs })
    return deliveryView(delivery, null)
  }

  readonly list: HandlerOf<typeof listDeliveries> = async ({ params: { id }, query: { limit, cursor } }) => {
    await findWebhook(this.#world.webhooks, id)
    const { items, next } = await this.#world.webhooks.page(id, { limit, after: idIn(cursor) })
    return { items: items.map(({ delivery, dueMs }) => deliveryView(delivery, dueMs)), next: cursorOf(next) }
  }

  readonly replay: HandlerOf<typeof replayDelivery> = async ({ params: { id, delivery: deliveryId } }, reply) => {
    const { webhooks } = this.#world
    await findWebhook(this.#world.webhooks, id)
    const earlier = await webhooks.delivery(id, deliveryId)
    if (earlier === undefined) throw unknown('delivery', deliveryId)
    const delivery = deliveryOf(earlier)
    const nowMs = Date.now()
    await webhooks.put(id, delivery, nowMs, nowMs)
    await webhooks.visit(id, nowMs)
    return await reply.code(202).send(deliveryView(delivery, nowMs))
  }
}

function deliveryView(delivery: Delivery, dueMs: number | null) {
  const { id, type, timestamp, data, outcome, attempts, triedAtMs, answer } = delivery
  return {
    id,
    type,
    timestamp,
    data: { ...data },
    state: outcome,
    attempts,
    lastAttemptAt: triedAtMs === null ? null : new Date(triedAtMs).toISOString(),
    nextAttemptAt: dueMs === null ? null : new Date(dueMs).toISOString(),
    answer: answer === null ? null : { status: answer.status, text: answer.text },
  }
}
