/** The second login where nobody has said a user name and the usual one is refused (account/user-name.ts). */
import type { TlsMode } from '../account/account.ts'
import type { SaslName } from '../account/login.ts'
import { providerOfHost } from '../account/providers.ts'
import { localOf } from '../account/user-name.ts'
import type { FailureKind } from './failure.ts'
import type { Step } from './step.ts'

/** What a first login by the usual user has shown. */
export interface FirstLogin {
  readonly failure: { readonly kind: FailureKind } | null
  readonly step?: Step
  readonly capabilities: readonly string[]
}

export interface OtherLogin {
  readonly user: string
  /** One mechanism alone, so that it is one login. */
  readonly sasl: SaslName
}

const provers = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5'] as const

/**
 * What is tried once more where the usual user is refused: what stands before the @. Undefined: a further login would help nobody, or the server
 * counts them: it names another reason, wants time between two logins (RFC 2449 section 6.5), or is of our list, where the form is known.
 */
export function otherLogin(
  {
    address,
    host,
    password,
    tls,
  }: { readonly address: string; readonly host: string; readonly password: string; readonly tls: TlsMode },
  { failure, step, capabilities }: FirstLogin,
): OtherLogin | undefined {
  const isPlain = failure?.kind === 'credentials refused' && step?.code === 'check login'
  // Other letters may be sent in two ways, and that would be two logins.
  const isAscii = /^[\x00-\x7f]*$/.test(password)
  const isCounted = capabilities.some((one) => /^LOGIN-DELAY\b/i.test(one))
  if (!isPlain || !isAscii || isCounted || providerOfHost(host) !== undefined) return undefined
  const offered = capabilities.flatMap(
    (one) => /^(?:SASL|AUTH)\s+(.*)$/i.exec(one)?.[1]?.toUpperCase().split(' ') ?? [],
  )
  const prover = tls === 'none' ? provers.find((one) => offered.includes(one)) : undefined
  return { user: localOf(address.trim()), sasl: prover ?? (offered.includes('PLAIN') ? 'PLAIN' : 'USER') }
}
