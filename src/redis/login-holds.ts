/**
 * Until when servers want no login to a mailbox (RFC 2449 section 6.5): it holds for visits, whatever has asked for them, for tests, and for
 * whoever looks at a message.
 */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { ServerLogin } from '../account/account.ts'
import type { LoginGate } from '../account/login-gate.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

const holdLogin = script<1>('hold-login', 1)

export type Mailbox = Pick<ServerLogin, 'host' | 'port' | 'user'>

/** As includes/schedule.lua names a server. */
export const slotsServerOf = ({ host, port }: Omit<Mailbox, 'user'>): string => `${host.toLowerCase()}:${port}`

/** @param atLeast it may have been said for longer: then it stays so. */
export async function holdLogins(redis: Redis, mailbox: Mailbox, forMs: number, atLeast = false): Promise<void> {
  const args = [slotsServerOf(mailbox), mailbox.user, Math.ceil(forMs), atLeast ? 1 : '']
  await holdLogin(redis, [keys.due], args)
}

/** Writes down what servers say. That neither fails nor waits: who comes too soon all the same is turned away. */
export function loginGate(redis: Redis, mailbox: Mailbox, usualMs: number = redisLimits.loginHeldMs): LoginGate {
  const hold = (forMs: number, atLeast: boolean) => void holdLogins(redis, mailbox, forMs, atLeast).catch(() => {})
  return {
    letIn: (delayMs) => hold(delayMs, false),
    tooSoon: (forMs = usualMs) => hold(Math.min(forMs, redisLimits.loginHeldMaxMs), true),
  }
}

/** Milliseconds since 1970, by Redis' clock; 0: at any time. */
export async function loginsHeldUntil(redis: Redis, mailboxes: readonly Mailbox[]): Promise<number[]> {
  if (mailboxes.length === 0) return []
  const digests = mailboxes.map((mailbox) => {
    return createHash('sha1')
      .update(`${slotsServerOf(mailbox)} ${mailbox.user}`)
      .digest('hex')
  })
  return (await redis.zmscore(keys.loginHolds, ...digests)).map(Number)
}
