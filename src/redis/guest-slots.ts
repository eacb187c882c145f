/**
 * Gives sessions that are no visits a slot of their server: tests, and messages that people want to see (docs/decisions/0055). No visit goes to
 * their mailbox meanwhile. Where one is there for long already, they go beside it: many servers permit that, and others say so.
 */
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

const guestSlot = script<-1 | 0 | 1>('guest-slot', 1)

interface HostPort {
  readonly host: string
  readonly port: number
}

interface Mailbox extends HostPort {
  readonly user: string
}

/** The message is for whoever asked. */
export class NoSlot extends Error {
  override readonly name = 'NoSlot'

  constructor({ host, port }: HostPort) {
    const seconds = redisLimits.guestWaitMs / 1000
    super(
      `${host}:${port} has as many of our sessions as it takes at once, and none of them ended within ${seconds} s. Try again in a moment.`,
    )
  }
}

/** Waits for a slot, and gives it back at the end. @throws NoSlot if there is none in time. */
export async function atGuestSlot<T>(redis: Redis, { host, port, user }: Mailbox, act: () => Promise<T>): Promise<T> {
  // As includes/schedule.lua names a server.
  const server = `${host.toLowerCase()}:${port}`
  const guest = `guest-${ulid()}`
  const sinceMs = performance.now()
  for (;;) {
    const waitedMs = performance.now() - sinceMs
    const own = waitedMs < redisLimits.guestMailboxWaitMs ? user : ''
    if ((await guestSlot(redis, [keys.due], [server, guest, redisLimits.guestHoldMs, own])) === 1) break
    if (waitedMs > redisLimits.guestWaitMs) throw new NoSlot({ host, port })
    await setTimeout(redisLimits.guestAskedEveryMs)
  }
  try {
    return await act()
  } finally {
    // It expires by itself.
    await guestSlot(redis, [keys.due], [server, guest, 0, user]).catch(() => {})
  }
}
