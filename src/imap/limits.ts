/** The numbers of the store's side, each with its reason and its source. Times are in milliseconds, sizes in octets. */
import { hour, KiB, MiB, second, minute } from '../units.ts'

export const imapLimits = {
  storeConnectWaitMs: 30 * second,
  /** Somebody waits for the answer: as long as for the test of an account. */
  testConnectWaitMs: 10 * second,
  /** Shorter than the wait above, so that the failure says what is missing. Servers delay a greeting by some seconds to slow down guessers. */
  storeGreetingWaitMs: 20 * second,
  /** No server greets in more than a line. */
  greetingOctetsMax: 64 * KiB,
  /** The time to store and sync a whole batch; Fastmail has needed more than 120 s for one message (OfflineIMAP issue 262). */
  appendWaitMs: 5 * minute,
  /** The lowest speed at which a batch is sent: 32 octets a millisecond, 32 kB/s, is a slow upstream line. */
  appendOctetsPerMs: 32,
  usageWaitMs: 20 * second,
  storeReplyWaitMs: 60 * second,
  /** A search through all folders, and one command that reads back: as long as a run lasts. */
  searchWaitMs: 30 * minute,
  /**
   * The largest line that reaches imapflow, without its literals, and the largest literal: it would hold 1 GB of either. The sieve cuts lines long
   * before. Messages are read in pieces; a server that gives all of a message in place of a piece is understood up to this size.
   */
  storeLineOctetsMax: 1 * MiB,
  storeLiteralOctetsMax: 64 * MiB,
  /** Beside ENVELOPE, BODYSTRUCTURE and lists of numbers, the longest lines are those of COPYUID and of capabilities: some kilobytes. */
  siftedLineOctetsMax: 64 * KiB,
  /** A literal in any answer but FETCH is the name of a folder, or a text. Some servers write FETCH in a form of their own: a piece of a message. */
  plainLiteralOctetsMax: 2 * MiB,
  /** The words and lists of one answer: imapflow makes objects of them in one turn of the event loop. */
  storeTokensMax: 50_000,
  /** What is kept of all lines of the answer to one command: SEARCH names 2 million UIDs in that. */
  answerOctetsMax: 16 * MiB,
  /** All literals of the answer to one command: a run that reads back asks for up to 256 KiB of each of some thousand messages. */
  answerLiteralOctetsMax: 2048 * MiB,
  answerLinesMax: 1_000_000,
  /** All of it, with what is left out: 50 mails may have 50 MiB of addresses and parts. */
  receivedOctetsMax: 4096 * MiB,
  /** What one command of a person brings is held: a page of 50 mails has up to 4 MiB of lines, and 100,000 UIDs are 1 MiB. */
  readAnswerOctetsMax: 8 * MiB,
  readAnswerLiteralOctetsMax: 128 * MiB,
  readAnswerLinesMax: 50_000,
  /** The folders of one login. imapflow sorts them in one turn of the event loop. */
  namesMax: 10_000,
  nameOctetsMax: 2 * MiB,
  /** ID is a courtesy (RFC 2971): nobody waits longer for its answer. */
  storeIdWaitMs: 5 * second,
  /** One append carries a whole window. This is twice a window's octets, since the sizes in LIST are hints. */
  batchOctetsMax: 8 * MiB,
  /** This many octets may lie unsent in a socket before the sender waits: a whole batch, and a slice of a large message. */
  unsentOctetsMax: 8 * MiB,
  /** Parts of an append up to the first size are joined before they are written, up to the second size. */
  joinedPartOctetsMax: 16 * KiB,
  joinedOctetsMax: 64 * KiB,
  /** This many recorded messages are moved out of a staging folder at once, because each move costs the store its syncs. */
  deliveredTogether: 1000,
  /**
   * The time that a store may take to carry out a command that a run had sent before another one took over: the new run looks again after
   * this time. A store that syncs slowly needs seconds, and the lease of a run that died has usually given it that time before.
   */
  lateCommitMs: 10 * second,
  /** A store that repairs itself ends a session once or twice (settle.ts). */
  settleAttempts: 5,
  /** A process that ends says LOGOUT on its idle connections, and waits this long for the answers. */
  storeLeaveWaitMs: 2 * second,
  /** A connection to a destination is kept this long after its last use. */
  storeIdleMs: 15 * second,
  /** Of how many stores, or logins where the line is not checked, it is remembered how they let in. */
  loginMemoriesKept: 10_000,
  storeConnectionsPerDestination: 2,
  /** To anybody else's store: Gmail allows 15 connections a user, Fastmail 10 or so, and people's own programs need some. */
  foreignConnectionsPerDestination: 3,
  /** A store that has refused a connection beside others is not asked for it again for this time. */
  fewerLanesForMs: 1 * hour,
  /** The messages of one intent where the store takes them one by one. */
  apartMessagesMax: 24,

  /** Somebody waits at a screen: within this time a listing or a search has to end, and a connection has to become free. */
  readWaitMs: 20 * second,
  /** The time for all requests to the store that one request of a person needs. */
  readEndMs: 1 * minute,
  /** The largest plain text, and the largest HTML, of one message: people write some kilobytes, and the HTML of a newsletter has a few hundred. */
  readTextOctetsMax: 1 * MiB,
  /** Each part is asked for by itself: hundreds of them would take as long as somebody waits. */
  readPassagesMax: 50,
  /** The limit for all images in the text of a message together. */
  readImagesOctetsMax: 5 * MiB,
  /** The size of the piece that is asked for at once while a message is streamed. */
  readPieceOctets: 256 * KiB,
  /** A download ends if its reader or the store has not moved for this long. */
  readStalledMs: 60 * second,
  /** A folder with more messages is listed in their order of arrival: otherwise the store would name every UID for every page. */
  sortedMessagesMax: 100_000,
  /** A mail may have 10,000 parts and 19,000 recipients in 70 kB: of each message no more than this is parsed, which takes some 10 ms. */
  readStringOctetsMax: 4 * KiB,
  /** Of the header of a part, which says how it is encoded. */
  readHeaderOctetsMax: 32 * KiB,
  readAddressesMax: 500,
  readEnvelopeOctetsMax: 64 * KiB,
  readStructureOctetsMax: 64 * KiB,
  readPartOctetsMax: 8 * KiB,
  readLevelsMax: 50,
  /** Of the fields that people read, where their letters have to be read once more. */
  garbledHeaderOctetsMax: 8 * KiB,
  /** Mail-Followup-To names the writers of a thread. */
  answeringOctetsMax: 8 * KiB,
  /** References of a long thread; an answer names the first of them, and the last ones (RFC 5537 section 3.4.4 shortens so). */
  threadOctetsMax: 32 * KiB,
  referencesMax: 50,
  /** A message is looked for by its Message-ID in so many folders, and among so many in each. */
  namedFoldersMax: 100,
  namedLookedAt: 5,
  /** A list shows a sender, a subject, and whether there are attachments. */
  listedAddressesMax: 2,
  listedPartsMax: 50,
  listedStructureOctetsMax: 8 * KiB,
  /** So many messages are asked for in one command: each command has its own wait. */
  listedTogether: 50,
  /** So much of answers is parsed in one turn of the event loop. */
  parsedTogetherOctets: 8 * KiB,
  /** The UIDs of one line, where a folder is sorted or searched. */
  sortedTogether: 1000,
  /** Of the calendar parts of a message. */
  calendarPartsMax: 3,
  calendarOctetsMax: 256 * KiB,
  calendarEventsMax: 20,
  /** UIDs are told in one line, which is parsed in one turn of the event loop: those of so many messages are asked for together. */
  searchedTogether: 4000,
  /** The orders of folders that are kept: 4 octets a message, so forty folders of 100,000. */
  ordersOctetsMax: 16 * MiB,
  /** A date is found by so many arrivals at once: in 50,000 messages in four turns. */
  datesTogether: 15,
  /** Letters with and without marks are compared here, in the newest messages, for so long at most. */
  foldedMessagesMax: 10_000,
  foldedTogether: 250,
  foldedSearchMs: 5 * second,
  spellingsMax: 6,
  /** The store searches whole messages for so long, from the last one on: each step is as large as it gets through in the second time. */
  textSearchMs: 12 * second,
  searchStepMs: 3 * second,
  searchedFirst: 1000,
  searchedLeast: 100,
  /** The beginning of a text from which the first words are taken. The styles of a newsletter stand before them. */
  snippetOctets: 4 * KiB,
  /** Where the store has no PREVIEW: the parts with which the mails of a page begin. */
  snippetPartsMax: 6,
  /** Folders and parts beyond these numbers are not shown. */
  readFoldersMax: 2000,
  /** Folders lie this deep at most for people. */
  readFolderLevelsMax: 20,
  readPartsMax: 500,

  /** The newest messages of the folder of sent mail that are looked at, where the store does not find one by its Message-ID. */
  sentLookedAt: 200,
  /** The folders that are looked into for a copy that somebody has moved, and the newest messages of each. */
  sentFoldersMax: 100,
  sentLookedAtElsewhere: 50,
  /** What a program adds to its own copy: Bcc, and notes of its own. */
  sentDiffersMax: 4096,
  /** Messages without a Message-ID that are read whole to compare them, and their size. */
  sentReadMax: 5,
  sentReadOctetsMax: 32 * MiB,
} as const
