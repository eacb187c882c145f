/** The limits of the stored data of a run, and what decides when the next one is due. */

export const runLimits = {
  /** A transcript keeps this many of its first lines, and at least as many of its last. */
  transcriptLinesEach: 200,
  /** The number of characters of a line that it keeps. */
  transcriptLineMax: 200,

  /** A run's record: its own line, without its id. With it there are less than 300 (CONTRACT section 5). */
  recordOctetsMax: 270,

  /** An account that was watched for less is visited at its shortest interval. */
  rhythmLearntMs: 14 * 86_400_000,
  /** An arrival counts e times less after this time: a change of habits is followed within some weeks. */
  rhythmFadesMs: 21 * 86_400_000,
  /** So much time at the mean rate is taken as seen in each hour of the day and day of the week, besides what was. */
  rhythmPriorMs: 600_000,
  /** In each half-hour of the day, so many arrivals are taken as having come evenly over it and the ones beside it. */
  halfHourPriorArrivals: 2,
  /**
   * Mail follows mail: in how much time the expectation falls e times, and what part of all mail is taken as following so, until the account
   * has shown its own. Soon: answers, and the letters of a list. Within a day: days are busy, and people go on holiday.
   */
  followings: [
    { fadesMs: 1_200_000, share: 0.25 },
    { fadesMs: 86_400_000, share: 0.1 },
  ],
  /** These parts are taken as seen at so many arrivals. */
  sharePriorArrivals: 10,
  /** Who asks for a visit and gets nothing waits for a message: so many are expected, e times fewer after this time. */
  awaitedIfAsked: 1,
  awaitedFadesMs: 1_800_000,
  /** They count again who ask again, once hardly any is expected any more. */
  awaitedAgainBelow: 0.05,
  /** More messages of one visit are no more mail than this: somebody has moved a folder there. */
  arrivalsCountedMax: 50,
  /** If nobody has looked for longer, that is no silence; unless the account's intervals are so long. */
  unwatchedFromMs: 86_400_000,
  /** A clock that shows an earlier time was never set: a machine without a battery for it begins in 1970. */
  clockSetFromMs: 365 * 86_400_000,
  /** What is expected is summed up in steps from this on. */
  outlookStepMs: 60_000,
  /** An account is visited once the messages that are to be expected have waited for this long, all of them together: what a visit is worth. */
  waitedForVisitMs: 12_000,
  /** Half of it is the delay to be expected: unless somebody has set the longest interval, that is 15 minutes. */
  longestUnsetMs: 1_800_000,
  /** An account is called silent while less than so many messages are to be expected in so much time. */
  silentMs: 7 * 86_400_000,
  silentArrivals: 1,
  /** A time that is shown may be off by so much: what was learnt is kept by the minute, and clocks differ. */
  shownSlackSeconds: 10,
  /** The part of an interval by which it varies at most, so that accounts which were registered in one second go apart. */
  jitter: 0.1,
} as const
