/** Tries an account: what a login finds, without storing or deleting anything. */
import { describe, type FailureKind, SessionFailed } from '../failure.ts'
import { loginMask } from '../mask.ts'
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
}

/** Logs in, looks, and leaves; stores and deletes nothing. Never throws what the server did: it is in `failure`. */
export async function examine(options: SessionOptions): Promise<Examination> {
  const session = new Pop3Session(options)
  let seen = { messages: 0, octets: 0 }
  let failure: Examination['failure'] = null
  try {
    await session._connect()
    seen = await session.stat()
    await session.quit()
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    failure = { kind: error.failure.kind, message: describe(error.failure) }
  } finally {
    session.abandon()
  }
  return {
    ok: failure === null,
    ...seen,
    capabilities: session.capabilities.map(loginMask(options.user, options.password)),
    tls: session.tlsSeen,
    failure,
  }
}
