/** The exchanges with authorization servers: bounded, guarded, no redirect followed. */
import type { LookupFunction } from 'node:net'
import { type Proxy, viaOf } from '../account/proxy.ts'
import type { Reach } from '../account/reach.ts'
import { everywhere } from '../account/reach.ts'
import type { OAuthFetch } from '../oauth/authorization-servers.ts'
import { codeReason } from '../failure/socket-reasons.ts'
import { tlsReasonOf } from '../failure/tls-reasons.ts'
import { oauthLimits } from '../oauth/limits.ts'
import { exchange } from './exchange.ts'
import { guardOf } from './guard.ts'
import { endpointOf } from './post.ts'

export interface OAuthFetchOptions {
  /** An admin alone names an authorization server. */
  readonly reach?: Reach
  /** The instance's proxy. */
  readonly proxy?: Proxy | undefined
  /** Given by tests: certificate authorities beside the system's, and how names become addresses. */
  readonly ca?: string | undefined
  readonly lookup?: LookupFunction | undefined
  readonly waitMs?: number
}

export function oauthFetch({
  reach = everywhere,
  proxy,
  ca,
  lookup,
  waitMs = oauthLimits.requestWaitMs,
}: OAuthFetchOptions = {}): OAuthFetch {
  return async (url, { method, headers, body, signal }) => {
    const to = new URL(url)
    const guard = guardOf(reach, lookup)
    const { host, port } = endpointOf(to)
    guard.check(host, port)
    const via = viaOf(host, null, proxy)
    const response = await exchange(to, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(body === undefined || body === null ? {} : { body: textOf(body) }),
      lookup: guard.lookup,
      ...(via === undefined ? {} : { through: { proxy: via, guard } }),
      ca,
      octetsMax: () => oauthLimits.answerOctetsMax,
      waitMs,
      signal,
    }).catch((error: unknown) => {
      throw inWords(error)
    })
    if (response.status < 200 || response.status > 599) throw new Error(`it answered ${response.status}`)
    if (!response.whole) throw new Error('its answer is too long, or did not end')
    const given = Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    )
    const isEmpty = [204, 205, 304].includes(response.status)
    return new Response(isEmpty ? null : new Uint8Array(response.body), { status: response.status, headers: given })
  }
}

/** What the socket said, in the words that everything else says it in; whatever else failed is left as it is. */
function inWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as NodeJS.ErrnoException
  // Of Node's parser.
  const ofParser = code?.startsWith('HPE_') === true ? 'it does not answer by HTTP, or by more than it may' : undefined
  const reason = ofParser ?? codeReason(code) ?? tlsReasonOf(error)
  return reason === undefined ? error : new Error(reason, { cause: error })
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('openid-client sends text alone')
}
