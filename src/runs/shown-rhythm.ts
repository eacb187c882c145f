/** Says why an account is visited when it is (CONTRACT section 5, `rhythm`). Pure. */
import type { Account } from '../account/account.ts'
import { runLimits } from './limits.ts'
import type { Rhythm } from './rhythm.ts'
import { nextVisit, rhythmCodes, type RhythmCode } from './schedule.ts'

/**
 * What stands before the rhythm. `due at once`: it is new, or somebody asked for it. `waiting`: it is due, and
 * its server, or all workers, have no place for it yet. `login delay`: its server wants no login to the mailbox before. `more to fetch`: its last run left some mail for then. `backing off`: its last visit failed. `destination
 * paused`: nothing goes there for now. `throttled`: its server gives nothing more for a while. `put off`: something else made it later.
 * `paused`, `needs attention`: it is not visited by itself.
 */
const heldCodes = [
  'due at once',
  'waiting',
  'more to fetch',
  'backing off',
  'destination paused',
  'throttled',
  'put off',
  'paused',
  'needs attention',
] as const

/** All codes. The API schema is made from this list. */
export const shownRhythmCodes = [...rhythmCodes, ...heldCodes] as const

export interface ShownRhythm {
  readonly code: RhythmCode | (typeof heldCodes)[number]
  /** From the last visit to the next; null: there is no next one. */
  readonly seconds: number | null
}

export interface Scheduled {
  readonly account: Pick<Account, 'interval' | 'longestChosen' | 'paused'>
  readonly state: { readonly attention: boolean; readonly failures: number }
  readonly rhythm: Rhythm | undefined
  /** Milliseconds since 1970; null: it is not due. */
  readonly dueMs: number | null
  /** When its last visit ended. */
  readonly visitedMs: number | undefined
  /** Messages wait for another visit. */
  readonly isDeferred: boolean
  readonly isDestinationPaused: boolean
  /** It is due or asked for, and waits until then. */
  readonly putOff: { readonly untilMs: number; readonly isByLoginDelay: boolean } | undefined
  /** It has been due for a while, and has no place. */
  readonly isWaiting: boolean
  /** Its last run ended before all was fetched. */
  readonly hasMore: boolean
  readonly nowMs: number
}

export function shownRhythm(scheduled: Scheduled): ShownRhythm {
  const { account, state, rhythm, dueMs, visitedMs, putOff } = scheduled
  if (account.paused) return { code: 'paused', seconds: null }
  if (state.attention) return { code: 'needs attention', seconds: null }
  if (putOff !== undefined) {
    const seconds = Math.round((putOff.untilMs - (visitedMs ?? scheduled.nowMs)) / 1000)
    return { code: putOff.isByLoginDelay ? 'login delay' : 'put off', seconds: Math.max(0, seconds) }
  }
  if (scheduled.isWaiting) return { code: 'waiting', seconds: 0 }
  if (dueMs === null || visitedMs === undefined) return { code: 'due at once', seconds: 0 }
  const seconds = Math.max(0, Math.round((dueMs - visitedMs) / 1000))
  const { rhythm: usual } = nextVisit(account, rhythm, { nowMs: visitedMs, lateMs: 0, random: 0.5 })
  // An exact interval may be cut down to its half.
  const least = usual.seconds * (usual.code === 'fixed' ? 0.5 : 1 - runLimits.jitter)
  if (seconds < least - runLimits.shownSlackSeconds) return sooner(scheduled, usual, seconds)
  if (state.failures > 0) return { code: 'backing off', seconds }
  if (seconds <= usual.seconds * (1 + runLimits.jitter) + runLimits.shownSlackSeconds) return usual
  // It was paused, or its time has come for another reason.
  if (dueMs <= scheduled.nowMs) return { code: 'due at once', seconds: 0 }
  return { code: heldBy(scheduled), seconds }
}

/** It comes sooner than its rhythm says. @param usual by its interval of now: a shorter one may have been set when its last visit ended. */
function sooner({ dueMs, nowMs, hasMore }: Scheduled, usual: ShownRhythm, seconds: number): ShownRhythm {
  if (dueMs === null || dueMs <= nowMs + runLimits.shownSlackSeconds * 1000) return { code: 'due at once', seconds: 0 }
  return hasMore ? { code: 'more to fetch', seconds } : usual
}

function heldBy({ isDestinationPaused, isDeferred }: Scheduled): ShownRhythm['code'] {
  if (isDestinationPaused) return 'destination paused'
  return isDeferred ? 'throttled' : 'put off'
}
