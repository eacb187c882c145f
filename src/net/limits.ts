/** The numbers of outgoing connections, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, minute, second } from '../units.ts'

export const netLimits = {
  /** A request waits this long for the addresses of a name: they are checked again when it is dialled. */
  lookupWaitMs: 5 * second,
  /** A name waits this long for a thread; whoever dials gives up after 30 s. */
  nameWaitMs: 20 * second,
  /** The resolver asks again after 5 s without an answer: a name that takes less than this had one at once. */
  quickNameMs: 2 * second,
  /** So many names are known as quick or slow; each takes some 150 octets. */
  namesKept: 10_000,
  /** A server that spoke no TLS is heard in clear for so long; after the first part of it, it is spoken to. */
  clearGreetingWaitMs: 3 * second,
  clearGreetingAsksMs: 1 * second,
  /** The number of TLS contexts that are kept, one for each set of authorities that somebody has named; each takes some 10 KiB. */
  tlsContextsKept: 100,
  /** The header of a proxy's answer to CONNECT. */
  proxyHeaderOctetsMax: 16 * KiB,
  /** So many addresses of a server are asked of a proxy, where we resolve its name. */
  proxyAddressesTried: 3,
  keepAliveMs: 60 * second,
  /** A certificate that a server does not send has some 2 KiB; several of them in PKCS #7 are rare. */
  intermediateOctetsMax: 64 * KiB,
  /** The time for all that is fetched of one chain: somebody may wait for it at the screen. */
  intermediateWaitMs: 8 * second,
  /** Chains have one intermediate certificate, seldom two. */
  intermediatesMax: 3,
  certificatesReadMax: 20,
  /** OpenSSL's security level 1 wants 80 bits of security. */
  rsaBitsMin: 1024,
  /** A chain that could not be made whole is not tried again for so long. */
  intermediateAgainMs: 10 * minute,
  /** The number of servers whose intermediates are kept; each takes some 3 KiB. */
  intermediatesKept: 200,
  /** This much of an endpoint's answer is shown to people. */
  answerOctetsMax: 1 * KiB,
  /** This many names of a certificate are shown to people, and of those who signed it: some hosters list a hundred. */
  certificateNamesShown: 5,
  /** A name of a signer is cut to this. */
  signerNameMax: 80,
} as const
