/** Decides when an account is visited next, after a run that went well. Pure. consequence.ts decides after a run that failed. */
import type { Account } from '../account/account.ts'

/**
 * The next visit is due after the account's shortest interval, whether mail came or not. Up to a tenth is added, so that accounts which
 * were
 * registered in the same second are not visited in the same second for ever. The longest interval only limits that tenth.
 *
 * @param random a number from 0 up to 1.
 * @returns milliseconds since 1970.
 */
export function nextVisitMs(interval: Account['interval'], nowMs: number, random: number): number {
  const shortestMs = interval.minSeconds * 1000
  const longestMs = Math.max(interval.maxSeconds * 1000, shortestMs)
  return nowMs + Math.min(shortestMs * (1 + random / 10), longestMs)
}
