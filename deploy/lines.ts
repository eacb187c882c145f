/** The output of all parts as one stream of lines: JSON in a pipe, sentences where a person is looking. */
import { Writable } from 'node:stream'
import { createLog, type Logger } from '../src/log.ts'
import type { Part } from './supervisor.ts'
import { sentence } from './terminal.ts'

let terminal: Writable | undefined

/** Where lines of JSON are written to; on a terminal each is shown as a sentence. */
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
  // What Redis advises of the kernel at every start; docs/operating.md says what of it matters.
  [/overcommit_memory|TCP backlog|Transparent Huge Pages/, 'debug'],
  [/\b(?:Fatal|Panic)\b/, 'fatal'],
  // Dovecot says so when it is stopped.
  [/Killed with signal 15|Shutting down logging/, 'debug'],
  [/\bError\b/, 'error'],
  [/\bWarning\b|\bWARNING\b/, 'warn'],
]

/** The level at which a line of Redis or Dovecot is an event of ours. */
export function levelOf(line: string): Level {
  return levels.find(([pattern]) => pattern.test(line))?.[1] ?? 'debug'
}

/** Turns the lines of Redis and Dovecot into events; those that come every day have the level `debug`. */
export function childLines(part: Part, level: string): (line: string) => void {
  const log = createLog(part, level, linesTo(process.stdout))
  return (line) => log[levelOf(line)]({ event: 'said' }, line.trim())
}

/** Passes on the events of a process of ours; anything else that it says, such as the reason of its end, becomes one. */
export function eventLines(log: Logger): (line: string) => void {
  const out = linesTo(process.stdout)
  return (line) => {
    if (line.startsWith('{')) out.write(`${line}\n`)
    else if (line.trim() !== '') log.error({ event: 'said' }, line)
  }
}
