/** A child process that ends with us, whatever ends us; its lines, and when it is ready. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Identity } from './identity.ts'

export interface ChildOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Who it runs as; undefined: as we do. */
  readonly identity?: Identity | undefined
  readonly onLine: (line: string) => void
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** Resolves with what ended it; never rejects. */
  readonly exited: Promise<string>
  /** TERM, and KILL after the grace. */
  stop(graceMs: number): Promise<void>
}

export async function startChild({ name, command, args, env, identity, onLine }: ChildOptions): Promise<Child> {
  // --pdeathsig: the kernel ends it when we are killed and can do nothing any more.
  const prefix = ['--pdeathsig', 'TERM', ...(identity?.setpriv ?? []), '--']
  const child: ChildProcess = spawn('setpriv', [...prefix, command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Out of the terminal's group: Ctrl-C is for us, who end the children in their order.
    detached: true,
    ...(env === undefined ? {} : { env }),
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
  }
  let ended = false
  const exited = once(child, 'exit').then(
    ([code, signal]) => {
      ended = true
      // Dovecot's imap processes outlive it for as long as their clients stay connected.
      signalGroup(child.pid, 'SIGTERM')
      return signal === null ? `exit code ${String(code)}` : String(signal)
    },
    (error: Error) => {
      ended = true
      return error.message
    },
  )
  if (child.pid === undefined) throw new Error(`${name} could not be started: ${await exited}`)
  return {
    name,
    pid: child.pid,
    exited,
    async stop(graceMs) {
      const until = performance.now() + graceMs
      if (!ended) child.kill('SIGTERM')
      const kill = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs)
      await exited
      while (signalGroup(child.pid, 0) && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 10))
      clearTimeout(kill)
      signalGroup(child.pid, 'SIGKILL')
    },
  }
}

/** To a child and all that it has started; false where nothing of them is left. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return leader !== undefined && process.kill(-leader, signal)
  } catch {
    return false
  }
}

/** Asks until the answer is yes; rejects when the child ends first, or after `waitMs`. */
export async function untilReady(child: Child, waitMs: number, ready: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + waitMs
  let ended: string | undefined
  void child.exited.then((how) => {
    ended = how
  })
  while (!(await ready())) {
    if (ended !== undefined) throw new Error(`${child.name} ended before it was ready: ${ended}`)
    if (performance.now() > until) throw new Error(`${child.name} was not ready after ${waitMs / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
