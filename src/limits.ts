/** Every number, with its unit, its reason and where it comes from. One unit inside: milliseconds and octets. */

const KiB = 1024
const MiB = 1024 * KiB
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export const limits = {
  // POP3 wire
  /** RFC 2449 section 4 allows 512 octets in a status line; servers in use send longer complaints. */
  statusLineOctetsMax: 4 * KiB,
  /** One line of UIDL or LIST: number, space, UIDL. */
  listingLineOctetsMax: 1 * KiB,
  /** mpop caps at the same count. */
  listingLinesMax: 1_000_000,
  /** So many lines, each with a UIDL of RFC 1939's length. */
  listingOctetsMax: 96 * MiB,
  /** RFC 1939 section 7 says 70; over-long UIDLs were once a remote hole in fetchmail (CVE-2005-2335). */
  uidlOctetsMax: 512,
  /** A header block read by TOP n 0. */
  headerOctetsMax: 4 * MiB,
  /** What is read and dropped of a TOP that sends the whole message: no mail anybody sends is larger. */
  bodyOctetsMax: 1024 * MiB,
  /** And of a message beyond what the account takes, where LIST said less: what goes on for longer has no end. */
  droppedOctetsMax: 64 * MiB,

  // POP3 session
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
  /** A window is what is asked for before an answer must have come, and what one append carries: each costs its syncs. */
  windowMessagesMax: 250,
  windowOctetsMax: 4 * MiB,
  /** Windows on their way at once: where answers take long the line is idle with fewer; with large messages there are fewer. */
  windowsAheadMax: 3,
  aheadOctetsMax: 12 * MiB,
  /** Messages in memory at once, over all runs of a worker; a larger one alone. */
  heldOctetsMax: 32 * MiB,
  /** TOP and DELE in flight at once; mpop sends as many. */
  pipelineCommandsMax: 1000,

  /** Of what a server says of LOGIN-DELAY: nobody means to be asked less than once a day. */
  loginDelayMaxMs: 1 * day,

  /** A trait of a server (host.ts) is believed for so long: servers are mended, and a line that hung may have looked like one. */
  hostTraitMs: 1 * day,
  /** TLS sessions to take up again, one a server; some 4 KiB each. */
  tlsSessionsKept: 1000,

  // Store
  storeConnectWaitMs: 30 * second,
  /** Storing a whole batch and syncing it; Fastmail has needed more than 120 s for one message (OfflineIMAP issue 262). */
  appendWaitMs: 5 * minute,
  /** And what it may take to get there: 32 octets a millisecond, 32 kB/s, is a slow line upwards. */
  appendOctetsPerMs: 32,
  storeReplyWaitMs: 60 * second,
  /** One line of an answer, literals apart, and one literal: imapflow itself would hold 1 GB of either. */
  storeLineOctetsMax: 1 * MiB,
  storeLiteralOctetsMax: 256 * MiB,
  /** ID is a courtesy (RFC 2971): a server that is silent at it is asked no more. */
  storeIdWaitMs: 5 * second,
  /** One append carries a whole window; twice its octets, since LIST's sizes are hints. */
  batchOctetsMax: 8 * MiB,
  /** What may lie in a socket to the store before it is waited for: a whole batch, and a slice of a large message. */
  unsentOctetsMax: 8 * MiB,
  /** So many recorded messages are moved out of a staging folder at once: each move costs the store its syncs. */
  deliveredTogether: 1000,
  /**
   * How long a store may take to carry out what a run had sent it before another one took over: after so long that one looks again. A
   * server that syncs slowly needs seconds; the lease of a run that died has mostly given it as much before.
   */
  lateCommitMs: 10 * second,
  /** A store that mends itself ends a session once or twice (imap/settle.ts). */
  settleAttempts: 5,
  /** How far back folders are read for a copy that the user may have moved: what arrived there last. */
  searchedMessagesMax: 5000,
  /** A connection to a destination is kept this long after its last use. */
  storeIdleMs: 15 * second,
  storeConnectionsPerDestination: 2,
  /** So many different messages refused in a row in the same words, and none stored: that is the store, not the messages. */
  refusedInARowMax: 10,

  // Messages whose retrieval goes wrong (suspects.ts)
  /** A message that the provider refuses in words, or that breaks the protocol, is set aside after so many runs. */
  toldFailuresMax: 3,
  /** And one at which the line dropped or fell silent: that may be the network. */
  droppedFailuresMax: 5,
  /** Names that are kept of an account; further ones wait for their turn. */
  suspectsMax: 100,
  /** After so many deaths in a row each message that could have been on its way is retrieved alone. */
  deathsBeforeCare: 2,
  /** Messages that the API has retrieved for people, held at once; a larger one alone. */
  downloadsHeldMax: 64 * MiB,
  /** A larger one is not shown: it is held whole. */
  downloadOctetsMax: 256 * MiB,
  /** Whoever wants to read a message waits so long for a run to leave the maildrop. */
  downloadWaitMs: 2 * second,

  // Runs
  /** A run that is not renewed for this long is taken over. */
  leaseMs: 15 * second,
  /** A job that finds its account's lease taken, by a rebuild beside a pull, asks again so soon. */
  leaseAskedEveryMs: 500,
  redisRetryMs: 1 * second,
  /** BullMQ's lock on the job; the same, so that both fall together. */
  jobLockMs: 15 * second,
  /** How often jobs of workers that died are looked for. */
  stalledEveryMs: 5 * second,
  /** So many messages are decided on before the event loop has its turn: a few milliseconds. */
  sliceValues: 1000,
  turnMs: 5,
  sliceOctets: 256 * KiB,
  /** Redis' memory below its `maxmemory`: a run of 100,000 messages adds 4 MB to the ledger, and its intents come and go. */
  redisMemoryFreeOctets: 8 * MiB,
  /** Of the disk of a Redis of ours. With `appendfsync always` it exits when that is full; a run of 100,000 messages writes some 50 MB. */
  redisDiskFreeOctets: 64 * MiB,
  headroomEveryMs: 5 * second,
  runsKeptPerAccount: 100,
  /** Of a transcript: the first so many lines, and at least as many of the last. */
  transcriptLinesEach: 200,
  transcriptLineMax: 200,
  /** Lines of CAPA; a maildrop's listing shows a few. */
  capabilitiesShown: 40,
  listingLinesShown: 3,
  transcriptEveryMs: 5 * second,
  /** Of what a run has brought, the newest are listed; a first import may bring 100,000. Some 250 octets each. */
  arrivalsKept: 1000,
  arrivalsEveryMs: 1 * second,
  /** Of From, Subject and Date. RFC 5322 allows 998 in a line, and a Subject may be folded. */
  envelopeLineOctetsMax: 1000,
  runKeptMs: 30 * day,
  progressEveryMs: 500,
  /** Who waits for a run's end is told of it; should that word be lost with a connection, they look this often. */
  runLookedAtMs: 5 * second,
  /** Of what happened, as people's screens hear of it: some 300 octets each, and some minutes of ten thousand accounts. */
  eventsKept: 50_000,
  /** Of these, what an API process holds for all that listen. */
  eventsHeld: 1000,
  eventsReadMax: 500,
  /** A reader waits so long at Redis, and then looks whether it is still the same one. */
  eventsAwaitedMs: 5 * second,
  eventListenersMax: 500,
  eventListenersEachMax: 50,
  /** Proxies end a connection that is silent for a minute. */
  eventHeartbeatMs: 15 * second,
  /** Who takes nothing for so long is dropped. */
  eventStalledMs: 1 * minute,
  /** Then it asks anew: with a token that may be gone by now. */
  eventStreamMs: 15 * minute,
  /** Hosts that failures are counted under by name: each is a row in somebody's monitoring for ever. */
  hostsNamed: 100,
  /** Figures that cost more than a look at a counter are looked up so often, however many ask. */
  figuresKeptMs: 2 * second,
  tickEveryMs: 1 * second,
  /** So many accounts are looked through for a status that was told wrong, by a worker that died between two writes. */
  statusesPerTurn: 200,
  statusesEveryMs: 10 * second,
  claimedPerTickMax: 1000,
  /** How often open runs are looked through for those whose job is gone. */
  reviveEveryMs: 30 * second,
  /** An account that was claimed comes again after this, should its run never end: longer than any wait in a run. */
  claimHoldMs: 10 * minute,
  /** A worker that has said nothing for this long is not there. */
  workerAliveMs: 15 * second,
  workerConcurrency: 8,
  /** What a stopping worker waits for runs to end at a batch's edge before it cancels them. */
  stopGraceMs: 5 * second,

  /** And then for its connections to be closed as they should be. */
  farewellMs: 2 * second,

  // Ledger
  /** getmail's VANISHED_AGE: servers show a false empty maildrop now and then (fetchmail, RETRIEVAL FAILURE MODES). */
  forgetAfterMs: 30 * day,
  /** How many complete listings must have missed a message before it may be forgotten. */
  missedListingsMin: 3,
  /** A clock further off than this from the last one seen is not trusted with deleting or forgetting. */
  clockStepMs: 5 * minute,
  /** A clock that jumped and has gone steadily since is trusted again: who set it wrong has had the time to see it. */
  clockTrustedAfterMs: 1 * day,
  /** All workers of a machine see its clock stepped; the first one moves the schedule along. */
  dueShiftedOnceMs: 10 * second,

  /** A state file of another program (takeover.ts): some 70 octets a UIDL. */
  takeoverOctetsMax: 64 * MiB,

  /** How far off it may be since when Redis runs: it counts in whole seconds, and clocks of machines differ. */
  keeperSinceOffMs: 2 * second,

  // Backup
  /** Of base64 in one line; a ledger of more is parted. */
  backupPieceOctets: 192 * KiB,
  /** An intent of a whole window is a tenth of it. */
  backupLineOctetsMax: 4 * MiB,
  /** A million messages are some 40 MB. */
  backupOctetsMax: 16 * 1024 * MiB,

  // Arrival (CONTRACT section 7)
  arrivalEarliestMs: Date.UTC(1990, 0, 1),
  arrivalAheadMs: 2 * hour,

  // Back-off after failures
  retryFirstMs: 1 * minute,
  retryMaxMs: 4 * hour,
  /** A destination is tried again at least so often: what ails it may be cured at any time, and one connection tells. */
  pauseMaxMs: 1 * hour,
  /** Gmail lifts its limits within a day. */
  namedBackOffMaxMs: 24 * hour,
  /** Over this time the accounts of a destination come back after its pause. */
  resumeSpreadMs: 30 * second,
  /** A refused password may be throttling: it stops the account only after it repeated this often over this long. */
  refusalsMin: 5,
  refusalsSpanMs: 6 * hour,
} as const
