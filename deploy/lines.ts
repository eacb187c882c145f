/** One stream of lines from all parts: JSON as it is, or readable where somebody is looking. */
import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import { createLog } from '../src/log.ts'

const require = createRequire(import.meta.url)
let shown: Writable | undefined

/** On a terminal through pino-pretty, where that is installed (it is a development dependency). */
export function readable(out: NodeJS.WriteStream): Writable {
  if (!out.isTTY) return out
  shown ??= pretty(out)
  return shown
}

function pretty(out: NodeJS.WriteStream): Writable {
  try {
    const build = require('pino-pretty') as (options: object) => Writable
    return build({
      destination: out,
      colorize: true,
      ignore: 'pid,hostname,process,event',
      singleLine: true,
      messageFormat: '{process} {event} {msg}',
    })
  } catch {
    return out
  }
}

const levels: readonly (readonly [RegExp, 'fatal' | 'error' | 'warn' | 'info' | 'debug'])[] = [
  [/\b(?:Fatal|Panic)\b/, 'fatal'],
  // How Dovecot tells that it was stopped.
  [/Killed with signal 15|Shutting down logging/, 'debug'],
  [/\bError\b/, 'error'],
  [/\bWarning\b|\bWARNING\b/, 'warn'],
  [/[Rr]eady to accept|starting up/, 'info'],
]

/** Redis' and Dovecot's own lines as events of ours; what is everyday there is `debug` here. */
export function childLines(part: string, level: string): (line: string) => void {
  const log = createLog(part, level, readable(process.stdout))
  return (line) => {
    log[levels.find(([pattern]) => pattern.test(line))?.[1] ?? 'debug']({ event: 'said' }, line.trim())
  }
}
