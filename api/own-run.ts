import type { Accounts } from '../src/redis/accounts.ts'
import type { Runs } from '../src/redis/runs.ts'
import type { Run } from '../src/run.ts'
import type { Principal } from './auth.ts'
import { unknown } from './problems.ts'

/** A run that this one may see. */
export async function ownRun(
  { runs, accounts }: { readonly runs: Runs; readonly accounts: Accounts },
  { destinationId }: Principal,
  id: string,
): Promise<Run> {
  const run = await runs.get(id)
  if (run === null) throw unknown('run', id)
  if (destinationId === undefined) return run
  const record = await accounts.get(run.accountId)
  if (record?.account.destinationId !== destinationId) throw unknown('run', id)
  return run
}
