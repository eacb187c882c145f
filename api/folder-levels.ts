/** Checks an account's folder against what its destination is known to take: our own store's rules, or the separator of another one. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { hostedFolderMistake, levelMistake } from '../src/account/destination.ts'
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
  if (found === undefined) return
  const { destination } = found
  const separator = destination.kind === 'imap' ? await new ServerTraits(redis).separatorOf(destination) : undefined
  const wrong = separator === undefined ? undefined : levelMistake(folder, separator)
  const detail = destination.kind === 'imap' ? wrong : hostedFolderMistake(folder)
  if (detail !== undefined) throw badRequest([{ pointer: '/folder', detail }])
}
