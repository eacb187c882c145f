/** The limits of a message, a listing or a header: each number with its reason and its source. */
import { MiB, hour } from '../units.ts'

export const mailLimits = {
  /** The number of lines that a listing may have. mpop has the same limit. */
  listingLinesMax: 1_000_000,
  /** The length of a UIDL. RFC 1939 section 7 says 70; UIDLs that were too long were once a remote hole in fetchmail (CVE-2005-2335). */
  uidlOctetsMax: 512,

  /** The octets of `data:` URIs that a cleaned page may hold: one image may be named a thousand times. */
  shownImagesOctetsMax: 16 * MiB,

  /** The octets that are kept of each of From, Subject and Date. RFC 5322 allows 998 octets in a line, and a Subject may be folded. */
  envelopeLineOctetsMax: 1000,

  /** Of a calendar part: invitations have some 2 KB, and those of Exchange 20. */
  calendarLettersMax: 256 * 1024,
  calendarEventsMax: 20,
  calendarLinesMax: 2000,
  calendarLevelsMax: 8,
  calendarParametersMax: 20,
  calendarAttendeesMax: 50,
  calendarTextMax: 1000,

  /** A date before 1990, or further than this in the future, is not believed. */
  arrivalEarliestMs: Date.UTC(1990, 0, 1),
  arrivalAheadMs: 2 * hour,
  /** The fields of one name that are read for a date, from the top: mail that went round in circles has a hundred Received. */
  datedFieldsMax: 100,
  /** The parts behind semicolons of a Received in which its date is looked for, from the last one. */
  receivedPartsMax: 4,
} as const
