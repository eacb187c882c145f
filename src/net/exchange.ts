/** One HTTP exchange on a connection of its own, at the address that the guard allowed: no redirect is followed, and the answer is bounded. */
import { once } from 'node:events'
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Proxy } from '../account/proxy.ts'
import { withDeadline } from '../deadline.ts'
import type { Guard } from './guard.ts'
import { connectThrough } from './proxied.ts'
import { tlsOptions } from './tls.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The guard's lookup. */
  readonly lookup: LookupFunction
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: string | undefined
  /** The port to connect to, if it is not the one of the URL. */
  readonly port?: number
  /** Undefined: there is no proxy in between. */
  readonly through?: { readonly proxy: Proxy; readonly guard: Guard } | undefined
  /** The number of octets that are read of an answer with this status. */
  readonly octetsMax: (status: number) => number
  /** The time for the whole exchange. */
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The body ended within the limit. */
  readonly whole: boolean
}

/** No answer came in the time of the exchange. */
export class NoAnswer extends Error {
  constructor(waitMs: number) {
    super(`no answer within ${waitMs / 1000} s`)
  }
}

/** @throws the error for which there is no answer, NoAnswer, or the signal's reason; nothing once the status is known. */
export async function exchange(url: URL, request: HttpRequest): Promise<HttpResponse> {
  const { waitMs, signal, octetsMax } = request
  const endMs = performance.now() + waitMs
  const late = () => new NoAnswer(waitMs)
  const socket = await socketThrough(url, request)
  const asked = asking(url, request, socket)
  try {
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>
    asked.end(request.body)
    const [response] = await withDeadline(answered, { waitMs: endMs - performance.now(), signal, late })
    const { statusCode: status = 0, headers } = response
    const pieces: Buffer[] = []
    const reading = readInto(pieces, response, octetsMax(status))
    const whole = await withDeadline(reading, { waitMs: endMs - performance.now(), signal, late }).catch(() => false)
    return { status, headers, body: Buffer.concat(pieces).subarray(0, octetsMax(status)), whole }
  } finally {
    asked.destroy()
  }
}

/** A connection to the server that the URL names, over TLS where it says so; undefined: the request makes its own. */
async function socketThrough(
  url: URL,
  { through, port, ca, waitMs, signal }: HttpRequest,
): Promise<Socket | undefined> {
  if (through === undefined) return undefined
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const to = { host, port: port ?? Number(url.port === '' ? (isSecure ? 443 : 80) : url.port) }
  const socket = await connectThrough(to, { ...through, ca, waitMs, signal })
  return isSecure ? connectTls({ socket, ...tlsOptions(host, { ca }) }) : socket
}

function asking(url: URL, request: HttpRequest, socket: Socket | undefined): ClientRequest {
  const { method, headers, body, lookup, ca, port } = request
  const asked = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    // A connection that is kept could lead to a place to which the URL no longer leads.
    ...(socket === undefined ? { agent: false } : { createConnection: () => socket }),
    lookup,
    headers: {
      ...headers,
      'user-agent': 'Tributary',
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    },
    ...(port === undefined ? {} : { port }),
    ...(ca === undefined ? {} : { ca }),
  })
  // `once` throws an error that comes before the answer; a later error must not end the process.
  return asked.on('error', () => {})
}

/** Whether the body ended within this many octets. */
async function readInto(pieces: Buffer[], response: IncomingMessage, octetsMax: number): Promise<boolean> {
  // Without this, an answer that nobody wants to read would be waited for.
  if (octetsMax === 0) return false
  let octets = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    pieces.push(piece)
    octets += piece.length
    if (octets > octetsMax) return false
  }
  return true
}
