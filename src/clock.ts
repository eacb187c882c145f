/** The wall clock, and whether it is trusted with deleting and forgetting by age. */
import { day, minute } from './units.ts'

/** A clock that is further off than this from the last one seen, in milliseconds, is not trusted. */
const stepMs = 5 * minute
/** A clock that jumped and has gone steadily for so long since is trusted again: whoever set it wrong has had the time to see it. */
const trustedAfterMs = 1 * day

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** False where the wall clock stands before `lastSeenMs`, or has jumped against the monotonic one. */
  steadySince(lastSeenMs: number): boolean
}

const isNear = (aMs: number, bMs: number) => Math.abs(aMs - bMs) <= stepMs

/** Makes a clock. Tests give it their own wall and monotonic time. */
export function createClock(wallMs: () => number = Date.now, steadyMs: () => number = () => performance.now()): Clock {
  /** The wall clock minus the monotonic one: while it stays the same, the clock is steady. */
  let offsetMs = wallMs() - steadyMs()
  /** The offset to which the clock has jumped, and when that was first seen. */
  let jumped: { readonly offsetMs: number; readonly seenMs: number } | undefined
  return {
    nowMs: wallMs,
    steadySince(lastSeenMs) {
      const nowMs = steadyMs()
      const nowOffsetMs = wallMs() - nowMs
      if (isNear(nowOffsetMs, offsetMs)) jumped = undefined
      else if (jumped === undefined || !isNear(nowOffsetMs, jumped.offsetMs))
        jumped = { offsetMs: nowOffsetMs, seenMs: nowMs }
      else if (nowMs - jumped.seenMs >= trustedAfterMs) {
        offsetMs = nowOffsetMs
        jumped = undefined
      }
      return jumped === undefined && wallMs() >= lastSeenMs - stepMs
    },
  }
}

/**
 * Makes the clock whose time goes into records. It is never behind what the monotonic clock says since the process began: what is stored
 * while the wall clock stands too early must not count as old once that is set right.
 */
export function stamps(wallMs: () => number, steadyMs: () => number = () => performance.now()): () => number {
  const offsetMs = wallMs() - steadyMs()
  return () => Math.max(wallMs(), Math.floor(steadyMs() + offsetMs))
}

/** Tells how far the wall clock was stepped since it was last asked, in milliseconds; 0 while it goes with the monotonic one. */
export function steps(wallMs: () => number, steadyMs: () => number = () => performance.now()): () => number {
  let offsetMs = wallMs() - steadyMs()
  return () => {
    const beforeMs = offsetMs
    offsetMs = wallMs() - steadyMs()
    return isNear(offsetMs, beforeMs) ? 0 : offsetMs - beforeMs
  }
}
