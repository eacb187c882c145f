/** How an account stands, in one word for people: its status, unless something else matters more. */
import type { Account, AccountStatus } from './shapes.ts'

/** `set aside`: some of its messages are. `more`: its last run left mail for the next one. `new`: it was not visited yet. */
export type Standing = AccountStatus | 'set aside' | 'more' | 'new'

type Stood = Pick<Account, 'status' | 'needsPerson' | 'quarantined' | 'lastRun' | 'lastCheckedAt'>

export function standingOf({ status, needsPerson, quarantined, lastRun, lastCheckedAt }: Stood): Standing {
  if (status === 'failing') return needsPerson ? 'needs attention' : 'failing'
  if (status !== 'idle') return status
  if (quarantined > 0) return 'set aside'
  if (lastRun?.more === true) return 'more'
  return lastCheckedAt === null ? 'new' : 'idle'
}

/** What a list of accounts may be narrowed to, those that need somebody first. */
export const narrowings = [
  'needs attention',
  'failing',
  'set aside',
  'running',
  'waiting',
  'idle',
  'paused',
] as const satisfies readonly Standing[]

/** An account that somebody has to mend, or that has messages set aside, is that also while it is visited. */
export function isAt(account: Stood, wanted: string): boolean {
  const { status, needsPerson, quarantined } = account
  if (wanted === 'needs attention') return needsPerson || status === wanted
  if (wanted === 'set aside') return quarantined > 0
  return wanted === 'failing' ? standingOf(account) === wanted : status === wanted
}
