/** The limits of what is sent. */
import { KiB, MiB } from '../units.ts'

export const sendLimits = {
  /** The size of a message with everything in it. Providers take 25 to 150 MB. */
  messageOctetsMax: 150 * MiB,
  /** Of a header with all its fields. Postfix and Exim keep 100 KB of one field, and cut the rest; a To with 1,000 names has 60 KB. */
  headOctetsMax: 256 * KiB,
  /** RFC 5321 section 4.5.3.1.8 has every server take 100; more are several messages. */
  recipientsMax: 100,
  /** The addresses that a refusal names. */
  namedSendersMax: 5,
} as const
