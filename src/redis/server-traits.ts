/**
 * Stores the traits that were learnt of POP3 servers, by host and port: one field for each trait, with the time at which it was learnt. Of
 * IMAP servers it stores the separator of levels.
 */
import type { Redis } from 'ioredis'
import { hostPort, type ServerTrait, serverTraits } from '../account/server-traits.ts'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'

interface HostPort {
  readonly host: string
  readonly port: number
}

const fieldOf = ({ host, port }: HostPort, trait: ServerTrait) =>
  `${hostPort({ host: host.toLowerCase(), port })} ${trait}`

const separatorField = ({ host, port }: HostPort) => `${hostPort({ host: host.toLowerCase(), port })} separator`

export class ServerTraits {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Gives the traits that are still believed. */
  async of(server: HostPort, nowMs: number): Promise<Set<ServerTrait>> {
    const learnt = await this.#redis.hmget(keys.serverTraits, ...serverTraits.map((trait) => fieldOf(server, trait)))
    return new Set(serverTraits.filter((_trait, nth) => Number(learnt[nth] ?? 0) > nowMs - redisLimits.serverTraitMs))
  }

  /** The character that parts the levels of folders at an IMAP server; undefined: no session has told it. */
  async separatorOf(server: HostPort): Promise<string | undefined> {
    return (await this.#redis.hget(keys.serverTraits, separatorField(server))) ?? undefined
  }

  async learnSeparator(server: HostPort, separator: string): Promise<void> {
    await this.#redis.hset(keys.serverTraits, separatorField(server), separator)
  }

  async learn(server: HostPort, traits: Iterable<ServerTrait>, nowMs: number): Promise<void> {
    for (const trait of traits) await this.#redis.hset(keys.serverTraits, fieldOf(server, trait), nowMs)
  }
}
