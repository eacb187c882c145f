/** Lets a store elsewhere be opened with a token, which is got when a connection is made: a pool outlives tokens. */
import type { StoreTarget } from '../src/imap/connection.ts'
import type { DestinationRecord } from '../src/redis/destinations.ts'
import type { AccessTokens } from '../src/redis/oauth-tokens.ts'
import { workerLimits } from './limits.ts'

export function withTokens(
  tokens: AccessTokens,
  { destination, guarded }: DestinationRecord,
  target: StoreTarget,
): StoreTarget {
  if (target.kind !== 'imap' || destination.kind !== 'imap' || destination.auth !== 'oauth2') return target
  const { id } = destination
  const holder = { kind: 'destination', id, login: destination, guarded: guarded === true } as const
  // A connection is used for as long as a run may last.
  return {
    ...target,
    accessToken: async (refused) => await tokens.of(holder, { refused, neededMs: workerLimits.runMs }),
  }
}
