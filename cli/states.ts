/** The words for states: those of the dashboard (dashboard/words/en.ts), held together by test/pure/state-words.test.ts. */
import type { Account, Run } from './wire.ts'

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
