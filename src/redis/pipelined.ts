/** Sends many commands in few round trips. */
import type { ChainableCommander, Redis } from 'ioredis'
import { redisLimits } from './limits.ts'

/**
 * Adds a command for each value to a pipeline, `redisLimits.pipelinedAtOnce` values at a time, and returns the answers in their order.
 *
 * @throws the first failure, when the slice that it was in has ended.
 */
export async function pipelined<T>(
  redis: Redis,
  values: readonly T[],
  add: (pipeline: ChainableCommander, value: T) => unknown,
): Promise<unknown[]> {
  const answers: unknown[] = []
  for (let from = 0; from < values.length; from += redisLimits.pipelinedAtOnce) {
    const pipeline = redis.pipeline()
    for (const value of values.slice(from, from + redisLimits.pipelinedAtOnce)) add(pipeline, value)
    for (const [error, answer] of (await pipeline.exec()) ?? []) {
      if (error !== null) throw error
      answers.push(answer)
    }
  }
  return answers
}
