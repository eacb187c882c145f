/** Visits one webhook's endpoint: sends the waiting deliveries, oldest first, until nothing is due or the visit has lasted long enough. */
import { reachOf } from '../src/account/reach.ts'
import { post } from '../src/net/post.ts'
import { newsLimits } from '../src/news/limits.ts'
import { afterAttempt, type Delivery, describeAnswer, signed, type WebhookState } from '../src/news/webhook.ts'
import { secretsOf, type WebhookRecord } from '../src/redis/webhooks.ts'
import { workerLimits } from './limits.ts'
import type { NewsWorld } from './news-world.ts'
import { logWebhookDelivered, logWebhookDisabled, logWebhookFailed } from './news-log.ts'

export class WebhookSender {
  readonly #world: NewsWorld

  constructor(world: NewsWorld) {
    this.#world = world
  }

  async deliver(webhookId: string): Promise<void> {
    const { webhooks, clock } = this.#world
    const endMs = performance.now() + workerLimits.visitMs
    for (;;) {
      const nowMs = clock.nowMs()
      const record = await webhooks.get(webhookId)
      const state = await webhooks.state(webhookId)
      if (record === undefined || !record.webhook.enabled || state.disabled !== null)
        return await webhooks.leave(webhookId)
      const restMs = Math.min((state.restsUntilMs ?? 0) - nowMs, newsLimits.retryAfterMaxMs)
      const delivery = restMs > 0 ? undefined : await webhooks.next(webhookId, nowMs)
      if (delivery === undefined || performance.now() > endMs)
        return await webhooks.settle(webhookId, nowMs + Math.max(restMs, 0))
      // If the webhook was removed meanwhile, none of its data are kept.
      if (!(await this.#attempt(record, state, delivery))) return await webhooks.leave(webhookId)
    }
  }

  /** Sends one delivery, and writes the result down. @returns false if the webhook was removed meanwhile. */
  async #attempt(record: WebhookRecord, state: WebhookState, delivery: Delivery): Promise<boolean> {
    const { webhooks, settings, seal, clock, log, signal, pace } = this.#world
    const { id: webhookId, url, guarded } = record.webhook
    const nowMs = clock.nowMs()
    const answer = await post({
      url,
      ...signed(delivery, secretsOf(record, seal, nowMs), nowMs),
      reach: reachOf(guarded, 'web', await settings.get()),
      waitMs: pace.deliveryWaitMs ?? newsLimits.deliveryWaitMs,
      signal,
      ca: pace.ca,
      lookup: pace.lookup,
    })
    const after = afterAttempt(answer, delivery, state, {
      nowMs: clock.nowMs(),
      random: Math.random(),
      patience: pace.webhooks,
    })
    if (!(await webhooks.put(webhookId, after.delivery, after.dueMs, clock.nowMs()))) return false
    await webhooks.setState(webhookId, after.state)
    if (after.release) await webhooks.release(webhookId, clock.nowMs())
    const logged = { webhookId, deliveryId: delivery.id, type: delivery.type, status: answer.status }
    if (after.delivery.outcome === 'delivered') logWebhookDelivered(log, logged)
    else logWebhookFailed(log, logged, describeAnswer(answer))
    if (after.state.disabled !== null) logWebhookDisabled(log, webhookId, after.state.disabled.reason)
    return true
  }
}
