/** Tries an account: what a login finds, without storing or deleting anything. */
import type { Failure, FailureKind } from '../failure/failure.ts'
import { pop3Limits } from './limits.ts'
import { mayBeTheDoor, nextStep } from '../failure/next-step.ts'
import { openDoors } from './doors.ts'
import { loginMask } from '../mask.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { sentenceOf, type Step } from '../failure/step.ts'
import { happened } from '../failure/sentences.ts'
import { Pop3Session, type SessionOptions } from './session.ts'
import type { TlsSeen } from './tls.ts'

/** CONTRACT section 4, `POST /accounts/test`: what a login finds, and as much as a failed one found before it failed. */
export interface Examination {
  readonly ok: boolean
  readonly messages: number
  readonly octets: number
  readonly capabilities: readonly string[]
  readonly tls: TlsSeen | null
  readonly failure: { readonly kind: FailureKind; readonly message: string } | null
  /** What to do about it, one sentence; null where all is well, or nothing is known to do. */
  readonly next: string | null
  /** The same, for whoever has words of their own. */
  readonly step?: Step
}

const patience = { connectMs: pop3Limits.testConnectWaitMs, greetingMs: pop3Limits.testGreetingWaitMs }

/**
 * Logs in, looks, and leaves; stores and deletes nothing. Never throws what the server did: it is in `failure`. Where port or TLS
 * mode may be what is wrong, it is tried how the host answers otherwise.
 */
export async function examine(options: SessionOptions): Promise<Examination> {
  const session = new Pop3Session({ ...options, waits: { ...patience, ...options.waits } })
  let seen = { messages: 0, octets: 0 }
  let failure: Failure | undefined
  try {
    await session.logIn()
    seen = await session.stat()
    await session.quit()
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    failure = error.failure
  } finally {
    session.abandon()
  }
  const tls = session.tlsSeen ?? shownIn(failure)
  const capabilities = session.capabilities.map(loginMask(options.user, options.password))
  if (failure === undefined) return { ok: true, ...seen, capabilities, tls, failure: null, next: null }
  const open = mayBeTheDoor(failure) ? await openDoors(options) : undefined
  const told = { kind: failure.kind, message: happened(failure) }
  const step = nextStep(failure, open)
  const failed = { ok: false, ...seen, capabilities, tls, failure: told }
  return step === null ? { ...failed, next: null } : { ...failed, next: sentenceOf(step), step }
}

/** A certificate that was refused may be one to pin. */
function shownIn(failure: Failure | undefined): TlsSeen | null {
  if (failure?.kind !== 'tls' || failure.certificate === undefined) return null
  const { version, fingerprint, validTo } = failure.certificate
  return { version, fingerprint, validTo }
}
