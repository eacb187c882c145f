/** Finds external mailboxes by the user of their login. Redis has no index of them, and strangers may ask for any name. */
import type { Redis } from 'ioredis'
import { externalUsers } from '../../src/redis/destinations.ts'
import { cached } from '../http/cached.ts'
import { submissionLimits } from './limits.ts'

export interface ExternalUsers {
  /** The ids of the destinations. @param user in lower case. */
  idsOf(user: string): Promise<readonly string[]>
}

export function externalUsersIn(redis: Redis, knownMs: number = submissionLimits.usersKnownMs): ExternalUsers {
  const all = cached(async () => await externalUsers(redis), knownMs)
  return { idsOf: async (user) => (await all()).get(user) ?? [] }
}
