/** Every number of telling people, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { second, minute, hour, day } from '../units.ts'

export const newsLimits = {
  /** An account that fails, recovers and fails is told of at most so often. */
  toldAgainAfterMs: 1 * hour,
  /** Of what was set aside in one run so many messages are named; that is some 10 KB, half of what a webhook is to carry. */
  newsMessagesMax: 50,
  /** Standard Webhooks recommends 15 to 30 s. */
  deliveryWaitMs: 15 * second,
  /** And days of attempts: these waits are five. */
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
  /** What comes within it is one notice; and the most that lies between two that follow one another. */
  bulletinCollectMs: 1 * minute,
  bulletinSpacingMaxMs: 1 * hour,
  /** After attempts that failed; the last one for ever. What is older than the other is not said any more. */
  bulletinWaitsMs: [1 * minute, 5 * minute, 30 * minute, 2 * hour, 4 * hour],
  /** Accounts of one kind that a notice names. */
  bulletinLinesMax: 20,
} as const
