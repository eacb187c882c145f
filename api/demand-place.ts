/** Checks an account's folder and flags against what its destination is known to take: our own store's rules, or the separator of another one. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { hostedFlagMistakes, hostedFolderMistake, levelMistake } from '../src/account/destination.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { ServerTraits } from '../src/redis/server-traits.ts'
import { badRequest } from './http/problems.ts'

/**
 * Our own store parts levels by `/`, as we do. Of another server the separator is known once somebody has logged in there; before that
 * the first run tells. Without a folder, or flags, these are not looked at.
 *
 * @throws Problem at `/folder` or `/flags`.
 */
export async function demandPlace(
  redis: Redis,
  { destinationId, folder, flags = [] }: Pick<Account, 'destinationId'> & Partial<Pick<Account, 'folder' | 'flags'>>,
): Promise<void> {
  const found = await new Destinations(redis).get(destinationId)
  if (found === undefined) return
  const { destination } = found
  const isHosted = destination.kind === 'hosted'
  const separator = destination.kind === 'imap' ? await new ServerTraits(redis).separatorOf(destination) : undefined
  const levels = separator === undefined || folder === undefined ? undefined : levelMistake(folder, separator)
  const detail = isHosted && folder !== undefined ? hostedFolderMistake(folder) : levels
  const mistakes = [
    ...(detail === undefined ? [] : [{ pointer: '/folder', detail }]),
    ...(isHosted ? hostedFlagMistakes(flags) : []),
  ]
  if (mistakes.length > 0) throw badRequest(mistakes)
}
