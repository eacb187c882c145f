/** Plays a person's endpoint for webhooks: it answers as the test says, and checks signatures with code of its own (Standard Webhooks 1.0). */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { closerOf } from './closing.ts'

export interface Received {
  readonly id: string
  readonly timestamp: number
  readonly signatures: readonly string[]
  readonly path: string
  readonly body: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly atMs: number
}

/** A status; a function that answers; `hang`: it never answers; `drop`: it drops the connection. */
export type Reaction = number | 'hang' | 'drop' | ((response: ServerResponse) => void)

export interface Endpoint {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** Sets its reactions from now on: one after another, and the last one for ever. */
  react(...reactions: readonly Reaction[]): void
  /** Resolves when this many requests have come. */
  count(wanted: number): Promise<readonly Received[]>
  close(): Promise<void>
}

export async function startEndpoint(tls?: { readonly cert: string; readonly key: string }): Promise<Endpoint> {
  const received: Received[] = []
  const arrivals = new EventEmitter()
  let reactions: readonly Reaction[] = [204]
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void take(request).then((one) => {
      received.push(one)
      const [reaction = 204] = reactions
      if (reactions.length > 1) reactions = reactions.slice(1)
      if (typeof reaction === 'number') response.writeHead(reaction).end(`said ${reaction}`)
      else if (reaction === 'drop') request.socket.destroy()
      else if (reaction !== 'hang') reaction(response)
      arrivals.emit('one')
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = (server.address() as AddressInfo).port
  return {
    url: tls === undefined ? `http://127.0.0.1:${at}/hooks` : `https://localhost:${at}/hooks`,
    port: at,
    received,
    react(...told) {
      reactions = told
    },
    async count(wanted) {
      const signal = AbortSignal.timeout(120_000)
      while (received.length < wanted) await once(arrivals, 'one', { signal })
      return received
    },
    close,
  }
}

async function take(request: IncomingMessage): Promise<Received> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
  const header = (name: string) => String(request.headers[name])
  const { type, data } = JSON.parse(body) as Pick<Received, 'type' | 'data'>
  return {
    id: header('webhook-id'),
    timestamp: Number(header('webhook-timestamp')),
    signatures: header('webhook-signature').split(' '),
    path: request.url ?? '',
    body,
    type,
    data,
    atMs: Date.now(),
  }
}

/** Tells whether one of the signatures was made with this secret, a short time ago. */
export function verifies({ id, timestamp, body, signatures }: Received, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const right = signatures.some((signature) => {
    const [version, text = ''] = signature.split(',')
    const given = Buffer.from(text, 'base64')
    return version === 'v1' && given.length === wanted.length && timingSafeEqual(given, wanted)
  })
  return right && Math.abs(Date.now() / 1000 - timestamp) < 300
}
