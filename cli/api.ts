/** The client of the API of one instance. */
import { X509Certificate } from 'node:crypto'
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailed, type Problem } from './failure.ts'
import type { Place } from './place.ts'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Sending {
  readonly query?: Query
  /** A body that is sent as JSON. */
  readonly body?: object | undefined
  /** A body that is sent as a stream, with the media type `type`. */
  readonly stream?: Readable
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The request is given up when nothing has come or gone for this long. */
  readonly idleMs?: number
  readonly signal?: AbortSignal
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

const idleMs = 60_000
/** No answer that is read as a whole is larger than this. */
const answerOctetsMax = 64 * 1024 * 1024

export class Api {
  readonly #place: Place
  readonly #agent: HttpAgent
  readonly #interrupted: AbortSignal

  /** @param interrupted ends every request that is under way when it is aborted. */
  constructor(place: Place, interrupted: AbortSignal) {
    this.#place = place
    this.#interrupted = interrupted
    this.#agent =
      place.url.protocol === 'https:'
        ? new HttpsAgent({ keepAlive: true, ...pinned(place.certificate) })
        : new HttpAgent({ keepAlive: true })
  }

  get url(): string {
    return this.#place.url.href
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return await this.ask<T>('GET', path, { query })
  }

  async post<T>(path: string, body?: object, query: Query = {}): Promise<T> {
    return await this.ask<T>('POST', path, { query, body })
  }

  async ask<T>(method: string, path: string, sending: Sending = {}): Promise<T> {
    const text = await whole(await this.open(method, path, sending))
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** Gives the items of a list one by one, and asks for one page after another. */
  async *each<T>(path: string, query: Query = {}): AsyncGenerator<T> {
    let cursor: string | undefined
    do {
      const page: Page<T> = await this.get(path, { ...query, limit: 500, cursor })
      yield* page.items
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
  }

  /** Resolves as soon as the answer begins. It throws if the API refuses. */
  async open(method: string, path: string, sending: Sending = {}): Promise<IncomingMessage> {
    const { stream, body } = sending
    const signal = AbortSignal.any([this.#interrupted, ...(sending.signal === undefined ? [] : [sending.signal])])
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = this.#request(method, path, { ...sending, signal })
      outgoing.on('response', resolve)
      outgoing.on('error', (error) => reject(signal.aborted ? error : this.#unreachable(error)))
      outgoing.on('timeout', () => outgoing.destroy(new Error('it has been silent for too long')))
      if (stream === undefined) outgoing.end(body === undefined ? undefined : JSON.stringify(body))
      // A refusal may come before everything is sent; then the refusal is the answer, and not the connection that ends.
      else pipeline(stream, outgoing).catch((error: Error) => outgoing.destroy(error))
    })
    const { statusCode = 0 } = response
    if (statusCode < 300) return response
    throw new CommandFailed('refused', this.#problemOf(statusCode, await whole(response)))
  }

  close(): void {
    this.#agent.destroy()
  }

  #request(method: string, path: string, { query = {}, body, type, headers, ...rest }: Sending): ClientRequest {
    const { url: base, token } = this.#place
    const url = new URL(`api/v1${path}`, base)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    const contentType = type ?? (body === undefined ? undefined : 'application/json')
    return request(url, {
      method,
      agent: this.#agent,
      timeout: rest.idleMs ?? idleMs,
      ...(rest.signal === undefined ? {} : { signal: rest.signal }),
      headers: {
        authorization: `Bearer ${token}`,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...headers,
      },
    })
  }

  #problemOf(status: number, text: string): Problem {
    const { host, href } = this.#place.url
    if (status === 401)
      return {
        title: 'Unauthorized',
        status,
        detail: `${host} does not know the token of ${this.#place.tokenFrom}: it was revoked, has expired, or belongs to another instance.`,
      }
    try {
      const problem = JSON.parse(text) as Problem
      if (typeof problem.detail === 'string') return problem
    } catch {
      // Something other than Tributary listens there.
    }
    return { status, detail: `What answers at ${href} is not the API of Tributary (status ${status}).` }
  }

  #unreachable(error: NodeJS.ErrnoException): CommandFailed {
    if (error instanceof CommandFailed) return error
    const { href, protocol } = this.#place.url
    const start =
      this.#place.certificate === undefined && protocol === 'https:'
        ? ''
        : ' Start it with "npm start", or say where it is: --url URL.'
    const reason = error.code === 'ECONNREFUSED' ? 'Nothing listens there.' : `${error.message}.`
    return new CommandFailed('unreachable', `Tributary does not answer at ${href}: ${reason}${start}`)
  }
}

/** Accepts exactly this certificate, whoever signed it and whatever name it has. */
function pinned(certificate: string | undefined): HttpsAgent['options'] {
  if (certificate === undefined) return {}
  const { fingerprint256 } = new X509Certificate(certificate)
  return {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: (_host, shown) =>
      shown.fingerprint256 === fingerprint256
        ? undefined
        : new Error('it shows another certificate than its own file holds'),
  }
}

async function whole(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let octets = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    octets += piece.length
    if (octets > answerOctetsMax)
      throw new CommandFailed('refused', 'The answer is larger than any that is expected here.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}
