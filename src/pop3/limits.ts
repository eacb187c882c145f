/** Every number of the POP3 side, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, MiB, second, minute, day } from '../units.ts'

export const pop3Limits = {
  /** RFC 2449 section 4 allows 512 octets in a status line; servers in use send longer complaints. */
  statusLineOctetsMax: 4 * KiB,
  /** One line of UIDL or LIST: number, space, UIDL. */
  listingLineOctetsMax: 1 * KiB,
  /** So many lines, each with a UIDL of RFC 1939's length. */
  listingOctetsMax: 96 * MiB,
  /** A header block read by TOP n 0. */
  headerOctetsMax: 4 * MiB,
  /** What is read and dropped of a TOP that sends the whole message: no mail anybody sends is larger. */
  bodyOctetsMax: 1024 * MiB,
  /** And of a message beyond what the account takes, where LIST said less: what goes on for longer has no end. */
  droppedOctetsMax: 64 * MiB,

  connectWaitMs: 30 * second,
  /** A server may log an idle client out after 10 minutes (RFC 1939 section 3): a silent one is dead well before that. */
  replyWaitMs: 60 * second,
  /** What a message may take beyond that: 500 octets a second are less than a modem's. */
  messageOctetsPerMs: 0.5,
  /** Some servers hang on CAPA (fetchmail FAQ R11, O11): then it is done without. */
  capaWaitMs: 10 * second,
  /** UIDL and LIST of a huge maildrop may need long before the first line. */
  listingWaitMs: 5 * minute,
  /** QUIT makes the server remove what was marked: mailboxes of gigabytes are rewritten then. */
  quitWaitMs: 5 * minute,
  windowOctetsMax: 4 * MiB,
  aheadOctetsMax: 12 * MiB,
  /** TOP and DELE in flight at once; mpop sends as many. */
  pipelineCommandsMax: 1000,
  /** Of what a server says of LOGIN-DELAY: nobody means to be asked less than once a day. */
  loginDelayMaxMs: 1 * day,
  /** TLS sessions to take up again, one a server; some 4 KiB each. */
  tlsSessionsKept: 1000,
  /** Of a certificate that is for others: hosters have some with a hundred. */
  certificateNamesShown: 5,
  /** Whoever tries an account waits for it: less patience than a run has with connecting and with the greeting. */
  testConnectWaitMs: 10 * second,
  testGreetingWaitMs: 15 * second,
  /** And then for what else may answer there. */
  testLookAroundMs: 4 * second,

  /** A larger one is not shown: it is held whole. */
  downloadOctetsMax: 256 * MiB,

  /** Lines of CAPA; a maildrop's listing shows a few. */
  capabilitiesShown: 40,
  listingLinesShown: 3,
} as const
