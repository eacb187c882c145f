/** The parts of a worker's process that carrying news needs. */
import type { LookupFunction } from 'node:net'
import type { Redis } from 'ioredis'
import type { Proxy } from '../src/account/proxy.ts'
import type { Clock } from '../src/clock.ts'
import type { Logger } from '../src/log.ts'
import type { BulletinPatience } from '../src/news/bulletin.ts'
import type { Patience } from '../src/news/webhook.ts'
import type { Bulletins } from '../src/redis/bulletin.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { Outage } from '../src/redis/outage.ts'
import type { Webhooks } from '../src/redis/webhooks.ts'
import type { Seal } from '../src/seal.ts'

export interface NewsCarrierOptions {
  readonly outage: Pick<Outage, 'covers'>
  readonly redis: Redis
  readonly log: Logger
  readonly seal: Seal
  /** The instance's proxy: it leads to SMTP servers, and to no webhook. */
  readonly proxy?: Proxy | undefined
  readonly clock: Clock
  /** How long the lock of a visit's job lasts. */
  readonly jobLockMs: number
  readonly pace?: Partial<NewsPace>
}

/** The options whose defaults tests replace. */
export interface NewsPace {
  /** How often the outbox is emptied, and due endpoints are visited. */
  readonly everyMs: number
  readonly deliveryWaitMs: number
  readonly sendMs: number
  readonly webhooks: Patience
  readonly notice: BulletinPatience
  readonly bulletinNewsMax: number
  /** Certificate authorities beside the system's. */
  readonly ca?: string
  /** The resolver of names. */
  readonly lookup?: LookupFunction
}

/** The parts that the senders of news share. */
export interface NewsWorld extends NewsCarrierOptions {
  readonly pace: Partial<NewsPace>
  readonly webhooks: Webhooks
  readonly bulletins: Bulletins
  readonly settings: InstanceSettingsStore
  /** Is aborted when the worker stops. */
  readonly signal: AbortSignal
}
