/**
 * Gives sessions that are no visits a slot of their server: tests, and messages that people want to see (docs/decisions/0055). No visit goes to
 * their mailbox meanwhile. Where one is there for long already, they go beside it: many servers permit that, and others say so.
 */
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { LoginGate } from '../account/login-gate.ts'
import { hostPort } from '../account/server-traits.ts'
import { timeInUtc } from '../runs/held-run.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { loginGate, type Mailbox, slotsServerOf } from './login-holds.ts'
import { script } from './scripts.ts'

const guestSlot = script<number>('guest-slot', 1)

/** The message is for whoever asked. */
export class NoSlot extends Error {
  override readonly name = 'NoSlot'

  static full(server: string): NoSlot {
    const seconds = redisLimits.guestWaitMs / 1000
    return new NoSlot(
      `${server} has as many of our sessions as it takes at once, and none of them ended within ${seconds} s. Try again in a moment.`,
    )
  }

  static held(server: string, untilMs: number): NoSlot {
    return new NoSlot(
      `${server} wants some time between two logins to a mailbox (LOGIN-DELAY), and Tributary was in this one too short a time ago, so it did not ask. Try again at ${timeInUtc(untilMs)}.`,
    )
  }
}

/**
 * Waits for a slot, and gives it back at the end.
 *
 * @throws NoSlot if there is none in time, or if the server wants no login to the mailbox yet.
 */
export async function atGuestSlot<T>(
  redis: Redis,
  mailbox: Mailbox,
  act: (loginGate: LoginGate) => Promise<T>,
): Promise<T> {
  const { user } = mailbox
  const server = slotsServerOf(mailbox)
  const guest = `guest-${ulid()}`
  const sinceMs = performance.now()
  for (;;) {
    const waitedMs = performance.now() - sinceMs
    const beside = waitedMs < redisLimits.guestMailboxWaitMs ? '' : 1
    const answer = await guestSlot(redis, [keys.due], [server, guest, redisLimits.guestHoldMs, user, beside])
    if (answer === 1) break
    if (answer > 1) throw NoSlot.held(hostPort(mailbox), answer)
    if (waitedMs > redisLimits.guestWaitMs) throw NoSlot.full(hostPort(mailbox))
    await setTimeout(redisLimits.guestAskedEveryMs)
  }
  try {
    return await act(loginGate(redis, mailbox))
  } finally {
    // It expires by itself.
    await guestSlot(redis, [keys.due], [server, guest, 0, user, '']).catch(() => {})
  }
}
