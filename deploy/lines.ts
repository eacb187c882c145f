/** Makes one stream of lines from the output of all parts: JSON in a pipe, sentences on a terminal. */
import { Writable } from 'node:stream'
import { createLog, type Logger } from '../src/log.ts'
import type { Part } from './supervisor.ts'
import { sentence } from './terminal.ts'

let terminal: Writable | undefined

/** Makes a stream that takes lines of JSON; on a terminal each line is shown as a sentence. */
export function linesTo(out: NodeJS.WriteStream): Writable {
  if (!out.isTTY) return out
  terminal ??= new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = chunk.toString('utf8').split('\n')
      out.write(lines.flatMap((line) => (line === '' ? [] : `${sentence(line)}\n`)).join(''), () => done())
    },
  })
  return terminal
}

type Level = 'fatal' | 'error' | 'warn' | 'debug'

const levels: readonly (readonly [RegExp, Level])[] = [
  // Redis gives this advice on the kernel at every start; docs/operating.md says which of it matters.
  [/overcommit_memory|TCP backlog|Transparent Huge Pages/, 'debug'],
  [/\b(?:Fatal|Panic)\b/, 'fatal'],
  // Dovecot says this when it is stopped.
  [/Killed with signal 15|Shutting down logging/, 'debug'],
  [/\bError\b/, 'error'],
  [/\bWarning\b|\bWARNING\b/, 'warn'],
]

/** Chooses the level at which a line of Redis or Dovecot is logged. */
export function levelOf(line: string): Level {
  return levels.find(([pattern]) => pattern.test(line))?.[1] ?? 'debug'
}

/** Turns the lines of Redis and Dovecot into events; those that come every day have the level `debug`. */
export function childLines(part: Part, level: string): (line: string) => void {
  const log = createLog(part, level, linesTo(process.stdout))
  return (line) => log[levelOf(line)]({ event: 'said' }, line.trim())
}

/**
 * The lines of Dovecot's auth_verbose, as 2.3 and 2.4 write them. Names of logins have neither parentheses nor commas: auth_username_chars. Dovecot
 * says the last one too for the gateway's password at the ports of everybody.
 */
const attempts = [
  /^\w{3} +\d+ [\d:]{8} auth: Info: [\w-]+\([^(),<>]*,([\dA-Fa-f.:]+)(?:,master)?,<[\w+/=]*>\): (.*)/,
  /^\w{3} +\d+ [\d:]{8} auth\([^(),<>]*,([\dA-Fa-f.:]+),sasl:[\w-]+(?:,master)?\)<[\w+/=]*>: Info: [\w-]+: (.*)/,
]
const refusal =
  /^(?:Password mismatch|[Uu]nknown user|Authentication failure due to policy|Username character disallowed|allow_nets check failed)/

/** The address from which a login at the mail ports was refused; undefined: the line says something else. */
export function refusedAddress(line: string): string | undefined {
  for (const attempt of attempts) {
    const [, address, how = ''] = attempt.exec(line) ?? []
    if (address !== undefined) return refusal.test(how) ? address : undefined
  }
  return undefined
}

/** Turns the lines of Dovecot into events; each refused login is one that fail2ban reads (deploy/fail2ban). It has no name: people type passwords there. */
export function dovecotLines(level: string): (line: string) => void {
  const log = createLog('dovecot', level, linesTo(process.stdout))
  const others = childLines('dovecot', level)
  return (line) => {
    const address = refusedAddress(line)
    if (address === undefined) others(line)
    else log.warn({ event: 'login refused', address }, `A login from ${address} was refused`)
  }
}

/** Passes on the events of one of our processes. Any other line, such as the reason of its end, becomes an event. */
export function eventLines(log: Logger): (line: string) => void {
  const out = linesTo(process.stdout)
  return (line) => {
    if (line.startsWith('{')) out.write(`${line}\n`)
    else if (line.trim() !== '') log.error({ event: 'said' }, line)
  }
}
