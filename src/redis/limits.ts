/**
 * Holds the numbers of src/redis, each with its unit and its reason. Times are in milliseconds and sizes in octets, whatever the unit they
 * are written with.
 */
import { KiB, MiB, second, minute, hour, day } from '../units.ts'

export const redisLimits = {
  // POP3 session
  /** How long a trait of a server (server-traits.ts) is believed: servers are mended, and a line that hung may have looked like a trait. */
  serverTraitMs: 1 * day,

  /** How long what a server says to CAPA is believed, and how soon it is written down again though it has not changed. */
  capabilitiesMs: 1 * day,
  capabilitiesWrittenEveryMs: 1 * hour,
  /** A server whose answer to CAPA is longer is asked each time. */
  capabilitiesOctetsMax: 2 * KiB,
  /** What a worker has read about a server is not read again for this long: one of its accounts may be visited at each moment. */
  serverReadEveryMs: 1 * minute,
  /** The number of servers of which a worker remembers that, of some KiB each. */
  serversReadMax: 5000,

  // Sign-ins
  /** The requests that one token endpoint gets from us at once. */
  tokenSlots: 4,

  // Runs
  /** The number of records that one script writes: it limits the time for which Redis is blocked, and the arguments of a call. */
  recordsPerCall: 1000,
  /** A ledger is read in pieces of this size: nearly every one is one piece. */
  ledgerPieceOctets: 4 * MiB,
  /** Another run takes over an account whose lease was not renewed for this long. */
  leaseMs: 15 * second,
  /** How often whoever removes an account asks whether its run has ended. */
  releaseAskedEveryMs: 20,
  /** How long a Redis may take to accept a connection. */
  redisConnectMs: 10 * second,
  /** The same where others can be asked: how long a Sentinel or a node of a Cluster may take to accept a connection, or to say who serves what. */
  nodeAnswersMs: 3 * second,
  /**
   * A connection to a Redis that owes an answer, and has said nothing for this long, is made anew: one that is frozen, or whose machine is gone,
   * closes none. No question may wait longer there: BullMQ's wait 5 s, and 10 s at most.
   */
  redisSilentMs: 20 * second,
  /** How often a command is sent again while a Cluster changes a master. */
  clusterTryEveryMs: 250,
  /** How many times the API tries: five seconds or so. Somebody waits for the answer. */
  clusterTriesOfApi: 20,
  /** How often the nodes of a Cluster are asked who serves what: a frozen node says nothing of its successor. */
  clusterLookedAtMs: 3 * second,
  /** How long a master that may fail over waits for a replica to confirm what was written, before it is looked at anew. */
  confirmedWithinMs: 2 * second,
  /** How long it then waits for the replica to say that its disk has it: by then that is so, and by itself a replica says it every second. */
  syncedWithinMs: 1.5 * second,
  /** How long a write is tried until a replica has confirmed it: longer than a fail-over takes, and than a lease lasts. */
  sureWithinMs: 30 * second,
  sureTriedEveryMs: 200,
  /** How long the API waits for a master that takes no writes yet. Somebody waits for the answer. */
  takenForApiMs: 5 * second,
  /** How long the connection for such writes may take: some of the Sentinels that it asks may be away. */
  sureConnectedMs: 10 * second,
  /** A visit that is due for this long waits for a place: due visits are claimed every second. */
  waitsForPlaceMs: 2000,

  /** How long to wait before Redis is asked again after it has failed; and the longest wait before a connection is tried again. */
  redisRetryMs: 1 * second,
  /** Redis is told to be back once nothing has failed for this long. */
  outageOverMs: 5 * second,
  /** How far Redis' memory must be below its `maxmemory` before a run begins: a run of 100,000 messages adds 4 MB to the ledger, and its intents come and go. */
  redisMemoryFreeOctets: 8 * MiB,
  /** How much of its disk must be free: with `appendfsync always` Redis exits when the disk is full, and a run of 100,000 messages writes some 50 MB. */
  redisDiskFreeOctets: 64 * MiB,
  /** How often both are looked at. */
  headroomEveryMs: 5 * second,
  runsKeptPerAccount: 100,
  /** How often a running run's transcript is written. */
  transcriptEveryMs: 5 * second,
  /** How many of the messages that a run has stored are listed, the newest ones: a first import may bring 100,000. Each takes some 250 octets. */
  arrivalsKept: 1000,
  arrivalsEveryMs: 1 * second,
  runKeptMs: 30 * day,
  /** How long a run that has become a part of a row of idle visits is found by its id: somebody may have seen it open. */
  foldedKnownMs: 5 * minute,
  /** How many runs are looked at for one page of a list: a search for failed ones may find none among very many. */
  runsLookedAtPerPage: 5000,
  /** Up to this many accounts of a destination, their runs are put together when they are asked for; of more, they are looked for among all. */
  accountsMergedMax: 200,
  /** How many texts a piece of a packed order holds. Redis keeps 128 packed (zset-max-listpack-entries); so many runs just fit into 7 KiB, a size in which memory is given out. */
  pieceTexts: 125,
  /** How many pieces of the index of runs are read at once: those of an earlier version are nearly empty where there are few runs. */
  runPiecesReadAtOnce: 32,
  /** How much the clock may have been set back between a run's id and its time. */
  clockStepsMs: 1 * minute,
  /** How often a client that waits for a run's end looks for itself: the event may be lost with a connection. */
  runLookedAtMs: 5 * second,
  /** How many events are kept for screens that were away: some 300 octets each, and some minutes of ten thousand accounts. */
  eventsKept: 50_000,
  eventsReadMax: 500,
  /** How long a reader waits at Redis for an event. Then it looks whether the stream is still the same one. */
  eventsAwaitedMs: 5 * second,
  /** The number of hosts whose failures are counted by name: each host is a row in somebody's monitoring for ever. */
  hostsNamed: 100,
  /** Of so many servers, those with the most sessions, the slots are shown. */
  serversShown: 200,
  /** The number of commands that are sent in one round trip, if there are many. */
  pipelinedAtOnce: 500,
  /** How many octets of a backup are sent in one round trip; a larger entry goes alone. */
  restoredOctetsAtOnce: 4 * MiB,
  /** The slots of a tally. They are kept for as long as the dashboard shows them. */
  tallyHoursKept: 48,
  tallyDaysKept: 30,
  /** The remains of an account that was removed so long ago are erased only if nothing of it can be under way. */
  removedWatchedMs: 10 * minute,
  /** How many accounts a turn of the status rounds looks through: a worker that died between two writes has left a wrong status. */
  statusesPerTurn: 200,
  /** How many due accounts a worker takes at once, and how many expired places it gives back. */
  claimedPerTickMax: 1000,
  /** An account that is due and was not visited for so many of its longest intervals is told of. */
  overdueIntervals: 3,
  /** How many due accounts are looked at for that, those that wait longest: some 2 KiB each. */
  overdueLookedAtMax: 1000,

  // Who is visited when (scripts/includes/schedule.lua)
  /** How many sessions a server gets that we do not know yet. */
  slotsFirst: 8,
  /**
   * What it gains with each visit that goes well while at least half of them are in use: a quarter more with each round of visits. So one that takes
   * twenty is not met by forty before it can say so.
   */
  slotGain: 1 / 4,
  /** The most that it gets: all sessions of four workers. */
  slotsMax: 1024,
  /** After a server had too many sessions, they are halved. Time alone brings them back, all of them after this time. */
  slotsReturnMs: 10 * minute,
  /** How long it is believed that a server takes no more than it took then. After that more are tried. */
  slotsBelievedMs: 1 * hour,
  /** A gap between logins is dropped after so long without trouble. */
  gapKeptMs: 2 * minute,
  /** Sessions that fail within this time of one another have met the same trouble. */
  slotCutOnceMs: 10 * second,
  /** The wait between two logins at a server that wants even one session less; it doubles. */
  loginGapFirstMs: 1 * second,
  loginGapMaxMs: 1 * minute,
  /** A server that answered so lately is not slow to everybody (hold-visit.lua); it is noted this often at most. */
  answeredLatelyMs: 2 * minute,
  answeredNotedMs: 20 * second,
  /** So lately a session there may have been under way when another one was turned away: it is longer than the time above. */
  sharedLatelyMs: 25 * second,
  /** How long it is known which accounts a server did not answer: it is renewed with each, and none is backed off for longer. */
  awayKeptMs: 6 * hour,
  /** So many of them are due soon with each visit there that goes well. */
  wokenPerVisit: 100,
  /** So many destinations whose accounts a server refuses within that time show that it is not the accounts. */
  refusedTogether: 3,
  refusedTogetherMs: 1 * minute,
  /** A server without a free slot is looked at when one is given back, or after this time: slots come back by time alone, too. */
  fullServerLookedAtMs: 10 * second,
  /** The same where other names lead to the same address. */
  fullPeerLookedAtMs: 1 * second,
  /** How many servers of a class one claim looks at. */
  serversPerClaim: 200,
  /** How long somebody who tests an account, or wants to see a message, waits for a slot of the server, and how often that is asked for. */
  guestWaitMs: 10 * second,
  guestAskedEveryMs: 200,
  /** How long they wait until no other session of ours is in the mailbox: nearly all visits are shorter. */
  guestMailboxWaitMs: 3 * second,
  /** Such a session ends sooner: all its waits together are shorter. */
  guestHoldMs: 3 * minute,
  /** From so many places on, servers that are slow or not known yet have a few of them even where good ones could use them all (claim-due.lua). */
  leastFrom: 4,
  /** One of so many places is kept for what somebody asks for. */
  placesKept: 16,
  /**
   * How many visits one job carries at most: a job costs Redis the same whatever it carries (decision 0060). One that carries many gives a worker more of them
   * than another one that is free.
   */
  visitsPerJob: 16,
  /** An account in whose mailbox another one of ours is at work is told when that has ended, and asks by itself so often. */
  mailboxAskedEveryMs: 5 * second,
  /** A claimed visit whose job has not begun after this time is claimed again: the job was lost in a fail-over, or with a process. */
  placeClaimedMs: 15 * second,
  /** A visit under way that was not heard of for this long has no place any more: its worker froze or died. It is two leases. */
  placeHeldMs: 30 * second,
  /** Two workers see the same step of a clock so much apart at most. */
  sameStepMs: 1 * second,
  /** A worker that has said nothing for this long counts as gone. */
  workerAliveMs: 15 * second,

  // Logins
  /** How long nobody goes to a mailbox whose server has turned a login away as too soon and names no time: most that mind want a minute. */
  loginHeldMs: 1 * minute,
  /** The same where it names one: somebody who asks may try after this. */
  loginHeldMaxMs: 1 * hour,

  // Tests of accounts
  /** The time in which a certificate that a test has shown may be pinned without the password. */
  shownCertificateMs: 1 * day,
  /** For so long a provider that lets nobody in is taken to mind the test that was made before. Most that mind want a minute between two logins. */
  testRememberedMs: 5 * minute,
  /** How many times a run is put off after one test. */
  testExcusesMax: 2,
  /** The longest time for which it is put off, even if the server names a longer one. */
  testExcuseMaxMs: 15 * minute,

  // Ledger
  /** How exactly it is known when a worker last looked after an account that has nothing to do: clocks that are set back are noticed by it. */
  lastSeenEveryMs: 1 * hour,
  /** An account with more notes beside its ledger than this has no plan that is known: reading them at each visit would block Redis. */
  notesReadMax: 200,
  /** How many sources a destination remembers that accounts fetched to it before, of some 80 octets each. */
  formerSourcesMax: 10_000,
  /** Within this time a step of the clock is one and the same: all workers of a machine see it, and the first one moves the schedule along. */
  dueShiftedOnceMs: 10 * second,
  /** How wrong the start of Redis may be: Redis counts in whole seconds, and the clocks of machines differ. */
  keeperSinceOffMs: 2 * second,
  /** How much of each of its two ids names a Redis: 48 bits. */
  keeperIdChars: 12,
  /** A ledger up to this size takes no more memory than its records after each batch; to a larger one Redis adds no more than this. */
  ledgerTightMax: 1_048_576,

  // Lists of accounts
  /** How many accounts one step of Redis looks at: it takes a millisecond or two, in which workers wait. */
  accountsWalkedAtOnce: 250,
  /** How many accounts are looked at for one page: a search in 100,000 takes five pages. */
  accountsWalkedPerPage: 20_000,
  /** How many destinations are looked at for one page of a search. */
  destinationsReadPerPage: 5000,
  /** Up to this many accounts of a destination or status, a list by address is sorted when it is asked for. */
  accountsSortedMax: 2000,

  /** The accounts that fail are put into groups when somebody asks: reading this many takes a tenth of a second. */
  failingGroupedMax: 20_000,
  failingGroupsMax: 100,

  /** How many accounts' quarantines are read at once for a list of all. */
  quarantinesReadAtOnce: 20,
  /** How many entries of one account are read at once, if not each of them is wanted: some 300 kB. */
  entriesReadAtOnce: 500,
  /** How many entries are looked at for one page, and how many to count them: a tenth of a second. */
  entriesWalkedPerPage: 5000,
  entriesWalkedPerCount: 20_000,

  // Idempotency keys
  /** How long an answer is given again to the same key. */
  answerKeptMs: 1 * day,
  /**
   * The time after which a request may be made again if its process died while it answered. All requests end sooner, except a pull that is
   * waited for.
   */
  answerAwaitedMs: 2 * minute,
  /** The same where the body is a stream: it may be sent for eleven minutes. */
  streamAnswerAwaitedMs: 15 * minute,
  /** How many answers are kept, of some 2 KiB each. The oldest go first. */
  answersKeptMax: 50_000,

  // Format of the data
  /** The format in which this program writes its data to Redis; it grows by one with each step (format/steps.ts). Scripts compare it. */
  dataFormat: 2,
  /** A process that changes the format and is away for this long is taken to be dead. */
  formatLockMs: 30 * second,
  formatLookedAtMs: 250,
  /**
   * The wait for processes of another version. It is longer than such a process counts as alive after its death, and longer than it needs
   * to stop in order.
   */
  formatAloneWaitMs: 1 * minute,
  /** A process that has said nothing for this long is not alive. */
  processAliveMs: 15 * second,

  /** How many records that cannot be read are named, and how often they are looked for while somebody looks. */
  unreadableShown: 100,
  unreadableLookedAtMs: 10 * minute,

  // Backup
  /** The size of a value in one line of a backup. A longer value is divided. */
  backupPieceOctets: 192 * KiB,
  /** The fields or members of one line, and the accounts or destinations of a backup: what is more was made to fill memory. */
  backupFieldsMax: 20_000,
  backupRecordsMax: 1_000_000,
  /** The letters of one record, the largest of which is an intent of a whole window; and its parts, if it is large. */
  backupRecordMax: 1 * MiB,
  backupPartsMax: 50_000,

  // News: webhooks and bulletins by e-mail
  /** The number of news that wait to be carried further, some 600 octets each. Without a worker that carries news, no worker writes news either. */
  outboxMax: 20_000,
  /** The time after which a claimed endpoint is visited again, in case the worker that visits it dies. It is longer than a visit. */
  visitHoldMs: 2 * minute,
  /** The longest wait before a visit: a day, and a quarter for chance. */
  visitLatestMs: 31 * hour,
  /** How many ended deliveries of a webhook are listed. */
  deliveriesKept: 100,
  /** How many deliveries wait for an endpoint to answer again. Further ones are not delivered. */
  deliveriesWaitingMax: 10_000,
  /** The number of news in the next bulletin. Further news are only counted. */
  bulletinNewsMax: 500,

  // What is to be sent (outbox.ts)
  /** How long the same request is given the same message: mail programs send again what they had no answer to. */
  sendAnswerKeptMs: 2 * day,
  sendingKeptMs: 30 * day,
  /** So many due messages are looked at for one that nobody else claims just now: an account has few connections at once. */
  sendingsOffered: 8,
  /** What is known of an account's sending: longer than any pause after a failure. */
  senderKeptMs: 7 * day,
  /** What its server was seen to take: nothing of it is left by then (send/provider-limits.ts). */
  sendingLimitsKeptMs: 40 * day,
  /** How many entries are kept that have ended, of some KiB each; the oldest go first. */
  sendingsEndedMax: 100_000,
  /** The bodies of one destination that wait on the disk, and of all: a full disk stops Redis, and so all mail. */
  sendOctetsMax: 1024 * MiB,
  sendOctetsMaxInAll: 8 * 1024 * MiB,
  /** How many messages wait to be sent for one destination, and in all. */
  sendingsMax: 20_000,
  sendingsMaxInAll: 100_000,
  /** How many a look for what has ended, or is to follow, takes at once. */
  sendingsLookedAt: 100,

  // Back-off after failures
  /** The time over which the accounts of a destination come back after its pause. */
  resumeSpreadMs: 30 * second,

  // Access
  /** How exactly the last use of a token is known. To write every use would cost each request a sync of the disk. */
  tokenUseWrittenEveryMs: 1 * minute,
  /** How many entries the audit log holds, of 300 octets or so each. */
  auditKept: 100_000,
  /** The places of runs that an owner has asked for: longer than any run, and so long for one that is about to be made. */
  askedByKeptMs: 2 * day,
  askedGraceMs: 10 * second,
  /** A page of the audit log that is filtered looks at so many entries at most, some 1.5 MB. */
  auditLookedAtMax: 5000,
  auditReadTogether: 500,
  /** How long a session lasts after its last use: the dashboard is open all day. */
  sessionKeptMs: 12 * hour,
  /** How long a link that signs a browser in waits for it: it stands in a terminal, where others may read it later. */
  signInLinkKeptMs: 10 * minute,
  /** How often a session in use is prolonged. */
  sessionProlongedEveryMs: 10 * minute,
  /** How many failures cost no wait: people mistype. */
  signInsFree: 5,
  /** The wait after the next failure. It doubles with each further one. */
  signInWaitFirstMs: 1 * second,
  /** The longest wait of an address. */
  signInAddressWaitMaxMs: 15 * minute,
  /** The longest wait of a login. It is short, since anybody can make somebody else's login wait; a guess a minute is half a million a year. */
  signInLoginWaitMaxMs: 1 * minute,
  /** How long failures are remembered. */
  signInsKeptMs: 1 * day,
  /** Guesses at one login from all addresses together at which it has never succeeded: people mistype, and a programme that has an old password asks again and again. */
  guessesMax: 5,
  guessesWithinMs: 1 * minute,
  /** From one address at which it has succeeded: mail programmes there, each with many connections, count while they log in. */
  familiarGuessesMax: 30,
  familiarKeptMs: 90 * day,
} as const
