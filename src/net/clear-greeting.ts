/** Looks at what a server says in clear, after it has spoken no TLS: that tells which protocol is at the port. Nothing secret is sent. */
import { connect } from 'node:net'
import { orElse, pending } from '../deadline.ts'
import type { Fetching } from './intermediates.ts'
import { netLimits } from './limits.ts'
import { connectThrough } from './proxied.ts'

/** The first octets, one char an octet; empty if there are none in time. It never throws: the failure is known already. */
export async function clearGreeting(
  { host, port }: { readonly host: string; readonly port: number },
  { guard, proxy, signal }: Fetching,
): Promise<string> {
  const { promise, resolve } = pending<string>()
  const waitMs = netLimits.clearGreetingWaitMs
  const socket =
    proxy === undefined
      ? connect({ host, port, autoSelectFamily: true, lookup: guard.lookup })
      : await connectThrough({ host, port }, { proxy, guard, waitMs, signal }).catch(() => undefined)
  if (socket === undefined) return ''
  const onAbort = () => resolve('')
  // A web server speaks only when it is spoken to, and any line that is no request is answered with a 400.
  const asking = setTimeout(() => socket.write('NOOP\r\n\r\n'), netLimits.clearGreetingAsksMs)
  socket
    .once('data', (chunk: Buffer) => resolve(chunk.toString('latin1', 0, 200)))
    .on('error', () => resolve(''))
    .on('close', () => resolve(''))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await orElse(promise, '', waitMs)
  } finally {
    clearTimeout(asking)
    signal?.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}
