/** Every number of what a message is, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { MiB, hour } from '../units.ts'

export const mailLimits = {
  /** mpop caps at the same count. */
  listingLinesMax: 1_000_000,
  /** RFC 1939 section 7 says 70; over-long UIDLs were once a remote hole in fetchmail (CVE-2005-2335). */
  uidlOctetsMax: 512,

  /** Of `data:` URIs in what was cleaned: one image may be named a thousand times. */
  shownImagesOctetsMax: 16 * MiB,

  /** Of From, Subject and Date. RFC 5322 allows 998 in a line, and a Subject may be folded. */
  envelopeLineOctetsMax: 1000,

  arrivalEarliestMs: Date.UTC(1990, 0, 1),
  arrivalAheadMs: 2 * hour,
} as const
