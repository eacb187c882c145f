/** Candidates: servers that may have the mail of an address by POP3, or take its mail by SMTP, and the order of them. Pure. */
import { isIP } from 'node:net'
import { defaultPort, type TlsMode, tlsModes } from '../account/account.ts'
import { normalHost } from '../account/host.ts'
import type { Advice } from '../account/provider-advice.ts'
import type { Provider } from '../account/providers.ts'

/** The source that named a candidate, the most trusted first. */
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
  /** A server answered there, under the given TLS mode and with a certificate that verifies. */
  readonly verified: boolean
  /** A fact that somebody must know before the first login. */
  readonly note: string | null
  /** The same as a code, where there is one. */
  readonly advice: Advice | null
}

/** The address whose mail is looked for. */
export interface Address {
  readonly whole: string
  readonly local: string
  /** The domain in its DNS form: lower case, A-labels (RFC 5891). */
  readonly domain: string
}

/** Reads an address; undefined for a text that is none, or that has no host name after the @. */
export function addressOf(text: string): Address | undefined {
  const [, local, given = ''] = /^([^\s@<>\0-\x1f\x7f]+)@([^\s@<>]+)$/.exec(text.trim()) ?? []
  const domain = nameOf(given)
  return local === undefined || domain === undefined ? undefined : { whole: `${local}@${domain}`, local, domain }
}

/** Reads a host's name into its one form; undefined for a text that is none. An IP address is no name of a mail server. */
export function nameOf(text: string): string | undefined {
  const name = normalHost(text) ?? ''
  return name.includes('.') && isIP(name) === 0 ? name : undefined
}

/** The candidate for a provider of the list; undefined if that has no POP3. */
export function offered(
  { host, stls, bareUser, note, advice }: Provider,
  address: Address,
  source: Source,
): Candidate[] {
  if (host === undefined) return []
  const tls = stls ? 'starttls' : 'implicit'
  const user = bareUser ? address.local : address.whole
  return [
    { host, port: defaultPort(tls), tls, user, source, verified: false, note: note ?? null, advice: advice ?? null },
  ]
}

/** The server of a provider of the list for sending. */
export function smtpOffered(
  { smtp, bareUser, domains, name }: Provider,
  address: Address,
  source: Source,
): Candidate[] {
  if (smtp === undefined) return []
  // Personal mailboxes there have another host than those of organizations.
  const host = name === 'Microsoft' && domains.includes(address.domain) ? 'smtp-mail.outlook.com' : smtp.host
  const user = bareUser ? address.local : address.whole
  return [{ ...smtp, host, user, source, verified: false, note: null, advice: null }]
}

/** Gives each server once, the best first: one that answered, then the most trusted, then one with TLS from the first byte. */
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
