/** Remembers for a day which certificate the last test of an account has met: whoever pins that one changes nothing else. */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

export async function noteShownCertificate(redis: Redis, accountId: string, fingerprint: string): Promise<void> {
  await redis.set(keys.shownCertificate(accountId), fingerprint, 'PX', redisLimits.shownCertificateMs)
}

export async function shownCertificate(redis: Redis, accountId: string): Promise<string | undefined> {
  return (await redis.get(keys.shownCertificate(accountId))) ?? undefined
}

/** The fingerprints that a failure names. */
export function fingerprintsIn(words: string | undefined): string[] {
  return words?.match(/\b[0-9a-f]{64}\b/g) ?? []
}
