/**
 * A part of the step from format 1 to 2: the ids of accounts, their addresses and their sources lie in pieces of at most a hundred each, in place
 * of large sorted sets and a hash. A source is named by its hash.
 */
import { createHash } from 'node:crypto'
import type { Hand } from './hand.ts'

const texts = 100
const key = (name: string) => `{tributary}:${name}`

export async function packOrders({ redis, write }: Hand): Promise<void> {
  const writePiece = async (order: string, from: string, piece: readonly string[]) => {
    await write([
      ['ZADD', order, 0, from],
      ['ZADD', `${order}:${from}`, ...piece.flatMap((text) => [0, text])],
    ])
  }
  for (const [before, order] of [
    [key('account-ids'), key('account-order')],
    [key('accounts-by-address'), key('address-order')],
  ] as const) {
    for (let after = '-'; ; ) {
      const piece = await redis.zrange(before, after, '+', 'BYLEX', 'LIMIT', 0, texts)
      const last = piece.at(-1)
      if (last === undefined) break
      await writePiece(order, after === '-' ? '' : (piece[0] ?? ''), piece)
      after = `(${last}`
    }
    await write([['UNLINK', before]])
  }
  const sources = await namedSources(redis)
  for (let at = 0; at < sources.length; at += texts) {
    const piece = sources.slice(at, at + texts)
    await writePiece(key('source-order'), at === 0 ? '' : (piece[0] ?? ''), piece)
  }
  await write([['UNLINK', key('account-sources')]])
}

/** Hash, space, account id; in their order. */
async function namedSources(redis: Hand['redis']): Promise<string[]> {
  const named = new Set<string>()
  let cursor = '0'
  do {
    const [next, flat] = await redis.hscan(key('account-sources'), cursor, 'COUNT', 1000)
    cursor = next
    for (let nth = 0; nth + 1 < flat.length; nth += 2) {
      const name = createHash('sha256')
        .update(flat[nth] ?? '')
        .digest('base64url')
        .slice(0, 16)
      named.add(`${name} ${flat[nth + 1] ?? ''}`)
    }
  } while (cursor !== '0')
  return [...named].toSorted((one, other) => (one < other ? -1 : 1))
}
