/** Starts a worker that ends itself when it meets a certain message. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OwnWorkerOptions } from './own-worker.ts'

export interface PoisonedOptions extends OwnWorkerOptions {
  /** A text that only this message holds. */
  readonly poison: string
}

export interface PoisonedWorker {
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<string | null>
  /** Stops the worker as an operator does. */
  stop(): void
}

export function startPoisonedWorker(options: PoisonedOptions): PoisonedWorker {
  const script = fileURLToPath(new URL('poisoned-worker.js', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: 'inherit' })
  const late = setTimeout(() => child.kill('SIGTERM'), 200_000)
  const ended = once(child, 'exit').then(([, signal]) => {
    clearTimeout(late)
    return signal as string | null
  })
  return { ended, stop: () => void child.kill('SIGTERM') }
}
