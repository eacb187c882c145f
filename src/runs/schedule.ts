/** When an account is visited next, after a run that went well. Pure. */
import type { Account } from '../account/account.ts'

/**
 * The account's shortest interval, spread by up to a tenth so that accounts of one hour do not stay of one second.
 *
 * @param random from 0 up to 1.
 * @returns milliseconds since 1970.
 */
export function nextVisitMs(interval: Account['interval'], nowMs: number, random: number): number {
  const shortestMs = interval.minSeconds * 1000
  const longestMs = Math.max(interval.maxSeconds * 1000, shortestMs)
  return nowMs + Math.min(shortestMs * (1 + random / 10), longestMs)
}
