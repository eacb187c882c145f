/** Decides which hosts and ports each caller may register, and says why others are refused. */
import { reachOf, type Reach, type Service } from '../../src/account/reach.ts'
import { isSameHost } from '../../src/account/host.ts'
import { reachMistakes } from '../../src/net/guard.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Principal } from './who.ts'
import { badRequest } from './problems.ts'

interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A record has this mark if an owner was the last to choose its host and port. */
export type Guarded = { readonly guarded?: true }

/** Decides whether a new or changed record gets the mark. A form that is sent back unchanged chooses nothing. */
export function guardedBy(
  { destinationId }: Principal,
  after: Endpoint,
  before?: Endpoint & { readonly guarded: true | undefined },
): Guarded {
  const same = before !== undefined && isSameHost(before.host, after.host) && before.port === after.port
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

/** @throws Problem that points at what the caller may not register. */
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
