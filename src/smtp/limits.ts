/** The numbers of an SMTP client, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, minute, second } from '../units.ts'

export const smtpLimits = {
  /** TCP may take this long, and then the TLS handshake may take as long again. */
  connectWaitMs: 30 * second,
  /** From the greeting to the last answer to EHLO. RFC 5321 section 4.5.3.2 has 5 minutes; who keeps spammers waiting does so for one at most. */
  greetingWaitMs: 90 * second,
  /** One exchange of SASL, all questions and octets of it together. */
  exchangeWaitMs: 30 * second,
  /** The answers to MAIL FROM, to all of RCPT TO and to DATA (RFC 5321 section 4.5.3.2: 5, 5 and 2 minutes): some servers look each address up. */
  envelopeWaitMs: 5 * minute,
  /** The answer to the final dot (RFC 5321 section 4.5.3.2.6): whoever gives up sooner may send twice. */
  endWaitMs: 10 * minute,
  /** A server that takes less than this, averaged over the time below, is left. */
  leastOctetsPerSecond: 1000,
  leastRateMs: 3 * minute,
  /** QUIT is a courtesy. */
  quitWaitMs: 3 * second,
  /** An answer has some hundred octets, and that to EHLO some lines (RFC 5321 section 4.5.3.1.5). */
  answerOctetsMax: 64 * KiB,
  /** RFC 4954 section 4: a line of AUTH. */
  authLineOctetsMax: 12_288,
  /** The body goes out in pieces of a file: so much of it is in memory at a time. */
  pieceOctets: 64 * KiB,
  /** What logins have taught is remembered of so many servers and accounts; each takes some 200 octets. */
  loginMemoriesKept: 10_000,
  /** For a test as a whole: somebody waits for it. */
  examinationMs: 40 * second,
} as const
