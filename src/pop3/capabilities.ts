/** Reads the lines of CAPA (RFC 2449): which commands a server knows, and what it demands from its clients. Pure. */
import { pop3Limits } from './limits.ts'

export function hasCapability(lines: readonly string[], name: string): boolean {
  return lines.some((line) => line.toUpperCase().split(' ')[0] === name)
}

/** RFC 2449 section 6.7: `EXPIRE 0` means that the server keeps no message after RETR. */
export function expiresAtOnce(lines: readonly string[]): boolean {
  return lines.some((line) => /^EXPIRE\s+0\b/i.test(line))
}

/** RFC 2449 section 6.5: the time that the server wants between two logins. */
export function loginDelayMsIn(lines: readonly string[]): number {
  const seconds = lines.map((line) => /^LOGIN-DELAY\s+(\d{1,9})\b/i.exec(line)?.[1] ?? 0)
  return Math.min(1000 * Math.max(0, ...seconds.map(Number)), pop3Limits.loginDelayMaxMs)
}
