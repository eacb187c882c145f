/** The choice of what happens to mail at the provider, as it is typed. */
import type { NewAccount } from './shapes.ts'

export const retentions = ['keep', 'delete', 'keepDays'] as const
export type Retention = (typeof retentions)[number]
export const firstRuns = ['all', 'lastDays', 'onlyNew'] as const
export type FirstRun = (typeof firstRuns)[number]

export const retentionOf = (mode: Retention, days: string): NonNullable<NewAccount['retention']> =>
  mode === 'keepDays' ? { mode, days: Number(days) } : { mode }

export const firstRunOf = (mode: FirstRun, days: string): NonNullable<NewAccount['firstRun']> =>
  mode === 'lastDays' ? { mode, days: Number(days) } : { mode }
