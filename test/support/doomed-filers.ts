/** Starts a process that files copies in Sent, and is killed in the middle (doomed-filer.ts). */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import type { Kind } from './sent-case.ts'

export interface DoomedFilerOptions {
  readonly redisUrl: string
  readonly store: StoreEndpoint
  readonly imapPort: number
  /** Where the bodies lie. */
  readonly folder: string
  readonly cases: readonly {
    readonly id: string
    readonly login: string
    readonly kind: Kind
    readonly when: 'before' | 'after'
    /** The effect at which it ends. */
    readonly nth: number
    readonly now: number
  }[]
}

/** @returns the signal that ended it; null if not all came to their places. */
export async function untilFilerDoomed(options: DoomedFilerOptions): Promise<string | null> {
  const script = fileURLToPath(new URL('doomed-filer.js', import.meta.url))
  const child = fork(script, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const late = setTimeout(() => child.kill('SIGTERM'), 60_000)
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(late)
  return signal
}
