/** Reads and writes packed orders: long lists of texts in their order, in small pieces (scripts/includes/packed-order.lua). */
import type { ChainableCommander, Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { pipelined } from './pipelined.ts'
import { script } from './scripts.ts'

const readOrder = script<string[]>('read-order', 1)
const putInto = script<1>('put-in-order', 1)

/** @param from as ZRANGE BYLEX takes it: `-`, `[TEXT` or `(TEXT`. */
export async function textsFrom(redis: Redis, order: string, from: string, count: number): Promise<string[]> {
  return await readOrder(redis, [order], [from, count])
}

/** The first text that begins so. */
export async function textBeginning(redis: Redis, order: string, start: string): Promise<string | undefined> {
  const [text] = await textsFrom(redis, order, `[${start}`, 1)
  return text?.startsWith(start) === true ? text : undefined
}

export function putInOrder(all: ChainableCommander, order: string, text: string): void {
  putInto(all, [order], [text])
}

export async function orderSize(redis: Redis, order: string): Promise<number> {
  const pieces = await redis.zrange(order, '0', '-1')
  const sizes = await pipelined(redis, pieces, (all, piece) => all.zcard(keys.pieceOf(order, piece)))
  return sizes.reduce<number>((sum, size) => sum + Number(size), 0)
}
