/** The numbers of outgoing connections, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, second } from '../units.ts'

export const netLimits = {
  /** A request waits this long for the addresses of a name: they are checked again when it is dialled. */
  lookupWaitMs: 5 * second,
  /** A server that spoke no TLS is heard in clear for so long; after the first part of it, it is spoken to. */
  clearGreetingWaitMs: 3 * second,
  clearGreetingAsksMs: 1 * second,
  /** The number of TLS contexts that are kept, one for each set of authorities that somebody has named; each takes some 10 KiB. */
  tlsContextsKept: 100,
  /** This much of an endpoint's answer is shown to people. */
  answerOctetsMax: 1 * KiB,
  /** This many names of a certificate are shown to people, and of those who signed it: some hosters list a hundred. */
  certificateNamesShown: 5,
  /** A name of a signer is cut to this. */
  signerNameMax: 80,
} as const
