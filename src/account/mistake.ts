/** What kind of mistake it is, so that a program can tell it in its own words. */
export const mistakeRules = [
  'required',
  'unexpected',
  'type',
  'enum',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'taken',
  'unknown',
  'reach',
  'wrong',
  'password needed',
  'admin only',
] as const
export type MistakeRule = (typeof mistakeRules)[number]

/** One mistake in a request. */
export interface Mistake {
  /** The place in the request (RFC 6901). */
  readonly pointer: string
  /** The text that says what is allowed there. */
  readonly detail: string
  readonly rule?: MistakeRule
  /** The number that a length, a count or a value is bounded by. */
  readonly limit?: number
}
