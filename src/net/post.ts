/** Sends a POST to somebody's endpoint. Its status decides; only the beginning of the answer is read, for people. */
import type { LookupFunction } from 'node:net'
import type { Reach } from '../account/reach.ts'
import { socketReason } from '../failure/socket-reasons.ts'
import type { Answer } from '../news/webhook.ts'
import { singleLine } from '../printable.ts'
import { exchange } from './exchange.ts'
import { guardOf } from './guard.ts'
import { netLimits } from './limits.ts'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly reach: Reach
  readonly waitMs: number
  /** Ends the request: then there is no answer, and it is not known whether it arrived. */
  readonly signal?: AbortSignal
  /** Given by tests: certificate authorities beside the system's, and how names become addresses. */
  readonly ca?: string | undefined
  readonly lookup?: LookupFunction | undefined
}

const webPorts: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 }

/** The host and port to which a URL leads. */
export function endpointOf({ hostname, port, protocol }: URL): { host: string; port: number } {
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (webPorts[protocol] ?? 0) : Number(port),
  }
}

export async function post({ url, headers, body, reach, waitMs, signal, ca, lookup }: Post): Promise<Answer> {
  try {
    const to = new URL(url)
    const { host, port } = endpointOf(to)
    const guard = guardOf(reach, lookup)
    guard.check(host, port)
    const response = await exchange(to, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      lookup: guard.lookup,
      ca,
      octetsMax: () => netLimits.answerOctetsMax,
      waitMs,
      signal,
    })
    const text = singleLine(response.body.toString('utf8'), netLimits.answerOctetsMax)
    return { status: response.status, text, waitMs: retryAfterMs(response.headers['retry-after']) }
  } catch (error) {
    if (signal?.aborted) throw error
    return { status: null, text: socketReason(error as Error) }
  }
}

/** The wait is in seconds; a date is not understood, and the usual wait applies. */
function retryAfterMs(header: string | undefined): number | undefined {
  return /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1000 : undefined
}
