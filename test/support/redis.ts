/** A Redis of one's own: configured as local mode's, in its own folder, gone with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { childIdentity } from '../../deploy/identity.ts'
import { redisSocket, startRedis as start } from '../../deploy/redis.ts'

export interface TestRedis {
  /** The path of its socket. */
  readonly url: string
  readonly pid: number
  /** Where its append-only file lies. */
  readonly dataFolder: string
  halt(): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(): Promise<TestRedis> {
  const folder = mkdtempSync('/tmp/tributary-redis-')
  const places = { runFolder: folder, dataFolder: join(folder, 'data') }
  let child = await start(places, childIdentity([]), () => {})
  return {
    url: redisSocket(places),
    pid: child.pid,
    dataFolder: places.dataFolder,
    halt: async () => await child.stop(10_000),
    async resume() {
      child = await start(places, childIdentity([]), () => {})
    },
    async stop() {
      await child.stop(10_000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
