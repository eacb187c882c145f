/** After a failure: how POP3 answers at the same host otherwise. */
import type { TlsMode } from '../account/account.ts'
import { pop3Limits } from './limits.ts'
import type { Door } from '../failure/next-step.ts'
import type { Endpoint } from './dial.ts'
import { answers } from './probe.ts'

/** All at once; never one in clear, which is nothing to advise. Nothing secret goes there, so certificates may wait for the next try. */
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
