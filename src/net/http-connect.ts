/** Asks an HTTP proxy for a connection by CONNECT (RFC 9110 section 9.3.6), with Basic where it has a login (RFC 7617). */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { hostPort, type ServerPlace } from '../account/server-traits.ts'
import type { Proxy } from '../account/proxy.ts'
import { netLimits } from './limits.ts'
import { ProxyFailed } from './proxy-failed.ts'

/** @param socket connected to the proxy, over TLS if the proxy wants it. @throws ProxyFailed, or the error of the socket. */
export async function askConnect(socket: Socket, proxy: Proxy, to: ServerPlace): Promise<void> {
  const place = hostPort(to)
  const asked = request({
    method: 'CONNECT',
    path: place,
    // With `agent: false` Node would make a connection of its own.
    createConnection: () => socket,
    maxHeaderSize: netLimits.proxyHeaderOctetsMax,
    headers: { host: place, 'user-agent': 'Tributary', ...loginHeader(proxy) },
  })
  // `once` throws an error that comes before the answer; a later one must not end the process.
  asked.on('error', () => {})
  const answered = once(asked, 'connect') as Promise<[IncomingMessage, Socket, Buffer]>
  asked.end()
  const [{ statusCode: status = 0 }, , behind] = await answered.catch((error: unknown) => {
    throw failureOf(error as Error & { code?: string }, proxy)
  })
  if (status < 200 || status > 299) throw refusalBy(status, proxy)
  if (behind.length > 0) socket.unshift(behind)
}

function loginHeader({ user, password }: Proxy): Readonly<Record<string, string>> {
  if (user === null) return {}
  return { 'proxy-authorization': `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}` }
}

/** The parser's own errors; what else fails is the socket's. */
function failureOf(error: Error & { code?: string }, proxy: Proxy): Error {
  if (error.code?.startsWith('HPE_'))
    return new ProxyFailed(proxy, 'proxy', (name) => `${name} answered in no form of HTTP`)
  // Node tells so what ended before an answer.
  if (error.message === 'socket hang up')
    return new ProxyFailed(proxy, 'proxy', (name) => `${name} closed the connection before it had connected`)
  return error
}

function refusalBy(status: number, proxy: Proxy): ProxyFailed {
  switch (status) {
    // tinyproxy says 401 of a wrong password.
    case 401:
    case 407: {
      const what = proxy.user === null ? 'wants a user name and a password' : 'refused its user name or password'
      return new ProxyFailed(proxy, 'proxy', (name) => `${name} ${what} (HTTP ${status})`)
    }
    case 403:
      return new ProxyFailed(proxy, 'proxy', (name) => `${name} does not allow connections there (HTTP ${status})`)
    case 400:
    case 404:
    case 405:
    case 501:
      return new ProxyFailed(proxy, 'proxy', (name) => `${name} does not take CONNECT (HTTP ${status})`)
    case 502:
    case 504:
      return new ProxyFailed(proxy, 'no answer', (name) => `${name} did not reach it (HTTP ${status})`)
    default:
      return new ProxyFailed(proxy, 'proxy', (name) => `${name} could not connect there (HTTP ${status})`)
  }
}
