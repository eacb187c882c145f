/** The limits of the reader of dates: whatever a header holds, they bound its work. */

export const dateLimits = {
  /** The pieces (numbers, words, signs) at the beginning of a text in which a date is looked for. A long one, in words, has 30. */
  piecesMax: 200,
  /** The comments of a text whose words are looked at for a zone, and the length of such a comment. */
  commentsMax: 8,
  commentLengthMax: 80,
  /** The words of a zone's name: "Central Standard Time (Mexico)" has 4. */
  zoneWordsMax: 5,
  /** The names of zones from the tz database whose clocks are kept ready. */
  clocksMax: 100,
  /** The length of the end of a text in which a date is looked for behind other things. */
  endLength: 300,
  /** Years that are read. */
  yearMin: 1900,
  yearMax: 2399,
} as const
