/** The numbers of SASL, each with its reason. */
export const saslLimits = {
  /** RFC 7677 section 4 wants 4096 at least: with fewer, whoever hears an exchange guesses the password in no time. */
  iterationsMin: 4096,
  /** More would keep a thread busy for longer than a tenth of a second, and the name look-ups that share the threads wait for them. */
  iterationsMax: 200_000,
  /** The number of passwords of which the keys of SCRAM are kept; each takes some 300 octets. */
  keysKept: 2000,
  /** The questions of one exchange: no mechanism has more than two and the one for an empty response. */
  challengesMax: 4,
  /** A longer challenge is none: SCRAM's has some hundred octets. */
  challengeOctetsMax: 4000,
  /** The ways to log in that one visit tries: servers lock accounts for too many. */
  waysMax: 6,
  /** The refusals of a password that one visit takes before it believes them. */
  refusalsMax: 2,
} as const
