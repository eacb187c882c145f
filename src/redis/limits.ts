/** Every number of what is kept in Redis, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, MiB, second, minute, hour, day } from '../units.ts'

export const redisLimits = {
  // POP3 session
  /** A trait of a server (host.ts) is believed for so long: servers are mended, and a line that hung may have looked like one. */
  serverTraitMs: 1 * day,

  // Runs
  /** A run that is not renewed for this long is taken over. */
  leaseMs: 15 * second,
  redisRetryMs: 1 * second,
  /** Redis' memory below its `maxmemory`: a run of 100,000 messages adds 4 MB to the ledger, and its intents come and go. */
  redisMemoryFreeOctets: 8 * MiB,
  /** Of the disk of a Redis of ours. With `appendfsync always` it exits when that is full; a run of 100,000 messages writes some 50 MB. */
  redisDiskFreeOctets: 64 * MiB,
  headroomEveryMs: 5 * second,
  runsKeptPerAccount: 100,
  transcriptEveryMs: 5 * second,
  /** Of what a run has brought, the newest are listed; a first import may bring 100,000. Some 250 octets each. */
  arrivalsKept: 1000,
  arrivalsEveryMs: 1 * second,
  runKeptMs: 30 * day,
  /** Who waits for a run's end is told of it; should that word be lost with a connection, they look this often. */
  runLookedAtMs: 5 * second,
  /** Of what happened, as people's screens hear of it: some 300 octets each, and some minutes of ten thousand accounts. */
  eventsKept: 50_000,
  eventsReadMax: 500,
  /** A reader waits so long at Redis, and then looks whether it is still the same one. */
  eventsAwaitedMs: 5 * second,
  /** Hosts that failures are counted under by name: each is a row in somebody's monitoring for ever. */
  hostsNamed: 100,
  /** So many accounts are looked through for a status that was told wrong, by a worker that died between two writes. */
  statusesPerTurn: 200,
  claimedPerTickMax: 1000,
  /** An account that was claimed comes again after this, should its run never end: longer than any wait in a run. */
  claimHoldMs: 10 * minute,
  /** A worker that has said nothing for this long is not there. */
  workerAliveMs: 15 * second,

  // Ledger
  /** All workers of a machine see its clock stepped; the first one moves the schedule along. */
  dueShiftedOnceMs: 10 * second,
  /** How far off it may be since when Redis runs: it counts in whole seconds, and clocks of machines differ. */
  keeperSinceOffMs: 2 * second,

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
  /** The oldest go first; of some 2 KiB each. */
  answersKeptMax: 50_000,

  // Backup
  /** Of base64 in one line; a ledger of more is parted. */
  backupPieceOctets: 192 * KiB,

  // News: webhooks and notices by e-mail
  /** Where no worker carries news further, none is writing it either: this is for a moment. Some 600 octets each. */
  outboxMax: 20_000,
  /** An endpoint that was claimed comes again after this, should whoever visits it die: longer than a visit. */
  visitHoldMs: 2 * minute,
  /** No wait is longer than this: a day, and a quarter for chance. */
  visitLatestMs: 31 * hour,
  /** Ended ones, a webhook; and such as wait for an endpoint to answer again: what comes beyond that is not delivered. */
  deliveriesKept: 100,
  deliveriesWaitingMax: 10_000,
  /** What waits for the next notice; of more only how much it is. */
  bulletinNewsMax: 500,

  // Back-off after failures
  /** Over this time the accounts of a destination come back after its pause. */
  resumeSpreadMs: 30 * second,

  // Who may
  /** When a token was used last is known to the minute: written each time it would cost a sync a request. */
  tokenUseWrittenEveryMs: 1 * minute,
  /** Of 300 octets or so each. */
  auditKept: 100_000,
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
