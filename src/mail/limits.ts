/** The limits of what is taken for a message, a listing or a header: each number with its reason, and where it comes from. */
import { MiB, hour } from '../units.ts'

export const mailLimits = {
  /** How many lines a listing may have. mpop has the same limit. */
  listingLinesMax: 1_000_000,
  /** How long a UIDL may be. RFC 1939 section 7 says 70; UIDLs that were too long were once a remote hole in fetchmail (CVE-2005-2335). */
  uidlOctetsMax: 512,

  /** How many octets of `data:` URIs a cleaned page may hold: one image may be named a thousand times. */
  shownImagesOctetsMax: 16 * MiB,

  /** How much is kept of each of From, Subject and Date. RFC 5322 allows 998 octets in a line, and a Subject may be folded. */
  envelopeLineOctetsMax: 1000,

  /** A date before 1990, or further than this in the future, is not believed. */
  arrivalEarliestMs: Date.UTC(1990, 0, 1),
  arrivalAheadMs: 2 * hour,
} as const
