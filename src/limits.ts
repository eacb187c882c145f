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
  /** A request waits so long for a name's addresses: they are checked again when it is dialled. */
  lookupWaitMs: 5 * second,
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

  /** Of a certificate that is for others: hosters have some with a hundred. */
  certificateNamesShown: 5,

  /** Whoever tries an account waits for it: less patience than a run has with connecting and with the greeting. */
  testConnectWaitMs: 10 * second,
  testGreetingWaitMs: 15 * second,
  /** And then for what else may answer there. */
  testLookAroundMs: 4 * second,

  // Store
  storeConnectWaitMs: 30 * second,
  /** Storing a whole batch and syncing it; Fastmail has needed more than 120 s for one message (OfflineIMAP issue 262). */
  appendWaitMs: 5 * minute,
  /** And what it may take to get there: 32 octets a millisecond, 32 kB/s, is a slow line upwards. */
  appendOctetsPerMs: 32,
  usageWaitMs: 20 * second,
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
  // Reading mail over the API
  /** Somebody waits at a screen: a listing or a search has to end in this time, and a connection to become free. */
  readWaitMs: 20 * second,
  /** And all that one request asks of the store. */
  readEndMs: 1 * minute,
  readersPerDestination: 3,
  /** Of plain text and of HTML; what people write is some kilobytes, a newsletter's HTML a few hundred. */
  readTextOctetsMax: 1 * MiB,
  /** Of images that a message shows in its text, in all. */
  readImagesOctetsMax: 5 * MiB,
  /** How much of a message is asked for at once where it is streamed. */
  readPieceOctets: 256 * KiB,
  /** A download that nobody takes further, or that the store does not. */
  readStalledMs: 60 * second,
  /** HTML of 1 MB is cleaned in less than 1 s (docs/decisions/0022): what takes longer than this was made to. */
  cleaningMs: 5 * second,
  /** So many messages wait for that; the last one no longer than for its store. */
  cleaningsWaitingMax: 10,
  /** Of the thread that does it. What is known to need most, and not too long, needs a quarter. */
  cleanerOctetsMax: 256 * MiB,
  /** Then it ends: it has some 15 MiB, and is back in a quarter of a second. */
  cleanerIdleMs: 1 * minute,
  /** Of `data:` URIs in what was cleaned: one image may be named a thousand times. */
  shownImagesOctetsMax: 16 * MiB,
  /** A folder with more is listed as its mail came there: of each message the store would name a UID for every page. */
  sortedMessagesMax: 100_000,
  /** What is beyond is not shown. */
  readFoldersMax: 2000,
  readPartsMax: 500,
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

  // HTTPS
  /** Files of certificates are looked at so often. */
  certificateLookedAtMs: 1 * second,
  /** Whoever connects and says nothing, or comes to no end with the handshake. */
  handshakeWaitMs: 10 * second,

  // Secrets
  /** A key may be forgotten so long after the next one came: no request is at work for that long (api/server.ts). */
  keySettledMs: 15 * minute,

  // Lists of accounts
  /** Looked at in one step of Redis: a millisecond or two, in which workers wait. */
  accountsWalkedAtOnce: 1000,
  /** And for one page: a search in 100,000 takes five. */
  accountsWalkedPerPage: 20_000,
  /** Looked at for one page of a search. */
  destinationsReadPerPage: 5000,
  /** Of a destination or status with so many the list by address is sorted as it is asked for. */
  accountsSortedMax: 2000,

  // Idempotency keys
  answerKeptMs: 1 * day,
  /** Of a process that died while it answered: then the request may be made again. All but a pull that is waited for end sooner. */
  answerAwaitedMs: 2 * minute,
  /** None of ours is as large. */
  keptAnswerOctetsMax: 256 * KiB,
  /** The oldest go first; of some 2 KiB each. */
  answersKeptMax: 50_000,

  // Import of accounts
  /** All fields at their longest are some 10 KiB. */
  importLineOctetsMax: 64 * KiB,
  importLinesMax: 200_000,
  /** Registered in one go. */
  importedTogether: 200,
  /** Of answers that the client has not read, since it sends all before it reads: some 60 octets a line. */
  importAnswersOctetsMax: 16 * MiB,

  // Backup
  /** Of base64 in one line; a ledger of more is parted. */
  backupPieceOctets: 192 * KiB,
  /** An intent of a whole window is a tenth of it. */
  backupLineOctetsMax: 4 * MiB,
  /** A million messages are some 40 MB. */
  backupOctetsMax: 16 * 1024 * MiB,

  // News: webhooks and notices by e-mail
  /** An account that fails, recovers and fails is told of at most so often. */
  toldAgainAfterMs: 1 * hour,
  /** Of what was set aside in one run so many messages are named; that is some 10 KB, half of what a webhook is to carry. */
  newsMessagesMax: 50,
  /** Where no worker carries news further, none is writing it either: this is for a moment. Some 600 octets each. */
  outboxMax: 20_000,
  /** How often it is carried further, and endpoints whose time has come are called. */
  newsEveryMs: 1 * second,
  /** An endpoint that was claimed comes again after this, should whoever visits it die: longer than a visit. */
  visitHoldMs: 2 * minute,
  /** One visit sends for so long, then others have their turn. */
  visitMs: 30 * second,
  visitsAtOnce: 16,
  /** No wait is longer than this: a day, and a quarter for chance. */
  visitLatestMs: 31 * hour,
  /** Standard Webhooks recommends 15 to 30 s. */
  deliveryWaitMs: 15 * second,
  /** And days of attempts: these waits are five. */
  deliveryWaitsMs: [
    5 * second,
    1 * minute,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    24 * hour,
    24 * hour,
    24 * hour,
    24 * hour,
  ],
  /** An endpoint that does not answer is called for new messages at most so often. */
  endpointRestMaxMs: 5 * minute,
  retryAfterMaxMs: 1 * hour,
  endpointDisabledAfterMs: 5 * day,
  /** Of an answer so much is shown to people. */
  answerOctetsMax: 1 * KiB,
  /** Ended ones, a webhook; and such as wait for an endpoint to answer again: what comes beyond that is not delivered. */
  deliveriesKept: 100,
  deliveriesWaitingMax: 10_000,
  webhooksPerDestination: 20,
  webhookUrlMax: 2000,
  webhookSecretOctets: 32,
  /** A secret that was replaced signs beside the new one for so long. */
  oldSecretMs: 1 * day,
  /** What waits for the next notice; of more only how much it is. */
  noticeNewsMax: 500,
  /** What comes within it is one notice; and the most that lies between two that follow one another. */
  noticeCollectMs: 1 * minute,
  noticeSpacingMaxMs: 1 * hour,
  /** After attempts that failed; the last one for ever. What is older than the other is not said any more. */
  noticeWaitsMs: [1 * minute, 5 * minute, 30 * minute, 2 * hour, 4 * hour],
  noticeNewsMs: 5 * day,
  noticeSendMs: 60 * second,
  /** Somebody waits for the answer. */
  noticeTestMs: 20 * second,
  /** Accounts of one kind that a notice names. */
  noticeLinesMax: 20,

  // Arrival (CONTRACT section 7)
  arrivalEarliestMs: Date.UTC(1990, 0, 1),
  arrivalAheadMs: 2 * hour,

  // Discovery: 8 s at most in all, for somebody who waits at a form
  /** What the DNS, the domain's own web servers and Thunderbird's database have to answer. */
  discoverAskMs: 4 * second,
  /** In which a server of the DNS has to; then it is asked again, once. */
  dnsWaitMs: 1.5 * second,
  /** And then the POP3 servers that were found or guessed, all at once. */
  discoverProbeMs: 3.5 * second,
  /** The largest in Thunderbird's database has some 30 KB, most of it names of domains. */
  autoconfigOctetsMax: 256 * KiB,
  autoconfigRedirectsMax: 3,
  /** Of one configuration file, or of one SRV answer. */
  discoverOffersMax: 8,
  discoveriesAtOnce: 16,
  /** What was found is believed for so long; that nothing was, for less: somebody may be putting it right. */
  discoveryKeptMs: 1 * hour,
  noDiscoveryKeptMs: 1 * minute,
  discoveriesKept: 1000,

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

  // Who may
  /** When a token was used last is known to the minute: written each time it would cost a sync a request. */
  tokenUseWrittenEveryMs: 1 * minute,
  /** Of 300 octets or so each. */
  auditKept: 100_000,
  /** Requests are counted over this time. */
  rateWindowMs: 10 * second,
  /** By address. A page of the dashboard is some 20 requests. */
  strangersMax: 500,
  /** By token: ten times what the contract promises, which is 200 a second. */
  principalsMax: 20_000,
  /** After its last use; the dashboard is open all day. */
  sessionKeptMs: 12 * hour,
  sessionProlongedEveryMs: 10 * minute,
  /** People mistype. */
  signInsFree: 5,
  /** Doubled with each failure from there on. */
  signInWaitFirstMs: 1 * second,
  signInAddressWaitMaxMs: 15 * minute,
  /** Short: anybody can make somebody else's login wait. A guess a minute is half a million a year. */
  signInLoginWaitMaxMs: 1 * minute,
  signInsKeptMs: 1 * day,
} as const
