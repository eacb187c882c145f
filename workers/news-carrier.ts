/**
 * News carried from the outbox to whom it concerns, beside the runs and never in their way: a queue of its own, and every visit
 * to an endpoint has an end. What is under way when a worker dies is sent again: at least once, under the same id.
 */
import type { LookupFunction } from 'node:net'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { reachOf } from '../src/account/reach.ts'
import { newsLimits } from '../src/news/limits.ts'
import { redisLimits } from '../src/redis/limits.ts'
import { workerLimits } from './limits.ts'
import type { Logger } from '../src/log.ts'
import { sendMail } from '../src/net/mail.ts'
import { post } from '../src/net/post.ts'
import type { News } from '../src/news/news.ts'
import { afterBulletin, type BulletinPatience, bulletinDueMs, bulletinOf } from '../src/news/bulletin.ts'
import type { Clock } from '../src/clock.ts'
import { claimVisits, Outbox } from '../src/redis/news.ts'
import { bulletinId, Bulletins } from '../src/redis/bulletin.ts'
import { queuePrefix, type VisitJob, VisitQueue, visitQueueName } from '../src/redis/queue.ts'
import { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { secretsOf, Webhooks } from '../src/redis/webhooks.ts'
import type { Seal } from '../src/seal.ts'
import { afterAttempt, describeAnswer, hears, type Patience, signed } from '../src/news/webhook.ts'
import { Ticker } from './ticker.ts'

export interface NewsCarrierWorld {
  readonly redis: Redis
  readonly log: Logger
  readonly seal: Seal
  readonly clock: Clock
  /** As of the runs' queue. */
  readonly jobLockMs: number
  readonly pace?: Partial<NewsPace>
}

/** Given by tests. */
export interface NewsPace {
  readonly everyMs: number
  readonly deliveryWaitMs: number
  readonly sendMs: number
  readonly webhooks: Patience
  readonly notice: BulletinPatience
  /** Certificate authorities beside the system's, and how names become addresses. */
  readonly ca?: string
  readonly lookup?: LookupFunction
}

/** Read from the outbox at once. */
const carriedAtOnce = 200

export interface RunningNewsCarrier {
  /** What is under way is broken off, and sent again by whoever is there next. */
  stop(): Promise<void>
}

export function startNewsCarrier({
  redis,
  log,
  seal,
  clock,
  jobLockMs,
  pace = {},
}: NewsCarrierWorld): RunningNewsCarrier {
  const {
    everyMs = workerLimits.newsEveryMs,
    deliveryWaitMs = newsLimits.deliveryWaitMs,
    sendMs = workerLimits.bulletinSendMs,
  } = pace
  const outbox = new Outbox(redis)
  const webhooks = new Webhooks(redis)
  const notices = new Bulletins(redis)
  const settings = new InstanceSettingsStore(redis)
  const queue = new VisitQueue(redis)
  const stopping = new AbortController()
  const { signal } = stopping

  const carry = async () => {
    const oldest = await outbox.head(carriedAtOnce)
    if (oldest.length === 0) return
    const records = await webhooks.all()
    const states = await webhooks.states(records.map(({ webhook }) => webhook.id))
    const listening = records.flatMap(({ webhook }, nth) =>
      webhook.enabled && (states[nth]?.disabled ?? null) === null ? [webhook] : [],
    )
    const events = (await notices.get())?.settings.events ?? []
    const bulletinAtMs = bulletinDueMs(await notices.state(), clock.nowMs(), pace.notice)
    for (const json of oldest) {
      const news = JSON.parse(json) as News
      const to = listening.filter((webhook) => hears(webhook, news)).map(({ id }) => id)
      const full = await outbox.carry(json, to, events.includes(news.type) ? bulletinAtMs : undefined, clock.nowMs())
      // Another worker carries it just now.
      if (full === undefined) return
      for (const webhookId of full) log.warn({ event: 'webhook overflows', webhookId, newsId: news.id })
    }
  }

  const deliver = async (webhookId: string): Promise<void> => {
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
      const { url, guarded } = record.webhook
      const answer = await post({
        url,
        ...signed(delivery, secretsOf(record, seal, nowMs), nowMs),
        reach: reachOf(guarded, 'web', await settings.get()),
        waitMs: deliveryWaitMs,
        signal,
        ca: pace.ca,
        lookup: pace.lookup,
      })
      const after = afterAttempt(answer, delivery, state, clock.nowMs(), Math.random(), pace.webhooks)
      // Removed meanwhile.
      if (!(await webhooks.put(webhookId, after.delivery, after.dueMs, clock.nowMs())))
        return await webhooks.leave(webhookId)
      await webhooks.setState(webhookId, after.state)
      if (after.release) await webhooks.release(webhookId, clock.nowMs())
      const said = { webhookId, deliveryId: delivery.id, type: delivery.type, status: answer.status }
      if (after.delivery.outcome === 'delivered') log.debug({ event: 'webhook delivered', ...said })
      else log.warn({ event: 'webhook failed', ...said }, describeAnswer(answer))
      if (after.state.disabled !== null)
        log.error({ event: 'webhook disabled', webhookId }, after.state.disabled.reason)
    }
  }

  const sayWhatWaits = async (): Promise<void> => {
    const record = await notices.get()
    const { news, more } = await notices.waiting()
    const nowMs = clock.nowMs()
    const fresh = news.filter(({ timestamp }) => nowMs - Date.parse(timestamp) < workerLimits.bulletinNewsMs)
    if (record === undefined || fresh.length === 0) return await notices.said(news.length, more, nowMs)
    const { settings: notice, sealedPassword } = record
    const failure = await sendMail({
      ...notice,
      password: sealedPassword === null ? undefined : seal.open(sealedPassword, bulletinId, 'password'),
      letter: bulletinOf(fresh, more),
      reach: reachOf(false, 'web', await settings.get()),
      waitMs: sendMs,
      signal,
      ca: pace.ca,
    })
    const { state, againMs } = afterBulletin(await notices.state(), failure, clock.nowMs(), pace.notice)
    await notices.setState(state)
    if (failure === undefined) await notices.said(news.length, more, againMs)
    else await notices.said(0, 0, againMs)
    if (failure === undefined) log.info({ event: 'notice sent', news: fresh.length + more })
    else log.warn({ event: 'notice failed', attempts: state.failures }, failure)
  }

  const visits = new Worker<VisitJob>(
    visitQueueName,
    async ({ data: { visit } }) => {
      try {
        await (visit === bulletinId ? sayWhatWaits() : deliver(visit))
      } catch (error) {
        if (!signal.aborted) throw error
        await webhooks.visit(visit, clock.nowMs())
      }
    },
    {
      connection: redis,
      prefix: queuePrefix,
      runRetryDelay: redisLimits.redisRetryMs,
      concurrency: workerLimits.visitsAtOnce,
      lockDuration: jobLockMs,
      stalledInterval: Math.min(jobLockMs, workerLimits.stalledEveryMs),
      maxStalledCount: 1000,
    },
  )
  visits.on('error', (error) => log.warn({ event: 'queue error', reason: error.message }))
  visits.on('failed', (job, error) => log.error({ event: 'visit failed', ...job?.data, err: error }))

  const ticker = new Ticker((error) => log.warn({ event: 'queue error', reason: error.message }))
  ticker.every(everyMs, async () => {
    await carry()
    const due = await claimVisits(redis, clock.nowMs())
    if (due.length > 0) await queue.add(due)
  })

  return {
    async stop() {
      stopping.abort()
      await Promise.all([ticker.stop(), visits.close()])
      await queue.close()
    },
  }
}
