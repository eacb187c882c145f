/**
 * Puts a run off that the provider did not let in because we had tested the account a moment before: it goes back to the queue under its
 * id, the account waits, and nothing of it counts as a failure.
 */
import { mayBeTooSoon } from '../src/failure/consequence.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Logger } from '../src/log.ts'
import { TestedSources } from '../src/redis/tested-sources.ts'
import type { Run } from '../src/runs/run.ts'
import { workerLimits } from './limits.ts'
import type { LoadedAccount, PullWorld } from './pull-world.ts'
import { logRunPutOff } from './run-log.ts'

/** A run that was made, and how it ended before anybody was let in. */
export interface ShutOut {
  readonly run: Run
  readonly loaded: LoadedAccount
  readonly failure: Failure
  readonly log: Logger
}

/** @returns for how long, in milliseconds; undefined if the failure is no consequence of a test. */
export async function putOff(world: PullWorld, { run, loaded, failure, log }: ShutOut): Promise<number | undefined> {
  if (run.task !== 'pull' || !mayBeTooSoon(failure)) return undefined
  const { afterTestMs = workerLimits.afterTestMs * (1 + Math.random() / 4), runs, redis } = world
  const named = failure.kind === 'throttled' ? (failure.backOffMs ?? 0) : 0
  const forMs = await new TestedSources(redis).excuse(loaded.account, Math.max(afterTestMs, named))
  if (forMs === undefined) return undefined
  const { host } = loaded.account
  const soon = forMs < 120_000 ? 'in about a minute' : `in ${Math.round(forMs / 60_000)} minutes`
  const notice = `${host} did not let us in so soon after the account was tested. It is visited again by itself ${soon}.`
  await runs.change({ ...run, state: 'queued', startedAt: null, fetched: null, notices: [notice] })
  logRunPutOff(log, failure, forMs)
  return forMs
}
