/** Takes everything that is kept in one Redis to another one, key by key, while nobody works with it. */
import type { Redis } from 'ioredis'
import { ConfigInvalid } from '../config.ts'
import { restoring } from './format/mark.ts'
import { everyKey, keys } from './key-names.ts'
import { keysLike } from './nodes.ts'
import { processesAlive } from './processes.ts'

/** Ledgers of large maildrops have megabytes. */
const atOnce = 16

/**
 * Until all is there, the mark of the other Redis says that data are being put back: no process works with them, and the next start of an API
 * removes them; or this is done once more, and goes through.
 *
 * @returns the number of keys.
 * @throws ConfigInvalid if somebody still works with the data, or if there are other data already.
 */
export async function transfer(from: Redis, to: Redis): Promise<number> {
  const mark = await from.hgetall(keys.format)
  if (mark['number'] === undefined) throw new ConfigInvalid('There are no data of Tributary in this Redis.')
  const [alive, there] = await Promise.all([processesAlive(from), to.hget(keys.format, 'number')])
  if (alive.length > 0)
    throw new ConfigInvalid(`These still work with the data; stop them first: ${alive.join(', ')}. Nothing was copied.`)
  if (there !== restoring && (await holdsAny(to)))
    throw new ConfigInvalid('The other Redis has data of Tributary already; empty it first. Nothing was copied.')
  await to.hset(keys.format, 'number', restoring)
  let copied = 0
  for (const pattern of everyKey)
    for await (const names of keysLike(from, pattern)) {
      const some = names.filter((name) => name !== keys.format)
      for (let nth = 0; nth < some.length; nth += atOnce)
        await Promise.all(some.slice(nth, nth + atOnce).map(async (name) => await copy(from, to, name)))
      copied += some.length
    }
  await to.hset(keys.format, mark)
  return copied + 1
}

async function holdsAny(redis: Redis): Promise<boolean> {
  for (const pattern of everyKey) for await (const names of keysLike(redis, pattern)) if (names.length > 0) return true
  return false
}

async function copy(from: Redis, to: Redis, name: string): Promise<void> {
  const [value, leftMs] = await Promise.all([from.dumpBuffer(name), from.pttl(name)])
  // It has expired meanwhile.
  if (value === null || leftMs === -2) return
  await to.restore(name, Math.max(leftMs, 0), value, 'REPLACE')
}
