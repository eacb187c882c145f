/** The waits after wrong passwords: on a busy machine the next guess comes later than they last. */
import { keys } from '../../src/redis/key-names.ts'
import type { Stack } from './stack.ts'

const waits = keys.refusals('*', '*')

/** Makes every wait that somebody has an hour longer. */
export async function prolongWaits({ redis }: Pick<Stack, 'redis'>): Promise<void> {
  for (const key of await redis.keys(waits))
    if (await redis.hexists(key, 'untilMs')) await redis.hincrby(key, 'untilMs', 3_600_000)
}

export async function endWaits({ redis }: Pick<Stack, 'redis'>): Promise<void> {
  for (const key of await redis.keys(waits)) await redis.hdel(key, 'untilMs')
}
