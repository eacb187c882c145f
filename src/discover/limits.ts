/** The numbers of discovery, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, second, minute, hour } from '../units.ts'

export const discoverLimits = {
  /** The time for asking: the DNS, the domain's own web servers and Thunderbird's database, all at once. Somebody waits for it. */
  discoverAskMs: 4 * second,
  /** The time for one server of the DNS, which is asked twice at most. */
  dnsWaitMs: 1.5 * second,
  /** The time for dialling the POP3 servers that were found or guessed, all at once. */
  discoverProbeMs: 3.5 * second,
  /** The largest file in Thunderbird's database has some 30 KB, most of it names of domains. */
  autoconfigOctetsMax: 256 * KiB,
  autoconfigRedirectsMax: 3,
  /** Servers that one configuration file or one SRV answer may offer: each is dialled. */
  discoverOffersMax: 8,
  discoveriesAtOnce: 16,
  /** A server that was found is believed for this long. */
  discoveryKeptMs: 1 * hour,
  /** An empty answer is believed for a shorter time: somebody may be correcting it. */
  noDiscoveryKeptMs: 1 * minute,
  discoveriesKept: 1000,
} as const
