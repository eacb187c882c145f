/**
 * A run that has ended as it is kept: a line of at most 300 octets (CONTRACT section 5), beside its id and its account. Numbers are written
 * in base 36, and what is usual is left out.
 */
import { readable } from '../readable.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import { runLimits } from './limits.ts'
import { packWords, type RecordWords, shorterWords, unpackWords } from './record-words.ts'
import { noCounts, type Run, type RunCounts, withRemarks } from './run.ts'

/** New counts come last: a record of an earlier version has fewer. */
const counted = ['listed', 'stored', 'bytes', 'recovered', 'deleted', 'quarantined', 'deferred'] as const

/** What stands first. The scripts know rows of idle visits by the `i` (keep-run.lua). */
const headForm = /^([dfi])([pr])([sr])(\+?)$/

/** @param run has ended. @param isRow it stands for idle visits that nobody told of (idle-row.ts). */
export function packRun(run: Run, isRow = false): string {
  const state = isRow ? 'i' : run.state === 'failed' ? 'f' : 'd'
  const head = `${state}${run.task === 'pull' ? 'p' : 'r'}${run.cause === 'schedule' ? 's' : 'r'}${run.more ? '+' : ''}`
  const queuedMs = Date.parse(run.queuedAt)
  const startedMs = run.startedAt === null ? queuedMs : Date.parse(run.startedAt)
  const finishedMs = run.finishedAt === null ? startedMs : Date.parse(run.finishedAt)
  const times = [queuedMs, startedMs - queuedMs, finishedMs - startedMs].map(base36)
  const counts = counted
    .map((name) => base36(run[name]))
    .join(',')
    .replace(/(?:,0)+$/, '')
  const left = run.secondsLeft === null ? '' : `,${base36(run.secondsLeft)}`
  const fixed = [head, ...times, counts, `${base36(run.checks)}${left}`].join(' ')
  let words: RecordWords = run
  for (;;) {
    const text = packWords(words)
    if (fixed.length + 1 + text.length <= runLimits.recordOctetsMax || text === '') return `${fixed} ${text}`.trimEnd()
    words = shorterWords(words)
  }
}

/** @returns undefined if it is no such record. */
export function unpackRun(record: string, id: string, accountId: string): Run | undefined {
  try {
    return runOf(record, id, accountId)
  } catch {
    // A time that no date has, or words that cannot be unpacked.
    return undefined
  }
}

function runOf(record: string, id: string, accountId: string): Run | undefined {
  const [head = '', queued = '', waited = '', took = '', counts = '', checks = '1', words = ''] = record.split(' ')
  const [, state, task, cause, more] = headForm.exec(head) ?? []
  if (state === undefined) return undefined
  const queuedMs = parsed(queued)
  const startedMs = queuedMs + parsed(waited)
  const [visits = '1', left] = checks.split(',')
  return withRemarks({
    id: id as RunId,
    accountId: accountId as AccountId,
    task: task === 'p' ? 'pull' : 'rebuild',
    state: state === 'f' ? 'failed' : 'done',
    cause: cause === 's' ? 'schedule' : 'request',
    queuedAt: new Date(queuedMs).toISOString(),
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: new Date(startedMs + parsed(took)).toISOString(),
    ...countsIn(counts),
    fetched: null,
    secondsLeft: left === undefined ? null : parsed(left),
    waitsUntil: null,
    more: more === '+',
    checks: parsed(visits),
    ...unpackWords(words),
  })
}

/** The run that ended last, as it is stored: its id and its record, or JSON of an earlier version. */
export function lastRunIn(value: string | null | undefined, accountId: string): Run | undefined {
  if (value == null) return undefined
  if (value.startsWith('{')) return runIn(value) ?? undefined
  const at = value.indexOf(' ')
  return at < 0 ? undefined : unpackRun(value.slice(at + 1), value.slice(0, at), accountId)
}

/** Reads a run that is stored as JSON; null for one that cannot be read. Older ones lack some fields, and older failures do not say whether they pass. */
export function runIn(json: string | null): Run | null {
  type Newer = 'task' | 'fetched' | 'notices' | 'deferred' | 'more' | 'secondsLeft' | 'waitsUntil' | 'checks'
  const run = readable<Omit<Run, Newer>>(json, 'id', 'accountId', 'state', 'queuedAt')
  if (run === undefined) return null
  const failure = run.failure ? { ...run.failure, passes: run.failure.passes ?? false } : null
  const usual: Pick<Run, Newer> = {
    task: 'pull',
    fetched: null,
    notices: [],
    deferred: 0,
    more: false,
    secondsLeft: null,
    waitsUntil: null,
    checks: 1,
  }
  return withRemarks({ ...usual, ...run, failure })
}

function countsIn(text: string): RunCounts {
  const counts = noCounts()
  const values = text.split(',')
  for (const [nth, name] of counted.entries()) counts[name] = parsed(values[nth] ?? '0')
  return counts
}

function base36(value: number): string {
  return Math.round(value).toString(36)
}

function parsed(text: string): number {
  const value = Number.parseInt(text, 36)
  return Number.isFinite(value) ? value : 0
}
