/** The limits of the stored data of a run. */

export const runLimits = {
  /** A transcript keeps this many of its first lines, and at least as many of its last. */
  transcriptLinesEach: 200,
  /** The number of characters of a line that it keeps. */
  transcriptLineMax: 200,
} as const
