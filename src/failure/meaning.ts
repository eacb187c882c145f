/**
 * Decides what a server means by a refusal: by its response code (RFC 2449 section 8, RFC 3206, RFC 5530), and by its words (gists.ts). It is
 * the only place that does: POP3 and IMAP, at the login and after it, use it alike. Pure.
 */
import { promisesLater, saysTemporarily } from './again.ts'
import { bars, closesFolder, gistsIn, isAway, speaksOfFailures, speaksOfTariff } from './gists.ts'
import { failureLimits } from './limits.ts'
import { day, hour, minute, second } from '../units.ts'
import { type Meaning, passes } from './meanings.ts'
import { codeIn, readingsOf, skeletonOf, skeletonsOf } from './skeleton.ts'
import { wordings } from './wordings.ts'

export { type Meaning, passes }

/** The meaning of a code, if the words tell no more. */
const codes: Readonly<Record<string, Meaning>> = {
  'IN-USE': 'in use',
  'LOGIN-DELAY': 'throttled',
  AUTH: 'wrong password',
  'SYS/TEMP': 'temporary',
  // RFC 5530, and what Yahoo and Google say beside it.
  UNAVAILABLE: 'temporary',
  SERVERBUG: 'temporary',
  CONTACTADMIN: 'temporary',
  TEMPFAIL: 'temporary',
  THROTTLED: 'throttled',
  INUSE: 'in use',
  OVERQUOTA: 'store full',
  TOOBIG: 'refused for good',
  CANNOT: 'refused for good',
  'UNKNOWN-CTE': 'refused for good',
  EXPUNGEISSUED: 'gone',
  AUTHENTICATIONFAILED: 'wrong password',
  WEBALERT: 'sign in on the web',
  EXPIRED: 'password expired',
  PRIVACYREQUIRED: 'wants TLS',
}

/** The codes that leave no doubt, whatever the words are. */
const certain: ReadonlySet<string> = new Set(['IN-USE', 'INUSE', 'LOGIN-DELAY', 'THROTTLED', 'TOOBIG', 'EXPUNGEISSUED'])

/** Each known sentence by its skeleton. */
const known = new Map(wordings.map(({ text, means }) => [skeletonOf(text), means]))

/**
 * Reads a refusal. A code that leaves no doubt stands. Beside any other code the words decide as far as they fit it, because servers send
 * `[AUTH]` and `[SYS/PERM]` with whatever they have to say (docs/decisions/0029).
 *
 * @param reply one char an octet, or in Unicode; with `-ERR`, `NO` or `BAD` in front, or without.
 */
export function meaningOf(reply: string): Meaning | undefined {
  const code = codeIn(reply)
  const told = codes[code]
  if (certain.has(code)) return told
  const skeletons = skeletonsOf(reply)
  const said = skeletons.flatMap((skeleton) => known.get(skeleton) ?? []).concat(gistsIn(skeletons))
  switch (code) {
    case 'SYS/TEMP':
    case 'UNAVAILABLE':
    case 'SERVERBUG':
    case 'TEMPFAIL':
      return said.find((meaning) => meaning === 'throttled' || meaning === 'quota used up') ?? told
    // A login that failed too often has failed by its password.
    case 'AUTH':
    case 'AUTHENTICATIONFAILED':
      return (
        surest(
          said.filter((meaning) => meaning !== 'throttled' || !skeletons.some(speaksOfFailures)),
          skeletons,
        ) ?? told
      )
    // Somebody has to act (RFC 3206), unless the words promise something else.
    case 'SYS/PERM':
      return said.find((meaning) => meaning !== 'temporary' || skeletons.some(promisesLater))
    default:
      return surest(said, skeletons) ?? told
  }
}

/** What is locked or shut out for a while, or for too many visits, is let in again; each try before may make that longer. */
function surest(said: readonly Meaning[], skeletons: readonly string[]): Meaning | undefined {
  const [first] = said
  const isLater = skeletons.some(promisesLater)
  if (first === 'shut out')
    return isLater || said.includes('throttled') || said.includes('temporary') ? 'throttled' : first
  if (first === 'locked account') return isLater ? 'throttled' : first
  if (first === 'moved') return isLater ? 'temporary' : first
  const isOff = first === 'mailbox disabled' || first === 'switched off'
  return isOff && skeletons.some(saysTemporarily) ? 'temporary' : first
}

/** Whether a refusal that passes speaks of the server as a whole, and not of what it was asked for. */
export function speaksOfServer(reply: string): boolean {
  return meaningOf(reply) === 'temporary' && skeletonsOf(reply).some(isAway)
}

/** Whether a server that refuses to greet us has shut out our address: no user has been named yet that could be locked. */
export function shutsOut(greeting: string): boolean {
  const meaning = meaningOf(greeting)
  if (meaning !== undefined && passes(meaning)) return false
  return meaning === 'shut out' || meaning === 'locked account' || skeletonsOf(greeting).some(bars)
}

/** Whether a store that refuses a message speaks of its folder: it is read only, closed to this login, or holds as many messages as it may. */
export function isFolderClosed(reply: string): boolean {
  return meaningOf(reply) !== 'refused for good' && skeletonsOf(reply).some(closesFolder)
}

/** Whether a protocol is off because it is not paid for. */
export function isMatterOfTariff(reply: string): boolean {
  return meaningOf(reply) === 'switched off' && skeletonsOf(reply).some(speaksOfTariff)
}

/** The host that a reply names, and no page or address. */
export function hostNamedIn(reply: string): string | undefined {
  const words = reply.slice(0, failureLimits.wordsMax).replace(/\bhttps?:\/\/\S*/gi, ' ')
  return /(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}[a-z]{2,63}(?![\w@-])/i.exec(words)?.[0].toLowerCase()
}

/** A number and a unit of time, or "every minute", in the languages in which servers name waits. */
const time =
  /\b(?:(\d{1,9})[ -]?|(?:every|per|an?) )(milliseconds?|ms|se[ckg][a-z]{0,8}|s|min[a-z]{0,5}|m|h(?:ours?|rs?|eures?|oras?)?|stunden?|ore|godzin[a-z]{0,2}|d(?:ays?|ias?)?|tagen?|jours?)\b/i

const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:秒|초|сек|giây)/u, second],
  [/^(?:分|분|мин|phút)/u, minute],
  [/^(?:小|時|시|час|giờ)/u, hour],
  [/^(?:天|д|ngày)/u, day],
  [/^m(?:s$|illi)/i, 1],
  [/^(?:[hog]|st)/i, hour],
  [/^s/i, second],
  [/^m/i, minute],
  [/^[dtj]/i, day],
]

/** The same in letters that are not Latin. */
const timeAbroad = /(\d{1,9}) ?(秒|分|小时|小時|時間|天|초|분|시간|сек|мин|час|дн|ден|giây|phút|giờ|ngày)/u

/** The wait that the words name, in milliseconds; undefined if they name none. */
export function namedWaitMs(reply: string): number | undefined {
  const readings = readingsOf(reply.slice(0, failureLimits.wordsMax))
  const found = readings
    .map((words) => time.exec(words) ?? timeAbroad.exec(words.normalize('NFC')))
    .find((one) => one !== null)
  if (found === undefined || found === null) return undefined
  const [, count = '1', unit = ''] = found
  const unitMs = units.find(([pattern]) => pattern.test(unit))?.[1] ?? 0
  return Number(count) * unitMs || undefined
}
