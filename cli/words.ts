/** Writes numbers, times and runs in the way in which people say them. */
import type { Account, Identities, QuarantineEntry, Run, SignIn } from './wire.ts'

export const number = (value: number) => value.toLocaleString('en')

export const count = (value: number, one: string, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`

export function octets(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  const scaled = value / 1000 ** power
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power] ?? 'B'}`
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  if (seconds < 172_800)
    return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`
  return `${Math.floor(seconds / 86_400)} days`
}

/** Writes `3 min ago` or `in 2 h`. */
export function away(time: string | null | undefined, nowMs = Date.now()): string {
  if (time === null || time === undefined) return ''
  const ms = Date.parse(time) - nowMs
  return ms > 0 ? `in ${roughly(ms)}` : `${roughly(-ms)} ago`
}

const roughly = (ms: number) => duration(ms).replace(/(?<=min|h) .*/, '')

/** Writes a time in the time zone of this machine, to the second. */
export function moment(time: string | null | undefined): string {
  if (time === null || time === undefined) return ''
  return new Date(time).toLocaleString('sv')
}

export function ageOf({ startedAt, finishedAt }: Run): string {
  if (startedAt === null || finishedAt === null) return ''
  const ms = Date.parse(finishedAt) - Date.parse(startedAt)
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms)
}

/** Says why a queued run waits: a run that was put off says so itself. */
export function waitOf({ notices }: Pick<Run, 'notices'>): string {
  return notices[0] ?? 'waits for a worker'
}

/** Says in one line what a run did. */
export function sentenceOf(run: Run): string {
  // A rebuild lists and stores nothing, and a run that failed before the listing has nothing to tell.
  const visited = run.task === 'pull' && (run.state !== 'failed' || run.listed > 0)
  const parts = [
    visited ? `${number(run.listed)} listed` : '',
    visited ? `${number(run.stored)} stored (${octets(run.bytes)})` : '',
    run.recovered > 0 || run.task === 'rebuild' ? `${number(run.recovered)} found in the store` : '',
    run.deleted > 0 ? `${number(run.deleted)} deleted at the provider` : '',
    run.quarantined > 0 ? `${number(run.quarantined)} set aside` : '',
    run.deferred > 0
      ? `${number(run.deferred)} not fetched yet, tried again by ${run.deferred === 1 ? 'itself' : 'themselves'}`
      : '',
    moreOf(run),
  ]
  const did = parts.filter((part) => part !== '').join(', ')
  switch (run.state) {
    case 'queued':
      return waitOf(run)
    case 'running':
      return did
    case 'done':
      return [did, ageOf(run)].filter((part) => part !== '').join(', ')
    case 'failed':
      return [run.failure?.message, did === '' ? '' : `(${did})`].filter((part) => part !== '').join(' ')
  }
}

/** Says when a message that was set aside is tried again. */
export function againOf({ nextAttemptAt }: Pick<QuarantineEntry, 'nextAttemptAt'>, nowMs = Date.now()): string {
  if (nextAttemptAt === null) return 'only by hand'
  return Date.parse(nextAttemptAt) <= nowMs ? 'in the next run' : away(nextAttemptAt, nowMs)
}

/** Says in a sentence what a run leaves to the next ones by itself; undefined if that is nothing. */
export function deferredOf({ deferred }: Pick<Run, 'deferred'>): string | undefined {
  if (deferred === 0) return undefined
  return deferred === 1
    ? '1 message could not be fetched yet; it is tried again by itself.'
    : `${number(deferred)} messages could not be fetched yet; they are tried again by themselves.`
}

/** Says how often it is visited for now, and why. */
export function rhythmOf({ rhythm: { code, seconds } }: Account): string {
  const time = duration((seconds ?? 0) * 1000)
  switch (code) {
    case 'fixed':
      return `every ${time}, as it is set`
    case 'learning':
      return `every ${time}, until two weeks have shown when mail comes`
    case 'busy hour':
      return `every ${time}: much of the mail comes at this hour`
    case 'usual hour':
      return `every ${time}, as mail comes`
    case 'quiet hour':
      return `quiet at this hour: every ${time}`
    case 'recent mail':
      return `again after ${time}: mail came a moment ago`
    case 'asked for':
      return `again after ${time}: somebody asked a moment ago, and nothing had come`
    case 'silent':
      return `every ${time}: hardly any mail has come for weeks`
    case 'login delay':
      return `every ${time}: its provider asks for that`
    case 'due at once':
      return 'next time at once'
    case 'waiting':
      return 'due now: it waits for a free session at its provider, or for a worker'
    case 'more to fetch':
      return `again after ${time}: the last run left some mail for then`
    case 'backing off':
      return `again after ${time}: the last visit failed`
    case 'destination paused':
      return `again after ${time}: nothing can be stored for now`
    case 'throttled':
      return `again after ${time}: its provider gives no more for now`
    case 'put off':
      return `later than usual, after ${time}`
    case 'paused':
      return 'not now: it is paused'
    case 'needs attention':
      return 'not by itself, until somebody acts'
  }
}

export function retentionOf({ retention }: Account): string {
  switch (retention.mode) {
    case 'keep':
      return 'mail stays at the provider'
    case 'delete':
      return 'mail is deleted at the provider once it is stored'
    case 'keepDays':
      return `mail is deleted at the provider after ${count(retention.days, 'day')}`
  }
}

export function firstRunOf({ firstRun }: Account): string {
  switch (firstRun.mode) {
    case 'all':
      return 'fetches all that is there'
    case 'onlyNew':
      return 'fetches what comes from then on'
    case 'lastDays':
      return `fetches the last ${count(firstRun.days, 'day')}`
  }
}

/** Says what first imports may bring in an hour; undefined if nothing limits them. */
export function importOf({ importBytesPerHour }: Pick<Account, 'importBytesPerHour'>): string | undefined {
  return importBytesPerHour === null ? undefined : `at most ${octets(importBytesPerHour)} an hour`
}

/** Says what a run leaves to the next one; empty if that is nothing. */
function moreOf({ more, secondsLeft }: Pick<Run, 'more' | 'secondsLeft'>): string {
  if (!more) return ''
  return `more is to come${secondsLeft === null ? '' : `, about ${roughly(secondsLeft * 1000)} left`}`
}

/** Says how far a sign-in is. */
export function signInOf({ state, signedInAs, expiresAt, warning, reason }: SignIn): string {
  const who = state === 'signed in' && signedInAs !== null ? `as ${signedInAs}` : state
  const end = expiresAt === null ? '' : `until ${moment(expiresAt)} at the latest`
  return [who, end, reason ?? '', warning === null ? '' : warningOf(warning)].filter((part) => part !== '').join('; ')
}

/** Says what is known to go wrong later with a sign-in. */
export function warningOf({ code, at }: NonNullable<SignIn['warning']>): string {
  switch (code) {
    case 'google testing':
      return `This Google application is in Testing: the sign-in ends on ${moment(at)}. Publish it, and sign in once more.`
    case 'no refresh token':
      return `The provider gave nothing to renew it with: the sign-in ends on ${moment(at)}. See that the application asks for offline access.`
    case 'scopes missing':
      return 'Not all that was asked for was agreed to, and mail may not come. Sign in once more, and leave every box ticked.'
    case 'another audience':
      return 'What the provider gave is not for its mail servers, and mail may not come. See that the application asks for scopes of mail alone.'
  }
}

export function serverOf({
  host,
  hostUnicode = host,
  port,
  tls,
}: {
  readonly host: string
  readonly hostUnicode?: string
  readonly port: number
  readonly tls: string
}): string {
  const how = tls === 'implicit' ? 'TLS' : tls === 'starttls' ? 'STARTTLS' : 'in clear'
  return `${hostUnicode}:${port} (${how})`
}

/** Says how it logs in, where that is not as usual. */
export function loginOf({
  auth,
  sasl,
  tlsMinVersion,
  tlsLegacy,
  proxy,
}: Pick<Account, 'auth' | 'sasl' | 'tlsMinVersion' | 'tlsLegacy' | 'proxy'>): string {
  const unusual = [
    ...(auth === 'oauth2' ? ['signing in at its provider'] : []),
    ...(sasl === null ? [] : [`${sasl} alone`]),
    ...(tlsMinVersion === 'TLSv1.2' ? [] : [`${tlsMinVersion} and up`]),
    ...(tlsLegacy ? ['old ciphers and small keys, too'] : []),
    ...(proxy === null ? [] : [proxy === 'none' ? 'no proxy' : `the proxy ${proxy}`]),
  ]
  return unusual.join(', ')
}

/** By which server an account sends. */
export function sendsBy({ smtp, user }: Pick<Account, 'smtp' | 'user'>): string {
  if (smtp === false) return 'nothing: it has no SMTP server'
  if (smtp === null) return 'nothing yet: its SMTP server is not known'
  return `${serverOf(smtp)}, as ${smtp.user ?? user}${smtp.ownPassword ? ', with a password of its own' : ''}`
}

/** Whether mail may go out as an account's address; undefined: it sends nothing. */
export function identityOf(
  { id, address }: Pick<Account, 'id' | 'address'>,
  all: Identities['items'],
): string | undefined {
  const own = all.find(({ accountId }) => accountId === id)
  if (own === undefined) return undefined
  const sender = all.find((one) => one.default && one.address.toLowerCase() === address.toLowerCase())
  const other =
    own.default || sender === undefined ? '' : `; what is sent as it goes out by the account ${sender.accountId}`
  return `${stateOf(own, address)}${other}`
}

function stateOf({ state, reason, testedAt }: Identities['items'][number], address: string): string {
  if (state === 'verified') return `verified ${away(testedAt)}: a mail that was sent as it has come back`
  if (state === 'refused')
    return `refused by its provider (${reason ?? 'it does not say why'}): add the address there, or give its own user and password; then: tributary account verify ${address}`
  if (testedAt === null) return `not verified: tributary account verify ${address}`
  return `being verified: a mail went out ${away(testedAt)}, and has not come back yet`
}

/** Undefined: nothing keeps it from sending. */
export function sendingOf({ sending }: Account): string | undefined {
  if (sending === null || sending.state === 'ok') return undefined
  const { state, until, limit, failure, next } = sending
  const why =
    limit === null
      ? (failure?.message ?? '')
      : `${limit.messages} messages in any ${limit.period} are all that may go out.`
  const again = until === null ? '' : `Tried again at ${moment(until)}.`
  return [`${state === 'held' ? 'held' : 'at its limit'}:`, why, next ?? '', again]
    .filter((part) => part !== '')
    .join(' ')
}
