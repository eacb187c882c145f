/** The numbers of the POP3 side, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, MiB, second, minute, hour, day } from '../units.ts'

export const pop3Limits = {
  // Sizes of a server's answers.

  /** RFC 2449 section 4 allows 512 octets in a status line; servers in use send longer complaints, which are cut here. */
  statusLineOctetsMax: 4 * KiB,
  /** A status line that is longer than this is none. */
  statusLineReadMax: 64 * KiB,
  /** The number of blank lines and notices that are passed over in front of an answer: nobody was seen to send more than two. */
  blankLinesMax: 20,
  /** The number of notices that are new to us before the answer to a command about a message. */
  newNoticesMax: 2,
  /** The answer behind a notice of the server comes in the same segment, or soon. */
  behindNoticeWaitMs: 10 * second,
  /** One line of UIDL or LIST holds a number, a space, and a UIDL or a size. A longer one is cut: it tells nothing. */
  listingLineOctetsMax: 1 * KiB,
  /** Enough for as many lines as a listing may have, each with a UIDL of RFC 1939's length. */
  listingOctetsMax: 96 * MiB,
  /** What a message of a listing takes of memory while it is compared: its lines, its UIDL and places, its record. Measured were 70 to 130. */
  octetsOfListed: 150,
  /** A listing of no more than this, some 3,500 messages, takes no room: there is one in each of a worker's sessions. */
  listingFreeOctets: 512 * KiB,
  /** One listing takes no more than this of the room, so that ordinary ones go on beside it. */
  listingRoomMax: 96 * MiB,
  /** A message for which LIST tells more has no size that can be believed: nobody sends such mail, and counters that went wrong read so. */
  listedOctetsMax: 4096 * MiB,
  /** The header block of a message, read by TOP n 0. */
  headerOctetsMax: 4 * MiB,
  /** The part of a TOP that is read and dropped if the server sends the whole message: nobody sends larger mail. */
  bodyOctetsMax: 1024 * MiB,
  /** The part of a message beyond the account's limit that is read and dropped, if LIST said less. A longer message is taken to be endless. */
  droppedOctetsMax: 64 * MiB,
  /** A LOGIN-DELAY beyond this is not believed: no server wants to be asked less than once a day. */
  loginDelayMaxMs: 1 * day,

  // Times to wait for a server.

  /** TCP may take this long, and then the TLS handshake may take as long again. */
  connectWaitMs: 30 * second,
  /** A server may log an idle client out after 10 minutes (RFC 1939 section 3): a silent one is dead well before that. */
  replyWaitMs: 60 * second,
  /** One exchange of SASL, or APOP, all questions and octets of it together: a server that says a little at a time would hold a worker's slot for minutes. */
  exchangeWaitMs: 30 * second,
  /** The octets of a message earn it time beyond `replyWaitMs` at this rate: 500 octets a second are slower than a modem. */
  messageOctetsPerMs: 0.5,
  /** A server that gives less than this, averaged over the time below, is left (DESIGN section 6). A modem of 1996 gave three times as much. */
  leastOctetsPerSecond: 1000,
  leastRateMs: 3 * minute,
  /** The average moves on in so many pieces of that time. */
  leastRatePieces: 18,
  /** A server from which next to nothing came in this time of waiting stands still: it costs the visit its place only if others wait for that. */
  stillMs: 4 * second,
  /** A wait whose end comes so late is that of a process which stood still: what came meanwhile is read for so long before a server is silent. */
  stoodStillMs: 20,
  readAfterStandingMs: 1 * second,
  /** Some servers hang on CAPA (fetchmail FAQ R11, O11): then the session goes on without it. */
  capaWaitMs: 10 * second,
  /** UIDL and LIST of a huge maildrop may need long before the first line. */
  listingWaitMs: 5 * minute,
  /**
   * QUIT makes the server remove what was marked, and a large mbox is rewritten then. Who does not answer in this time is left: all mail is
   * stored, and the next visit sees what is deleted. Each message has a time of its own: Dovecot on a busy disk took 40 s for 20,000.
   */
  quitWaitMs: 30 * second,
  quitWaitOfMarkMs: 5,
  quitWaitMaxMs: 5 * minute,
  /** Where nothing was marked, QUIT has nothing to do: the answer says nothing that anybody waits for. */
  idleQuitWaitMs: 5 * second,
  /** Somebody who tries an account waits at the screen: connecting gets less time than in a run. The greeting does not: some come after 16 s. */
  testConnectWaitMs: 10 * second,
  /** The time for asking the host on other ports after a failed try. */
  testLookAroundMs: 4 * second,

  // Numbers of commands in flight, and of octets in memory.

  /** The RETRs of one window, in listed octets: this much is lost if its barrier fails, and one session holds at least this much. */
  windowOctetsMax: 4 * MiB,
  /**
   * A window holds what the line gives in this time, but not more than above, nor less than the least: a run ends at the edge of a window, and
   * what was asked for behind it must come first. Nothing is asked for ahead of a session's first window, whose rate is not known yet.
   */
  windowMs: 20 * second,
  firstWindowOctets: 256 * KiB,
  leastWindowOctets: 32 * KiB,
  /** A session that gets no room for a window in this time leaves: servers log idle clients out, and its slot is wanted. */
  roomWaitMs: 60 * second,
  /** What a message counts for in a window if LIST tells no size that can be read: the average of large collections of mail. */
  unsizedOctets: 64 * KiB,
  /** The windows on their way, including the one that is awaited: they keep the line busy while a window is stored. */
  aheadOctetsMax: 12 * MiB,
  /** A question behind a window that is refused may be about a message that is gone: so many others are tried. */
  barrierRefusalsMax: 3,
  /** The number of TOPs and DELEs in flight at once; mpop sends as many. */
  pipelineCommandsMax: 1000,
  /** The number of TLS sessions that are kept to be resumed, one for each server; each takes some 4 KiB. */
  tlsSessionsKept: 1000,
  /** A server shows its certificate again after this time at the latest: in a resumed session nobody sees that it is another one. */
  tlsSessionMaxMs: 1 * hour,
  /** A server that has ended so many connections because they resumed a session is offered none for a day: servers are mended. */
  tlsSessionFailuresMax: 2,
  noTlsSessionsMs: 1 * day,

  // Limits of what people see.

  /** A larger message is not retrieved for a person to look at: it would be held whole in memory. */
  downloadOctetsMax: 256 * MiB,
  /** The number of CAPA lines in a transcript. */
  capabilitiesShown: 40,
  /** The number of UIDL and LIST lines in a transcript. */
  listingLinesShown: 3,
} as const
