/**
 * Some providers show a message once: Gmail, and all servers that say EXPIRE 0 (DESIGN section 5). What such a provider gives is on disk
 * before anything else is done with it, and only then is the next window asked for. A crash or a store that is away then loses nothing:
 * the next run stores what was spooled before it asks the provider.
 */
import { type Letter, letterOf } from './letter.ts'
import type { PullRun } from './ports.ts'

/** Yields what earlier runs have spooled, each message as a batch of its own: a spool may hold more than fits in memory. */
export async function* spooled({ world }: PullRun): AsyncGenerator<readonly Letter[]> {
  for await (const retrieved of world.spool.spooled()) {
    yield [await letterOf(retrieved, world.clock.nowMs())]
    world.progress()
  }
}
