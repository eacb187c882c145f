/** The log events about sending news: one function for each event, with its level and its fields. */
import type { Logger } from '../src/log.ts'

/** So many deliveries wait for this webhook that the oldest of them was dropped. */
export function logWebhookOverflows(log: Logger, webhookId: string, newsId: string): void {
  log.warn({ event: 'webhook overflows', webhookId, newsId })
}

export interface LoggedDelivery {
  readonly webhookId: string
  readonly deliveryId: string
  readonly type: string
  readonly status: number | null | undefined
}

export function logWebhookDelivered(log: Logger, delivery: LoggedDelivery): void {
  log.debug({ event: 'webhook delivered', ...delivery })
}

export function logWebhookFailed(log: Logger, delivery: LoggedDelivery, answer: string): void {
  log.warn({ event: 'webhook failed', ...delivery }, answer)
}

/** The webhook is called no more until somebody enables it. */
export function logWebhookDisabled(log: Logger, webhookId: string, reason: string): void {
  log.error({ event: 'webhook disabled', webhookId }, reason)
}

export function logBulletinSent(log: Logger, news: number): void {
  log.info({ event: 'notice sent', news })
}

export function logBulletinFailed(log: Logger, attempts: number, failure: string): void {
  log.warn({ event: 'notice failed', attempts }, failure)
}
