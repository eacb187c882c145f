/** The numbers of a worker, each with its reason and its source. Times are in milliseconds, sizes in octets. */
import { MiB, second, minute, hour, day } from '../src/units.ts'

export const workerLimits = {
  /**
   * The octets of messages that the runs of a worker hold in memory at once: ordinary mail, and what is heavy. Of a slow line twice as much may
   * be held (src/budget.ts), and a message that is larger than all of it is held beside it. Each part is enough for four windows.
   */
  heldOctetsMax: 16 * MiB,
  heavyOctetsMax: 32 * MiB,
  /** The octets of listings and ledgers that the visits of a worker hold at once (src/pop3/listing-room.ts): one of 900,000 messages, and others. */
  listedOctetsMax: 128 * MiB,
  /** The number of runs of a worker that do heavy work at once: first imports, large messages, appends of many. */
  heavyPlaces: 16,
  /** A run that gets no place for it in this time leaves: servers log idle clients out, and its session is wanted. */
  heavyWaitMs: 10 * second,
  /** It comes again after this time, or more if many wait. */
  heavyAgainMs: 20 * second,
  heavyAgainMaxMs: 10 * minute,
  /** A run that has had a place for this long leaves it to those that wait for one. */
  heavyTurnMs: 5 * minute,
  /** A run of heavy work that has gone on for this long leaves at a batch's edge if visits are due at its server and find no place. */
  yieldAfterMs: 20 * second,
  yieldAskedEveryMs: 5 * second,

  /** How many stores are read back at once, after a fail-over or a restart of Redis: a folder of 10,000 messages takes a second or two. */
  tracePlaces: 8,
  /** A run that gets no place for it in this time reads all the same. */
  traceWaitMs: 60 * second,
  /** How often a run that waits for it looks whether somebody waits for the run. */
  traceAskedEveryMs: 1 * second,

  /** A job whose account's lease is taken (for example by a rebuild) asks again after this time. */
  leaseAskedEveryMs: 500,
  /** A worker without a free session waits this long for one before it passes visits on. */
  sessionWaitMs: 200,
  /** The time for which BullMQ's lock on a job lasts. It is as long as the account's lease, so that both end together. */
  jobLockMs: 15 * second,
  /**
   * A queue that was not asked for a job for this long, though there was room for one and Redis answered, is taken up anew: by itself it is asked
   * every 5 s, and after an error once in 11 s. With a second for looking it is less than the 20 s in which a run that was asked for begins.
   */
  stuckMs: 14 * second,
  /** How often the same trouble of a queue is told while it lasts. */
  toldEveryMs: 10 * second,
  /** How often the jobs of workers that died are looked for. */
  stalledEveryMs: 5 * second,
  /** A run that was not let in right after a test waits for this long, and up to a quarter more: most providers that mind want a minute. */
  afterTestMs: 60 * second,
  /**
   * An account that is turned away while other sessions of ours are at its server comes again after these times, or up to twice as long: the
   * server gets half as many at once meanwhile. After that the server means the account.
   */
  turnedAwayMs: [3 * second, 12 * second],
  /** The shortest time between two writes of the counts of a run at work. */
  progressEveryMs: 500,
  /** A scheduled run that has found nothing yet is shown to people after this time: most find nothing, and have ended by then. */
  shownAfterMs: 1 * second,
  /** How often the time that a run has left is written though nothing has come. */
  countedDownEveryMs: 2 * second,
  /** A run that has gone on for this long ends at the next batch's edge, and its account is due again at once (DESIGN section 6). */
  runMs: 30 * minute,
  /** A run that is cut off so often because its token has ended leaves the rest to the next one. */
  tokensPerRun: 8,
  /** How often it is looked which device codes are to be asked for. */
  devicesEveryMs: 1 * second,
  /** How often due accounts are looked for at least. */
  tickEveryMs: 1 * second,
  /** After a visit has ended, due accounts are looked for this soon: visits that end together are ended in one step. */
  turnSoonMs: 20,
  /** A visit that found nothing to do asks with others whether somebody wants a run of it, and waits this long for them. */
  askedTogetherMs: 5,
  /** How often statuses are looked through for those that time alone has changed. */
  statusesEveryMs: 10 * second,
  /** How often the hosted store is asked whether it answers, while destinations are paused because it did not. */
  storeAskedEveryMs: 5 * second,
  /** How often open runs are looked through for those whose job is gone. */
  reviveEveryMs: 10 * second,
  /** The files and sockets of a worker beside its sessions: Redis, libraries, the key's file, webhooks. */
  descriptorsBeside: 64,
  /** Those of one session: a socket to the provider, and one to the store. */
  descriptorsPerSession: 2,
  /** How often a visit looks whether its server stands still. */
  pulseEveryMs: 1 * second,
  /**
   * A visit that gave way because its server stood still comes again after these times, or up to twice as long; after the last one each further
   * time. The server may have been away for a moment, with all who were there: only a mailbox that hangs again and again is one that hangs.
   */
  stillAgainMs: [5 * second, 15 * second, 30 * second],
  /** From so many times in a row on, a maildrop that is in use is locked by somebody else, or for as long as stale locks last. */
  stillLockedMax: 8,
  /** A visit that takes longer and brings nothing shows a server that is slow. */
  slowVisitMs: 10 * second,
  /** How long a stopping worker waits for runs to end at a batch's edge before it cancels them. */
  stopGraceMs: 5 * second,
  /** How long it then waits for its connections to be closed in order. */
  farewellMs: 2 * second,
  /** How long it waits for each connection that did not close in order, once it has cut it. */
  letGoMs: 200,

  /** How many SMTP servers a worker visits at once: each visit may have some connections, and waits for most of its time. */
  sendPlaces: 24,
  /** The part of them that accounts of one host may have while it does not answer. */
  sendPlacesOfSilentHost: 4,
  /** An account of such a host that finds no place comes again after this time, or up to twice as much. */
  silentHostAgainMs: 20 * second,
  /** How often what is due to be sent is looked for. */
  sendEveryMs: 1 * second,
  /** How often attempts whose workers died are looked for. */
  abandonedEveryMs: 2 * second,
  /** A visit to an SMTP server begins no other message after this time: others wait for the place. */
  sendVisitMs: 2 * minute,
  /** The connections of one account at once; providers allow few (Gmail, Microsoft: 3 and more). One more is opened for each so many that are due. */
  sendLanes: 3,
  sendLanePer: 8,
  /** So many messages are told at a time that their server cannot be reached: the others have not been tried. */
  sendPutOffAtOnce: 50,
  /** An account whose sending only a person can mend is tried again after this time: it may have been mended elsewhere. */
  sendStoppedAgainMs: 4 * hour,
  /** The lease of an attempt to send: as long as the lease of a run. */
  sendLeaseMs: 30 * second,

  /** How often the outbox of news is emptied, and due endpoints are visited. */
  newsEveryMs: 1 * second,
  /** A visit to an endpoint sends for this long, then others have their turn. */
  visitMs: 30 * second,
  /** How many endpoints are visited at once. */
  visitsAtOnce: 16,
  /** News that is older is not worth a bulletin any more. */
  bulletinNewsMs: 5 * day,
  /** The time that sending a bulletin may take. */
  bulletinSendMs: 60 * second,
  /** A run whose predecessor died waits this long for its turn to be alone with such runs (lane.ts), then it goes on beside them. */
  laneWaitMs: 60_000,
  /** How often it is looked whether a copy in Sent or a report is due. */
  followUpEveryMs: 2 * second,
  /** So many are made at once, and one of those that are large: a copy that somebody else may have filed is read whole to compare it. */
  followUpPlaces: 4,
  followUpLargeOctets: 8 * MiB,
} as const
