/** Counts the quarantine entries of one account that a filter leaves: Redis reads them, and sends none but those that only a program can read. */
import type { Redis } from 'ioredis'
import { type AsideReasonName, type QuarantineEntry, reasonNameOf, reasonWords } from '../pull/quarantine.ts'
import { inOrder } from './aside-order.ts'
import { keys } from './key-names.ts'
import { entryIn } from './quarantine.ts'
import { script } from './scripts.ts'
import { wishField } from './wishes.ts'

/** Undefined: any. */
export interface AsideFilter {
  readonly reason?: AsideReasonName | undefined
  /** Those that were set aside until then. */
  readonly beforeMs?: number | undefined
}

export const isFilter = ({ reason, beforeMs }: AsideFilter) => reason !== undefined || beforeMs !== undefined

export function isLeft({ reason, beforeMs }: AsideFilter, entry: QuarantineEntry): boolean {
  if (beforeMs !== undefined && Date.parse(entry.firstSeenAt) > beforeMs) return false
  return reason === undefined || reasonNameOf(entry) === reason
}

type Told = [looked: number, last: string, left: number, ...unread: string[]]
const tallyAside = script<Told | null>('tally-aside', 3)

/** Later years have more than four figures, and their times do not sort with the others. */
const latestMs = Date.UTC(10_000, 0) - 1

export interface AsideTally {
  readonly looked: number
  /** The entry that was looked at last. */
  readonly last: string
  /** How many of those the filter leaves. */
  readonly left: number
}

/** Looks at `count` entries after one. */
export async function tallyEntries(
  redis: Redis,
  accountId: string,
  filter: AsideFilter,
  { after = '', count }: { readonly after?: string | undefined; readonly count: number },
): Promise<AsideTally> {
  const { reason, beforeMs } = filter
  const { kind, words = '', otherWords = '' } = reason === undefined ? { kind: '' } : reasonWords(reason)
  const latest = beforeMs === undefined ? '' : new Date(Math.min(beforeMs, latestMs)).toISOString()
  const names = [keys.quarantine, keys.asideOrder, keys.ledgerNotes].map((name) => name(accountId))
  const ask = async (mustBeWhole: '1' | '') =>
    await tallyAside(redis, names, [after, count, wishField(''), mustBeWhole, kind, words, otherWords, latest])
  const [looked, last, left, ...unread] = (await inOrder(redis, accountId, ask)) ?? [0, '', 0]
  const read = unread.flatMap((json) => entryIn(json) ?? [])
  return { looked, last, left: left + read.filter((entry) => isLeft(filter, entry)).length }
}
