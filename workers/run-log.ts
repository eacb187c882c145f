/** The log events about runs and their consequences: one function for each event, with its level and its fields. */
import { describe, describeStop } from '../src/failure/sentences.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Pause } from '../src/failure/consequence.ts'
import type { ServerTrait } from '../src/account/server-traits.ts'
import type { Account } from '../src/account/account.ts'
import type { Logger } from '../src/log.ts'
import type { Notice } from '../src/pull/notice.ts'
import type { RunCounts } from '../src/runs/run.ts'

/** @param isQuiet nobody hears of the run unless it finds something: most of them find nothing. */
export function logRunStarted(log: Logger, host: string, isQuiet: boolean): void {
  log[isQuiet ? 'debug' : 'info']({ event: 'run started', host })
}

/** @param isIdle it is one of the visits in a row that found nothing to do. */
export function logRunFinished(log: Logger, counts: RunCounts, ms: number, isIdle: boolean): void {
  log[isIdle ? 'debug' : 'info']({ event: 'run finished', ...counts, ms })
}

export function logRunFailed(log: Logger, failure: Failure, counts: RunCounts, ms: number): void {
  log.warn({ event: 'run failed', kind: failure.kind, ...counts, ms }, describe(failure))
}

/** The provider did not let us in right after a test. */
export function logRunPutOff(log: Logger, failure: Failure, forMs: number): void {
  log.info({ event: 'run put off', kind: failure.kind, forMs: Math.round(forMs) }, describe(failure))
}

/** This worker stops: the run waits in the queue under its id. */
export function logRunHandedOver(log: Logger, counts: RunCounts): void {
  log.info({ event: 'run handed over', ...counts })
}

/** Its server stood still, or has as many sessions of ours as it takes, and others wait. */
export function logRunGaveWay(log: Logger, againMs: number): void {
  log.info({ event: 'run gave way', againMs: Math.round(againMs) })
}

/** Another run holds the account's lease. */
export function logRunSuperseded(log: Logger, failure: Failure): void {
  log.warn({ event: 'run superseded' }, describe(failure))
}

/** The run failed for an unforeseen reason. */
export function logRunBroke(log: Logger, err: unknown): void {
  log.error({ event: 'run broke', err })
}

/** The maildrop is odd. */
export function logNotice(log: Logger, notice: Notice, sentence: string): void {
  log.warn({ ...notice }, sentence)
}

/** The server has shown a trait. */
export function logServerLearnt(log: Logger, { host, port }: Account, learnt: readonly ServerTrait[]): void {
  log.warn({ event: 'server learnt', host, port, learnt })
}

/** Nobody visits the account any more until somebody has acted. */
export function logAccountStopped(log: Logger, failure: Failure): void {
  log.error({ event: 'account stopped', kind: failure.kind }, describeStop(failure))
}

export function logDestinationPaused(log: Logger, destinationId: string, pause: Pause, failure: Failure): void {
  const pausedUntil = new Date(pause.pausedUntilMs).toISOString()
  const fields = { destinationId, kind: failure.kind, pausedUntil, times: pause.times }
  log.warn({ event: 'destination paused', ...fields }, describe(failure))
}

export function logDestinationFailing(log: Logger, destinationId: string, failure: Failure): void {
  log.warn({ event: 'destination failing', destinationId, kind: failure.kind }, describe(failure))
}

export function logDestinationResumed(log: Logger, destinationId: string): void {
  log.info({ event: 'destination resumed', destinationId })
}
