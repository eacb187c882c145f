/** Starts a worker that will end itself by SIGKILL, and waits until it has. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StoreEndpoint } from '../../src/config.ts'

export interface DoomedOptions {
  /** `before|during|after EFFECT NTH`. */
  readonly place: string
  readonly redisUrl: string
  readonly store: StoreEndpoint
  /** Hex. */
  readonly secretKey: string
  readonly leaseMs: number
}

/** @returns the signal that ended it. */
export async function untilDoomed(options: DoomedOptions): Promise<string | null> {
  const script = fileURLToPath(new URL('doomed-worker.ts', import.meta.url))
  const args = ['--import', 'tsx', script, JSON.stringify(options)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  const late = setTimeout(() => child.kill('SIGTERM'), 60_000)
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(late)
  return signal
}
