/** Whether a POP3 server answers: greeting, TLS as asked for, CAPA, QUIT. It logs in nowhere. */
import type { LookupFunction } from 'node:net'
import { SessionFailed } from '../failure.ts'
import type { Reach } from '../guard.ts'
import type { Endpoint } from './dial.ts'
import { Pop3Session } from './session.ts'

export async function answers(
  { host, port, tls }: Pick<Endpoint, 'host' | 'port' | 'tls'>,
  waitMs: number,
  { reach, lookup, ca }: { readonly reach?: Reach; readonly lookup?: LookupFunction; readonly ca?: string } = {},
): Promise<boolean> {
  const session = new Pop3Session({
    host,
    port,
    tls,
    tlsVerify: true,
    tlsFingerprint: null,
    ca,
    reach,
    lookup,
    user: '',
    password: '',
    signal: AbortSignal.timeout(waitMs),
  })
  try {
    await session.connect()
    await session.quit()
    return true
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    return false
  } finally {
    session.abandon()
  }
}
