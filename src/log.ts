/** pino: one line an event. Event names are few and fixed; fields are the contract's words. Nothing secret in any of them. */
import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** What is never written, wherever it stands in an event. Events carry ids, not records: this is the net under that. */
const redacted = ['password', 'pass', 'secret', 'token', 'authorization', 'cookie', 'sealed', 'masterPassword']

/** @param process_ which process writes: `api`, `worker`, `local`. */
export function createLog(process_: string, level: string, stream?: DestinationStream): Logger {
  const paths = redacted.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`])
  const options = {
    level,
    base: { process: process_ },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: '[redacted]' },
  }
  return stream === undefined ? pino(options) : pino(options, stream)
}
