/** Makes an empty ledger again from the store: reads every folder of the destination from its first message to its last. */
import type { Account } from '../account/account.ts'
import type { FolderMark } from '../ledger/ledger.ts'
import type { RunCounts } from '../runs/run.ts'
import type { World } from './ports.ts'
import { resolveIntents } from './resolve.ts'
import { markBehind, TraceReading, withTraces } from './trace-reading.ts'

/** @param counts grows as the run goes. */
export async function rebuild(world: World, account: Account, counts: RunCounts): Promise<void> {
  const run = { world, account, counts }
  await resolveIntents(run)
  const { records } = await world.ledger.view()
  const mark = await withTraces(world, async (traces) => {
    const reading = new TraceReading(run, traces, records)
    let ownMark: FolderMark | undefined
    for (const [nth, path] of (await traces.folders(account.folder)).entries()) {
      const folder = await traces.open(path)
      if (folder === undefined) continue
      const uids = await folder.uids(1)
      if (nth === 0) ownMark = markBehind(account, folder, uids)
      await reading.read(folder, uids)
    }
    await reading.end(true)
    return ownMark
  })
  await world.ledger.whole(mark)
}
