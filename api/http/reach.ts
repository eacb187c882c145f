/** The guard where hosts and ports come in: who may register what, and why not. */
import { reachOf, type Reach, type Service } from '../../src/account/reach.ts'
import { reachMistakes } from '../../src/net/guard.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Principal } from './auth.ts'
import { badRequest } from './problems.ts'

interface Endpoint {
  readonly host: string
  readonly port: number
}

/** What stands in a record, where it does: whoever chose host and port last was an owner. */
export type Guarded = { readonly guarded?: true }

/** Of a new record, or of one that was changed: a form that is sent back as it was read chooses nothing. */
export function guardedBy(
  { destinationId }: Principal,
  after: Endpoint,
  before?: Endpoint & { readonly guarded: true | undefined },
): Guarded {
  const same = before !== undefined && before.host === after.host && before.port === after.port
  const guarded = same ? before.guarded === true : destinationId !== undefined
  return guarded ? { guarded } : {}
}

export async function currentReach(
  settings: InstanceSettingsStore,
  { guarded = false }: { guarded?: boolean },
  service: Service,
): Promise<Reach> {
  return reachOf(guarded, service, await settings.get())
}

/** @throws Problem with a pointer to what may not be. */
export async function demandReach(
  settings: InstanceSettingsStore,
  guarded: Guarded,
  service: Service,
  endpoint: Endpoint,
): Promise<Reach> {
  const reach = await currentReach(settings, guarded, service)
  const mistakes = await reachMistakes(reach, endpoint)
  if (mistakes.length > 0) throw badRequest(mistakes)
  return reach
}
