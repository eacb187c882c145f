/**
 * What earlier sessions have learnt of POP3 servers, for a session that is to be quick: traits, and what CAPA has said (pop3/quick-login.ts).
 * A worker reads it once a minute for each server, however many of its accounts are there.
 */
import type { Redis } from 'ioredis'
import { type Capabilities, hostPort, type ServerTrait } from '../account/server-traits.ts'
import type { ServerLogin } from '../account/account.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { ServerTraits } from './server-traits.ts'

export interface KnownServer {
  readonly traits: ReadonlySet<ServerTrait>
  /** Undefined: no session has asked for a day, or something has failed since. */
  readonly capabilities: Capabilities | undefined
}

interface Written extends Capabilities {
  readonly atMs: number
}

interface Read extends KnownServer {
  readonly readAtMs: number
  readonly writtenAtMs: number
}

type Server = Pick<ServerLogin, 'host' | 'port' | 'tls'>

/** CAPA may say something else under TLS, or in another mode of it. */
const nameOf = ({ host, port, tls }: Server) => `${hostPort({ host: host.toLowerCase(), port })} capabilities ${tls}`

export class ServerMemory {
  readonly #redis: Redis
  readonly #traits: ServerTraits
  readonly #read = new Map<string, Read>()

  constructor(redis: Redis) {
    this.#redis = redis
    this.#traits = new ServerTraits(redis)
  }

  async of(server: Server, nowMs: number): Promise<KnownServer> {
    const before = this.#read.get(nameOf(server))
    const isFresh = before !== undefined && Math.abs(nowMs - before.readAtMs) < redisLimits.serverReadEveryMs
    return isFresh ? before : await this.#look(server, nowMs)
  }

  /** Notes what a session has learnt that was opened quickly. */
  async learn(server: Server, traits: Iterable<ServerTrait>, nowMs: number): Promise<void> {
    await this.#traits.learn(server, traits, nowMs)
    this.#read.delete(nameOf(server))
  }

  /** Notes what CAPA has said in a session that asked. */
  async note(server: Server, said: Capabilities, nowMs: number): Promise<void> {
    const { before, after } = said
    const read = await this.of(server, nowMs)
    const isSame =
      JSON.stringify([before, after]) === JSON.stringify([read.capabilities?.before, read.capabilities?.after])
    const { writtenAtMs } = this.#read.get(nameOf(server)) ?? { writtenAtMs: 0 }
    if (isSame && nowMs - writtenAtMs < redisLimits.capabilitiesWrittenEveryMs) return
    const written: Written = { atMs: nowMs, before, after }
    const json = JSON.stringify(written)
    if (json.length > redisLimits.capabilitiesOctetsMax) return
    await this.#redis.hset(keys.serverTraits, nameOf(server), json)
    this.#read.delete(nameOf(server))
  }

  /** Something has failed: the next session asks again. */
  async forget(server: Server): Promise<void> {
    this.#read.delete(nameOf(server))
    await this.#redis.hdel(keys.serverTraits, nameOf(server))
  }

  async #look(server: Server, nowMs: number): Promise<Read> {
    const [traits, json] = await Promise.all([
      this.#traits.of(server, nowMs),
      this.#redis.hget(keys.serverTraits, nameOf(server)),
    ])
    const written = json === null ? undefined : (JSON.parse(json) as Written)
    const isBelieved = written !== undefined && Math.abs(nowMs - written.atMs) < redisLimits.capabilitiesMs
    const read: Read = {
      traits,
      capabilities: isBelieved ? { before: written.before, after: written.after } : undefined,
      readAtMs: nowMs,
      writtenAtMs: written?.atMs ?? 0,
    }
    this.#read.delete(nameOf(server))
    this.#read.set(nameOf(server), read)
    const [oldest] = this.#read.keys()
    if (this.#read.size > redisLimits.serversReadMax && oldest !== undefined) this.#read.delete(oldest)
    return read
  }
}
