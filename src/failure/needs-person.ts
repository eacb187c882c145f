/**
 * Whether only somebody can mend what keeps an account from its mail (CONTRACT section 5, `needsPerson`). It is said at the first failure;
 * that an account is left alone until somebody acts is decided over time (consequence.ts). Pure.
 */
import { assertNever } from '../assert-never.ts'
import type { FailureHistory } from './consequence.ts'
import type { Failure } from './failure.ts'
import { failureLimits } from './limits.ts'
import { meaningOf } from './meaning.ts'
import { isAboutCredentials, keepsOut } from './meanings.ts'
import { type PhaseCode, phaseCode } from './phase.ts'

/** @param history as it is after this failure. */
export function needsPerson(failure: Failure, { failures }: Pick<FailureHistory, 'failures'>): boolean {
  // An outage looks alike at first.
  const isLasting = failures >= failureLimits.lastingFailures
  switch (failure.kind) {
    case 'credentials refused':
    case 'sign-in needed':
    case 'store full':
      return true
    case 'tls':
      return isTlsRefused(failure) || (failure.trouble === 'not TLS' && isLasting)
    case 'unreachable':
      return failure.cause === 'out of reach' || (failure.cause === 'no such name' && isLasting)
    case 'broken protocol':
      return failure.isWeaker === true || (failure.speaks !== undefined && isLasting)
    case 'provider refused':
      return failure.passes !== true && atTheDoor.has(phaseCode(failure.during)) && isOfMailbox(failure)
    case 'store refused':
      return failure.passes !== true && isOfDestination(failure)
    case 'store unreachable':
      return failure.isWeaker === true
    case 'silent':
    case 'throttled':
    case 'maildrop in use':
    case 'token service unreachable':
    case 'superseded':
    case 'stopped':
    case 'internal':
      return false
    default:
      return assertNever(failure)
  }
}

/** Whether the two do not fit: a handshake that breaks, or a port that answers in clear, may be of something in between. */
function isTlsRefused({ trouble }: Extract<Failure, { kind: 'tls' }>): boolean {
  return trouble !== undefined && trouble !== 'handshake broken' && trouble !== 'not TLS'
}

/** The phases in which a server says that it lets nobody in. */
const atTheDoor: ReadonlySet<PhaseCode> = new Set(['connection', 'USER', 'PASS', 'AUTH'])

/** An address that is barred may be let in again by itself, and a licence is the provider's. */
function isOfMailbox({ reply, isChosen }: Extract<Failure, { kind: 'provider refused' }>): boolean {
  const meaning = meaningOf(reply)
  if (meaning === undefined) return isChosen === true
  return keepsOut(meaning) || isAboutCredentials(meaning) || meaning === 'store full'
}

/** The login of a destination, or its folder that takes no mail. */
function isOfDestination({ during }: Extract<Failure, { kind: 'store refused' }>): boolean {
  const code = phaseCode(during)
  return code === 'login' || code === 'AUTH' || (code === 'APPEND' && typeof during === 'object')
}
