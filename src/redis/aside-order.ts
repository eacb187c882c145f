/**
 * The order of one account's quarantine entries, so that a page of them costs what a page costs, and counting them nothing. The scripts that change
 * entries keep it. It follows from the entries, and is made where it lacks some: an earlier version and a restore write entries alone.
 */
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { pipelined } from './pipelined.ts'
import { script } from './scripts.ts'
import { wishField } from './wishes.ts'

const readAside = script<string[] | null>('read-aside', 3)
const countAside = script<number>('count-aside', 2)
const orderAside = script<string>('order-aside', 3)
const pruneAside = script<string>('prune-aside', 2)

const namesOf = (id: AccountId | string) => [keys.quarantine(id), keys.asideOrder(id)]

/** An entry as it is stored: '' where an earlier version has removed it, or let go of it. */
export interface StoredEntry {
  readonly id: string
  readonly json: string
}

/** @returns those that nobody has let go of, in the order in which their messages were first seen. Fewer than `count`: there are no more. */
export async function readEntries(
  redis: Redis,
  accountId: AccountId | string,
  { after = '', count }: { readonly after?: string | undefined; readonly count: number },
): Promise<StoredEntry[]> {
  const names = [...namesOf(accountId), keys.ledgerNotes(accountId)]
  const ask = async (mustBeWhole: '1' | '') => await readAside(redis, names, [after, count, wishField(''), mustBeWhole])
  const read = (await inOrder(redis, accountId, ask)) ?? []
  const entries: StoredEntry[] = []
  for (let nth = 0; nth + 1 < read.length; nth += 2) entries.push({ id: read[nth] ?? '', json: read[nth + 1] ?? '' })
  return entries
}

/** Asks; and once more, if the order had to be made first. */
export async function inOrder<Answer>(
  redis: Redis,
  accountId: AccountId | string,
  ask: (mustBeWhole: '1' | '') => Promise<Answer | null>,
): Promise<Answer | null> {
  const answer = await ask('1')
  if (answer !== null) return answer
  await makeOrder(redis, accountId)
  return await ask('')
}

/** How many there are after an entry that nobody has let go of. */
export async function countAfter(
  redis: Redis,
  accountId: AccountId | string,
  after: string | undefined,
): Promise<number> {
  const ask = async (mustBeWhole: '1' | '') => {
    const count = await countAside(redis, namesOf(accountId), [after ?? '', mustBeWhole])
    return count < 0 ? null : count
  }
  return (await inOrder(redis, accountId, ask)) ?? 0
}

/** How many each has that nobody has let go of; those that have none are left out. */
export async function countEntries(redis: Redis, accountIds: readonly string[]): Promise<Map<string, number>> {
  const sizes = await pipelined(redis, accountIds, (all, id) => all.hlen(keys.quarantine(id)))
  const some = accountIds.filter((_id, nth) => Number(sizes[nth]) > 0)
  const counts = new Map(some.map((id) => [id, -1]))
  for (const isMade of [false, true]) {
    const asked = some.filter((id) => (counts.get(id) ?? 0) < 0)
    if (isMade) for (const id of asked) await makeOrder(redis, id)
    const answers = await pipelined(redis, asked, (all, id) => countAside(all, namesOf(id), ['', '1']))
    for (const [nth, id] of asked.entries()) counts.set(id, Number(answers[nth]))
  }
  // One that a process of an earlier version changes at this moment is counted in the next round.
  return new Map([...counts].filter(([, count]) => count !== 0).map(([id, count]) => [id, Math.max(count, 1)]))
}

/** Each step is short, and others may do the same meanwhile. */
async function makeOrder(redis: Redis, accountId: AccountId | string): Promise<void> {
  const [quarantine = '', order = ''] = namesOf(accountId)
  const count = redisLimits.entriesReadAtOnce
  const notes = keys.ledgerNotes(accountId)
  for (let cursor = ''; cursor !== '0'; )
    cursor = await orderAside(redis, [quarantine, notes, order], [cursor === '' ? '0' : cursor, count, wishField('')])
  if ((await countAside(redis, [quarantine, order], ['', '1'])) >= 0) return
  for (let after: string | undefined; after !== ''; )
    after = await pruneAside(redis, [quarantine, order], [after ?? '', count])
}
