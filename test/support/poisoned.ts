/** Starts a worker that a certain message ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OwnWorkerOptions } from './own-worker.ts'

export interface PoisonedOptions extends OwnWorkerOptions {
  /** A text in that message. */
  readonly poison: string
}

export interface PoisonedWorker {
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<string | null>
  /** As an operator stops it. */
  stop(): void
}

export function startPoisonedWorker(options: PoisonedOptions): PoisonedWorker {
  const script = fileURLToPath(new URL('poisoned-worker.js', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: 'inherit' })
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const ended = once(child, 'exit').then(([, signal]) => {
    clearTimeout(late)
    return signal as string | null
  })
  return { ended, stop: () => void child.kill('SIGTERM') }
}
