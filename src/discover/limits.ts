/** Every number of discovery, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, second, minute, hour } from '../units.ts'

export const discoverLimits = {
  /** What the DNS, the domain's own web servers and Thunderbird's database have to answer. */
  discoverAskMs: 4 * second,
  /** In which a server of the DNS has to; then it is asked again, once. */
  dnsWaitMs: 1.5 * second,
  /** And then the POP3 servers that were found or guessed, all at once. */
  discoverProbeMs: 3.5 * second,
  /** The largest in Thunderbird's database has some 30 KB, most of it names of domains. */
  autoconfigOctetsMax: 256 * KiB,
  autoconfigRedirectsMax: 3,
  /** Of one configuration file, or of one SRV answer. */
  discoverOffersMax: 8,
  discoveriesAtOnce: 16,
  /** What was found is believed for so long; that nothing was, for less: somebody may be putting it right. */
  discoveryKeptMs: 1 * hour,
  noDiscoveryKeptMs: 1 * minute,
  discoveriesKept: 1000,
} as const
