/** The wall clock, and whether deleting and forgetting by age may trust it. */
import { day, minute } from './units.ts'

/** A clock that differs from its last known time by more than this, in milliseconds, is not trusted. */
const stepMs = 5 * minute
/** A clock that jumped and has gone steadily for this long since is trusted again: the person who set it wrong has had time to notice. */
const trustedAfterMs = 1 * day

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** False if the wall clock stands before `lastSeenMs`, or has jumped against the monotonic one. */
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
 * Makes the clock whose time goes into records. Since the process began it is never behind the monotonic clock: a message that is stored
 * while the wall clock is too early must not count as old once the clock is corrected.
 */
export function stamps(wallMs: () => number, steadyMs: () => number = () => performance.now()): () => number {
  const offsetMs = wallMs() - steadyMs()
  return () => Math.max(wallMs(), Math.floor(steadyMs() + offsetMs))
}

/** Tells by how many milliseconds the wall clock was stepped since the last call; 0 while it agrees with the monotonic one. */
export function steps(wallMs: () => number, steadyMs: () => number = () => performance.now()): () => number {
  let offsetMs = wallMs() - steadyMs()
  return () => {
    const beforeMs = offsetMs
    offsetMs = wallMs() - steadyMs()
    return isNear(offsetMs, beforeMs) ? 0 : offsetMs - beforeMs
  }
}
