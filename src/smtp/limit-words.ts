/** Reads which limit an answer speaks of that turns the account away because it sends too much. Pure. */
import type { Failure } from '../failure/failure.ts'
import { hour, minute } from '../units.ts'
import type { LimitKind } from '../send/provider-limits.ts'
import { replyIn } from './replies.ts'

/** Undefined: it speaks of none that is counted. */
export function limitIn(failure: Failure): Exclude<LimitKind, 'recipients'> | undefined {
  if (failure.kind !== 'throttled') return undefined
  const { enhanced, words } = replyIn(failure.reply)
  // A session has ended, and the next one may send as many.
  if (/\b(?:in|per|for) (?:this|one|a|the) (?:session|connection)\b|\bper (?:session|connection)\b/i.test(words))
    return undefined
  if (ofConnections.test(words)) return 'connections'
  if (/\bper minute\b|\bminutely\b|\b(?:a|each|every|one|this|last|past) minute\b|\/ ?min(?:ute)?\b/i.test(words))
    return 'minute'
  if (/\bhourly\b|\bper hour\b|\b(?:an|each|every|one|this|last|past) hour\b|\/ ?h(?:our)?\b/i.test(words))
    return 'hour'
  if (
    enhanced === '5.4.5' ||
    enhanced === '4.4.5' ||
    /\bdaily\b|\bper day\b|\b(?:a|each|every|one|this|last|past) day\b|\btoday\b|\b24[ -]?h(?:ours?)?\b|\/ ?day\b/i.test(
      words,
    )
  )
    return 'day'
  if (!/^[45]\.1\.90$|^[45]\.2\.12\d$|^4\.7\.28$|^4\.7\.500$/.test(enhanced) && !ofMessages.test(words))
    return undefined
  const { backOffMs } = failure
  if (backOffMs === undefined) return 'hour'
  return backOffMs <= 2 * minute ? 'minute' : backOffMs <= 2 * hour ? 'hour' : 'day'
}

const ofConnections =
  /\b(?:too many|maximum|max\.?|limit|exceed\w*|simultaneous|concurrent|concurrently|parallel)\b.*\b(?:connections?|sessions?|logins?)\b|\b(?:connections?|sessions?)\b.*\b(?:limit|exceed\w*|maximum)\b|\bthread limit\b/i

const ofMessages =
  /\b(?:messages?|mails?|emails?|e-mails?|recipients?|sending|send|submission|outgoing|outbound|rate|ratelimit)\b.*\b(?:limit\w*|quota|exceed\w*|reached|too many|too fast|too quickly)\b|\b(?:too many|quota|limit|exceed\w*|maximum)\b.*\b(?:messages?|mails?|emails?|e-mails?|recipients?|sent|sending|rate)\b|\bthrottl|\b(?:too fast|slow down|unusual (?:rate|sending activity|amount))\b|(?:submission|sending)QuotaExceeded/i
