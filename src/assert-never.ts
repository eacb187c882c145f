/** Ends a switch over a closed union, where the compiler proves that nothing is left. */

/** @throws Error where a value comes that its type does not have. */
export function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`)
}
