/** The words for states: those of the dashboard (dashboard/words/en.ts), held together by test/pure/state-words.test.ts. */
import type { Account, Destination, Run, Webhook } from './wire.ts'

export const statusWords: Readonly<Record<Account['status'], string>> = {
  idle: 'Up to date',
  running: 'Gathering',
  waiting: 'Queued',
  failing: 'Failing, trying again',
  'needs attention': 'Needs you',
  paused: 'Paused',
}

export const runStateWords: Readonly<Record<Run['state'], string>> = {
  queued: 'Queued',
  running: 'Running',
  done: 'Done',
  failed: 'Failed',
}

/** What an account without trouble may have beside its status. */
export const standingWords = { 'set aside': 'Set aside', more: 'More is to come', new: 'Not visited yet' } as const

/** How an account stands, as the dashboard says it (dashboard/standing.ts). */
export function standingOf(account: Account): string {
  const { status, needsPerson, quarantined, lastRun, lastCheckedAt } = account
  if (status === 'failing') return statusWords[needsPerson ? 'needs attention' : 'failing']
  if (status !== 'idle') return statusWords[status]
  if (quarantined > 0) return standingWords['set aside']
  if (lastRun?.more === true) return standingWords.more
  return lastCheckedAt === null ? standingWords.new : statusWords.idle
}

export const destinationWords: Readonly<Record<Destination['status'], string>> = {
  ok: 'Takes mail',
  failing: 'Failing, trying again',
  paused: 'Paused',
}

export const webhookWords = { ok: 'Works', untried: 'Not tried yet', failing: 'Failing', disabled: 'Off' } as const

export function webhookState({ status, lastDeliveredAt }: Webhook): string {
  return webhookWords[status === 'ok' && lastDeliveredAt === null ? 'untried' : status]
}
