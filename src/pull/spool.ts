/**
 * Some providers show a message once: Gmail, and all servers that say EXPIRE 0 (DESIGN section 5). A message of such a provider is
 * written to disk before anything else is done with it, and only then is the next window asked for. So a crash loses nothing, and neither
 * does a store that is away: the next run stores the spooled messages before it asks the provider.
 */
import type { LedgerView } from './ledger-ports.ts'
import { type Letter, letterOf } from './letter.ts'
import { Neighbours } from './neighbours.ts'
import type { PullRun } from './ports.ts'
import { sorted } from './sorting.ts'
import type { Suspects } from './suspects.ts'

/** Yields the messages that earlier runs have spooled, each as a batch of its own: a spool may be larger than memory. */
export async function* spooled(
  { world }: PullRun,
  suspects: Suspects,
  view: LedgerView,
): AsyncGenerator<readonly Letter[]> {
  const neighbours = new Neighbours(view)
  for await (const retrieved of world.spool.spooled()) {
    if (retrieved.isRetried) suspects.retry(retrieved.message)
    else if (!suspects.mayTry(retrieved.message)) continue
    const letters = await sorted(world.sorting, [await letterOf(retrieved, world.clock.nowMs())])
    for (const dated of neighbours.date(letters)) yield [dated]
    world.progress()
  }
  for (const dated of neighbours.rest()) yield [dated]
}
