/** Sends many commands in few round trips. */
import type { ChainableCommander, Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { clusterOf } from './nodes.ts'

/**
 * Adds a command for each value to a pipeline, `redisLimits.pipelinedAtOnce` values at a time, and returns the answers in their order.
 *
 * The keys of one value lie together; those of two values need not, and in a Cluster lie at several nodes.
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
    const slice = values.slice(from, from + redisLimits.pipelinedAtOnce)
    // A Cluster takes a pipeline of one node's keys alone; what is sent at once to several goes in one round trip too.
    const pieces = clusterOf(redis) === undefined ? [slice] : slice.map((value) => [value])
    const all = pieces.map(async (piece) => {
      const pipeline = redis.pipeline()
      for (const value of piece) add(pipeline, value)
      return (await pipeline.exec()) ?? []
    })
    for (const [error, answer] of (await Promise.all(all)).flat()) {
      if (error !== null) throw error
      answers.push(answer)
    }
  }
  return answers
}

/** Sends what is asked for meanwhile in as few segments as possible. Each command is one of its own still, and fails alone. */
export function together<T>(redis: Redis | undefined, send: () => T): T {
  // A Cluster has a connection to each node, and one that is closed has none.
  const { stream } = (redis ?? {}) as { readonly stream?: Redis['stream'] | null }
  stream?.cork()
  try {
    return send()
  } finally {
    stream?.uncork()
  }
}
