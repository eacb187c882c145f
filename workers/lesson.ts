/** Decides what a visit teaches about the provider's server: how many sessions it takes, and whether it is slow. Pure. */
import { assertNever } from '../src/assert-never.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Lesson } from '../src/redis/due.ts'
import { workerLimits } from './limits.ts'

/** A visit that has ended. */
interface MadeVisit {
  readonly failure: Failure | undefined
  readonly ms: number
  /** Messages that it has stored or deleted. */
  readonly moved: number
  /** The address and port that it reached. */
  readonly peer: string | undefined
}

/** @returns undefined if the visit says nothing about the provider's server: that was not asked, or the end came from us. */
export function lessonOf({ failure, ms, moved, peer }: MadeVisit): Lesson | undefined {
  const what = whatOf(failure)
  if (what === undefined) return undefined
  const isDead = failure?.kind === 'silent' || failure?.kind === 'unreachable'
  // It costs a place all the same; but perhaps the proxy is dead, and not the server.
  const isOfProxy = failure?.kind === 'silent' && failure.proxy !== undefined
  const slow = moved === 0 && (isDead || ms > workerLimits.slowVisitMs)
  return { what, slow, away: isDead && !isOfProxy && moved === 0, peer }
}

function whatOf(failure: Failure | undefined): Lesson['what'] | undefined {
  switch (failure?.kind) {
    case undefined:
      return 'clean'
    case 'throttled':
      return failure.everyAccount ? undefined : 'throttled'
    case 'unreachable':
      if (failure.cause === 'proxy') return undefined
      return failure.cause === 'refused' ? 'throttled' : 'own'
    case 'provider refused':
      return 'refused'
    // These are the account's own, whoever else meets them.
    case 'credentials refused':
    case 'maildrop in use':
    case 'silent':
    case 'tls':
    case 'broken protocol':
      return 'own'
    case 'store unreachable':
    case 'store refused':
    case 'store full':
    case 'sign-in needed':
    case 'token service unreachable':
    case 'superseded':
    case 'stopped':
    case 'internal':
      return undefined
    default:
      return assertNever(failure)
  }
}
