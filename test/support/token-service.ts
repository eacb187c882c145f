/** An authorization server that does what a test says: its answers are data, and everything that it is asked is kept. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closerOf } from './closing.ts'

export interface TokenRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: URLSearchParams
  /** Everything that it was sent, as it was sent. */
  readonly text: string
}

export interface TokenAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: object | string
}

/** What it answers to a request; null: nothing, for as long as somebody listens. */
export type Answering = (request: TokenRequest, nth: number) => TokenAnswer | null | Promise<TokenAnswer | null>

export interface TokenService {
  readonly issuer: string
  /** The requests to each of its paths, in their order. */
  readonly asked: Readonly<Record<'/token' | '/revoke' | '/device', TokenRequest[]>>
  /** The most requests to /token that waited for an answer at once. */
  readonly atOnceMax: () => number
  /** From now on. */
  token: Answering
  revoke: Answering
  device: Answering
  close(): Promise<void>
}

/** @param metadata what it says of itself, beside its endpoints (RFC 8414). */
export async function startTokenService(
  token: Answering = () => tokens('one'),
  metadata: object = {},
  port = 0,
): Promise<TokenService> {
  const http = createServer()
  const close = closerOf(http)
  http.listen(port, '127.0.0.1')
  await once(http, 'listening')
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const asked: TokenService['asked'] = { '/token': [], '/revoke': [], '/device': [] }
  let [atOnce, atOnceMax] = [0, 0]
  const service: TokenService = {
    issuer,
    asked,
    atOnceMax: () => atOnceMax,
    token,
    revoke: () => ({}),
    device: () => ({ status: 400, body: { error: 'invalid_request' } }),
    close,
  }
  const described = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    device_authorization_endpoint: `${issuer}/device`,
    ...metadata,
  }
  const answerTo = async (path: keyof typeof asked, request: TokenRequest) => {
    const nth = asked[path].push(request) - 1
    if (path !== '/token') return await (path === '/revoke' ? service.revoke : service.device)(request, nth)
    atOnce += 1
    atOnceMax = Math.max(atOnceMax, atOnce)
    try {
      return await service.token(request, nth)
    } finally {
      atOnce -= 1
    }
  }
  http.on('request', (request, response) => {
    const { url: path = '', headers } = request
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (path.startsWith('/.well-known/')) return send(response, { body: described })
      if (!Object.hasOwn(asked, path)) return send(response, { status: 404 })
      const text = Buffer.concat(chunks).toString()
      void answerTo(path as keyof typeof asked, { path, headers, body: new URLSearchParams(text), text }).then(
        (answer) => answer !== null && send(response, answer),
      )
    })
  })
  return service
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: TokenAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? 'text/html' : 'application/json'
  response.writeHead(status, { 'content-type': type, ...headers }).end(text)
}

/** An answer with tokens of this name; of each name they are others. */
export function tokens(name: string, more: object = {}): TokenAnswer {
  return {
    body: {
      access_token: `access-${name}`,
      refresh_token: `refresh-${name}`,
      token_type: 'Bearer',
      expires_in: 3600,
      ...more,
    },
  }
}

export function refused(error: string, description?: string): TokenAnswer {
  return { status: 400, body: { error, ...(description === undefined ? {} : { error_description: description }) } }
}
