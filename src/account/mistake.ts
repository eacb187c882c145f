/** One mistake in a request. */
export interface Mistake {
  /** The place in the request (RFC 6901). */
  readonly pointer: string
  /** The text that says what is allowed there. */
  readonly detail: string
}
