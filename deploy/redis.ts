/** Starts redis-server as a child: writes its configuration, keeps a second one off its data, and waits until it is ready. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomicallySync } from '../src/disk/atomic-write.ts'
import { takeLock } from '../src/disk/lock.ts'
import { type Child, type Readiness, startReady } from './child.ts'
import { handOver, type Identity } from './identity.ts'
import { redisReadiness } from './probes.ts'
import { filled, root } from './template.ts'

export interface RedisPlaces {
  /** Where its append-only file is kept. */
  readonly dataFolder: string
  /** Short: a socket's path may have 107 characters. */
  readonly runFolder: string
}

/** Where Redis listens beside its socket: its clients run in containers of their own. */
export interface RedisListener {
  readonly host: string
  readonly port: number
  readonly password: string
}

export function redisSocket({ runFolder }: RedisPlaces): string {
  return join(runFolder, 'redis.sock')
}

/** What local mode and a container want of the start. */
export interface RedisStart extends Pick<Readiness, 'signal' | 'onBusy'> {
  readonly listener?: RedisListener
  readonly onLine: (line: string) => void
  /** For how long another Redis on the same data, one that is ending, is waited for. */
  readonly lockWaitMs?: number
}

export async function startRedis(places: RedisPlaces, identity: Identity, start: RedisStart): Promise<Child> {
  const { signal, onBusy, onLine, listener = { host: '127.0.0.1', port: 0, password: '' } } = start
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
  writeAtomicallySync(conf, filled(readFileSync(join(root, 'deploy/redis.conf'), 'utf8'), values))
  // Redis itself has no lock on its data, and two that write one append-only file destroy it. It inherits this one.
  const lock = await takeLock(join(places.dataFolder, 'lock'), start.lockWaitMs ?? 20_000)
  if (lock === undefined) throw new Error(`redis did not start: another Redis still works on ${places.dataFolder}`)
  try {
    handOver(places.runFolder, identity)
    handOver(places.dataFolder, identity)
    const ask = async () => await redisReadiness({ path: socket, password: listener.password })
    return await startReady(
      { name: 'redis', command: 'redis-server', args: [conf], identity, onLine, lockFd: lock.fd },
      { ask, silenceMs: 60_000, signal, onBusy },
    )
  } catch (error) {
    throw withRemedy(error, places)
  } finally {
    lock.release()
  }
}

/** Redis names its own tool for a damaged file, which repairs by cutting: so it is to be tried on a copy. */
function withRemedy(error: unknown, { dataFolder }: RedisPlaces): unknown {
  if (!(error instanceof Error) || !/append[- ]only|\bAOF\b/i.test(error.message)) return error
  const lines = [
    error.message,
    'Look at a copy of it first; --fix cuts off all that stands behind the damage:',
    `  cp -a ${join(dataFolder, 'appendonlydir')} /tmp/aof && redis-check-aof /tmp/aof/appendonly.aof.manifest`,
  ]
  return new Error(lines.join('\n'), { cause: error })
}
