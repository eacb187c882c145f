/**
 * Decides to which addresses accounts, destinations, webhooks and discovery may lead, so that no stranger sees the inside of a network
 * through us (SSRF).
 */
import type { InstanceSettings } from './instance-settings.ts'

/** The kinds of addresses. */
export type AddressClass =
  | 'public'
  /** This machine. */
  | 'loopback'
  /** RFC 1918 and RFC 4193, and NAT64 of a network's own (RFC 8215). */
  | 'private'
  /** The network between a provider and its customers (RFC 6598). */
  | 'shared'
  | 'link-local'
  /** The addresses at which a cloud gives a machine its credentials. */
  | 'metadata'
  | 'multicast'
  | 'unspecified'
  /** Reserved for documents, tests, tunnels and later use: no server is there. */
  | 'reserved'

/**
 * The networks that are not public, from IANA's registries of special-purpose addresses. If an address lies in two of them, the first one
 * counts. IPv6 addresses outside 2000::/3 are never public; they have a line here only to give them their kind.
 */
export const specialNetworks: readonly (readonly [network: string, bits: number, AddressClass])[] = [
  // In this order: AWS, GCP and Azure (IMDS); AWS for containers; Azure's wire server, a public address; Alibaba; Oracle; AWS and GCP over IPv6.
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
  // Relays of 6to4 (RFC 7526).
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
  // In this order: Teredo, benchmarks and ORCHID; documents; 6to4, which wraps any IPv4 address; documents.
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'reserved'],
  ['2002::', 16, 'reserved'],
  ['3fff::', 20, 'reserved'],
]

/** The addresses and ports that a server may have. */
export interface Reach {
  readonly addresses: 'any' | 'public'
  readonly ports: 'any' | readonly number[]
}

export const everywhere: Reach = { addresses: 'any', ports: 'any' }

/** The same addresses at the ports of the web: what a certificate names lies there. */
export function webReach({ addresses, ports }: Reach): Reach {
  return { addresses, ports: ports === 'any' ? 'any' : [80] }
}

/** The kinds of servers that are dialled. */
export type Service = keyof InstanceSettings['ownerPorts']

/** @param guarded true if an owner has chosen host and port, and not an admin of the whole instance. */
export function reachOf(guarded: boolean, service: Service, settings: InstanceSettings): Reach {
  if (guarded) return { addresses: 'public', ports: settings.ownerPorts[service] }
  return { addresses: settings.adminMayReachPrivate ? 'any' : 'public', ports: 'any' }
}

/** Says why a port may not be dialled; undefined if it may. */
export function portRefusal({ ports }: Reach, port: number): string | undefined {
  if (ports === 'any' || ports.includes(port)) return undefined
  return `port ${port} is none that an owner may use (${ports.join(', ')}); an admin can add it to ownerPorts, or register this`
}

const addressClassWords: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  loopback: 'this machine itself',
  private: 'a private network',
  shared: "a provider's own network",
  'link-local': 'a link-local address',
  metadata: 'the metadata of a cloud',
  multicast: 'a multicast address',
  unspecified: 'no address of a server',
  reserved: 'a reserved address',
}

/** Says why an address may not be dialled; undefined if it may. It names no address: strangers must not learn where a name leads inside. */
export function addressRefusal({ addresses }: Reach, addressClass: AddressClass): string | undefined {
  if (addresses === 'any' || addressClass === 'public') return undefined
  return `it leads to ${addressClassWords[addressClass]}, and only public addresses may be reached; an admin who wants that registers it, with adminMayReachPrivate on`
}
