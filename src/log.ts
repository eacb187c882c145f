/** Writes the log by pino, one line for each event. Event names are few and fixed; fields use the contract's words. None of them holds a secret. */
import { type DestinationStream, pino } from 'pino'

/** All events. People who watch a log look for these names, so a misspelt name must not compile. */
export type EventName =
  // Runs, and their consequences.
  | 'run started'
  | 'run finished'
  | 'run failed'
  | 'run superseded'
  | 'run handed over'
  | 'run gave way'
  | 'run put off'
  | 'run broke'
  | 'ids changed'
  | 'not deleted'
  | 'deletion refused'
  | 'deletion not confirmed'
  | 'came short'
  | 'import budget used up'
  | 'flags left out'
  | 'bounce not noted'
  | 'follow-up failed'
  | 'server learnt'
  | 'account stopped'
  | 'account paused'
  | 'destination failing'
  | 'destination paused'
  | 'destination resumed'
  | 'store alert'
  // The worker's process and its queues.
  | 'worker ready'
  | 'few descriptors'
  | 'worker stopped'
  | 'worker broke'
  | 'queue error'
  | 'queue stuck'
  | 'job failed'
  | 'clock stepped'
  | 'redis away'
  | 'redis back'
  // The format of the data (redis/format/), in API and workers.
  | 'data wait'
  | 'data carried over by another process'
  | 'data are carried over'
  | 'step done'
  | 'data carried over'
  | 'data of another format'
  | 'unfinished restore removed'
  | 'backup without proof restored'
  | 'record unreadable'
  // What is sent.
  | 'message sent'
  | 'message rejected'
  | 'message unknown'
  | 'sending held'
  | 'sending limit learnt'
  | 'body missing'
  // News on its way to people.
  | 'visit failed'
  | 'webhook delivered'
  | 'webhook failed'
  | 'webhook disabled'
  | 'webhook overflows'
  | 'notice sent'
  | 'notice failed'
  // The API's process.
  | 'api listens'
  | 'api stopped'
  | 'api broke'
  | 'policy broke'
  | 'submission listens'
  | 'submission off'
  | 'submission broke'
  | 'submission client failed'
  | 'outbox left'
  | 'message taken'
  | 'login refused'
  | 'request'
  | 'request broke'
  | 'listener broke'
  | 'audit lost'
  | 'answer not kept'
  | 'html not cleaned'
  | 'address not written'
  | 'certificate renewed'
  | 'certificate refused'
  | 'secrets resealed'
  | 'keys unsafe'
  | 'keys put back'
  | 'secrets unopened'
  | 'resealing broke'
  // npm start, and the parts that it starts.
  | 'said'
  | 'starting'
  | 'running'
  | 'unknown setting'
  | 'part ready'
  | 'part ended'
  | 'part gave up'
  | 'part busy'
  | 'part restarted'
  | 'part did not start'
  | 'store purged'
  | 'server program changed'
  | 'store not purged'

/** Writes one event. @param sentence the text for people. */
type WriteEvent = (fields: { readonly event: EventName } & Readonly<Record<string, unknown>>, sentence?: string) => void

/** The part of pino's logger that writes events. */
export interface Logger {
  readonly trace: WriteEvent
  readonly debug: WriteEvent
  readonly info: WriteEvent
  readonly warn: WriteEvent
  readonly error: WriteEvent
  readonly fatal: WriteEvent
  child(fields: Readonly<Record<string, unknown>>, options?: { readonly level: string }): Logger
}

/** Fields that are never written, wherever they stand in an event. Events carry ids and not records; this list is a second protection. */
const redacted = ['password', 'pass', 'secret', 'token', 'authorization', 'cookie', 'sealed', 'masterPassword']

/** @param process_ the process that writes: `api`, `worker`, `local`. */
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
