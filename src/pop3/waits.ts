/** How long a session waits for each thing, in milliseconds. */
import { pop3Limits } from './limits.ts'

export interface Waits {
  readonly connectMs: number
  /** Is the same as for any reply, if nothing else is given. */
  readonly greetingMs?: number
  /**
   * The longest time without an octet while a reply is due. The whole reply may take three times as long, and a message earns more time by
   * its octets.
   */
  readonly replyMs: number
  readonly listingMs: number
  readonly capaMs: number
  readonly quitMs: number
  /** The time over which a server must keep the least rate of mail and listings (least-rate.ts). */
  readonly leastRateMs: number
}

/** How long the answer to QUIT is waited for. */
export function quitWaitMs(marked: number, usualMs: number): number {
  const { idleQuitWaitMs, quitWaitOfMarkMs, quitWaitMaxMs } = pop3Limits
  if (marked === 0) return Math.min(usualMs, idleQuitWaitMs)
  return Math.max(usualMs, Math.min(usualMs + marked * quitWaitOfMarkMs, quitWaitMaxMs))
}

export const usualWaits: Waits = {
  connectMs: pop3Limits.connectWaitMs,
  replyMs: pop3Limits.replyWaitMs,
  listingMs: pop3Limits.listingWaitMs,
  capaMs: pop3Limits.capaWaitMs,
  quitMs: pop3Limits.quitWaitMs,
  leastRateMs: pop3Limits.leastRateMs,
}
