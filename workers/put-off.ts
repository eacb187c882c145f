/**
 * Puts a run off that the provider did not let in because of ourselves: we had tested the account a moment before, or had too many sessions
 * there. It goes back to the queue under its id, the account waits, and nothing of it counts as a failure. So does one that gave way.
 */
import { mayBeTooMany, mayBeTooSoon } from '../src/failure/consequence.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Logger } from '../src/log.ts'
import type { AccountId } from '../src/mail/message.ts'
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

interface Excuse {
  readonly forMs: number
  readonly notice: string
}

/** @returns for how long, in milliseconds; undefined if the failure is no consequence of what we did. */
export async function putOff(world: PullWorld, shutOut: ShutOut): Promise<number | undefined> {
  const { run, failure, log } = shutOut
  if (run.task !== 'pull') return undefined
  const excuse =
    (await afterTest(world, shutOut)) ?? (await amongTooMany(world, shutOut)) ?? (await behindOurself(world, shutOut))
  if (excuse === undefined) return undefined
  const { forMs, notice } = excuse
  const waitsUntil = new Date(world.clock.nowMs() + forMs).toISOString()
  await world.runs.change({ ...run, state: 'queued', startedAt: null, fetched: null, waitsUntil, notices: [notice] })
  logRunPutOff(log, failure, forMs)
  return forMs
}

async function afterTest(world: PullWorld, { loaded, failure }: ShutOut): Promise<Excuse | undefined> {
  if (!mayBeTooSoon(failure)) return undefined
  const { afterTestMs = workerLimits.afterTestMs * (1 + Math.random() / 4), redis } = world
  const named = failure.kind === 'throttled' ? (failure.backOffMs ?? 0) : 0
  const forMs = await new TestedSources(redis).excuse(loaded.account, Math.max(afterTestMs, named))
  if (forMs === undefined) return undefined
  const { host } = loaded.account
  const soon = forMs < 120_000 ? 'in about a minute' : `in ${Math.round(forMs / 60_000)} minutes`
  return {
    forMs,
    notice: `${host} did not let us in so soon after the account was tested. It is visited again by itself ${soon}.`,
  }
}

/** A server that goes on so has something against the account: that is a failure like any other. */
async function amongTooMany({ accounts, due }: PullWorld, { loaded, failure }: ShutOut): Promise<Excuse | undefined> {
  const { account } = loaded
  if (!mayBeTooMany(failure) || !(await due.isShared(account))) return undefined
  const state = await accounts.state(account.id)
  const { turnedAway = 0 } = state
  const waitMs = workerLimits.turnedAwayMs[turnedAway]
  if (waitMs === undefined) return undefined
  await accounts.setState(account.id, { ...state, turnedAway: turnedAway + 1 })
  const notice = `${account.host} takes fewer sessions at once than we had there. It is visited again by itself in a moment.`
  return { forMs: waitMs * (1 + Math.random()), notice }
}

/**
 * The maildrop may still be locked (RFC 1939 section 4) by the session that we left when its server stood still: the server has not noticed yet.
 * A lock that lasts is a failure like any other.
 */
async function behindOurself(world: PullWorld, { loaded, failure }: ShutOut): Promise<Excuse | undefined> {
  if (failure.kind !== 'maildrop in use') return undefined
  const { account } = loaded
  const { stoodStill = 0 } = await world.accounts.state(account.id)
  if (stoodStill === 0 || stoodStill >= workerLimits.stillLockedMax) return undefined
  const notice = `${account.host} still had our last session, which we left because it stood still. It is visited again by itself in a moment.`
  return { forMs: await stillAgainMs(world, account.id), notice }
}

/** @returns how long a run waits, in milliseconds, that gave way to others because its server stood still: longer each time in a row. */
export async function stillAgainMs({ accounts }: Pick<PullWorld, 'accounts'>, accountId: AccountId): Promise<number> {
  const state = await accounts.state(accountId)
  const stoodStill = Math.min((state.stoodStill ?? 0) + 1, workerLimits.stillLockedMax)
  await accounts.setState(accountId, { ...state, stoodStill })
  const waitMs = workerLimits.stillAgainMs[stoodStill - 1] ?? workerLimits.stillAgainMs.at(-1) ?? 0
  return waitMs * (1 + Math.random())
}
