/** What sending needs of a worker's process. */
import type { LookupFunction } from 'node:net'
import type { Redis } from 'ioredis'
import type { Proxy } from '../src/account/proxy.ts'
import type { OutboxFiles } from '../src/disk/outbox.ts'
import type { Logger } from '../src/log.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { AccessTokens } from '../src/redis/oauth-tokens.ts'
import type { Outage } from '../src/redis/outage.ts'
import type { Sendings } from '../src/redis/outbox.ts'
import type { Senders } from '../src/redis/senders.ts'
import type { SendingTurns } from '../src/redis/sending-turns.ts'
import type { Seal } from '../src/seal.ts'
import type { OutboxEntry } from '../src/send/entry.ts'
import type { SmtpWaits } from '../src/smtp/login-options.ts'
import type { SmtpMemories } from './outbox-memories.ts'
import type { SendRoom } from './outbox-room.ts'

/** The options whose defaults tests replace. */
export interface SendPace {
  readonly everyMs: number
  readonly abandonedEveryMs: number
  readonly leaseMs: number
  readonly places: number
  readonly visitMs: number
  readonly waits: Partial<SmtpWaits>
  /** Certificate authorities in place of the system's. */
  readonly ca: string
  /** The resolver of names. */
  readonly lookup: LookupFunction
  /** Stands between an attempt and each of its effects; given by tests. */
  readonly between: SendBetween
}

/** The effects of an attempt, each by its name, in the order in which they are made. */
export const sendEffects = ['open', 'claim', 'envelope', 'body', 'undecidable', 'dot', 'answer', 'settle'] as const
export type SendEffect = (typeof sendEffects)[number]
export type SendBetween = (accountId: string, moment: 'before' | 'after', effect: SendEffect) => Promise<void>

export interface SendOptions {
  readonly redis: Redis
  readonly log: Logger
  readonly seal: Seal
  readonly outage: Pick<Outage, 'covers'>
  readonly proxy?: Proxy | undefined
  readonly jobLockMs: number
  /** Where the bodies lie. */
  readonly outbox: string
  readonly accessTokens: AccessTokens
  readonly pace: Partial<SendPace>
}

/** What follows an end, such as the copy in Sent: it is due by itself, and only begins sooner. */
export type SendFollowUp = (entry: OutboxEntry) => void

export interface SendWorld {
  readonly redis: Redis
  readonly log: Logger
  readonly seal: Seal
  readonly proxy: Proxy | undefined
  readonly accounts: Accounts
  readonly settings: InstanceSettingsStore
  readonly accessTokens: AccessTokens
  readonly sendings: Sendings
  readonly senders: Senders
  readonly turns: SendingTurns
  readonly files: OutboxFiles
  readonly room: SendRoom
  readonly memories: SmtpMemories
  readonly pace: Partial<SendPace>
  readonly leaseMs: number
  readonly followUp: SendFollowUp
  /** Is aborted when the worker stops: what has not come to its final dot is not sent now. */
  readonly stopping: AbortSignal
}

export async function beforeEffect({ pace }: SendWorld, accountId: string, effect: SendEffect): Promise<void> {
  await pace.between?.(accountId, 'before', effect)
}

export async function afterEffect({ pace }: SendWorld, accountId: string, effect: SendEffect): Promise<void> {
  await pace.between?.(accountId, 'after', effect)
}
