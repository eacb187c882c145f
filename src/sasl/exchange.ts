/** One exchange of SASL (RFC 4422), and what it needs. */
import type { SaslName } from '../account/login.ts'

export interface SaslCredentials {
  readonly user: string
  /** The password, or the access token. */
  readonly password: string
  readonly host: string
  readonly port: number
  /** How the password is written, where a mechanism does not demand UTF-8. */
  readonly encoding?: 'utf8' | 'latin1' | undefined
}

/** APOP and USER are commands of POP3, and no mechanisms. */
export type Mechanism = Exclude<SaslName, 'APOP' | 'USER'>

export interface Exchange {
  readonly name: Mechanism
  /** The response depends on what the challenge says: one that is no base64 ends the exchange. */
  readonly readsChallenges: boolean
  /** The initial response (RFC 4422 section 3.3); null: the server begins. */
  start(credentials: SaslCredentials): Buffer | null
  /** The response to a challenge; the keys of SCRAM take milliseconds, and are made beside the event loop. @throws SaslBroken */
  next(challenge: Buffer): Buffer | Promise<Buffer>
  /** All is said, and what the server has to prove is proven: its success is to be believed. */
  readonly isDone: boolean
}
