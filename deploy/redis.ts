/** Starts Redis or Valkey as a child: writes its configuration, keeps a second one off its data, and waits until it is ready. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomicallySync } from '../src/disk/atomic-write.ts'
import { isThere } from '../src/disk/is-there.ts'
import { takeLock } from '../src/disk/lock.ts'
import type { Logger } from '../src/log.ts'
import { bareEnvironment, type Child, type Readiness, startReady } from './child.ts'
import { handOver, type Identity } from './identity.ts'
import { plainPath } from './plain-path.ts'
import { redisReadiness } from './probes.ts'
import { claim, type Kept, redisProgram } from './server-programs.ts'
import { filled, root } from './template.ts'

export interface RedisPlaces {
  /** The folder of its append-only file. */
  readonly dataFolder: string
  /** The folder of its socket. Its name is short, because a socket's path may have 107 characters. */
  readonly runFolder: string
}

/** The place where Redis listens besides its socket, because its clients run in other containers. */
export interface RedisListener {
  readonly host: string
  readonly port: number
  readonly password: string
}

export function redisSocket({ runFolder }: RedisPlaces): string {
  return join(runFolder, 'redis.sock')
}

/** The wishes for the start that differ between local mode and a container. */
export interface RedisStart extends Pick<Readiness, 'signal' | 'onBusy'> {
  readonly listener?: RedisListener
  readonly onLine: (line: string) => void
  readonly log?: Logger
  /** If another Redis on the same data is just ending, this start waits for it this long. */
  readonly lockWaitMs?: number
}

export async function startRedis(places: RedisPlaces, identity: Identity, start: RedisStart): Promise<Child> {
  const { signal, onBusy, onLine, log, listener = { host: '127.0.0.1', port: 0, password: '' } } = start
  const socket = redisSocket(places)
  const conf = join(places.runFolder, 'redis.conf')
  mkdirSync(places.dataFolder, { recursive: true, mode: 0o700 })
  const values = {
    SOCKET: socket,
    DIR: plainPath(places.dataFolder, places.runFolder, 'redis'),
    BIND: [...new Set(['127.0.0.1', listener.host])].join(' '),
    PORT: listener.port,
    PASSWORD: JSON.stringify(listener.password),
  }
  writeAtomicallySync(conf, filled(readFileSync(join(root, 'deploy/redis.conf'), 'utf8'), values))
  // Redis itself does not lock its data, and two servers that write one append-only file destroy it. The child inherits this lock.
  const lock = await takeLock(join(places.dataFolder, 'lock'), start.lockWaitMs ?? 20_000)
  if (lock === undefined) throw new Error(`redis did not start: another Redis still works on ${places.dataFolder}`)
  try {
    const kept = keptData(places)
    const program = redisProgram(kept)
    const step = claim(kept, program)
    if (step !== undefined) log?.warn({ event: 'server program changed' }, step)
    handOver(places.runFolder, identity)
    handOver(places.dataFolder, identity)
    const ask = async () => await redisReadiness({ path: socket, password: listener.password })
    return await startReady(
      {
        name: 'redis',
        command: program.command,
        args: [conf],
        env: bareEnvironment(),
        identity,
        onLine,
        lockFd: lock.fd,
      },
      { ask, silenceMs: 60_000, signal, onBusy },
    )
  } catch (error) {
    throw withRemedy(error, places)
  } finally {
    lock.release()
  }
}

function keptData({ dataFolder }: RedisPlaces): Kept {
  const unmarked = isThere(join(dataFolder, 'appendonlydir')) ? ({ name: 'Redis', line: '7.0' } as const) : undefined
  return { what: `what Redis keeps in ${dataFolder}`, mark: join(dataFolder, 'written-by'), unmarked }
}

/** Adds advice to the error: for a damaged file Redis names its own tool, which repairs by cutting, so it is to be tried on a copy. */
function withRemedy(error: unknown, { dataFolder }: RedisPlaces): unknown {
  if (!(error instanceof Error) || !/append[- ]only|\bAOF\b/i.test(error.message)) return error
  const lines = [
    error.message,
    'Look at a copy of it first; --fix cuts off all that stands behind the damage:',
    `  cp -a ${join(dataFolder, 'appendonlydir')} /tmp/aof && redis-check-aof /tmp/aof/appendonly.aof.manifest`,
  ]
  return new Error(lines.join('\n'), { cause: error })
}
