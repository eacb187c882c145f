/** redis-server as a child: its configuration, and when it is ready. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild, untilReady } from './child.ts'
import { handOver, type Identity } from './identity.ts'
import { redisPongs } from './probes.ts'
import { filled, root } from './template.ts'

export interface RedisPlaces {
  /** Where its append-only file is kept. */
  readonly dataFolder: string
  /** Short: a socket's path may have 107 characters. */
  readonly runFolder: string
}

/** Beside its socket: where the others run in containers of their own. */
export interface RedisListener {
  readonly host: string
  readonly port: number
  readonly password: string
}

export function redisSocket({ runFolder }: RedisPlaces): string {
  return join(runFolder, 'redis.sock')
}

export async function startRedis(
  places: RedisPlaces,
  identity: Identity,
  onLine: (line: string) => void,
  listener: RedisListener = { host: '127.0.0.1', port: 0, password: '' },
): Promise<Child> {
  const socket = redisSocket(places)
  const conf = join(places.runFolder, 'redis.conf')
  mkdirSync(places.dataFolder, { recursive: true, mode: 0o700 })
  const values = {
    SOCKET: socket,
    DIR: places.dataFolder,
    BIND: [...new Set(['127.0.0.1', listener.host])].join(' '),
    PORT: listener.port,
    PASSWORD: JSON.stringify(listener.password),
  }
  writeFileSync(conf, filled(readFileSync(join(root, 'deploy/redis.conf'), 'utf8'), values), { mode: 0o600 })
  handOver(places.runFolder, identity)
  handOver(places.dataFolder, identity)
  const child = await startChild({ name: 'redis', command: 'redis-server', args: [conf], identity, onLine })
  await untilReady(child, 60_000, () => redisPongs({ path: socket, password: listener.password }))
  return child
}
