/** The limits of what is kept of a run. */

export const runLimits = {
  /** A transcript keeps so many of its first lines, and at least as many of its last. */
  transcriptLinesEach: 200,
  /** How many characters of a line it keeps. */
  transcriptLineMax: 200,
} as const
