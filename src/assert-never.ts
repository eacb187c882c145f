/** Ends a switch over a closed union, so that the compiler proves that every case is handled. */

/** @throws Error if a value comes that its type does not have. */
export function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`)
}
