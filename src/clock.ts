/** The wall clock, and whether it can be trusted with deleting and forgetting by age. */
import { limits } from './limits.ts'
import type { Clock } from './ports.ts'

/** @param wallMs and steadyMs are given by tests. */
export function createClock(wallMs: () => number = Date.now, steadyMs: () => number = () => performance.now()): Clock {
  /** Wall minus monotonic clock, when the process began; that it stays the same is what "steady" means. */
  const offsetMs = wallMs() - steadyMs()
  return {
    nowMs: wallMs,
    steadySince(lastSeenMs) {
      const drift = Math.abs(wallMs() - steadyMs() - offsetMs)
      return drift <= limits.clockStepMs && wallMs() >= lastSeenMs - limits.clockStepMs
    },
  }
}
