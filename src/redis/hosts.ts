/** What was learnt of POP3 servers, by host and port: one field a trait, with the time at which it was learnt. */
import type { Redis } from 'ioredis'
import { hostPort, type HostTrait, hostTraits } from '../host.ts'
import { limits } from '../limits.ts'
import { keys } from './keys.ts'

interface HostPort {
  readonly host: string
  readonly port: number
}

const fieldOf = ({ host, port }: HostPort, trait: HostTrait) =>
  `${hostPort({ host: host.toLowerCase(), port })} ${trait}`

export async function traitsOf(redis: Redis, server: HostPort, nowMs: number): Promise<Set<HostTrait>> {
  const learnt = await redis.hmget(keys.hostTraits, ...hostTraits.map((trait) => fieldOf(server, trait)))
  return new Set(hostTraits.filter((_trait, nth) => Number(learnt[nth] ?? 0) > nowMs - limits.hostTraitMs))
}

export async function learnTraits(
  redis: Redis,
  server: HostPort,
  traits: Iterable<HostTrait>,
  nowMs: number,
): Promise<void> {
  for (const trait of traits) await redis.hset(keys.hostTraits, fieldOf(server, trait), nowMs)
}
