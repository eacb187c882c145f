/** People's wishes for messages in quarantine, and those of runs: fields of an account's notes (quarantine.ts). Pure. */

/**
 * Wishes by entry id. `retry ULID`: the message is to be tried again; each wish is another value, so that a run ends only the wish that
 * it knew. `from OCTETS`: it is tried again once the account takes this many octets. `at MS`: it is tried again from this time on, because
 * its reason may have passed. `dismiss`: the entry is removed.
 */
export type Wishes = ReadonlyMap<string, string>

export const wishField = (entryId: string) => `wish ${entryId}`
export const wishFor = (octets: number) => `from ${octets}`
export const wishAt = (timeMs: number) => `at ${timeMs}`

/** Whether the time of a wish has come. */
export function isWishDue(wish: string, nowMs: number): boolean {
  return !wish.startsWith('at ') || Number(wish.slice(3)) <= nowMs
}

/** The number of octets that the account must take before the message is tried again. */
export function octetsWished(wish: string): number {
  return wish.startsWith('from ') ? Number(wish.slice(5)) : 0
}

export function wishesIn(notes: Readonly<Record<string, string>>): Wishes {
  const field = wishField('')
  const wishes = Object.entries(notes).filter(([name]) => name.startsWith(field))
  return new Map(wishes.map(([name, wish]) => [name.slice(field.length), wish]))
}
