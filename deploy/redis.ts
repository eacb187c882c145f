/** redis-server as a child: its configuration, and when it is ready. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Child, startChild, untilReady } from './child.ts'
import { handOver, type Identity } from './identity.ts'
import { filled, root } from './template.ts'

export interface RedisPlaces {
  /** Where its append-only file is kept. */
  readonly dataFolder: string
  /** Short: a socket's path may have 107 characters. */
  readonly runFolder: string
}

export function redisSocket({ runFolder }: RedisPlaces): string {
  return join(runFolder, 'redis.sock')
}

export async function startRedis(
  places: RedisPlaces,
  identity: Identity,
  onLine: (line: string) => void,
): Promise<Child> {
  const socket = redisSocket(places)
  const conf = join(places.runFolder, 'redis.conf')
  mkdirSync(places.dataFolder, { recursive: true, mode: 0o700 })
  writeFileSync(
    conf,
    filled(readFileSync(join(root, 'deploy/redis.conf'), 'utf8'), { SOCKET: socket, DIR: places.dataFolder }),
  )
  handOver(places.runFolder, identity)
  handOver(places.dataFolder, identity)
  const child = await startChild({ name: 'redis', command: 'redis-server', args: [conf], identity, onLine })
  await untilReady(child, 60_000, () => pings(socket))
  return child
}

/** PONG, and not LOADING: a large append-only file takes a while to be read. */
async function pings(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ path })
    const answer = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(1000, () => answer(false))
    socket.on('error', () => answer(false))
    socket.on('connect', () => socket.write('PING\r\n'))
    socket.on('data', (chunk) => answer(chunk.toString('latin1').startsWith('+PONG')))
  })
}
