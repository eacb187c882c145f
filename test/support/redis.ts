/** Starts a Redis for one test: it is configured as in local mode, works in a folder of its own, and is gone with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Child } from '../../deploy/child.ts'
import { childIdentity } from '../../deploy/identity.ts'
import { redisSocket, startRedis as start } from '../../deploy/redis.ts'

export interface TestRedis {
  /** The path of its socket. */
  readonly url: string
  readonly dataFolder: string
  /** For the files of a test; it is gone with the test. */
  readonly folder: string
  readonly pid: number
  /** Resolves with the reason of its end. */
  exited(): Promise<string>
  /** Ends it by this signal; its data stay. */
  halt(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(): Promise<TestRedis> {
  const folder = mkdtempSync('/tmp/tributary-redis-')
  const places = { runFolder: folder, dataFolder: join(folder, 'data') }
  const identity = childIdentity([])
  let child: Child
  const resume = async () => {
    child = await start(places, identity, { onLine: () => {} })
  }
  await resume()
  return {
    url: redisSocket(places),
    dataFolder: places.dataFolder,
    folder,
    get pid() {
      return child.pid
    },
    exited: async () => await child.exited,
    async halt(signal = 'SIGTERM') {
      process.kill(child.pid, signal)
      await child.exited
    },
    resume,
    async stop() {
      await child.stop(10_000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
