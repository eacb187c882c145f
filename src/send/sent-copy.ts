/**
 * Decides about the copy of a sent message in Sent, where it is to stand once: a mail program files its own, some providers do, and if nobody
 * does we do.
 */
import type { OutboxEntry, SentCopy } from './entry.ts'
import { sendLimits } from './limits.ts'

export type CopyStep =
  /** Somebody else wrote it down meanwhile, or it is not due yet. */
  | 'nothing'
  /** The account wants none. */
  | 'none'
  | 'file'
  /** File it, if nobody has. */
  | 'look and file'
  /** Ours is there: should another have come, ours goes. */
  | 'look again'

export interface CopyRules {
  readonly sentCopy: 'auto' | 'always' | 'never'
  /** In a store of our own nobody files a copy of what was written in our page. */
  readonly isHosted: boolean
  readonly nowMs: number
}

export function copyStep(entry: Pick<OutboxEntry, 'copy' | 'origin'>, rules: CopyRules): CopyStep {
  const { copy, origin } = entry
  if (copy.nextAtMs === null || copy.nextAtMs > rules.nowMs) return 'nothing'
  if (copy.state === 'filed') return 'look again'
  if (copy.state !== 'wanted') return 'nothing'
  // What was begun is ended, whatever the account wants now.
  if (rules.sentCopy === 'never' && copy.filing === undefined) return 'none'
  return rules.sentCopy === 'always' || (origin === 'api' && rules.isHosted) ? 'file' : 'look and file'
}

export interface SentPlace {
  readonly folder: string
  readonly uid: number | undefined
  readonly uidValidity: number | undefined
}

type Changed = SentCopy & { readonly filing?: undefined }

/** Whoever takes it up has so long. */
export function copyTaken({ copy }: OutboxEntry, nowMs: number): SentCopy {
  return { ...copy, nextAtMs: nowMs + sendLimits.followUpLeaseMs }
}

export function copyFound(place: SentPlace): Changed {
  return { state: 'found', nextAtMs: null, token: null, ...placed(place) }
}

/** @param again whether somebody else may file another. */
export function copyFiled(
  place: SentPlace,
  token: string,
  { nowMs, again }: { nowMs: number; again: boolean },
): Changed {
  const nextAtMs = again ? nowMs + sendLimits.copyLookedForAgainMs : null
  return { state: 'filed', nextAtMs, token, ...placed(place) }
}

function placed({ folder, uid, uidValidity }: SentPlace) {
  const isKnown = uid !== undefined && uidValidity !== undefined
  return { folder, uid: isKnown ? uid : null, uidValidity: isKnown ? String(uidValidity) : null }
}

/** The store was away, or refused. A second look that came to nothing is left: ours is there. */
export function copyFailed(entry: Pick<OutboxEntry, 'copy' | 'sendAtMs'>, nowMs: number): SentCopy {
  const { copy } = entry
  const nextAtMs = nextFollowUp(entry.sendAtMs, nowMs)
  if (nextAtMs !== null) return { ...copy, nextAtMs }
  return { ...copy, state: copy.state === 'filed' ? 'filed' : 'failed', nextAtMs: null }
}

/** When what follows a message is tried again; null: not any more. */
export function nextFollowUp(sendAtMs: number, nowMs: number): number | null {
  const { followUpPauseMinMs, followUpPauseMaxMs, followUpPatienceMs } = sendLimits
  const sinceMs = Math.max(0, nowMs - sendAtMs)
  if (sinceMs > followUpPatienceMs) return null
  return nowMs + Math.min(followUpPauseMaxMs, Math.max(followUpPauseMinMs, sinceMs / 4))
}

/** What was sent was seen elsewhere in Sent: ours, if it is there, is looked after at once. */
export function copySeen({ copy }: Pick<OutboxEntry, 'copy'>, nowMs: number): SentCopy | undefined {
  return copy.state === 'filed' ? { ...copy, nextAtMs: nowMs } : undefined
}
