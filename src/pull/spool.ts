/**
 * Providers that show a message once: Gmail, and all that say EXPIRE 0 (DESIGN section 5). What they give is on disk before anything
 * else is done with it, and the next window is asked for only then. So a crash, or a store that is away, loses nothing of it: it is
 * delivered first next time, before the provider is even asked.
 */
import type { Account } from '../account/account.ts'
import { Deposit } from './deposit.ts'
import { letterOf } from './letter.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { World } from './ports.ts'
import { Refusals } from './refusals.ts'
import type { RunCounts } from '../runs/run.ts'

/** Returns whether there was any. */
export async function deliverSpooled(
  world: World,
  account: Account,
  counts: RunCounts,
  { records }: LedgerView,
): Promise<boolean> {
  const { clock } = world
  const refusals = new Refusals(world.quarantine, records, counts)
  let deposit: Deposit | undefined
  try {
    for await (const retrieved of world.spool.spooled()) {
      deposit ??= new Deposit(world, account, counts, refusals, () => {})
      await deposit.put([await letterOf(retrieved, clock.nowMs())], () => {})
      world.progress()
    }
    await deposit?.done()
    const failure = await refusals.settle()
    if (failure !== undefined) throw failure
    return deposit !== undefined
  } finally {
    await deposit?.settled()
  }
}
