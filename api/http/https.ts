/** HTTPS at the API's port. Who speaks HTTP there is told so, in HTTP. */
import type { RequestListener, Server } from 'node:http'
import { createServer, type Server as SecureServer, type ServerOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Pair } from '../../src/disk/certificate.ts'
import { apiLimits } from '../limits.ts'

type Timeouts = Pick<ServerOptions, 'requestTimeout' | 'keepAliveTimeout'>

export class Https {
  #pair: Pair
  readonly #servers = new Set<SecureServer>()
  /** Of which nobody knows yet what they speak. */
  readonly #silent = new Set<Socket>()

  constructor(pair: Pair) {
    this.#pair = pair
  }

  /** As Fastify takes one. */
  readonly serverFactory = (handler: RequestListener, { requestTimeout, keepAliveTimeout }: Timeouts): Server => {
    const timeouts = { ...(requestTimeout && { requestTimeout }), ...(keepAliveTimeout && { keepAliveTimeout }) }
    const server = createServer({ ...this.#context(), ...timeouts }, handler)
    this.#servers.add(server)
    const [shakeHands] = server.listeners('connection')
    server.removeAllListeners('connection').on('connection', (socket: Socket) => {
      this.#silent.add(socket)
      const leave = () => void socket.destroy()
      socket.setTimeout(apiLimits.handshakeWaitMs, leave).once('error', leave)
      socket.once('close', () => this.#silent.delete(socket))
      socket.once('data', (first: Buffer) => {
        socket.pause().setTimeout(0).off('timeout', leave).off('error', leave)
        this.#silent.delete(socket)
        if (speaksHttp(first)) sayHttps(socket, first)
        else {
          socket.unshift(first)
          Reflect.apply(shakeHands as () => void, server, [socket])
        }
      })
    })
    return server
  }

  /** For those who connect from now on; who is connected stays so. */
  renew(pair: Pair): void {
    this.#pair = pair
    for (const server of this.#servers) server.setSecureContext(this.#context())
  }

  /** Who has said nothing yet keeps nobody from closing. */
  close(): void {
    for (const socket of this.#silent) socket.destroy()
  }

  #context() {
    const { cert, key } = this.#pair
    return { cert, key, minVersion: 'TLSv1.2', handshakeTimeout: apiLimits.handshakeWaitMs } as const
  }
}

/** A TLS handshake begins with the octet 22 (RFC 8446 section 5.1), a request line with a letter. */
function speaksHttp(first: Buffer): boolean {
  return /^[A-Za-z]/.test(first.toString('latin1', 0, 1))
}

/** A page is found where it is; a call, which had its token with it, is not sent on as if nothing had happened. */
function sayHttps(socket: Socket, first: Buffer): void {
  const [line = '', ...fields] = first.toString('latin1').split('\r\n')
  const path = /^(?:GET|HEAD) (\/\S*) HTTP\/1\.[01]$/.exec(line)?.[1]
  const host = fields.map((field) => /^Host: *([A-Za-z0-9.:[\]-]+)$/i.exec(field)?.[1]).find((one) => one !== undefined)
  const moved = path !== undefined && host !== undefined && !fields.some((field) => /^authorization:/i.test(field))
  const detail =
    'This port speaks HTTPS. Send the request again to https://, and a token that went over http:// to nobody any more.'
  const body = JSON.stringify({ type: 'about:blank', title: 'HTTPS is spoken here', status: 400, detail })
  const head = moved
    ? ['HTTP/1.1 308 Permanent Redirect', `Location: https://${host}${path}`]
    : ['HTTP/1.1 400 Bad Request', 'Content-Type: application/problem+json']
  socket.on('error', () => {})
  socket.setTimeout(apiLimits.handshakeWaitMs, () => socket.destroy())
  // What else it has to say is let go, or the answer would be lost to a reset.
  socket.resume()
  socket.end(`${[...head, 'Connection: close', `Content-Length: ${body.length}`, '', ''].join('\r\n')}${body}`)
}
