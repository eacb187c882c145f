/** Starts a worker that ends itself by SIGKILL, and waits for its end; or starts a worker that only reports its effects. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { OwnWorkerOptions } from './own-worker.ts'

export interface DoomedOptions extends OwnWorkerOptions {
  /**
   * By account: the place where its run stops, `before|during|after EFFECT NTH`. The process ends when every run has come to its
   * place; a run that is at its place has no further effect. `during` is exact only if a run is alone. Without any place the worker
   * lives, and reports its effects.
   */
  readonly places: Readonly<Record<string, string>>
  /** The number of messages in a window and in an append, if it is smaller than usual. */
  readonly windowMessages?: number
}

function start(options: DoomedOptions): ChildProcess {
  const script = fileURLToPath(new URL('doomed-worker.js', import.meta.url))
  return spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Waits for the worker's end. @returns the signal that ended it; SIGTERM if it did not come to its place. */
export async function untilDoomed(options: DoomedOptions): Promise<string | null> {
  const child = start(options)
  const late = setTimeout(() => child.kill('SIGTERM'), 200_000)
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(late)
  return signal
}

/** Gives every effect that a worker has during `meanwhile`, as `EFFECT NTH`, in the order in which they began. */
export async function effectsOf(options: DoomedOptions, meanwhile: () => Promise<void>): Promise<string[]> {
  const child = start({ ...options, places: {} })
  const effects: string[] = []
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => effects.push(line))
  const ended = once(child, 'close')
  try {
    await meanwhile()
  } finally {
    child.kill('SIGKILL')
    await ended
  }
  return effects
}
