/**
 * Carries news from the outbox to its receivers, beside the runs and without delaying them: it has a queue of its own, and every visit to
 * an endpoint has an end. News that is under way when a worker dies is sent again: at least once, under the same id.
 */
import type { Job } from 'bullmq'
import { bulletinDueMs } from '../src/news/bulletin.ts'
import type { News } from '../src/news/news.ts'
import { hears } from '../src/news/webhook.ts'
import { bulletinId, Bulletins } from '../src/redis/bulletin.ts'
import { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { claimVisits, Outbox } from '../src/redis/news.ts'
import { type VisitJob, VisitQueue, visitQueueName } from '../src/redis/queue.ts'
import { Webhooks } from '../src/redis/webhooks.ts'
import { BulletinSender } from './bulletin-sender.ts'
import { Jobs } from './jobs.ts'
import { workerLimits } from './limits.ts'
import { logWebhookOverflows } from './news-log.ts'
import type { NewsCarrierOptions, NewsWorld } from './news-world.ts'
import { Ticker } from './ticker.ts'
import { WebhookSender } from './webhook-sender.ts'
import { logQueueError, logQueueStuck, logVisitFailed } from './worker-log.ts'

/** The number of news that are read from the outbox at once. */
const carriedAtOnce = 200

export class NewsCarrier {
  readonly #world: NewsWorld
  readonly #outbox: Outbox
  readonly #queue: VisitQueue
  readonly #stopping = new AbortController()
  readonly #visits: Jobs<VisitJob>
  readonly #ticker: Ticker
  readonly #webhookSender: WebhookSender
  readonly #bulletinSender: BulletinSender

  constructor(options: NewsCarrierOptions) {
    const { redis, log, outage, pace = {} } = options
    const failed = (error: Error) => logQueueError(log, outage, error)
    this.#world = {
      ...options,
      pace,
      webhooks: new Webhooks(redis),
      bulletins: new Bulletins(redis),
      settings: new InstanceSettingsStore(redis),
      signal: this.#stopping.signal,
    }
    this.#outbox = new Outbox(redis, pace.bulletinNewsMax)
    this.#queue = new VisitQueue(redis, { onError: failed })
    this.#webhookSender = new WebhookSender(this.#world)
    this.#bulletinSender = new BulletinSender(this.#world)
    this.#visits = new Jobs(visitQueueName, async (job) => await this.#visit(job), {
      ...options,
      concurrency: workerLimits.visitsAtOnce,
      onError: failed,
      onFailed: (job, error) => logVisitFailed(log, job, error),
      onStuck: () => logQueueStuck(log, visitQueueName),
    })
    this.#ticker = new Ticker(failed)
  }

  begin(): void {
    const { redis, clock, pace } = this.#world
    this.#ticker.every(pace.everyMs ?? workerLimits.newsEveryMs, async () => {
      await this.#carry()
      const due = await claimVisits(redis, clock.nowMs())
      if (due.length > 0) await this.#queue.add(due)
    })
  }

  /** Breaks off the visits under way: the next worker sends again. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([this.#ticker.stop(), this.#visits.close()])
    await this.#queue.close()
  }

  /** Whenever Redis has answered. */
  look(): void {
    this.#visits.look()
  }

  /** Ends what `stop` leaves behind if it comes to no end. */
  async letGo(): Promise<void> {
    await this.#visits.letGo()
  }

  /** Hands the news in the outbox on to the webhooks that listen, and to the bulletin. */
  async #carry(): Promise<void> {
    const { webhooks, bulletins, clock, log, pace } = this.#world
    const oldest = await this.#outbox.head(carriedAtOnce)
    if (oldest.length === 0) return
    const records = await webhooks.all()
    const states = await webhooks.states(records.map(({ webhook }) => webhook.id))
    const listening = records.flatMap(({ webhook }, nth) =>
      webhook.enabled && (states[nth]?.disabled ?? null) === null ? [webhook] : [],
    )
    const events = (await bulletins.get())?.settings.events ?? []
    const bulletinAtMs = bulletinDueMs(await bulletins.state(), clock.nowMs(), pace.notice)
    for (const json of oldest) {
      const news = JSON.parse(json) as News
      const to = listening.filter((webhook) => hears(webhook, news)).map(({ id }) => id)
      const atMs = events.includes(news.type) ? bulletinAtMs : undefined
      const full = await this.#outbox.carry(json, to, atMs, clock.nowMs())
      // Another worker carries it just now.
      if (full === undefined) return
      for (const webhookId of full) logWebhookOverflows(log, webhookId, news.id)
    }
  }

  async #visit({ data: { visit } }: Job<VisitJob>): Promise<void> {
    const { webhooks, clock, signal } = this.#world
    try {
      await (visit === bulletinId ? this.#bulletinSender.send() : this.#webhookSender.deliver(visit))
    } catch (error) {
      if (!signal.aborted) throw error
      await webhooks.visit(visit, clock.nowMs())
    }
  }
}
