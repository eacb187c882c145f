/** The numbers of the POP3 side, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, MiB, second, minute, day } from '../units.ts'

export const pop3Limits = {
  // What a server may send

  /** RFC 2449 section 4 allows 512 octets in a status line; servers in use send longer complaints. */
  statusLineOctetsMax: 4 * KiB,
  /** One line of UIDL or LIST holds a number, a space, and a UIDL or a size. */
  listingLineOctetsMax: 1 * KiB,
  /** Enough for as many lines as a listing may have, each with a UIDL of RFC 1939's length. */
  listingOctetsMax: 96 * MiB,
  /** The header block of a message, read by TOP n 0. */
  headerOctetsMax: 4 * MiB,
  /** How much is read and dropped of a TOP that sends the whole message. Nobody sends larger mail. */
  bodyOctetsMax: 1024 * MiB,
  /** How much is read and dropped of a message beyond the account's limit, if LIST told less. A message that goes on for longer has no end. */
  droppedOctetsMax: 64 * MiB,
  /** A LOGIN-DELAY beyond this is not believed: nobody means to be asked less than once a day. */
  loginDelayMaxMs: 1 * day,

  // How long a server is waited for

  /** TCP, and then the TLS handshake, may take this long each. */
  connectWaitMs: 30 * second,
  /** A server may log an idle client out after 10 minutes (RFC 1939 section 3): a silent one is dead well before that. */
  replyWaitMs: 60 * second,
  /** The octets of a message earn it time beyond `replyWaitMs` at this rate: 500 octets a second are less than a modem's. */
  messageOctetsPerMs: 0.5,
  /** Some servers hang on CAPA (fetchmail FAQ R11, O11): then the session goes on without it. */
  capaWaitMs: 10 * second,
  /** UIDL and LIST of a huge maildrop may need long before the first line. */
  listingWaitMs: 5 * minute,
  /** QUIT makes the server remove what was marked: mailboxes of gigabytes are rewritten then. */
  quitWaitMs: 5 * minute,
  /** Somebody who tries an account looks at the screen: there is less patience with connecting and with the greeting than in a run. */
  testConnectWaitMs: 10 * second,
  testGreetingWaitMs: 15 * second,
  /** After a failed try, the time for looking what else answers at that host. */
  testLookAroundMs: 4 * second,

  // What is asked for at once, and held

  /** RETRs of one window, as they are listed: what is lost where its barrier fails, and what one session holds at least. */
  windowOctetsMax: 4 * MiB,
  /** Windows on their way, the one that is awaited among them: they keep the line busy while a window is stored. */
  aheadOctetsMax: 12 * MiB,
  /** TOP and DELE in flight at once; mpop sends as many. */
  pipelineCommandsMax: 1000,
  /** TLS sessions to take up again, one a server; each takes some 4 KiB. */
  tlsSessionsKept: 1000,

  // What is shown to people

  /** A larger message is not retrieved for somebody to look at: it is held whole in memory. */
  downloadOctetsMax: 256 * MiB,
  /** The names in a certificate that is for others: hosters have some with a hundred. */
  certificateNamesShown: 5,
  /** Lines of CAPA in a transcript. */
  capabilitiesShown: 40,
  /** Lines of UIDL and LIST in a transcript. */
  listingLinesShown: 3,
} as const
