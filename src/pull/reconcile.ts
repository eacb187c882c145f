/**
 * Makes the ledger whole again from the store, whose messages bear our trace lines: a Redis that was restored, or that took over from
 * another one, may be older than the store (docs/decisions/0014), and an account may follow another one of its source (0042). A run does that by itself; rebuild.ts does it when somebody asks for it.
 */
import type { Account } from '../account/account.ts'
import type { Continuity, FolderMark } from '../ledger/ledger.ts'
import type { LedgerView } from './ledger-ports.ts'
import { pullLimits } from './limits.ts'
import type { PullRun } from './ports.ts'
import type { TracedFolder } from './trace-ports.ts'
import { markBehind, TraceReading, withTraces } from './trace-reading.ts'

/**
 * Tells how far a ledger can be trusted before a run: a `new` one has nothing to lose, and a `doubtful` one may lack messages that the
 * store holds.
 */
export function standing(continuity: Continuity, records: number, createdAtMs: number): 'whole' | 'new' | 'doubtful' {
  const { keeper, keeperSinceMs, wholeUnder } = continuity
  if (hasUnreadPredecessor(continuity)) return 'doubtful'
  if (wholeUnder === keeper) return 'whole'
  // An account that is older than this Redis may have run before Redis was restored from a copy that knows nothing of that.
  const neverRan = wholeUnder === undefined && records === 0 && createdAtMs >= keeperSinceMs
  return neverRan ? 'new' : 'doubtful'
}

/** Whether the store may hold mail that another account of the same source has brought, before every mark of this ledger. */
function hasUnreadPredecessor({ predecessor, wholeAfter }: Continuity): boolean {
  return predecessor !== undefined && wholeAfter !== predecessor
}

/** Whether the ledger surely knows every message that the store holds, but for those of its open intents. */
export async function isWhole({ world, account }: PullRun): Promise<boolean> {
  const { continuity, records } = await world.ledger.view()
  return standing(continuity, records.length, account.createdAtMs) === 'whole'
}

/** The answer is the ledger, with the messages that the store holds and the ledger did not know. */
export async function reconciled(run: PullRun): Promise<LedgerView> {
  const { ledger } = run.world
  const view = await ledger.view()
  const { continuity, records } = view
  switch (standing(continuity, records.length, run.account.createdAtMs)) {
    case 'whole':
      return view
    case 'new':
      await ledger.whole(undefined)
      return view
    case 'doubtful':
      await ledger.whole(await readStore(run, view))
      return await ledger.view()
  }
}

/** Reads the account's own folder from the mark on, and all folders to which one of its messages may have been moved. The answer is the new mark. */
async function readStore(run: PullRun, { continuity, records }: LedgerView): Promise<FolderMark | undefined> {
  const { account } = run
  const mark = hasUnreadPredecessor(continuity) ? undefined : continuity.mark
  return await withTraces(run.world, async (traces) => {
    const [own = account.folder, ...others] = await traces.folders(account.folder)
    const folder = await traces.open(own)
    const from = firstUnknownUid(mark, account, folder)
    const reading = new TraceReading(run, traces, records)
    const uids = (await folder?.uids(from)) ?? []
    if (folder !== undefined) await reading.read(folder, uids)
    // If a UID has no message, somebody has moved or removed one, and it may be ours.
    if (from === 1 || folder?.uidNext === undefined || uids.length < folder.uidNext - from) {
      for (const path of others) {
        const other = await traces.open(path)
        if (other !== undefined) await reading.read(other, (await other.uids(1)).slice(-pullLimits.searchedMessagesMax))
      }
    }
    await reading.end(from === 1)
    return folder === undefined ? undefined : markBehind(account, folder, uids)
  })
}

/** The mark's place, if the mark belongs to this very folder. */
function firstUnknownUid(mark: FolderMark | undefined, account: Account, opened: TracedFolder | undefined): number {
  if (mark?.folder !== account.folder || mark.destinationId !== account.destinationId) return 1
  return mark.uidValidity === opened?.uidValidity ? mark.uidNext : 1
}
