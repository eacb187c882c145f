/** A login at an SMTP server, and the way there. */
import type { LookupFunction } from 'node:net'
import type { ServerLogin } from '../account/account.ts'
import type { Proxy } from '../account/proxy.ts'
import type { Reach } from '../account/reach.ts'
import type { TlsRules } from '../net/tls.ts'
import type { LoginMemory } from '../sasl/choice.ts'
import { smtpLimits } from './limits.ts'

export interface SmtpLogin extends Omit<ServerLogin, 'user' | 'tlsMinVersion' | 'tlsLegacy'>, TlsRules {
  /** Null: the server wants no login. */
  readonly user: string | null
  readonly password: string
  /** Gives a token to log in with, in place of the password. `refused`: another one than this. */
  readonly accessToken?: ((refused?: string) => Promise<string>) | undefined
  /** What earlier logins have taught. */
  readonly memory?: LoginMemory | undefined
  /** Undefined: every address is allowed. */
  readonly reach?: Reach | undefined
  /** The resolver of names, if it is not the system's. */
  readonly lookup?: LookupFunction | undefined
  /** The proxy that leads there; undefined: none. */
  readonly via?: Proxy | undefined
  readonly waits?: Partial<SmtpWaits> | undefined
}

/** The times to wait, whose defaults tests replace. */
export interface SmtpWaits {
  readonly connectMs: number
  readonly greetingMs: number
  readonly exchangeMs: number
  readonly envelopeMs: number
  readonly endMs: number
  readonly leastRateMs: number
}

export function waitsOf({ waits }: SmtpLogin): SmtpWaits {
  return {
    connectMs: smtpLimits.connectWaitMs,
    greetingMs: smtpLimits.greetingWaitMs,
    exchangeMs: smtpLimits.exchangeWaitMs,
    envelopeMs: smtpLimits.envelopeWaitMs,
    endMs: smtpLimits.endWaitMs,
    leastRateMs: smtpLimits.leastRateMs,
    ...waits,
  }
}
