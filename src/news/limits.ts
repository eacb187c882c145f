/** The numbers of news, each with its unit, its reason and its source. Times are in milliseconds, sizes in octets. */
import { second, minute, hour, day } from '../units.ts'

export const newsLimits = {
  /** If an account fails, recovers and fails again, people are told at most this often. */
  toldAgainAfterMs: 1 * hour,
  /** The number of messages that are named of those that one run set aside; that is some 10 KB, half of what a webhook should carry. */
  newsMessagesMax: 50,
  /** Standard Webhooks recommends 15 to 30 s. */
  deliveryWaitMs: 15 * second,
  /** Standard Webhooks recommends attempts over days: these waits are five days. */
  deliveryWaitsMs: [
    5 * second,
    1 * minute,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    24 * hour,
    24 * hour,
    24 * hour,
    24 * hour,
  ],
  /** If an endpoint does not answer, new messages cause a call at most this often. */
  endpointRestMaxMs: 5 * minute,
  retryAfterMaxMs: 1 * hour,
  endpointDisabledAfterMs: 5 * day,
  /** Events within this time are one bulletin. The next number is the longest time between two bulletins that follow one another. */
  bulletinCollectMs: 1 * minute,
  bulletinSpacingMaxMs: 1 * hour,
  /** The waits after attempts that failed; the last one repeats for ever. News that is older than the next number is not sent any more. */
  bulletinWaitsMs: [1 * minute, 5 * minute, 30 * minute, 2 * hour, 4 * hour],
  /** The number of accounts of one kind that a bulletin names. */
  bulletinLinesMax: 20,
} as const
