/** Child processes: each ends with its parent, however the parent ends, and a child that did not become ready is not left running. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { orElse, withDeadline } from '../src/deadline.ts'
import { splitter } from '../src/lines.ts'
import { MiB } from '../src/units.ts'
import type { Identity } from './identity.ts'

export interface ChildOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** The user as which it runs; undefined: the user of this process. */
  readonly identity?: Identity | undefined
  /** A descriptor that the child gets as its number 3, so that a lock on it lasts as long as the child lives. */
  readonly lockFd?: number | undefined
  readonly onLine: (line: string) => void
}

/** What the programs of others need of the environment: our settings in it may hold passwords. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** Resolves with the reason of its end; never rejects. */
  readonly exited: Promise<string>
  /** Sends TERM, and KILL after the grace time. Resolves when the child and all processes that it has started are gone. */
  stop(graceMs: number): Promise<void>
  /** Sends KILL to the child and to all processes that it has started. */
  kill(): void
}

export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, command, args, env, identity, lockFd, onLine } = options
  // --pdeathsig: the kernel ends the child if this process was killed and cannot do so itself.
  const prefix = ['--pdeathsig', 'TERM', ...(identity?.setpriv ?? []), '--']
  const child: ChildProcess = spawn('setpriv', [...prefix, command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(lockFd === undefined ? [] : [lockFd])],
    // The child leaves the terminal's process group: Ctrl-C is for this process, which ends the children in their order.
    detached: true,
    ...(env === undefined ? {} : { env }),
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    const split = splitter(lineOctetsMax)
    const say = (lines: readonly (string | undefined)[]) => {
      for (const line of lines)
        onLine(line?.replace(/\r$/, '') ?? `${name} said a line of more than ${lineOctetsMax} octets`)
    }
    stream.on('data', (chunk: Buffer) => say(split.take(chunk))).on('end', () => say(split.rest()))
  }
  const closed = once(child, 'close').catch(() => {})
  let ended = false
  const exited = once(child, 'exit').then(
    async ([code, signal]) => {
      ended = true
      // Dovecot's imap processes outlive it for as long as their clients stay connected.
      signalGroup(child.pid, 'SIGTERM')
      // The last lines usually contain the reason. A process that holds the pipes open for longer is not waited for.
      await orElse(closed, undefined, lastWordsMs)
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
      while (signalGroup(child.pid, 0) && performance.now() < until) await delay(10)
      clearTimeout(kill)
      signalGroup(child.pid, 'SIGKILL')
    },
    kill() {
      signalGroup(child.pid, 'SIGKILL')
    },
  }
}

const lastWordsMs = 500
const lineOctetsMax = MiB

/** Signals a child and all processes that it has started; false if none of them is left. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return leader !== undefined && process.kill(-leader, signal)
  } catch {
    return false
  }
}

export interface Readiness {
  /** Asks how far the server is: true when it is ready, false when it does not answer, a text when it says what keeps it busy. */
  readonly ask: () => Promise<boolean | string>
  /** A server may be neither ready nor busy for this long. While it says that it is busy, it gets the time that it needs. */
  readonly silenceMs: number
  readonly signal?: AbortSignal | undefined
  /** Is called now and then with what keeps the server busy. */
  readonly onBusy?: ((words: string) => void) | undefined
  /** After a line like this the server will never be ready, although its process may live on. */
  readonly fatalLine?: RegExp | undefined
  readonly askEveryMs?: number
  readonly busyToldEveryMs?: number
  readonly stopGraceMs?: number
}

const linesKeptMax = 15

/**
 * Starts a server, and resolves when it is ready. Its lines until then are passed on when it is ready. If it does not become ready, it is
 * stopped first, so that a second server never meets it on the same data, and its own words stand in the error.
 *
 * @throws the reason why the server cannot start, or the signal's reason.
 */
export async function startReady(options: ChildOptions, readiness: Readiness): Promise<Child> {
  const { name, onLine } = options
  let early: string[] | undefined = []
  const hear = (line: string) => (early === undefined ? onLine(line) : void early.push(line))
  readiness.signal?.throwIfAborted()
  const child = await startChild({ ...options, onLine: hear })
  try {
    await untilReady(child, readiness, () => early ?? [])
  } catch (error) {
    await child.stop(readiness.stopGraceMs ?? 5000)
    if (readiness.signal?.aborted) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const words = early.filter((line) => line.trim() !== '').slice(-linesKeptMax)
    throw new Error([`${name} did not start: ${reason}`, ...words.map((line) => `  ${line.trim()}`)].join('\n'), {
      cause: error,
    })
  }
  const held = early
  early = undefined
  for (const line of held) onLine(line)
  return child
}

async function untilReady(child: Child, readiness: Readiness, lines: () => readonly string[]): Promise<void> {
  const { ask, silenceMs, signal, onBusy, fatalLine, askEveryMs = 25, busyToldEveryMs = 10_000 } = readiness
  let end: string | undefined
  void child.exited.then((how) => {
    end = how
  })
  let answeredMs = performance.now()
  let toldMs = answeredMs
  for (;;) {
    const answer = await withDeadline(Promise.race([ask(), child.exited.then(() => false)]), {
      signal,
      late: () => undefined,
    })
    const nowMs = performance.now()
    if (end !== undefined) throw new Error(end)
    if (answer === true) return
    if (fatalLine !== undefined && lines().some((line) => fatalLine.test(line))) throw new Error('it says why')
    if (answer !== false) {
      answeredMs = nowMs
      if (nowMs - toldMs >= busyToldEveryMs) {
        toldMs = nowMs
        onBusy?.(answer)
      }
    } else if (nowMs - answeredMs > silenceMs) throw new Error(`it was not ready after ${silenceMs / 1000} s`)
    await delay(askEveryMs, undefined, { signal })
  }
}
