/** The limits of a run that pulls: each number with its reason, and where it comes from. */
import { KiB, MiB, day, minute, second } from '../units.ts'

export const pullLimits = {
  /** The number of messages in one window, and in one append: each window and each append costs its syncs. */
  windowMessagesMax: 250,
  /** The number of windows that are on their way at once. With fewer, the line is idle if answers take long. With large messages there are fewer. */
  windowsAheadMax: 3,

  /** Up to this many octets a visit's mail is ordinary: the RETRs of one window (pop3/limits.ts). What is more is heavy (order.ts). */
  ordinaryOctetsMax: 4 * MiB,
  /** A larger message is heavy where there is more than one window of mail. */
  largeOctets: 1 * MiB,
  /** A first import of no more than this has no order of its own. */
  smallImportOctets: 256 * KiB,
  /** The sizes of the messages that a first import brings first, then, and after these; larger ones come last. */
  importSizes: [64 * KiB, 1 * MiB, 8 * MiB],
  /** So many small messages come before all others, the newest ones. */
  importNewest: 50,
  /** The part of a first import for which a budget is asked at once: the pipeline is empty behind each. */
  importPartOctets: 12 * MiB,
  importPartMessages: 1000,

  /**
   * So many new messages are retrieved in one session, and so many stored ones are looked at only to delete them: what is known of each is held
   * until then. The next run goes on at once. Of the new ones the last so many are among them, as people look for these.
   */
  sessionMessagesMax: 100_000,
  sessionNewest: 1000,

  /** After this time it can be told from what has come how long the rest will take. */
  rateKnownMs: 3 * second,
  /** By then what has come counts e times less for that: lines and stores become faster and slower. */
  rateFadesMs: 2 * minute,
  /** What a message is taken to cost beside its octets, as long as nothing tells: measured were 0.2 to 0.5 ms. */
  messageMs: 0.5,
  /** Of what has come, that is this part of its time at most. */
  messageShareMax: 0.8,
  /** How far what is usual counts against what has come: as that would which takes this part of its time, and differs as much. */
  rateDrawn: 0.02,

  /** Sessions of a store in a row that have ended because of their tokens, and with nothing stored. */
  tokenCutsInVainMax: 3,

  /** The number of sessions of one run at a provider that ends each of them early: each is a login, and providers count these. */
  cutSessionsMax: 5,

  /** The number of messages of a folder, the latest ones, that are searched for a copy that the user may have moved there. */
  searchedMessagesMax: 5000,

  /** After this many refusals in a row with none stored, the store is asked whether it takes anything at all. */
  refusedInARowMax: 10,
  /** The number of deleted messages of one header and size from which on a further one counts as one of them that came back changed. */
  doublesMin: 2,
  /** After this many sessions of the store that ended at an append, with nothing stored, it is asked likewise. */
  brokenAppendsMax: 3,
  /** The same, where it cannot be asked: the good mail may stand behind these. */
  refusedUnprobedMax: 50,
  /** After this many answers in a row that mean the store it is asked anew: to find one message among 250 takes nine. */
  troublesMax: 12,
  /** If a provider gives nothing behind this many refusals of unknown meaning, they may be its limit, and not the messages' fault. */
  refusedTogetherMin: 5,
  /** The largest message that is retrieved only to see whether the provider still gives any. */
  probeOctetsMax: 64 * 1024,

  /** A message is set aside after this many failures at least, over the time of `setAsideAfterSeconds` (CONTRACT section 6). */
  failuresMin: 3,
  /** The wait before a message that has failed is tried again. It becomes four times as long with each failure. */
  suspectRetryFirstMs: 2 * minute,
  /** The shortest wait before a message that was set aside is tried again by itself, and the longest. */
  asideRetryFirstMs: 1 * minute,
  asideRetryMaxMs: 7 * day,
  /** The number of suspects that are noted for an account; further ones wait for their turn. */
  suspectsMax: 1000,
  /**
   * The number of sessions of one run that may break at a message: each costs a login. A provider that falls silent costs minutes each
   * time.
   */
  brokenSessionsMax: 8,
  /** The number of those that may bring nothing at all: then the line may be the reason, or the provider. */
  vainSessionsMax: 4,
  silentSessionsMax: 2,
  /** After this many deaths in a row, each message that could have been on its way then is retrieved alone. */
  deathsBeforeCare: 2,
  /** After more deaths in a row than these, the last one at a message that was alone, its id tells which it is, whatever its size. */
  deathsUnderOneId: 6,

  /**
   * A message has come short if it has less than this part of the octets that LIST told. Line ends do not count, because the octets are
   * counted with CRLF, as LIST should do. Stuffed dots that are counted, and lines that servers add, change a size by some percent. Only
   * mail of very short lines differs by more, and that is merely kept at the provider.
   */
  cameShortPart: 0.8,
  /** So many octets less are never short: servers count fields of their own (X-UIDL, Status, the line of an mbox), which they do not send. */
  cameShortOctetsMin: 512,

  /**
   * A run that has had its time deletes for this long at most: what is left is due at the next visit. It marks so few messages first, and
   * twice as many each time that this took no longer than `quickMarksMs`.
   */
  markingOvertimeMs: 5 * minute,
  marksFirst: 10,
  quickMarksMs: 5 * second,

  /** A provider that refuses to delete a message at this many visits in a row is told of once. */
  refusedMarksTold: 3,

  /** The time for which a message must have been missing before it may be forgotten. This is getmail's VANISHED_AGE. */
  forgetAfterMs: 30 * day,
  /**
   * The number of complete listings that must have missed it: servers show a false empty maildrop now and then (fetchmail, RETRIEVAL
   * FAILURE MODES).
   */
  missedListingsMin: 3,

  /**
   * Where all ids of a maildrop have the form of positions, the headers of so many known messages tell whether each id still names its
   * message. Without TOP they must be retrieved for it, and are this large together.
   */
  idProbes: 8,
  /** The same, where something tells that these ids were given to more than one message. */
  reusedIdProbes: 100,
  idProbeOctetsMax: 64 * 1024,

  /** For so long at most a plan is taken for known: what nobody has thought of is mended within a day. */
  planKnownMs: 1 * day,
  /** How long a session that has listed may wait for its run: some providers end a session that is silent for half a minute. */
  openMaildropKeptMs: 20 * second,

  /** How far away in the maildrop a message may be whose time an undated one gets. */
  neighbourPlacesMax: 1000,
  /** The letters, and their octets, that wait for a dated one behind them at a first import. They are beyond the worker's budget (budget.ts). */
  heldLettersMax: 250,
  heldOctetsMax: 1 * MiB,
  /** The messages before those to retrieve whose dates are looked at when a first import goes on, and nothing else has one. */
  neighboursLookedAt: 3,
} as const
