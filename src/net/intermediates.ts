/**
 * The intermediate certificates that servers do not send: each is fetched where the one below it says, and remembered in memory. None is
 * trusted for that: OpenSSL checks the whole chain up to an authority at the next handshake (docs/decisions/0066).
 */
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import type { Proxy } from '../account/proxy.ts'
import { hostPort, type ServerPlace } from '../account/server-traits.ts'
import { exchange } from './exchange.ts'
import type { Guard } from './guard.ts'
import { certificatesIn, isIssuerOf, isSignedByItself, issuerUrls } from './issuers.ts'
import { netLimits } from './limits.ts'
import { endpointOf } from './post.ts'

export interface Fetching {
  /** Of addresses: the port is the web's. */
  readonly guard: Guard
  readonly proxy?: Proxy | undefined
  readonly signal?: AbortSignal | undefined
}

/** PEM, by the host and port of the server that does not send them. */
const learnt = new Map<string, readonly string[]>()
/** When a chain could not be made whole, by the fingerprint of its last certificate. */
const failures = new Map<string, number>()

export function intermediatesOf(server: ServerPlace): readonly string[] | undefined {
  return learnt.size === 0 ? undefined : learnt.get(hostPort(server))
}

/**
 * Whether something new is known of the server's chain. It never throws: the failure is known already.
 *
 * @param topmost the last certificate of what the server has sent, DER.
 */
export async function learnIntermediates(server: ServerPlace, topmost: Buffer, way: Fetching): Promise<boolean> {
  const top = new X509Certificate(topmost)
  const { fingerprint256 } = top
  const place = hostPort(server)
  // The chain was made as whole as it can be.
  if (learnt.get(place)?.includes(top.toString())) return false
  const sinceMs = performance.now() - (failures.get(fingerprint256) ?? Number.NEGATIVE_INFINITY)
  if (sinceMs < netLimits.intermediateAgainMs) return false
  const found = await chainAbove(top, way).catch(() => [])
  const pems = found.map(String)
  if (pems.length === 0 || learnt.get(place)?.join() === pems.join()) {
    remember(failures, fingerprint256, performance.now())
    return false
  }
  remember(learnt, place, pems)
  return true
}

async function chainAbove(top: X509Certificate, way: Fetching): Promise<X509Certificate[]> {
  const endMs = performance.now() + netLimits.intermediateWaitMs
  const found: X509Certificate[] = []
  while (found.length < netLimits.intermediatesMax && !isSignedByRoot(found.at(-1))) {
    const below = found.at(-1) ?? top
    const [url] = issuerUrls(below)
    if (url === undefined) break
    const above = await fetched(url, way, endMs - performance.now()).catch(() => [])
    const issuer = above.find((one) => isIssuerOf(one, below) && !isSignedByItself(one))
    if (issuer === undefined) break
    found.push(issuer)
  }
  return found
}

async function fetched(href: string, { guard, proxy, signal }: Fetching, waitMs: number): Promise<X509Certificate[]> {
  const url = new URL(href)
  const { host, port } = endpointOf(url)
  guard.check(host, port)
  const { status, body, whole } = await exchange(url, {
    method: 'GET',
    headers: { accept: 'application/pkix-cert, application/pkcs7-mime', 'accept-encoding': 'identity' },
    lookup: guard.lookup,
    ...(proxy === undefined ? {} : { through: { proxy, guard } }),
    octetsMax: (of) => (of === 200 ? netLimits.intermediateOctetsMax : 0),
    waitMs,
    signal,
  })
  return status === 200 && whole ? certificatesIn(body) : []
}

let roots: ReadonlySet<string> | undefined

function isSignedByRoot(certificate: X509Certificate | undefined): boolean {
  if (certificate === undefined) return false
  roots ??= new Set(rootCertificates.map((pem) => new X509Certificate(pem).subject))
  return roots.has(certificate.issuer)
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > netLimits.intermediatesKept && oldest !== undefined) map.delete(oldest)
}
