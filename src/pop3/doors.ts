/** Looks, after a failure, on which other ports and in which TLS modes POP3 answers at the same host. */
import type { TlsMode } from '../account/account.ts'
import { pop3Limits } from './limits.ts'
import type { Door } from '../failure/next-step.ts'
import type { Endpoint } from './dial.ts'
import { answers } from './probe.ts'

/**
 * Tries all of them at once, but none in clear: nobody should be advised to use clear text. No secret is sent, so certificates are not
 * checked before the next login.
 */
export async function openDoors({ port, tls, ...rest }: Endpoint): Promise<Door[]> {
  const wanted = ({ port: other, tls: way }: Door) => other !== port || way !== tls
  const unchecked = { ...rest, tlsVerify: false, tlsFingerprint: null }
  const safe: readonly TlsMode[] = ['implicit', 'starttls']
  const doors = [
    ...safe.map((way) => ({ port, tls: way })),
    ...(port === 995 ? [] : [{ port: 995, tls: 'implicit' as const }]),
    ...(port === 110 ? [] : [{ port: 110, tls: 'starttls' as const }]),
  ].filter(wanted)
  const open = await Promise.all(doors.map((door) => answers({ ...unchecked, ...door }, pop3Limits.testLookAroundMs)))
  return doors.filter((_door, nth) => open[nth])
}
