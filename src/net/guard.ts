/**
 * The guard at the socket: the address that was checked is the one that is dialled. If a name were checked first and then resolved
 * once more in order to connect, it could lead elsewhere the second time (DNS rebinding).
 */
import { BlockList, isIP, type LookupFunction } from 'node:net'
import type { Mistake } from '../account/mistake.ts'
import { type AddressClass, addressRefusal, portRefusal, type Reach, specialNetworks } from '../account/reach.ts'
import { orElse, pending } from '../deadline.ts'
import { netLimits } from './limits.ts'
import { names } from './names.ts'

export interface Guard {
  /** Checks the port before anything is dialled, and also a host that is an address, because no lookup is called for that. @throws OutOfReach */
  check(host: string, port: number): void
  /** Is the lookup for net.connect and tls.connect: gives those addresses of a name that may be reached; OutOfReach if there are none. */
  readonly lookup: LookupFunction
  /** False: every address is allowed, so that nobody need resolve a name here. */
  readonly isChecking: boolean
}

export class OutOfReach extends Error {
  override readonly name = 'OutOfReach'
  readonly code = 'ERR_OUT_OF_REACH'
  readonly field: 'host' | 'port'
  constructor(field: 'host' | 'port', reason: string) {
    super(reason)
    this.field = field
  }
}

/** @param resolve the resolver of names, if it is not the system's. */
export function guardOf(reach: Reach, resolve: LookupFunction = names.lookup): Guard {
  return {
    isChecking: reach.addresses !== 'any',
    check(host, port) {
      const refused = portRefusal(reach, port)
      if (refused !== undefined) throw new OutOfReach('port', refused)
      // Where every address is allowed, none need be looked up in the tables.
      const class_ = reach.addresses === 'any' ? undefined : classOf(host)
      const why = class_ === undefined ? undefined : addressRefusal(reach, class_)
      if (why !== undefined) throw new OutOfReach('host', why)
    },
    lookup(host, options, found) {
      resolve(host, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return found(error, '')
        const all = Array.isArray(addresses) ? addresses : [{ address: addresses, family: isIP(addresses) }]
        const isAny = reach.addresses === 'any'
        const refusals = all.map(({ address }) =>
          isAny ? undefined : addressRefusal(reach, classOf(address) ?? 'reserved'),
        )
        const allowed = all.filter((_address, nth) => refusals[nth] === undefined)
        const [first] = allowed
        if (first === undefined) return found(new OutOfReach('host', refusals[0] ?? 'it has no address'), '')
        if (options.all === true) return found(null, allowed)
        return found(null, first.address, first.family)
      })
    },
  }
}

/** The mistakes in a host and port that somebody registers. If a name has no address just now, it is checked when it is dialled. */
export async function reachMistakes(
  reach: Reach,
  { host, port }: { readonly host: string; readonly port: number },
  resolve?: LookupFunction,
): Promise<Mistake[]> {
  const guard = guardOf(reach, resolve)
  try {
    guard.check(host, port)
    if (reach.addresses === 'public' && isIP(bare(host)) === 0) await lookAt(guard, host)
    return []
  } catch (error) {
    if (error instanceof OutOfReach) return [{ pointer: `/${error.field}`, detail: error.message, rule: 'reach' }]
    throw error
  }
}

/** Checks whether a name leads to a forbidden place, for as long as a request can wait. @throws OutOfReach */
async function lookAt({ lookup }: Guard, host: string): Promise<void> {
  const { promise, resolve } = pending<OutOfReach | undefined>()
  lookup(host, { all: true }, (error) => resolve(error instanceof OutOfReach ? error : undefined))
  const refusal = await orElse(promise, undefined, netLimits.lookupWaitMs)
  if (refusal !== undefined) throw refusal
}

/** A host without the brackets and the zone that an IPv6 address may have. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
}

/** The class of an address; undefined for a name. */
export function classOf(host: string): AddressClass | undefined {
  const address = bare(host)
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  if (isIP(address) === 0) return undefined
  const special = lists.find(({ list }) => list.check(address, family))
  return special?.class ?? (family === 'ipv4' || global.check(address, family) ? 'public' : 'reserved')
}

const kind = (network: string) => (isIP(network) === 4 ? 'ipv4' : 'ipv6')

/** BlockList reads an IPv4-mapped address (::ffff:10.0.0.1) as the IPv4 address in it; it must be given the addresses of NAT64 (RFC 6052). */
const lists = specialNetworks.map(([network, bits, class_]) => {
  const list = new BlockList()
  list.addSubnet(network, bits, kind(network))
  if (kind(network) === 'ipv4') list.addSubnet(`64:ff9b::${network}`, 96 + bits, 'ipv6')
  return { list, class: class_ }
})

const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
global.addSubnet('::ffff:0:0', 96, 'ipv6')
global.addSubnet('64:ff9b::', 96, 'ipv6')
