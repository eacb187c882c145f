/**
 * Reads a record that is stored as JSON; undefined if it cannot be read, or lacks one of these fields. Such a record may come with a backup, or
 * by hand: it keeps no list and no round from the others (docs/decisions/0074). redis/unreadable.ts names them.
 */
export function readable<T extends object>(json: string | null | undefined, ...needed: (keyof T)[]): T | undefined {
  try {
    const value: unknown = JSON.parse(json ?? 'null')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return needed.every((name) => (value as T)[name] != null) ? (value as T) : undefined
  } catch {
    return undefined
  }
}
