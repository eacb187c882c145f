/**
 * Asks a SOCKS5 proxy (RFC 1928, RFC 1929) for a connection, by the package `socks`. Its error holds the proxy's login, so its words alone are
 * read; and what came behind the proxy's answer it gives to whoever listens a turn later, so that is put back here (docs/decisions/0066).
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { SocksClient } from 'socks'
import type { Proxy } from '../account/proxy.ts'
import type { ServerPlace } from '../account/server-traits.ts'
import { type ProxyFault, ProxyFailed } from './proxy-failed.ts'

/** @param socket connected to the proxy. @throws ProxyFailed, or the error of the socket. */
export async function askSocks5(socket: Socket, proxy: Proxy, to: ServerPlace, waitMs: number): Promise<void> {
  let broken: Error | undefined
  socket.on('error', (error) => {
    broken = error
  })
  const { host, port, user, password } = proxy
  const login = user === null ? {} : { userId: user, password: password ?? '' }
  try {
    await SocksClient.createConnection({
      command: 'connect',
      proxy: { host, port, type: 5, ...login },
      destination: to,
      existing_socket: socket,
      timeout: waitMs,
    })
  } catch (error) {
    const words = error instanceof Error ? error.message : ''
    if (broken !== undefined) throw broken
    throw failureIn(words, proxy)
  }
  const behind: Buffer[] = []
  const keep = (chunk: Buffer) => behind.push(chunk)
  socket.on('data', keep)
  await turn()
  socket.off('data', keep).pause()
  if (behind.length > 0) socket.unshift(Buffer.concat(behind))
  // As a socket is that nobody has listened to: the first who does lets it flow. Node's own HTTP client leaves one so.
  const fresh: { readableFlowing: boolean | null } = socket
  fresh.readableFlowing = null
}

type Reason = readonly [ProxyFault, (name: string) => string]

/** The replies of RFC 1928 section 6, by the names that the package has for them. */
const replies: Readonly<Record<string, Reason>> = {
  Failure: [
    'proxy',
    (name) => `${name} could not connect, and does not say why; perhaps there is no such host (SOCKS code 1)`,
  ],
  NotAllowed: ['proxy', (name) => `${name} does not allow connections there (SOCKS code 2)`],
  NetworkUnreachable: ['no answer', (name) => `${name} has no way there (SOCKS code 3)`],
  HostUnreachable: ['no answer', (name) => `${name} finds no such host, or it does not answer (SOCKS code 4)`],
  ConnectionRefused: ['refused', (name) => `it refused the connection that came through ${name} (SOCKS code 5)`],
  TTLExpired: ['no answer', (name) => `${name} had no answer from it in time (SOCKS code 6)`],
  CommandNotSupported: ['proxy', (name) => `${name} makes no connections for its clients (SOCKS code 7)`],
  AddressNotSupported: ['proxy', (name) => `${name} takes no address of this kind (SOCKS code 8)`],
}

function failureIn(words: string, proxy: Proxy): ProxyFailed {
  const [, reply = ''] = / - (\w+)$/.exec(words) ?? []
  const known = replies[reply]
  if (known !== undefined) return new ProxyFailed(proxy, ...known)
  if (/version/i.test(words)) return new ProxyFailed(proxy, 'proxy', (name) => `${name} does not speak SOCKS5`)
  if (/accepted auth|auth type|unknown auth/i.test(words)) {
    const wants =
      proxy.user === null ? 'wants a user name and a password' : 'takes none of the ways to log in that we have'
    return new ProxyFailed(proxy, 'proxy', (name) => `${name} ${wants}`)
  }
  if (/authentication failed/i.test(words))
    return new ProxyFailed(proxy, 'proxy', (name) => `${name} refused its user name or password`)
  if (/closed/i.test(words))
    return new ProxyFailed(proxy, 'proxy', (name) => `${name} closed the connection before it had connected`)
  return new ProxyFailed(proxy, 'proxy', (name) => `${name} answered in no form of SOCKS5`)
}
