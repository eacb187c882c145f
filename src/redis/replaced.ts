/** Changes a record in a hash without a lock: it is written only if nobody has changed it since it was read; otherwise it is read again. */
import type { Redis } from 'ioredis'
import { script } from './scripts.ts'

/** Writes a field of a hash in place of what was read of it. */
export const replaceField = script<0 | 1>('replace-field', 1)

export interface FieldOfHash {
  readonly hash: string
  readonly field: string
}

/**
 * Reads a record and attempts to write its successor, again and again while the attempt answers `changed`.
 *
 * @returns the last answer of the attempt; undefined if there is no such record.
 */
export async function whileChanged<T>(
  redis: Redis,
  { hash, field }: FieldOfHash,
  attempt: (before: string) => Promise<T | 'changed'>,
): Promise<T | undefined> {
  for (;;) {
    const before = await redis.hget(hash, field)
    if (before === null) return undefined
    const answer = await attempt(before)
    if (answer !== 'changed') return answer
  }
}

/**
 * Replaces a record.
 *
 * @param change is given the record as it stands, or null for none, and may be called again; undefined: the record stays unchanged.
 * @returns the written record; undefined if nothing was written.
 */
export async function replaced(
  redis: Redis,
  { hash, field }: FieldOfHash,
  change: (before: string | null) => string | undefined,
): Promise<string | undefined> {
  for (;;) {
    const before = await redis.hget(hash, field)
    const after = change(before)
    if (after === undefined) return undefined
    if ((await replaceField(redis, [hash], [field, before ?? '', after])) === 1) return after
  }
}
