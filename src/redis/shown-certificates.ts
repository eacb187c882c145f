/** Remembers for a day which certificate the last test of an account has met: whoever pins that one changes nothing else. */
import type { Redis } from 'ioredis'
import type { FailureKind } from '../failure/failure.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

export async function noteShownCertificate(redis: Redis, accountId: string, fingerprint: string): Promise<void> {
  await redis.set(keys.shownCertificate(accountId), fingerprint, 'PX', redisLimits.shownCertificateMs)
}

export async function shownCertificate(redis: Redis, accountId: string): Promise<string | undefined> {
  return (await redis.get(keys.shownCertificate(accountId))) ?? undefined
}

/** A failure of TLS: of a provider, and of a destination. In those of another kind a server may say what it likes. */
const tlsKinds: readonly FailureKind[] = ['tls', 'store unreachable']

/** The fingerprints that a failure names. */
export function fingerprintsOf(failure: { readonly kind: FailureKind } | null | undefined): string[] {
  if (failure == null || !tlsKinds.includes(failure.kind)) return []
  return JSON.stringify(failure).match(/\b[0-9a-f]{64}\b/g) ?? []
}
