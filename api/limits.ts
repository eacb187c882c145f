/** The limits of the API, each with its reason and its origin. Times are in milliseconds and sizes in octets, unless the name says otherwise. */
import { KiB, MiB, second, minute, day } from '../src/units.ts'

export const apiLimits = {
  /** Dovecot asks with some hundred characters, at once. */
  policyCharactersMax: 4096,
  policyWaitMs: 2 * second,
  // Reading mail over the API
  readersPerDestination: 3,
  /** HTML of 1 MB is cleaned in less than 1 s (docs/decisions/0022): a message that takes longer than this limit was made to do so. */
  cleaningMs: 5 * second,
  /** At most this many messages of one destination wait to be cleaned, and those of all hold no more than this: a message holds 8 MiB at most. */
  cleaningsWaitingMax: 10,
  cleaningsWaitingOctetsMax: 128 * MiB,
  /** Whoever has made the thread work is asked to wait for others for some time after. */
  cleaningHalvedMs: 30 * second,
  /** The memory of the thread that cleans. The worst known message that is not too slow needs a quarter of it. */
  cleanerOctetsMax: 256 * MiB,
  /** The thread ends after this idle time: it holds some 15 MiB, and starts again in a quarter of a second. */
  cleanerIdleMs: 1 * minute,
  /** This start takes longer on a busy machine, and is no message's fault. */
  cleanerBeginMs: 30 * second,

  // Sending
  /** A message as JSON, which is held whole: 30 MB of attachments in base64. A larger one is sent as message/rfc822. */
  letterOctetsMax: 42 * MiB,
  letterTextMax: 4 * MiB,
  /** For so long what a draft answers is looked for when it is sent. */
  answeredSoughtMs: 5000,
  /** What all such messages have together that come at once; each is held some four times over while it is read. */
  lettersHeldMax: 96 * MiB,
  /** A further one is asked to come again after this time. */
  letterAgainSeconds: 5,
  /** How often the outbox is tidied: what is an hour old may go (disk/limits.ts). */
  outboxTidiedEveryMs: 10 * minute,

  // Maildrops
  /** The quarantined messages that the API holds for people at once; a larger message is held alone. */
  downloadsHeldMax: 64 * MiB,
  /** A request that needs an account's maildrop or ledger waits this long for a run to leave it: a run that has just ended gives its lease back a moment later. */
  leaseWaitMs: 2 * second,
  leasePollMs: 50,

  // Destinations
  /** A request to remove a destination waits this long for another request that removes its mail at the same time. */
  purgeWaitMs: 10 * second,

  // Events
  /** An API process holds this many of the latest events for all its listeners. */
  eventsHeld: 1000,
  eventListenersMax: 500,
  eventListenersEachMax: 50,
  /** Proxies end a connection that is silent for a minute. */
  eventHeartbeatMs: 15 * second,
  /** A listener that takes nothing for this long is dropped. */
  eventStalledMs: 1 * minute,
  /** A stream ends after this time, and the listener asks anew, because its token may be gone by then. */
  eventStreamMs: 15 * minute,
  /** Figures that cost more than a look at a counter are looked up at this interval, however many clients ask. */
  figuresCachedMs: 2 * second,

  // Ledger
  /** A state file of another program (src/ledger/foreign-state.ts) has some 70 octets a UIDL. */
  foreignStateOctetsMax: 64 * MiB,
  /** So many records are written at once. */
  adoptedTogether: 1000,
  /** The octets that all imports of such files hold at once: one of the largest, and small ones. A file counts for half of its octets: it is read as it comes, and its UIDLs are kept as hashes. */
  importsHeldMax: 40 * MiB,
  /** A further import waits for so long, and is then asked to come again after this time. */
  importsWaitMs: 5 * second,
  importAgainSeconds: 15,
  /** For so long the provider may take to list a maildrop whose state file was imported: somebody waits for the answer. */
  importListingWaitMs: 20 * second,

  // HTTPS
  /** A client that connects and says nothing, or does not end its handshake, is dropped after this time. */
  handshakeWaitMs: 10 * second,

  // Secrets
  /** A key may be forgotten this long after the next key came, because no request takes that long (api/server.ts). */
  keySettledMs: 15 * minute,
  /** The file of the keys is looked for this often: if it is gone, the memory of this process is the last copy. */
  keysKeptMs: 1 * minute,

  // Idempotency keys
  /** A larger answer is not kept; no route that has such a key gives one. */
  repeatedAnswerOctetsMax: 256 * KiB,

  // Import of accounts
  /** An account whose fields are all at their longest is some 10 KiB. */
  importLineOctetsMax: 64 * KiB,
  importLinesMax: 200_000,
  /** At most this many accounts are registered in one step. */
  importedTogether: 200,
  /** So many lines are told of another account with their address, each by the first ones that have it. */
  importNoticesMax: 10_000,
  importAlikeMax: 20,
  /** Answers are held for a client that reads none before it has sent everything: some 60 octets a line. */
  importAnswersOctetsMax: 16 * MiB,

  // Backup
  /** The longest line of a backup, an intent of a whole window, is less than half of this. */
  backupLineOctetsMax: MiB,
  /** So large a backup may become when it is unpacked. */
  backupPlainOctetsMax: 64 * 1024 * MiB,
  /** A million messages are some 40 MB. */
  backupOctetsMax: 16 * 1024 * MiB,

  // News: webhooks and bulletins by e-mail
  webhooksPerDestination: 20,
  webhookUrlMax: 2000,
  webhookSecretOctets: 32,
  /** After a secret has been replaced, the old one signs beside the new one for this long. */
  oldSecretMs: 1 * day,
  /** The sending of a test bulletin is limited to this time, because somebody waits for the answer. */
  bulletinTestMs: 20 * second,

  // Rates
  /** Requests are counted over this time. */
  rateWindowMs: 10 * second,
  /** The requests that one address may make without being signed in. A page of the dashboard makes some 20 requests. */
  strangersMax: 500,
  /** The requests of one token: ten times what the contract promises, which is 200 a second. */
  principalsMax: 20_000,
} as const
