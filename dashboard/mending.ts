/** Whether the form of an account mends a failure: the name of its server, the port, the encryption, the certificate. Pure. */
import type { Failure, FailureKind, Step } from './shapes.ts'

/** What other settings of the server may mend, where no step is known. */
const kinds: ReadonlySet<FailureKind> = new Set(['tls', 'unreachable', 'silent', 'broken protocol'])

const steps: ReadonlySet<Step['code']> = new Set<Step['code']>([
  'other port',
  'moved',
  'use TLS',
  'choose TLS or sasl',
  'pin until renewed',
  'pin if known',
  'pin if renewed',
  'install the chain',
  'set a host name',
  'set the host',
  'set a host under',
  'newer TLS',
  'allow old TLS',
  'allow weak TLS',
  'ask for less TLS',
  'check the proxy',
  'set starttls',
  'set implicit',
  'set implicit here',
  'check TLS',
  'check login',
  'check login, then wait',
  'check spelling',
  'check host and port',
  'check host, or shut out',
  'not POP3',
  'plain letters',
])

export function isMendedBySettings({ kind, step }: Pick<Failure, 'kind' | 'step'>): boolean {
  return kinds.has(kind) || (step !== undefined && steps.has(step.code))
}
