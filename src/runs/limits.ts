/** Every number of what is kept of a run, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */

export const runLimits = {
  /** Of a transcript: the first so many lines, and at least as many of the last. */
  transcriptLinesEach: 200,
  transcriptLineMax: 200,
} as const
