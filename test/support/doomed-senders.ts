/** Starts workers whose attempts to send stop at places (doomed-sender.ts). */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OwnWorkerOptions } from './own-worker.ts'
import { until } from './until.ts'

export interface DoomedSenderOptions extends OwnWorkerOptions {
  /** By account: `before EFFECT` or `after EFFECT` (workers/outbox-world.ts). */
  readonly places: Readonly<Record<string, string>>
  readonly outbox: string
  /** It waits at its place until it is told to go on, and is not killed. */
  readonly goesOn?: boolean
  /** Certificate authorities in place of the system's. */
  readonly ca?: string
}

export function startDoomedSender(options: DoomedSenderOptions): ChildProcess {
  const script = fileURLToPath(new URL('doomed-sender.js', import.meta.url))
  return fork(script, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

/** Waits for the worker's end. @returns the signal that ended it; SIGTERM if not all came to their place. */
export async function untilSenderDoomed(options: DoomedSenderOptions): Promise<string | null> {
  const child = startDoomedSender(options)
  const late = setTimeout(() => child.kill('SIGTERM'), 60_000)
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(late)
  return signal
}

/** Resolves once so many attempts have come to their places. */
export async function untilHeld(child: ChildProcess, count: number): Promise<void> {
  let held = 0
  const listen = (message: unknown) => {
    if (message === 'held') held += 1
  }
  child.on('message', listen)
  try {
    await until(`${count} attempts to be held`, () => held === count)
  } finally {
    child.off('message', listen)
  }
}
