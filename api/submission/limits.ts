/** The limits of the submission server. Times are in milliseconds, sizes in octets. */
import { KiB, minute, second } from '../../src/units.ts'

export const submissionLimits = {
  /** Connections in all, and from one block of addresses: a whole office may be one. */
  connectionsMax: 400,
  connectionsEachMax: 40,
  /** Whoever is one too many has this time to read so. */
  refusedMs: 2 * second,
  /** A handshake, and a client that is not logged in, end after this silence; RFC 5321 section 4.5.3.2.7 gives those that are five minutes. */
  strangerIdleMs: 30 * second,
  clientIdleMs: 5 * minute,
  /** Whoever has not logged in by then goes. */
  loginMs: 60 * second,
  /** Wrong passwords in one connection. */
  failuresMax: 3,
  strangersCommandsMax: 20,
  /** RFC 4954 section 4.3 has AUTH lines of 12,288 octets. */
  lineOctetsMax: 12 * KiB,
  /** Messages that come at once, in all and from one mailbox: each is a file. */
  messagesMax: 64,
  messagesEachMax: 8,
  /** 150 MB at half a megabit a second. */
  messageMs: 45 * minute,
  /** A client that goes on with a message that is refused is heard to the end of it, up to so much. */
  refusedOctetsMax: 32 * 1024 * KiB,
  /** At the end of the process a message that is coming has this time; the process has a second more. */
  stopMs: 2 * second,
  /** A taken port is tried again after this time: the process before may be on its way out. */
  listenAgainMs: 5 * second,
  /** External mailboxes by the user of their login are looked up this often at most. */
  usersKnownMs: 10 * second,
  replyCharactersMax: 480,
} as const
