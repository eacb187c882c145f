/** Every number of the API, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, MiB, second, minute, day } from '../src/units.ts'

export const apiLimits = {
  // Reading mail over the API
  readersPerDestination: 3,
  /** HTML of 1 MB is cleaned in less than 1 s (docs/decisions/0022): what takes longer than this was made to. */
  cleaningMs: 5 * second,
  /** So many messages wait for that; the last one no longer than for its store. */
  cleaningsWaitingMax: 10,
  /** Of the thread that does it. What is known to need most, and not too long, needs a quarter. */
  cleanerOctetsMax: 256 * MiB,
  /** Then it ends: it has some 15 MiB, and is back in a quarter of a second. */
  cleanerIdleMs: 1 * minute,

  // Messages whose retrieval goes wrong (suspects.ts)
  /** Messages that the API has retrieved for people, held at once; a larger one alone. */
  downloadsHeldMax: 64 * MiB,
  /** Whoever wants to read a message waits so long for a run to leave the maildrop. */
  downloadWaitMs: 2 * second,

  // Runs
  /** Of these, what an API process holds for all that listen. */
  eventsHeld: 1000,
  eventListenersMax: 500,
  eventListenersEachMax: 50,
  /** Proxies end a connection that is silent for a minute. */
  eventHeartbeatMs: 15 * second,
  /** Who takes nothing for so long is dropped. */
  eventStalledMs: 1 * minute,
  /** Then it asks anew: with a token that may be gone by now. */
  eventStreamMs: 15 * minute,
  /** Figures that cost more than a look at a counter are looked up so often, however many ask. */
  figuresKeptMs: 2 * second,

  // Ledger
  /** A state file of another program (takeover.ts): some 70 octets a UIDL. */
  foreignStateOctetsMax: 64 * MiB,

  // HTTPS
  /** Whoever connects and says nothing, or comes to no end with the handshake. */
  handshakeWaitMs: 10 * second,

  // Secrets
  /** A key may be forgotten so long after the next one came: no request is at work for that long (api/server.ts). */
  keySettledMs: 15 * minute,

  // Idempotency keys
  /** None of ours is as large. */
  keptAnswerOctetsMax: 256 * KiB,

  // Import of accounts
  /** All fields at their longest are some 10 KiB. */
  importLineOctetsMax: 64 * KiB,
  importLinesMax: 200_000,
  /** Registered in one go. */
  importedTogether: 200,
  /** Of answers that the client has not read, since it sends all before it reads: some 60 octets a line. */
  importAnswersOctetsMax: 16 * MiB,

  // Backup
  /** An intent of a whole window is a tenth of it. */
  backupLineOctetsMax: 4 * MiB,
  /** A million messages are some 40 MB. */
  backupOctetsMax: 16 * 1024 * MiB,

  // News: webhooks and notices by e-mail
  webhooksPerDestination: 20,
  webhookUrlMax: 2000,
  webhookSecretOctets: 32,
  /** A secret that was replaced signs beside the new one for so long. */
  oldSecretMs: 1 * day,
  /** Somebody waits for the answer. */
  bulletinTestMs: 20 * second,

  // Who may
  /** Requests are counted over this time. */
  rateWindowMs: 10 * second,
  /** By address. A page of the dashboard is some 20 requests. */
  strangersMax: 500,
  /** By token: ten times what the contract promises, which is 200 a second. */
  principalsMax: 20_000,
} as const
