/** Connects a socket to a host and port, and turns every obstacle into a failure. */
import { connect, type LookupFunction, type Socket } from 'node:net'
import type { TlsMode } from '../account/account.ts'
import type { Proxy } from '../account/proxy.ts'
import { everywhere, type Reach } from '../account/reach.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { guardOf } from '../net/guard.ts'
import { reach } from '../net/milestone.ts'
import { connectThrough } from '../net/proxied.ts'
import { ProxyFailed } from '../net/proxy-failed.ts'
import { abortFailure, failureOfSocket } from '../net/socket-failure.ts'
import type { TlsRules } from '../net/tls.ts'
import { KiB } from '../units.ts'

/** The address of a server, and how the server must prove its identity. */
export interface Endpoint extends TlsRules {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  readonly tlsFingerprint: string | null
  /** The proxy that leads there; undefined: none. */
  readonly via?: Proxy | undefined
  /** The resolver of names, if it is not the system's. */
  readonly lookup?: LookupFunction | undefined
  /** Undefined: every address is allowed. */
  readonly reach?: Reach | undefined
  /** Is told the address and port that were reached. */
  readonly reached?: ((peer: string) => void) | undefined
}

/**
 * Sockets in clear are read into this one buffer: a buffer of 64 KiB for each read is garbage that costs more than a copy. So what is read
 * holds until the listener returns, and no longer (wire.ts).
 */
const read = Buffer.allocUnsafeSlow(64 * KiB)

/** Connects. A socket in clear must have its listener of 'data' in the same turn. If a name has several addresses, all of them are tried, IPv6 and IPv4 in turn (RFC 8305). */
export async function dial(
  { host, port, tls, lookup, reach: allowed = everywhere, reached, via, ca }: Endpoint,
  server: string,
  waitMs: number,
  signal?: AbortSignal,
): Promise<Socket> {
  const guard = guardOf(allowed, lookup)
  try {
    guard.check(host, port)
  } catch (error) {
    throw new SessionFailed(failureOfSocket(server, error as Error), error)
  }
  if (via !== undefined) {
    const way = { proxy: via, guard, waitMs, signal, ca }
    // Where the proxy is says nothing of the server: its address is told to nobody.
    return await connectThrough({ host, port }, way).catch((error: unknown) => {
      if (signal?.aborted === true && !(error instanceof ProxyFailed)) throw new SessionFailed(abortFailure(error))
      throw new SessionFailed(failureOfSocket(server, error as Error), error)
    })
  }
  const onread = {
    buffer: read,
    callback: (octets: number): boolean => socket.emit('data', read.subarray(0, octets)),
  }
  const socket: Socket = connect({
    host,
    port,
    autoSelectFamily: true,
    noDelay: true,
    lookup: guard.lookup,
    ...(tls === 'none' ? { onread } : {}),
  })
  socket.setKeepAlive(true, 60_000)
  await reach(socket, 'connect', { server, during: 'connection', waitMs }, signal)
  reached?.(`${socket.remoteAddress}:${socket.remotePort}`)
  return socket
}
