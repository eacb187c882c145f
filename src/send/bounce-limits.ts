/** The limits of what is read of a bounce: each number with its reason. */
import { KiB } from '../units.ts'

export const bounceLimits = {
  /** Of a message that may be a bounce: the text, the status, and the header of the original. Exchange's with pictures have 100 KB. */
  octetsRead: 512 * KiB,
  depthMax: 8,
  leavesMax: 40,
  fieldLinesMax: 20_000,
  valueLettersMax: 4000,
  /** Of those that it names: what we send has fewer. */
  recipientsMax: 200,
  messageIdsMax: 10,
  /** The lines of a notice that are looked at, and of each its beginning. */
  noticeLinesMax: 400,
  noticeLineMax: 1000,
  /** Of what came back in the notice itself. */
  returnedLettersMax: 16 * KiB,
  /** A gateway may wrap what another server has written, and be wrapped itself. */
  wrappedMax: 2,
  /** Of a notice that is HTML alone. */
  htmlLettersMax: 64 * KiB,
  /** RFC 5321 section 4.5.3.1: 64 and 255 octets, and the sign between them. */
  addressOctetsMax: 320,
  /** What a server says, as one line for people. */
  diagnosticMax: 500,
} as const
