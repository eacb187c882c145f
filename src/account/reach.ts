/** Where accounts, destinations, webhooks and discovery may lead: no stranger is to see the inside of a network through us (SSRF). */
import type { InstanceSettings } from './instance-settings.ts'

/** What an address is to whoever dials it. */
export type AddressClass =
  | 'public'
  /** This machine. */
  | 'loopback'
  /** RFC 1918, RFC 4193; NAT64 of one's own (RFC 8215). */
  | 'private'
  /** Between a provider and its customers (RFC 6598). */
  | 'shared'
  | 'link-local'
  /** Where a machine in a cloud is told its credentials. */
  | 'metadata'
  | 'multicast'
  | 'unspecified'
  /** For documents, tests, tunnels and times to come: nobody's server. */
  | 'reserved'

/**
 * All that is not public: IANA's registries of special-purpose addresses. Of two that an address lies in the first one
 * tells. IPv6: what is not in 2000::/3 is not public either, and needs no line of its own but for its name.
 */
export const specialNetworks: readonly (readonly [network: string, bits: number, AddressClass])[] = [
  // AWS, GCP, Azure (IMDS); AWS' for containers; Azure's wire server, a public address; Alibaba; Oracle; AWS and GCP over IPv6.
  ['169.254.169.254', 32, 'metadata'],
  ['169.254.170.0', 24, 'metadata'],
  ['168.63.129.16', 32, 'metadata'],
  ['100.100.100.200', 32, 'metadata'],
  ['192.0.0.192', 32, 'metadata'],
  ['fd00:ec2::', 32, 'metadata'],
  ['fd20:ce::254', 128, 'metadata'],
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  // The way into 6to4 (RFC 7526).
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'reserved'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['64:ff9b:1::', 48, 'private'],
  ['fc00::', 7, 'private'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'private'],
  ['ff00::', 8, 'multicast'],
  // Teredo, benchmarks, ORCHID; documents; 6to4, which wraps any IPv4 address.
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'reserved'],
  ['2002::', 16, 'reserved'],
  ['3fff::', 20, 'reserved'],
]

/** Where somebody's server may be. */
export interface Reach {
  readonly addresses: 'any' | 'public'
  readonly ports: 'any' | readonly number[]
}

export const everywhere: Reach = { addresses: 'any', ports: 'any' }

/** What is dialled. */
export type Service = keyof InstanceSettings['ownerPorts']

/** @param guarded whether an owner has chosen host and port, and not an admin of the whole instance. */
export function reachOf(guarded: boolean, service: Service, settings: InstanceSettings): Reach {
  if (guarded) return { addresses: 'public', ports: settings.ownerPorts[service] }
  return { addresses: settings.adminMayReachPrivate ? 'any' : 'public', ports: 'any' }
}

/** Undefined: may be dialled. */
export function portRefusal({ ports }: Reach, port: number): string | undefined {
  if (ports === 'any' || ports.includes(port)) return undefined
  return `port ${port} is none that an owner may use (${ports.join(', ')}); an admin can add it to ownerPorts, or register this`
}

const nouns: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  loopback: 'this machine itself',
  private: 'a private network',
  shared: "a provider's own network",
  'link-local': 'a link-local address',
  metadata: 'the metadata of a cloud',
  multicast: 'a multicast address',
  unspecified: 'no address of a server',
  reserved: 'a reserved address',
}

/** Undefined: may be dialled. It names no address: what a name leads to inside is not for strangers to learn. */
export function addressRefusal({ addresses }: Reach, class_: AddressClass): string | undefined {
  if (addresses === 'any' || class_ === 'public') return undefined
  return `it leads to ${nouns[class_]}, and only public addresses may be reached; an admin who wants that registers it, with adminMayReachPrivate on`
}
