/** News that people get without asking, by webhook and by e-mail. It is made from a run's result. Pure. */
import { createHash } from 'node:crypto'
import type { Account } from '../account/account.ts'
import { newsLimits } from './limits.ts'
import type { AccountId, DestinationId, RunId } from '../mail/message.ts'
import type { QuarantineEntry } from '../pull/quarantine.ts'
import type { Run, RunCounts } from '../runs/run.ts'

/** The type and the API schema are made from this list. */
export const newsTypes = [
  'run.failed',
  'account.needs_attention',
  'account.recovered',
  'message.quarantined',
  'first_import.finished',
  'message.sent',
  'message.failed',
  'message.bounced',
] as const
export type NewsType = (typeof newsTypes)[number]

/** What is told of a message that is sent. `address` is the one that it is from, `outboxId` names it in the outbox. */
interface AboutMessage {
  readonly accountId: string
  readonly address: string
  readonly destinationId: string
  readonly outboxId: string
}

interface About {
  readonly accountId: AccountId
  readonly address: string
  readonly destinationId: DestinationId
  readonly runId: RunId
}
type Failed = About & { readonly failure: NonNullable<Run['failure']> }

/** News as it is stored and sent: sentences and counts, and never a word of a message. */
export type News = {
  /** A ULID that follows from the run and the type: news that is repeated after a crash bears the same one. */
  readonly id: string
  /** ISO 8601 UTC. */
  readonly timestamp: string
} & (
  | { readonly type: 'run.failed' | 'account.needs_attention'; readonly data: Failed }
  | { readonly type: 'account.recovered'; readonly data: About & { readonly failingSince: string } }
  | {
      readonly type: 'message.quarantined'
      /** `count` is their number; the first `newsLimits.newsMessagesMax` are listed with the reason. */
      readonly data: About & {
        readonly count: number
        readonly messages: readonly Pick<QuarantineEntry, 'id' | 'size' | 'reason'>[]
      }
    }
  /** The counts of all runs up to the first that went well. */
  | { readonly type: 'first_import.finished'; readonly data: About & Readonly<RunCounts> }
  /** The provider has taken it for all recipients; `recipients` is their number. */
  | { readonly type: 'message.sent'; readonly data: AboutMessage & { readonly recipients: number } }
  /** Those who did not get it, or of whom nobody knows. */
  | {
      readonly type: 'message.failed'
      readonly data: AboutMessage & {
        readonly state: 'rejected' | 'unknown'
        readonly recipients: readonly {
          readonly address: string
          readonly state: string
          readonly reply: string | null
        }[]
      }
    }
  /** It came back. Anybody can write a bounce: it is a note. */
  | {
      readonly type: 'message.bounced'
      readonly data: AboutMessage & {
        readonly recipient: string | null
        readonly status: string | null
        readonly diagnostic: string | null
      }
    }
)

/** News about an account that people have been told, and whose end they have not been told yet. */
export interface ToldNews {
  readonly trouble: 'none' | 'failing' | 'attention'
  /** The time when a failure was last told. */
  readonly failedAtMs: number | null
}

export const noNewsTold: ToldNews = { trouble: 'none', failedAtMs: null }

export interface RunEnd {
  readonly account: Account
  readonly run: Run
  /** The account waits for somebody to act. */
  readonly attention: boolean
  /** The messages that this run set aside. */
  readonly quarantined: readonly QuarantineEntry[]
  /** The counts of all runs so far, if this one is the first that went well. */
  readonly firstImport: RunCounts | undefined
  readonly nowMs: number
}

/**
 * A failure is told at the first of a row, and again if the account stops for it. The first run that goes well tells that it is over.
 * Rows that follow one another within an hour are one to people: the later ones are told if they last.
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
    // Messages that fail are still tried again: the trouble is not over.
    if (run.deferred > 0) return { news, told }
    if (told.trouble !== 'none') {
      const failingSince = new Date(told.failedAtMs ?? nowMs).toISOString()
      news.push({ ...headed('account.recovered'), data: { ...about, failingSince } })
    }
    return { news, told: { ...told, trouble: 'none' } }
  }
  // We are the cause: the run goes on by itself at once.
  if (failure.kind === 'stopped' || failure.kind === 'superseded') return { news, told }

  const stopped = attention && told.trouble !== 'attention'
  const lately = told.failedAtMs !== null && Math.abs(nowMs - told.failedAtMs) < newsLimits.toldAgainAfterMs
  if (stopped || (told.trouble === 'none' && !lately)) {
    news.push({ ...headed('run.failed'), data: { ...about, failure } })
    if (stopped) news.push({ ...headed('account.needs_attention'), data: { ...about, failure } })
    return { news, told: { trouble: stopped ? 'attention' : 'failing', failedAtMs: nowMs } }
  }
  // Somebody has acted since the account stopped: if it stops once more, that is told.
  const again = told.trouble === 'attention' && !attention
  return { news, told: again ? { ...told, trouble: 'failing' } : told }
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The time of the run's id, and 80 bits of a hash in place of the random ones. */
function newsId(runId: RunId, type: NewsType): string {
  return runId.slice(0, 10) + hashed(`${runId} ${type}`)
}

/** A ULID that follows from what is told, and its time. */
export function newsIdAt(ms: number, what: string): string {
  let time = ''
  for (let left = ms; time.length < 10; left = Math.floor(left / 32)) time = (crockford[left % 32] ?? '') + time
  return time + hashed(what)
}

function hashed(text: string): string {
  let hash = ''
  for (const octet of createHash('sha256').update(text).digest().subarray(0, 16)) hash += crockford[octet & 31]
  return hash
}
