/** The limits of what is sent, each with its unit and its reason. Times are in milliseconds, sizes in octets. */
import { day, hour, KiB, MiB, minute, second } from '../units.ts'

export const sendLimits = {
  /** The size of a message with everything in it. Providers take 25 to 150 MB. */
  messageOctetsMax: 150 * MiB,
  /** Of a header with all its fields. Postfix and Exim keep 100 KB of one field, and cut the rest; a To with 1,000 names has 60 KB. */
  headOctetsMax: 256 * KiB,
  /** RFC 5321 section 4.5.3.1.8 has every server take 100; more are several messages. */
  recipientsMax: 100,
  /** The Message-IDs that a provider has given to the parts of a message, and the octets of one. */
  otherMessageIdsMax: 20,
  messageIdOctetsMax: 998,
  /** The addresses that a refusal names. */
  namedSendersMax: 5,

  // Trying again
  /** The first pause after a 4xx; each further one is twice as long (RFC 5321 4.5.4.1 wants 30 minutes later on, sooner at first). */
  pauseFirstMs: 1 * minute,
  pauseMaxMs: 4 * hour,
  /** The end of patience. RFC 5321 4.5.4.1 would have four to five days; people want to know sooner. */
  patienceMs: 2 * day,
  /** Whoever asks to be told of a delay (RFC 3461 section 4.1) is told of one that lasts so long. */
  delayedAfterMs: 4 * hour,
  /** A clock that was stepped ends nobody's patience: so many attempts are made in any case, which is some eight hours. */
  patienceAttempts: 10,
  /** A mail program files its own copy in Sent within this time of our 250; only then is one looked for. */
  copyLookedForMs: 20 * second,
  /** Some file theirs when they are back on the line: then ours goes. */
  copyLookedForAgainMs: 15 * minute,
  /** Who takes up a copy or a report has so long, before others may. A store has five minutes for an append (imap/limits.ts). */
  followUpLeaseMs: 10 * minute,
  /** After a failure of the store it is tried again after a quarter of the time since the message was sent, within these. */
  followUpPauseMinMs: 1 * minute,
  followUpPauseMaxMs: 30 * minute,
  /** And no longer than so long. */
  followUpPatienceMs: 2 * day,
  /** Bounces that are noted of one message: anybody can write more. */
  bouncesNotedMax: 100,
  /** Servers try for five days (RFC 5321 section 4.5.4.1). */
  bouncesForDays: 6,
  /** The latest messages among which one is looked for that a bounce names by its recipient alone. */
  bouncesAmongMax: 200,
  /** What a report gives back of a header. */
  reportedHeaderOctets: 64 * KiB,
  /** Letters of a subject in the outbox. */
  subjectShownMax: 200,
  /** A message waits at most so long for the time that it is to be sent at. */
  sendAtLatestMs: 366 * day,
} as const
