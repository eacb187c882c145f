/**
 * Connects to a server through a proxy. The proxy resolves the server's name; where the guard checks to what it leads, it is resolved here, and
 * the proxy is given the address.
 */
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { assertNever } from '../assert-never.ts'
import type { Proxy } from '../account/proxy.ts'
import type { ServerPlace } from '../account/server-traits.ts'
import { pending, withDeadline } from '../deadline.ts'
import { socketReason } from '../failure/socket-reasons.ts'
import type { Guard } from './guard.ts'
import { askConnect } from './http-connect.ts'
import { netLimits } from './limits.ts'
import { ProxyFailed, ProxySilent } from './proxy-failed.ts'
import { askSocks5 } from './socks5.ts'
import { tlsOptions } from './tls.ts'

export interface Way {
  readonly proxy: Proxy
  /** Of the server. To the proxy itself everybody may go: an admin has set it. */
  readonly guard: Guard
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
  /** Certificate authorities in place of the system's, PEM, for a proxy that is reached over TLS. */
  readonly ca?: string | Buffer | undefined
}

/** How far the way has been gone. */
interface Progress {
  socket?: Socket
  /** The proxy has been asked for the server. */
  isAsked: boolean
}

/**
 * @throws ProxyFailed, ProxySilent, OutOfReach, the error of a lookup, or the signal's reason.
 */
export async function connectThrough(to: ServerPlace, way: Way): Promise<Socket> {
  const { proxy, waitMs, signal } = way
  const progress: Progress = { isAsked: false }
  // In SOCKS5 the proxy speaks before it is told of a server; in HTTP it does not.
  const isAtTheServer = () => progress.isAsked && (proxy.protocol !== 'socks5' || (progress.socket?.bytesRead ?? 0) > 0)
  const late = () =>
    isAtTheServer()
      ? new ProxySilent(proxy, waitMs)
      : new ProxyFailed(proxy, 'proxy', (name) => `${name} does not answer`)
  return await withDeadline(connected(to, way, progress), {
    waitMs,
    signal,
    late,
    abandon: () => void progress.socket?.destroy(),
  })
}

async function connected(to: ServerPlace, way: Way, progress: Progress): Promise<Socket> {
  const places = await placesOf(to, way.guard)
  let refused: unknown
  for (const place of places) {
    try {
      return await connectedTo(place, way, progress)
    } catch (error) {
      progress.socket?.destroy()
      // Another address of the server may answer.
      if (!(error instanceof ProxyFailed) || (error.fault === 'proxy' && !error.message.includes('SOCKS code 8')))
        throw error
      refused ??= error
    }
  }
  throw refused
}

/** What the proxy is asked for, in turn. */
async function placesOf({ host, port }: ServerPlace, guard: Guard): Promise<ServerPlace[]> {
  guard.check(host, port)
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0 || !guard.isChecking) return [{ host: bare, port }]
  const { promise, resolve, reject } = pending<string[]>()
  guard.lookup(bare, { all: true }, (error, found) => {
    if (error !== null) reject(error)
    else resolve(Array.isArray(found) ? found.map(({ address }) => address) : [found])
  })
  const addresses = await promise
  return addresses.slice(0, netLimits.proxyAddressesTried).map((address) => ({ host: address, port }))
}

async function connectedTo(to: ServerPlace, { proxy, waitMs, ca }: Way, progress: Progress): Promise<Socket> {
  progress.isAsked = false
  const socket = await toProxy(proxy, ca, progress)
  // What fails after this is told by the answer that does not come.
  socket.on('error', () => {})
  progress.isAsked = true
  try {
    switch (proxy.protocol) {
      case 'socks5':
        await askSocks5(socket, proxy, to, waitMs)
        break
      case 'http':
      case 'https':
        await askConnect(socket, proxy, to)
        break
      default:
        assertNever(proxy.protocol)
    }
  } catch (error) {
    throw ofProxy(error, proxy)
  }
  return socket
}

async function toProxy(proxy: Proxy, ca: Way['ca'], progress: Progress): Promise<Socket> {
  const { host, port, protocol } = proxy
  const clear = connect({ host, port, autoSelectFamily: true, noDelay: true })
  clear.setKeepAlive(true, netLimits.keepAliveMs)
  progress.socket = clear
  try {
    await once(clear, 'connect')
    if (protocol !== 'https') return clear
    clear.on('error', () => {})
    const secure = connectTls({ socket: clear, ...tlsOptions(host, { ca }) })
    progress.socket = secure
    await once(secure, 'secureConnect')
    return secure
  } catch (error) {
    progress.socket.on('error', () => {})
    throw ofProxy(error, proxy)
  }
}

function ofProxy(error: unknown, proxy: Proxy): Error {
  if (error instanceof ProxyFailed) return error
  const reason = error instanceof Error ? socketReason(error) : String(error)
  return new ProxyFailed(proxy, 'proxy', (name) => `${name} cannot be used: ${reason}`)
}
