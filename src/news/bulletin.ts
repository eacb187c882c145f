/** The bulletin by e-mail: its text, and when the next one is sent. Pure. */
import { secretMistakes, type TlsMode } from '../account/account.ts'
import type { Mistake } from '../account/mistake.ts'
import { hostMistakes } from '../account/host.ts'
import { assertNever } from '../assert-never.ts'
import { newsLimits } from './limits.ts'
import { singleLine } from '../printable.ts'
import type { News, NewsType } from './news.ts'

/** The SMTP server, the receivers, and the kinds of news. The password is stored sealed beside it. */
export interface BulletinSettings {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  /** Null: the server wants no login. */
  readonly user: string | null
  readonly from: string
  readonly to: readonly string[]
  readonly events: readonly NewsType[]
}

/** RFC 8314 section 3.3, RFC 6409, RFC 5321. */
export function submissionPort(tls: TlsMode): number {
  return { implicit: 465, starttls: 587, none: 25 }[tls]
}

/** The rules that a schema cannot express. */
export function bulletinMistakes({ host, user, from, to }: BulletinSettings, password: string | undefined): Mistake[] {
  const address = (text: string, pointer: string): Mistake[] =>
    /^[^\s@<>,;"\p{Cc}\p{Cf}\p{Cs}]+@[^\s@<>,;"\p{Cc}\p{Cf}\p{Cs}]+$/u.test(text)
      ? []
      : [{ pointer, detail: 'must be an e-mail address such as me@example.net', rule: 'pattern' }]
  return [
    ...hostMistakes(host),
    ...secretMistakes(user ?? '', password),
    ...address(from, '/from'),
    ...to.flatMap((one, nth) => address(one, `/to/${nth}`)),
    ...(user !== null && password === undefined
      ? [{ pointer: '/password', detail: 'is required with a user', rule: 'required' as const }]
      : []),
    ...(user === null && password !== undefined
      ? [{ pointer: '/user', detail: 'is required with a password', rule: 'required' as const }]
      : []),
  ]
}

/** The sender writes it. */
export interface BulletinState {
  readonly sentAtMs: number | null
  /** The least time between the last two bulletins. */
  readonly spacingMs: number
  /** Attempts in a row that failed. */
  readonly failures: number
  readonly lastFailure: { readonly atMs: number; readonly message: string } | null
}

/** The patience of a sender; tests use less. */
export interface BulletinPatience {
  readonly collectMs: number
  readonly spacingMaxMs: number
  readonly waitsMs: readonly number[]
}

export const bulletinPatience: BulletinPatience = {
  collectMs: newsLimits.bulletinCollectMs,
  spacingMaxMs: newsLimits.bulletinSpacingMaxMs,
  waitsMs: newsLimits.bulletinWaitsMs,
}

export const nothingSent: BulletinState = { sentAtMs: null, spacingMs: 0, failures: 0, lastFailure: null }

/** When an event of now is sent: the sender waits a minute for further events. */
export function bulletinDueMs(
  { sentAtMs, spacingMs }: BulletinState,
  nowMs: number,
  { collectMs } = bulletinPatience,
): number {
  const sooner = nowMs + collectMs
  // If the last one was sent in the present future, the clock was set back.
  return sentAtMs === null || sentAtMs > nowMs ? sooner : Math.max(sooner, sentAtMs + spacingMs)
}

/**
 * If one bulletin follows the other, the time between them doubles. Each might be the cause of the next (a bulletin that is
 * gathered itself, and cannot be stored), or an account might never settle: that gives one an hour and no flood.
 */
export function afterBulletin(
  { sentAtMs, spacingMs, failures }: BulletinState,
  failure: string | undefined,
  nowMs: number,
  { collectMs, spacingMaxMs, waitsMs } = bulletinPatience,
): { readonly state: BulletinState; readonly againMs: number } {
  if (failure !== undefined) {
    const wait = waitsMs[failures] ?? waitsMs.at(-1) ?? collectMs
    const lastFailure = { atMs: nowMs, message: failure }
    return { state: { sentAtMs, spacingMs, failures: failures + 1, lastFailure }, againMs: nowMs + wait }
  }
  const following = sentAtMs !== null && sentAtMs <= nowMs && nowMs - sentAtMs <= 2 * spacingMs + collectMs
  const spacing = following ? Math.min(Math.max(2 * spacingMs, collectMs), spacingMaxMs) : collectMs
  return {
    state: { sentAtMs: nowMs, spacingMs: spacing, failures: 0, lastFailure: null },
    againMs: nowMs + spacing,
  }
}

export interface BulletinLetter {
  readonly subject: string
  readonly text: string
}

/** The order of the sections, the words of each for one account and for many, and the action that it recommends. */
const sections: readonly (readonly [NewsType, one: string, many: string, todo: string])[] = [
  [
    'account.needs_attention',
    'needs attention',
    'need attention',
    'Stopped until somebody acts: change what is wrong, or resume the account.',
  ],
  ['run.failed', 'is failing', 'are failing', 'Tried again by itself; nothing is lost meanwhile.'],
  [
    'message.quarantined',
    'has set mail aside',
    'have set mail aside',
    'It stays at the provider. See the quarantine of the account: why, the message itself, and another try.',
  ],
  ['account.recovered', 'is well again', 'are well again', 'Nothing is to be done.'],
  ['first_import.finished', 'has been imported', 'have been imported', 'New mail is fetched by itself from now on.'],
  [
    'message.failed',
    'has mail that was not delivered',
    'have mail that was not delivered',
    'The outbox says to whom, and why. What nobody knows of is sent again only if somebody wants it.',
  ],
  [
    'message.bounced',
    'has had mail come back',
    'have had mail come back',
    'Look how the address is written. The bounce lies with the mail of the account.',
  ],
  ['message.sent', 'has sent mail', 'have sent mail', 'Nothing is to be done.'],
]

/** The text is always short: some accounts of each kind are named, and the others are counted. @param more the number of news beyond these. */
export function bulletinOf(news: readonly News[], more: number): BulletinLetter {
  const latest = new Map<string, number>()
  for (const [nth, { type, data }] of news.entries()) latest.set(`${type} ${data.accountId}`, nth)
  const told = news.filter(({ type, data }, nth) => {
    const later = (other: NewsType) => (latest.get(`${other} ${data.accountId}`) ?? -1) > nth
    if (latest.get(`${type} ${data.accountId}`) !== nth && !type.startsWith('message.')) return false
    // Trouble that is over is reported as such; a stop is reported once.
    if (type === 'run.failed') return !later('account.recovered') && !later('account.needs_attention')
    return type !== 'account.needs_attention' || !later('account.recovered')
  })

  const parts: string[] = []
  const subjects: string[] = []
  for (const [type, one, many, todo] of sections) {
    const of = told.filter((each) => each.type === type)
    const [first] = of
    if (first === undefined) continue
    const accounts = new Set(of.map(({ data }) => data.accountId)).size
    const headline = accounts === 1 ? `${first.data.address} ${one}` : `${accounts} accounts ${many}`
    subjects.push(headline)
    const shown = of.slice(0, newsLimits.bulletinLinesMax).map((each) => `- ${lineOf(each)}`)
    const rest = of.length > shown.length ? [`- and ${of.length - shown.length} more`] : []
    parts.push([`${headline}. ${todo}`, '', ...shown, ...rest, ''].join('\n'))
  }
  if (more > 0) parts.push(`Beside that there are ${more} more pieces of news; the accounts themselves show what is.\n`)
  return { subject: `Tributary: ${subjects.join(', ')}`.slice(0, 200), text: parts.join('\n') }
}

function lineOf(news: News): string {
  const { address } = news.data
  switch (news.type) {
    case 'run.failed':
    case 'account.needs_attention':
      return `${address}: ${singleLine(news.data.failure.message)}`
    case 'account.recovered':
      return `${address}: had been failing since ${news.data.failingSince}.`
    case 'message.quarantined': {
      const { count, messages } = news.data
      const reasons = [...new Set(messages.map(({ reason }) => singleLine(reason.message)))]
      const others = reasons.length > 1 ? ` And ${reasons.length - 1} other reasons.` : ''
      return `${address}: ${count === 1 ? 'one message' : `${count} messages`}. ${reasons[0] ?? ''}${others}`
    }
    case 'message.sent':
      return `${address}: taken for ${recipientsIn(news.data.recipients)}.`
    case 'message.failed': {
      const [first] = news.data.recipients
      const why = first?.reply == null ? '' : ` (${singleLine(first.reply)})`
      return `${address}: ${recipientsIn(news.data.recipients.length)}, ${singleLine(first?.address ?? 'nobody')} among them${why}.`
    }
    case 'message.bounced':
      return `${address}: to ${singleLine(news.data.recipient ?? 'somebody')}. ${singleLine(news.data.diagnostic ?? '')}`.trim()
    case 'first_import.finished': {
      const { stored, listed, quarantined } = news.data
      return `${address}: ${stored} messages stored of ${listed} at the provider, ${quarantined} set aside.`
    }
    default:
      return assertNever(news)
  }
}

function recipientsIn(count: number): string {
  return count === 1 ? 'one recipient' : `${count} recipients`
}
