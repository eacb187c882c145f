/**
 * Decides of whom a report is due, each once. Whoever asked not to be told of one is not (RFC 3461 section 4.1), and what has a null sender makes no
 * report (RFC 5321 section 4.5.5).
 */
import type { DsnNotify, OutboxEntry, Recipient, SendReport } from './entry.ts'
import { sendLimits } from './limits.ts'

export interface Reportable {
  /** They got nothing. */
  readonly failed: readonly Recipient[]
  /** Nobody knows whether they got it. */
  readonly unknown: readonly Recipient[]
  /** It is late, is tried on, and somebody asked to be told of that. */
  readonly delayed: readonly Recipient[]
}

type Reported = Pick<OutboxEntry, 'sender' | 'recipients' | 'report' | 'sendAtMs'>

export function reportable({ sender, recipients, report, sendAtMs }: Reported, nowMs: number): Reportable {
  if (sender === '') return { failed: [], unknown: [], delayed: [] }
  const { named, told } = report
  const of = (state: Recipient['state'], known: readonly string[] | undefined, isWanted: (one: Recipient) => boolean) =>
    recipients.filter((one) => one.state === state && known?.includes(one.address) !== true && isWanted(one))
  return {
    failed: of('rejected', named, wants('FAILURE')),
    unknown: of('unknown', told?.unknown, wants('FAILURE')),
    delayed: nowMs - sendAtMs >= sendLimits.delayedAfterMs ? recipients.filter((one) => awaitsDelay(one, told)) : [],
  }
}

/** It waits, and whoever sent it is to be told if that lasts. Its account may be held, so that nothing is attempted. */
function awaitsDelay({ address, state, notify = [] }: Recipient, told: SendReport['told']): boolean {
  const waits = state === 'deferred' || state === 'queued'
  return waits && notify.includes('DELAY') && told?.delayed.includes(address) !== true
}

/** When its copy or a report is due; null: not by itself. */
export function followUpMs(entry: Reported & Pick<OutboxEntry, 'copy'>): number | null {
  const { copy, report, recipients, sender, sendAtMs } = entry
  const isToBeTold = sender !== '' && recipients.some((one) => awaitsDelay(one, report.told))
  // A report that is due has the delay, too.
  const delayMs = report.state !== 'due' && isToBeTold ? sendAtMs + sendLimits.delayedAfterMs : null
  const times = [copy.nextAtMs, report.nextAtMs, delayMs].filter((ms) => ms !== null)
  return times.length === 0 ? null : Math.min(...times)
}

export function isNothing({ failed, unknown, delayed }: Reportable): boolean {
  return failed.length + unknown.length + delayed.length === 0
}

/** Where nobody asked for anything, failures are told. */
function wants(what: DsnNotify): (recipient: Recipient) => boolean {
  return ({ notify = [] }) => notify.length === 0 || notify.includes(what)
}
