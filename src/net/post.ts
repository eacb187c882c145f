/** A POST to somebody's endpoint: one deadline for all of it, no redirect followed, little of the answer read. */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { netLimits } from './limits.ts'
import type { Reach } from '../account/reach.ts'
import { tlsReasonOf } from '../failure/tls-reasons.ts'
import type { Answer } from '../news/webhook.ts'
import { guardOf } from './guard.ts'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly reach: Reach
  readonly waitMs: number
  /** Ends it: then there is no answer, and it is not known whether it arrived. */
  readonly signal?: AbortSignal
  /** Given by tests: certificate authorities beside the system's, and how names become addresses. */
  readonly ca?: string | undefined
  readonly lookup?: LookupFunction | undefined
}

export const webPorts: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 }

/** Where a URL leads. */
export function endpointOf({ hostname, port, protocol }: URL): { host: string; port: number } {
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (webPorts[protocol] ?? 0) : Number(port),
  }
}

export async function post({ url, headers, body, reach, waitMs, signal, ca, lookup }: Post): Promise<Answer> {
  const deadline = AbortSignal.timeout(waitMs)
  try {
    const to = new URL(url)
    const { host, port } = endpointOf(to)
    const guard = guardOf(reach, lookup)
    guard.check(host, port)
    const sending: ClientRequest = (to.protocol === 'https:' ? httpsRequest : httpRequest)(to, {
      method: 'POST',
      // A connection of its own: one that is kept could lead where the URL no longer does.
      agent: false,
      lookup: guard.lookup,
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Tributary',
      },
      ...(ca === undefined ? {} : { ca }),
    })
    // Where it breaks off behind the first line of an answer, that is no error any more.
    sending.on('error', () => {}).end(body)
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    const text = await beginningOf(response)
    // What is too much of it, and a connection that is left open.
    sending.destroy()
    return { status: response.statusCode ?? null, text, waitMs: waitOf(response.headers['retry-after']) }
  } catch (error) {
    if (signal?.aborted) throw error
    const text = deadline.aborted ? `no answer within ${waitMs / 1000} s` : reasonOf(error as Error)
    return { status: null, text }
  }
}

/** The status alone decides: what breaks off behind it does not matter. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      octets += (chunk as Buffer).length
      if (octets >= netLimits.answerOctetsMax) break
    }
  } catch {
    // Its beginning is all that is wanted.
  }
  return printable(Buffer.concat(chunks).subarray(0, netLimits.answerOctetsMax).toString('utf8'))
}

function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim()
}

/** In seconds; a date is not understood, and the usual wait holds. */
function waitOf(header: string | undefined): number | undefined {
  return /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1000 : undefined
}

function reasonOf(error: Error & { code?: string; errors?: readonly Error[] }): string {
  switch (error.code ?? '') {
    case 'ENOTFOUND':
      return 'there is no host of that name'
    case 'ECONNREFUSED':
      return 'the connection was refused'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was dropped'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'it does not answer'
    default:
      return printable(tlsReasonOf(error) ?? (error.message === '' ? (error.code ?? error.name) : error.message))
  }
}
