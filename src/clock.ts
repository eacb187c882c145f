/** The wall clock, and whether it can be trusted with deleting and forgetting by age. */
import { limits } from './limits.ts'

export interface Clock {
  nowMs(): number
  /** False where the wall clock stands before `lastSeenMs`, or has jumped against the monotonic one. */
  steadySince(lastSeenMs: number): boolean
}

const near = (aMs: number, bMs: number) => Math.abs(aMs - bMs) <= limits.clockStepMs

/** @param wallMs and steadyMs are given by tests. */
export function createClock(wallMs: () => number = Date.now, steadyMs: () => number = () => performance.now()): Clock {
  /** Wall minus monotonic clock; that it stays the same is what "steady" means. */
  let offsetMs = wallMs() - steadyMs()
  /** Where the clock has jumped to, and when that was first seen. */
  let jumped: { readonly offsetMs: number; readonly seenMs: number } | undefined
  return {
    nowMs: wallMs,
    steadySince(lastSeenMs) {
      const nowMs = steadyMs()
      const nowOffsetMs = wallMs() - nowMs
      if (near(nowOffsetMs, offsetMs)) jumped = undefined
      else if (jumped === undefined || !near(nowOffsetMs, jumped.offsetMs))
        jumped = { offsetMs: nowOffsetMs, seenMs: nowMs }
      else if (nowMs - jumped.seenMs >= limits.clockTrustedAfterMs) {
        offsetMs = nowOffsetMs
        jumped = undefined
      }
      return jumped === undefined && wallMs() >= lastSeenMs - limits.clockStepMs
    },
  }
}

/**
 * The time that goes into records: never before what the monotonic clock says since the process began. What is stored while the
 * clock stands too early must not count as old once it is set right.
 */
export function stamps(wallMs: () => number, steadyMs: () => number = () => performance.now()): () => number {
  const offsetMs = wallMs() - steadyMs()
  return () => Math.max(wallMs(), Math.floor(steadyMs() + offsetMs))
}

/** How far the wall clock was stepped since one last asked, in ms; 0 while it goes with the monotonic one. */
export function steps(wallMs: () => number, steadyMs: () => number = () => performance.now()): () => number {
  let offsetMs = wallMs() - steadyMs()
  return () => {
    const beforeMs = offsetMs
    offsetMs = wallMs() - steadyMs()
    return near(offsetMs, beforeMs) ? 0 : offsetMs - beforeMs
  }
}
