/** HTTPS at the API's port, with a certificate that can be renewed while the server runs. */
import type { RequestListener, Server } from 'node:http'
import { createServer, type Server as SecureServer, type ServerOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Pair } from '../../src/disk/certificate.ts'
import { apiLimits } from '../limits.ts'

type Timeouts = Pick<ServerOptions, 'requestTimeout' | 'keepAliveTimeout'>

export class Https {
  #pair: Pair
  readonly #servers = new Set<SecureServer>()
  /** Connections by their peer whose TLS handshake has not ended: the HTTP server does not know of them yet. */
  readonly #handshaking = new Map<string, Socket>()

  constructor(pair: Pair) {
    this.#pair = pair
  }

  /** The factory that Fastify takes. */
  readonly serverFactory = (handler: RequestListener, { requestTimeout, keepAliveTimeout }: Timeouts): Server => {
    const timeouts = { ...(requestTimeout && { requestTimeout }), ...(keepAliveTimeout && { keepAliveTimeout }) }
    const server = createServer({ ...this.#context(), ...timeouts }, handler)
    this.#servers.add(server)
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket)
      this.#handshaking.set(peer, socket)
      socket.once('close', () => this.#handshaking.delete(peer))
    })
    server.on('secureConnection', (socket) => this.#handshaking.delete(peerOf(socket)))
    return server
  }

  /** Serves the new certificate to clients that connect from now on; open connections stay as they are. */
  renew(pair: Pair): void {
    this.#pair = pair
    for (const server of this.#servers) server.setSecureContext(this.#context())
  }

  /** Ends the connections that the HTTP server does not end, so that a client that says nothing cannot keep the server from closing. */
  close(): void {
    for (const socket of this.#handshaking.values()) socket.destroy()
  }

  #context() {
    const { cert, key } = this.#pair
    return { cert, key, minVersion: 'TLSv1.2', handshakeTimeout: apiLimits.handshakeWaitMs } as const
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
