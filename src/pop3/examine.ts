/** Tries an account: logs in, and reports what it finds, without storing or deleting anything. */
import type { Failure, FailureKind } from '../failure/failure.ts'
import { pop3Limits } from './limits.ts'
import { mayBeTheDoor, nextStep } from '../failure/next-step.ts'
import { openDoors } from './doors.ts'
import { loginMask } from '../mask.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { stepSentence, type Step } from '../failure/step.ts'
import { happened } from '../failure/sentences.ts'
import { Pop3Session, type SessionOptions } from './session.ts'
import type { TlsReport } from './tls-sessions.ts'

/** CONTRACT section 4, `POST /accounts/test`: the findings of a login. For a failed login these are the findings before the failure. */
export interface Examination {
  readonly ok: boolean
  readonly messages: number
  readonly octets: number
  readonly capabilities: readonly string[]
  readonly tls: TlsReport | null
  readonly failure: { readonly kind: FailureKind; readonly message: string } | null
  /** One sentence that recommends an action; null if all is well, or if no action is known. */
  readonly next: string | null
  /** The same as a code, for clients that have words of their own. */
  readonly step?: Step
}

const patience = { connectMs: pop3Limits.testConnectWaitMs }

/**
 * Logs in, looks, and leaves; stores and deletes nothing. A fault of the server is not thrown: it is in `failure`. If the port or the
 * TLS mode may be wrong, the host is asked on other ports.
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
  const tls = session.tlsReport ?? shownIn(failure)
  const capabilities = session.capabilities.map(loginMask(options.user, options.password))
  if (failure === undefined) return { ok: true, ...seen, capabilities, tls, failure: null, next: null }
  const open = mayBeTheDoor(failure) ? await openDoors(options) : undefined
  const told = { kind: failure.kind, message: happened(failure) }
  const step = nextStep(failure, open)
  const failed = { ok: false, ...seen, capabilities, tls, failure: told }
  return step === null ? { ...failed, next: null } : { ...failed, next: stepSentence(step), step }
}

/** The certificate that was refused: somebody may want to pin it. */
function shownIn(failure: Failure | undefined): TlsReport | null {
  if (failure?.kind !== 'tls' || failure.certificate === undefined) return null
  const { version, fingerprint, validTo } = failure.certificate
  return { version, fingerprint, validTo }
}
