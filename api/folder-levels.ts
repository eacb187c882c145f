/** Checks an account's folder against the separator of levels that its destination is known to have. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { levelMistake } from '../src/account/destination.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { ServerTraits } from '../src/redis/server-traits.ts'
import { badRequest } from './http/problems.ts'

/**
 * Our own store parts levels by `/`, as we do. Of another server the separator is known once somebody has logged in there; before that
 * the first run tells.
 *
 * @throws Problem at `/folder`.
 */
export async function demandLevels(
  redis: Redis,
  { destinationId, folder }: Pick<Account, 'destinationId' | 'folder'>,
): Promise<void> {
  const found = await new Destinations(redis).get(destinationId)
  if (found?.destination.kind !== 'imap') return
  const separator = await new ServerTraits(redis).separatorOf(found.destination)
  const detail = separator === undefined ? undefined : levelMistake(folder, separator)
  if (detail !== undefined) throw badRequest([{ pointer: '/folder', detail }])
}
