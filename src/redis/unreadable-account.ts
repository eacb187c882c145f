/** Finds where an account stands whose record cannot be read, so that it can be removed from there: its record does not say it. */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { textsFrom } from './packed-order.ts'
import { pipelined } from './pipelined.ts'

export interface AccountPlaces {
  readonly destinationId: string
  /** The names of its source: in the order of sources, and among those that were there before. */
  readonly source: string
  readonly former: string
  /** Its member of the order of addresses. */
  readonly address: string
}

/** What is not found is ''. This looks at all destinations and all accounts: it is done once for such an account. */
export async function placesOfUnreadable(redis: Redis, id: string): Promise<AccountPlaces> {
  const destinationIds = await redis.zrange(keys.destinationIds, '0', '-1')
  const scores = await pipelined(redis, destinationIds, (all, one) => all.zscore(keys.accountsOf(one), id))
  const nth = scores.findIndex((score) => score !== null)
  const source = (await textEnding(redis, keys.sourceOrder, ` ${id}`))?.slice(0, -id.length - 1) ?? ''
  const address = (await textEnding(redis, keys.addressOrder, ` ${id}`)) ?? ` ${id}`
  return { destinationId: destinationIds[nth] ?? '', source, former: '', address }
}

/** How many texts of an order are read at once. */
const chunk = 1000

async function textEnding(redis: Redis, order: string, end: string): Promise<string | undefined> {
  for (let from = '-'; ; ) {
    const texts = await textsFrom(redis, order, from, chunk)
    const found = texts.find((text) => text.endsWith(end))
    if (found !== undefined || texts.length < chunk) return found
    from = `(${texts.at(-1) ?? ''}`
  }
}
