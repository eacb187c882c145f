/** What the compiler proves to be unreachable: the end of a switch over a closed union. */

/** @throws Error where a value came in that its type does not have. */
export function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`)
}
