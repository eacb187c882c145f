/** What an owner may have at once (CONTRACT section 5). What exists stays and runs: only what a request adds is looked at. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import type { InstanceSettings } from '../src/account/instance-settings.ts'
import type { AccountId } from '../src/mail/message.ts'
import { AskedRuns } from '../src/redis/asked-runs.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { Run, RunTask } from '../src/runs/run.ts'
import { Problem, type Wrong } from './http/problems.ts'
import type { Principal } from './http/who.ts'

export type OwnerQuotas = InstanceSettings['owners']

/** Undefined: the caller is an admin of the instance, who has none. */
export async function quotasOf(
  { destinationId }: Pick<Principal, 'destinationId'>,
  settings: InstanceSettingsStore,
): Promise<OwnerQuotas | undefined> {
  return destinationId === undefined ? undefined : (await settings.get()).owners
}

const raise = (setting: keyof OwnerQuotas) => `an admin of the instance can raise the setting owners.${setting}`

export function tooManyAccounts({ accountsMax }: OwnerQuotas): Problem {
  const most = accountsMax === 1 ? '1 account' : `${accountsMax} accounts`
  const detail = `An owner may have ${most} here, and there are as many; remove one, or ${raise('accountsMax')}.`
  return new Problem('quota', detail)
}

/** @throws Problem if the caller is an owner, and the call sets a shorter interval than an owner may. */
export function demandInterval(
  quotas: OwnerQuotas | undefined,
  given: Partial<Account['interval']> | undefined,
  before?: Account['interval'],
): void {
  if (quotas === undefined || given === undefined) return
  const { intervalMinSeconds: least } = quotas
  const errors: Wrong[] = (['minSeconds', 'maxSeconds'] as const).flatMap((name) => {
    const seconds = given[name]
    if (seconds === undefined || seconds >= least || seconds === before?.[name]) return []
    return [{ pointer: `/interval/${name}`, detail: `must be ${least} or more`, rule: 'minimum', limit: least }]
  })
  if (errors.length === 0) return
  const detail = `An owner's accounts are visited every ${least} s at most; choose a longer interval, or ${raise('intervalMinSeconds')}.`
  throw new Problem('quota', detail, errors)
}

interface RunQuotaWorld {
  readonly redis: Redis
  readonly settings: InstanceSettingsStore
}

/** @param ask makes the run, or joins one. @throws Problem if the caller is an owner, and as many runs are open that the owner has asked for. */
export async function askedWithin(
  { redis, settings }: RunQuotaWorld,
  principal: Principal,
  { accountId, task = 'pull' }: { readonly accountId: AccountId; readonly task?: RunTask },
  ask: () => Promise<Run>,
): Promise<Run> {
  const { destinationId } = principal
  const quotas = await quotasOf(principal, settings)
  if (destinationId === undefined || quotas === undefined) return await ask()
  const { runsMax } = quotas
  const run = await new AskedRuns(redis).within(runsMax, { destinationId, accountId, task }, ask)
  if (run !== undefined) return run
  const most = runsMax === 1 ? '1 run' : `${runsMax} runs`
  const detail = `An owner may have ${most} at once that were asked for, and there are as many; wait for one to end, or ${raise('runsMax')}.`
  throw new Problem('quota', detail)
}
