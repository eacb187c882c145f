/** Every number of telling people, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { second, minute, hour, day } from '../units.ts'

export const newsLimits = {
  /** An account that fails, recovers and fails is told of at most so often. */
  toldAgainAfterMs: 1 * hour,
  /** How many of the messages that one run set aside are named. That makes some 10 KB, half of what a webhook should carry. */
  newsMessagesMax: 50,
  /** Standard Webhooks recommends 15 to 30 s. */
  deliveryWaitMs: 15 * second,
  /** Standard Webhooks recommends days of attempts; these waits add up to five. */
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
  /** An endpoint that does not answer is called for new messages at most so often. */
  endpointRestMaxMs: 5 * minute,
  retryAfterMaxMs: 1 * hour,
  endpointDisabledAfterMs: 5 * day,
  /** News that comes within the first time is one bulletin; the second is the longest time between two bulletins in a row. */
  bulletinCollectMs: 1 * minute,
  bulletinSpacingMaxMs: 1 * hour,
  /** After attempts that failed; the last one for ever. What is older than the other is not said any more. */
  bulletinWaitsMs: [1 * minute, 5 * minute, 30 * minute, 2 * hour, 4 * hour],
  /** Accounts of one kind that a notice names. */
  bulletinLinesMax: 20,
} as const
