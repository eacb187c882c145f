/** Decides what people are told without asking, by webhook and by e-mail, from the end of a run. Pure. */
import { createHash } from 'node:crypto'
import type { Account } from '../account/account.ts'
import { newsLimits } from './limits.ts'
import type { AccountId, DestinationId, RunId } from '../mail/message.ts'
import type { QuarantineEntry } from '../pull/quarantine.ts'
import type { Run, RunCounts } from '../runs/run.ts'

/** The list is the fact; the type and the API schema are read from it. */
export const newsTypes = [
  'run.failed',
  'account.needs_attention',
  'account.recovered',
  'message.quarantined',
  'first_import.finished',
] as const
export type NewsType = (typeof newsTypes)[number]

interface About {
  readonly accountId: AccountId
  readonly address: string
  readonly destinationId: DestinationId
  readonly runId: RunId
}
type Failed = About & { readonly failure: NonNullable<Run['failure']> }

/** As it is kept and sent. Sentences and counts, never a word of a message. */
export type News = {
  /** A ULID that follows from the run and the type: what is told again after a crash bears the same one. */
  readonly id: string
  /** ISO 8601 UTC. */
  readonly timestamp: string
} & (
  | { readonly type: 'run.failed' | 'account.needs_attention'; readonly data: Failed }
  | { readonly type: 'account.recovered'; readonly data: About & { readonly failingSince: string } }
  | {
      readonly type: 'message.quarantined'
      /** `count` of them; of the first `newsLimits.newsMessagesMax` what and why. */
      readonly data: About & {
        readonly count: number
        readonly messages: readonly Pick<QuarantineEntry, 'id' | 'size' | 'reason'>[]
      }
    }
  /** The counts of all runs up to the first that went well. */
  | { readonly type: 'first_import.finished'; readonly data: About & Readonly<RunCounts> }
)

/** The trouble of an account that people have been told of, while they have not been told that it is over. */
export interface ToldNews {
  readonly trouble: 'none' | 'failing' | 'attention'
  /** When a failure was told last. */
  readonly failedAtMs: number | null
}

export const noNewsTold: ToldNews = { trouble: 'none', failedAtMs: null }

export interface RunEnd {
  readonly account: Account
  readonly run: Run
  /** The account waits for somebody to act. */
  readonly attention: boolean
  /** Set aside by this run. */
  readonly quarantined: readonly QuarantineEntry[]
  /** The counts of all runs so far, if this run is the first that went well. */
  readonly firstImport: RunCounts | undefined
  readonly nowMs: number
}

/**
 * A failure is told once, at the first of a row; again where the account stops for it; and that it is over by the first run that
 * goes well. Rows that follow one another within an hour are one to people: the later ones are told should they last.
 */
export function newsOf(end: RunEnd, told: ToldNews): { readonly news: readonly News[]; readonly told: ToldNews } {
  const { account, run, attention, quarantined, firstImport, nowMs } = end
  const about = { accountId: account.id, address: account.address, destinationId: account.destinationId, runId: run.id }
  const timestamp = new Date(nowMs).toISOString()
  const headed = <Type extends NewsType>(type: Type) => ({ id: newsId(run.id, type), type, timestamp })

  const news: News[] = []
  if (quarantined.length > 0) {
    const messages = quarantined
      .slice(0, newsLimits.newsMessagesMax)
      .map(({ id, size, reason }) => ({ id, size, reason }))
    news.push({ ...headed('message.quarantined'), data: { ...about, count: quarantined.length, messages } })
  }
  const { failure } = run
  if (failure === null) {
    if (firstImport !== undefined) news.push({ ...headed('first_import.finished'), data: { ...about, ...firstImport } })
    if (told.trouble !== 'none') {
      const failingSince = new Date(told.failedAtMs ?? nowMs).toISOString()
      news.push({ ...headed('account.recovered'), data: { ...about, failingSince } })
    }
    return { news, told: { ...told, trouble: 'none' } }
  }
  // Ours: goes on by itself at once.
  if (failure.kind === 'stopped' || failure.kind === 'superseded') return { news, told }

  const stopped = attention && told.trouble !== 'attention'
  const lately = told.failedAtMs !== null && Math.abs(nowMs - told.failedAtMs) < newsLimits.toldAgainAfterMs
  if (stopped || (told.trouble === 'none' && !lately)) {
    news.push({ ...headed('run.failed'), data: { ...about, failure } })
    if (stopped) news.push({ ...headed('account.needs_attention'), data: { ...about, failure } })
    return { news, told: { trouble: stopped ? 'attention' : 'failing', failedAtMs: nowMs } }
  }
  // Somebody has acted since it stopped: should it stop once more, that is told.
  const again = told.trouble === 'attention' && !attention
  return { news, told: again ? { ...told, trouble: 'failing' } : told }
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The time of the run's id, and 80 bits of a hash where others have random ones. */
function newsId(runId: RunId, type: NewsType): string {
  const bits = createHash('sha256').update(`${runId} ${type}`).digest()
  let hash = ''
  for (const octet of bits.subarray(0, 16)) hash += crockford[octet & 31]
  return runId.slice(0, 10) + hash
}
