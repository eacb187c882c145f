/**
 * Holds TLS sessions to resume them (RFC 8446 section 2.2), which saves certificates and a signature at every visit. Node does not
 * check the host's name in a resumed session, nor the certificate of TLS 1.3, which is not kept: so each session is kept once it has passed
 * its checks, and for exactly these. Another certificate shows only where the handshake is whole, so no session outlives an hour.
 *
 * Some servers offer sessions and end the connections that resume one. Such a server is noticed by what goes well without.
 */
import { hostPort } from '../account/server-traits.ts'
import type { Endpoint } from './dial.ts'
import { pop3Limits } from './limits.ts'

/** The TLS facts of a server. `fingerprint`: SHA-256 of its certificate, lower-case hex. */
export interface TlsReport {
  readonly version: string
  readonly fingerprint: string
  readonly validTo: string
}

export interface KeptSession {
  readonly ticket: Buffer
  /** A resumed session shows no certificate again. */
  readonly seen: TlsReport
  /** When the server showed its certificate: a ticket from a resumed session is no newer. */
  readonly seenMs: number
}

/** What speaks against resuming sessions of one server. */
interface Doubt {
  /** A resumed session came to nothing, and no whole handshake has gone well since. */
  isOpen: boolean
  /** How many times a whole handshake went well where a resumed one had not. */
  times: number
  /** No session is resumed before this time. */
  untilMs: number
}

export class TlsSessions {
  readonly #sessions = new Map<string, KeptSession>()
  readonly #doubts = new Map<string, Doubt>()
  readonly #nowMs: () => number

  /** @param nowMs a monotonic clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  get nowMs(): number {
    return this.#nowMs()
  }

  /** The session to offer, if there is one. */
  of(endpoint: Endpoint): KeptSession | undefined {
    const kept = this.#sessions.get(checksOf(endpoint))
    if (kept === undefined || this.#isDoubted(endpoint)) return undefined
    return this.nowMs - kept.seenMs < pop3Limits.tlsSessionMaxMs ? kept : undefined
  }

  keep(endpoint: Endpoint, session: KeptSession): void {
    putLast(this.#sessions, checksOf(endpoint), session)
  }

  forget(endpoint: Endpoint): void {
    this.#sessions.delete(checksOf(endpoint))
  }

  /** A connection ended without an answer for which this session was offered. */
  cameToNothing(endpoint: Endpoint): void {
    this.forget(endpoint)
    const server = hostPort(endpoint)
    const { times, untilMs } = this.#doubts.get(server) ?? { times: 0, untilMs: 0 }
    putLast(this.#doubts, server, { isOpen: true, times, untilMs })
  }

  /** The server has answered behind a handshake. */
  wentWell(endpoint: Endpoint, isResumed: boolean): void {
    const server = hostPort(endpoint)
    const doubt = this.#doubts.get(server)
    if (doubt === undefined || doubt.untilMs > this.nowMs) return
    if (isResumed || doubt.untilMs > 0) this.#doubts.delete(server)
    else if (doubt.isOpen) {
      doubt.isOpen = false
      doubt.times += 1
      if (doubt.times >= pop3Limits.tlsSessionFailuresMax) doubt.untilMs = this.nowMs + pop3Limits.noTlsSessionsMs
    }
  }

  #isDoubted(endpoint: Endpoint): boolean {
    const doubt = this.#doubts.get(hostPort(endpoint))
    return doubt !== undefined && (doubt.isOpen || doubt.untilMs > this.nowMs)
  }
}

function putLast<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > pop3Limits.tlsSessionsKept && oldest !== undefined) map.delete(oldest)
}

function checksOf(endpoint: Endpoint): string {
  const { host, port, tlsVerify, tlsFingerprint, ca, tlsMinVersion, tlsLegacy } = endpoint
  const rules = [tlsVerify, tlsFingerprint, ca?.toString() ?? null, tlsMinVersion ?? null, tlsLegacy === true]
  return JSON.stringify([host.toLowerCase(), port, ...rules])
}
