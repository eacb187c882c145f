/** A place where an address' mail may be had by POP3, and which of several is the best. Pure. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { defaultPort, hostMistakes, type TlsMode, tlsModes } from '../account/account.ts'
import type { Provider } from '../account/providers.ts'

/** Where a candidate is from, the most trusted first. */
export const sources = ['built in', 'autoconfig', 'well-known', 'thunderbird', 'srv', 'mx', 'guess'] as const
export type Source = (typeof sources)[number]

export interface Server {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
}

export interface Candidate extends Server {
  readonly user: string
  readonly source: Source
  /** A POP3 server answered there, under TLS as said and with a certificate that verifies. */
  readonly verified: boolean
  /** What to know before the first login. */
  readonly note: string | null
}

/** Of whom the mail is. */
export interface Address {
  readonly whole: string
  readonly local: string
  /** As in the DNS: lower case, A-labels (RFC 5891). */
  readonly domain: string
}

/** Undefined for what is none, or has no name after the @. */
export function addressOf(text: string): Address | undefined {
  const [, local, given = ''] = /^([^\s@<>\0-\x1f\x7f]+)@([^\s@<>]+)$/.exec(text.trim()) ?? []
  const domain = nameOf(given)
  return local === undefined || domain === undefined ? undefined : { whole: `${local}@${domain}`, local, domain }
}

/** A host's name as in the DNS; undefined for what is none: an address of a machine is not what anybody's mail server is called. */
export function nameOf(text: string): string | undefined {
  const given = text.trim().replace(/\.$/, '').toLowerCase()
  // Of a URL, it takes the host and leaves the rest unsaid.
  const name = /^[\p{L}\p{M}\p{N}._-]+$/u.test(given) ? domainToASCII(given) : ''
  const fit = name.includes('.') && isIP(name) === 0 && hostMistakes(name).length === 0
  return fit ? name : undefined
}

/** Where a provider of the list has its POP3: nothing, where it has none. */
export function offered({ host, stls, bareUser, note }: Provider, address: Address, source: Source): Candidate[] {
  if (host === undefined) return []
  const tls = stls ? 'starttls' : 'implicit'
  const user = bareUser ? address.local : address.whole
  return [{ host, port: defaultPort(tls), tls, user, source, verified: false, note: note ?? null }]
}

/** Each server once, the best first: what answered, what is trusted most, TLS from the first byte. */
export function ranked(candidates: readonly Candidate[]): Candidate[] {
  const best = candidates.toSorted(
    (a, b) =>
      Number(b.verified) - Number(a.verified) ||
      sources.indexOf(a.source) - sources.indexOf(b.source) ||
      tlsModes.indexOf(a.tls) - tlsModes.indexOf(b.tls),
  )
  const places = new Set<string>()
  return best.filter(({ host, port, tls }) => {
    const place = `${host} ${port} ${tls}`
    if (places.has(place)) return false
    places.add(place)
    return true
  })
}
