/** Shows who has a place now (scripts/includes/schedule.lua): slots of servers, classes of servers, and the largest shares. */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

const showPlaces = script<string>('show-places', 1)

export interface Places {
  readonly used: number
  /** The accounts that are due; those at work are among them. */
  readonly due: number
  /** `good`, `new` and `slow` servers: the places of each class, and the servers of it at which somebody waits. */
  readonly classes: Readonly<Record<string, { readonly used: number; readonly waiting: number }>>
  /** The places of the destination, and of the address, that has the most. */
  readonly most: { readonly destination: number; readonly peer: number }
  readonly hosts: readonly HostSlots[]
}

/** The slots of all servers of one host; `other` stands for all hosts without a name. */
export interface HostSlots {
  readonly host: string
  readonly used: number
  readonly limit: number
}

type Shown = Omit<Places, 'hosts'> & {
  readonly servers?: readonly { readonly server: string; readonly used: number; readonly limit: number }[]
}

export async function placesNow(redis: Redis): Promise<Places> {
  const { servers = [], ...places } = JSON.parse(
    await showPlaces(redis, [keys.due], [redisLimits.serversShown]),
  ) as Shown
  const hosts = new Map<string, HostSlots>()
  const named = await namedOf(
    redis,
    servers.map(({ server }) => hostOf(server)),
  )
  for (const { server, used, limit } of servers) {
    const name = named.has(hostOf(server)) ? hostOf(server) : 'other'
    const before = hosts.get(name) ?? { host: name, used: 0, limit: 0 }
    hosts.set(name, { host: name, used: before.used + used, limit: before.limit + limit })
  }
  return { ...places, hosts: [...hosts.values()] }
}

const hostOf = (server: string) => server.slice(0, server.lastIndexOf(':'))

/** The hosts that have names in the measures. New ones get theirs while there are few: each is a row in somebody's monitoring for ever. */
async function namedOf(redis: Redis, hosts: readonly string[]): Promise<ReadonlySet<string>> {
  const named = new Set(await redis.smembers(keys.measuredHosts))
  const fresh = new Set(hosts.filter((host) => !named.has(host) && /^[a-z0-9.:_-]{1,100}$/.test(host)))
  const added = [...fresh].slice(0, Math.max(0, redisLimits.hostsNamed - named.size))
  if (added.length > 0) await redis.sadd(keys.measuredHosts, ...added)
  return new Set([...named, ...added])
}
