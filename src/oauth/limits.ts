/** The numbers of signing in, each with its reason. Times are in milliseconds. */
import { day, KiB, minute, second } from '../units.ts'

export const oauthLimits = {
  /** CONTRACT section 10. */
  stateLivesMs: 10 * minute,
  linkLivesMs: 7 * day,
  /** Why a sign-in came to nothing can be read for so long: whoever has made a link need not be there when it is opened. */
  problemKeptMs: 7 * day,
  /** The whole of one request to an authorization server. Two of them, with the secret shown in either way, are shorter than the lease of a refresh. */
  requestWaitMs: 20 * second,
  refreshLeaseMs: 60 * second,
  /** How long somebody waits for the refresh that another process makes, and how often it is looked. */
  refreshAwaitedMs: 45 * second,
  refreshLookedAtEveryMs: 250,
  /** The answers of authorization servers are small; the largest known is some 20 KiB of discovery. */
  answerOctetsMax: 256 * KiB,
  /** What an authorization server says of itself is read again after this. */
  serverKnownMs: 60 * minute,
  serversKnownMax: 100,
  /** A token is refreshed this long before it ends, or at half its life. */
  refreshEarlyMs: 5 * minute,
  /** An access token that lives for less is shown to no mail server, though its refresh fails. */
  usableForMs: 30 * second,
  /** A token that was got because another one was refused is not replaced by a third one before this. */
  forcedAgainAfterMs: 1 * minute,
  /** A session that is cut so shortly before the end of its token was cut because of it. */
  endsEarlyMs: 1 * minute,
  /** A server that names no end of its token (RFC 6749 section 5.1). */
  usualTokenLifeMs: 60 * minute,
  /** Tokens that wait to be taken back in this process, and that are at once: a removal of many accounts is no flood. */
  revocationsMax: 1000,
  revokedAtOnce: 4,
  /** RFC 8628 section 3.2 and 3.5: where the server names no interval, and by how much slow_down lengthens it. */
  pollIntervalMs: 5 * second,
  pollSlowDownMs: 5 * second,
  pollIntervalMaxMs: 60 * second,
  /** A device code lives 15 minutes mostly; a server that names a longer time is not believed. */
  deviceLivesMaxMs: 30 * minute,
  /** Device codes that wait at once: of the admins, of each owner of a destination, and of all owners. One worker asks for so many at once. */
  devicesMax: 100,
  devicesEachMax: 20,
  devicesOfOwnersMax: 400,
  polledAtOnce: 8,
  /** Google takes no longer life for the assertion of a service account. It begins a little early: by their clock ours may be ahead. */
  assertionLivesS: 3600,
  assertionEarlyS: 60,
  /** By so much may the times of an ID token be off. */
  clockToleranceS: 300,
} as const
