/**
 * Finds the POP3 servers for an address, and the SMTP servers for what is sent as it. It looks in the list of providers first, which needs no network. Then it asks, all at once, the
 * domain itself (autoconfig, well-known, SRV), Thunderbird's database, and the provider that the domain's mail goes to (MX). Only if
 * nobody knows anything, it guesses the usual names. It then dials all servers that it found, at once. None of this throws, and each step
 * has an end: an answer that comes later counts as none.
 */
import { shownHost } from '../account/host.ts'
import { orElse } from '../deadline.ts'
import { discoverLimits } from './limits.ts'
import type { Advice } from '../account/provider-advice.ts'
import { providerOfDomain, providerOfExchange, providerOfHost } from '../account/providers.ts'
import { type Configuration, readAutoconfig } from './autoconfig.ts'
import {
  type Address,
  type Candidate,
  nameOf,
  offered,
  ranked,
  type Server,
  smtpOffered,
  type Source,
} from './candidate.ts'

export interface Dns {
  /** Gives an empty list if there are no records. */
  srv(name: string): Promise<readonly SrvRecord[]>
  mx(name: string): Promise<readonly MxRecord[]>
}

export interface SrvRecord {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

export interface MxRecord {
  readonly exchange: string
  readonly priority: number
}

export interface Http {
  /** The body of a 200, UTF-8; undefined for any other answer. */
  get(url: string, bounds: { readonly maxOctets: number; readonly waitMs: number }): Promise<string | undefined>
}

export interface Surroundings {
  readonly dns: Dns
  readonly http: Http
  /** Whether a POP3 server greets there, secures the line in the candidate's TLS mode, and answers CAPA. It does not log in. */
  readonly answers: (server: Server, waitMs: number) => Promise<boolean>
  /** The same of an SMTP server: it answers EHLO. */
  readonly smtpAnswers: (server: Server, waitMs: number) => Promise<boolean>
}

export interface Discovered {
  /** The best candidate is first. */
  readonly candidates: readonly Candidate[]
  /** Where what is sent as the address is taken, the best first; none in clear. */
  readonly smtp: readonly Candidate[]
  /** The reason why there is none; null if there are some. */
  readonly note: string | null
  /** The same as a code; null if there is a server that answers. */
  readonly reason: NotFoundReason | null
  /** Where its mail most often is, if nobody says anything: nothing answered there. */
  readonly guess: Candidate | null
  /** What the provider wants, where it has no POP3. */
  readonly advice: Advice | null
}

/** `offline`: no question was answered at all, so nothing is known. */
export const notFoundReasons = ['offline', 'no such domain', 'no POP3', 'unknown'] as const
export type NotFoundReason = (typeof notFoundReasons)[number]

/** The time for all questions, and then the time for all servers that are dialled. */
export interface DiscoverWaits {
  readonly askMs: number
  readonly probeMs: number
}

export const usualDiscoverWaits: DiscoverWaits = {
  askMs: discoverLimits.discoverAskMs,
  probeMs: discoverLimits.discoverProbeMs,
}

export async function discover(
  address: Address,
  around: Surroundings,
  { askMs, probeMs } = usualDiscoverWaits,
): Promise<Discovered> {
  const provider = providerOfDomain(address.domain)
  const told =
    provider === undefined
      ? await whatIsSaid(address, around, askMs)
      : {
          candidates: offered(provider, address, 'built in'),
          smtp: smtpOffered(provider, address, 'built in'),
          exchanges: [],
          note: provider.note,
          advice: provider.advice,
        }
  if (told.candidates.length === 0 && told.note !== undefined)
    return { candidates: [], smtp: [], note: told.note, reason: 'no POP3', guess: null, advice: told.advice ?? null }

  const known = told.candidates.length > 0 ? told.candidates : guesses(address, told.exchanges)
  const sending = smtpOf(told, known, address)
  const smtp = Promise.all(
    sending.map(async (candidate) => ({
      ...candidate,
      verified: await orElse(around.smtpAnswers(candidate, probeMs), false, probeMs),
    })),
  )
  const tried = await Promise.all(
    known.map(async (candidate) => ({
      ...candidate,
      note: candidate.note ?? providerOfHost(candidate.host)?.note ?? null,
      advice: candidate.advice ?? providerOfHost(candidate.host)?.advice ?? null,
      verified: await orElse(around.answers(candidate, probeMs), false, probeMs),
    })),
  )
  const isKnown = ({ source, verified }: Candidate) => verified || source !== 'guess'
  const candidates = ranked(tried.filter(isKnown))
  const found = ranked((await smtp).filter(isKnown))
  if (candidates.length > 0) return { candidates, smtp: found, note: null, reason: null, guess: null, advice: null }
  const reason = told.silence ?? 'unknown'
  const guess = reason === 'no such domain' ? null : (known[0] ?? null)
  return { candidates, smtp: found, note: noteOf(reason, shownHost(address.domain)), reason, guess, advice: null }
}

function noteOf(reason: Exclude<NotFoundReason, 'no POP3'>, domain: string): string {
  switch (reason) {
    case 'offline':
      return `Tributary reaches neither the name servers nor the web just now, so nothing is known of ${domain}: see that its machine is connected, or enter the server by hand.`
    case 'no such domain':
      return `There is no domain ${domain}: check how the address is spelt.`
    case 'unknown':
      return `Nobody says where the mail of ${domain} can be had by POP3, and nothing answers under the usual names: its provider's help pages name the server.`
  }
}

interface Findings {
  readonly candidates: readonly Candidate[]
  readonly smtp: readonly Candidate[]
  readonly exchanges: readonly string[]
  /** The reason why there is no candidate, if it is known. */
  readonly note?: string | undefined
  readonly advice?: Advice | undefined
  /** Why nobody has said anything. */
  readonly silence?: 'offline' | 'no such domain' | undefined
}

/** Counts what becomes of questions, to tell a line that is down from a domain of which nobody says anything. */
class Answers {
  #isAnswered = false
  #isUnknown = false

  /** Those that found nothing have been answered, too. */
  hear(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!troubles.test(code)) this.#isAnswered = true
  }

  answered(): void {
    this.#isAnswered = true
  }

  /** The domain itself does not exist: NXDOMAIN to a question for its own records. */
  isNoDomain(error: unknown): void {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') this.#isUnknown = true
  }

  get silence(): 'offline' | 'no such domain' | undefined {
    if (!this.#isAnswered) return 'offline'
    return this.#isUnknown ? 'no such domain' : undefined
  }
}

/** Codes of Node for a question that nobody answered: c-ares' own, getaddrinfo's, and those of sockets. */
const troubles =
  /^(?:ECONNREFUSED|ETIMEOUT|ETIMEDOUT|ESERVFAIL|EREFUSED|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ENONAME)$/

async function whatIsSaid(address: Address, around: Surroundings, askMs: number): Promise<Findings> {
  const deadlineMs = performance.now() + askMs
  const leftMs = () => Math.max(0, deadlineMs - performance.now())
  const answers = new Answers()
  const ask = async <T>(question: (waitMs: number) => Promise<T>, otherwise: T): Promise<T> => {
    const asked = question(leftMs())
    asked.then(
      () => answers.answered(),
      (error: unknown) => answers.hear(error),
    )
    return await orElse(asked, otherwise, leftMs())
  }
  const read = async (url: string, source: Source) => {
    const bounds = (waitMs: number) => ({ maxOctets: discoverLimits.autoconfigOctetsMax, waitMs })
    const xml = await ask((waitMs) => around.http.get(url, bounds(waitMs)), undefined)
    return xml === undefined ? nothing : readAutoconfig(xml, address, source)
  }
  const secure = async (service: string, tls: Server['tls']) =>
    servicesOf(await ask(() => around.dns.srv(`${service}.${address.domain}`), []), address, tls)
  const hosted = async (): Promise<Findings> => {
    const mx = async () => {
      const records = around.dns.mx(address.domain)
      records.catch((error: unknown) => answers.isNoDomain(error))
      return await records
    }
    const exchanges = exchangesOf(await ask(mx, []))
    const [exchange] = exchanges
    if (exchange === undefined) return { candidates: [], smtp: [], exchanges }
    const provider = providerOfExchange(exchange)
    if (provider !== undefined) {
      const { note, advice } = provider
      const smtp = smtpOffered(provider, address, 'mx')
      return { candidates: offered(provider, address, 'mx'), smtp, exchanges, note, advice }
    }
    const asked = parentsOf(exchange)
      .filter((parent) => parent !== address.domain)
      .flatMap((parent, nth) => configurationsOf(parent, address, nth === 0))
    const { pop3, smtp } = joined(await Promise.all(asked.map(async ([url]) => await read(url, 'mx'))))
    return { candidates: pop3, smtp, exchanges }
  }

  const files = configurationsOf(address.domain, address, true)
  const [byMx, pop3s, pop3, submissions, submission, ...configured] = await Promise.all([
    hosted(),
    secure('_pop3s._tcp', 'implicit'),
    secure('_pop3._tcp', 'starttls'),
    // RFC 8314 section 5.1, RFC 6186 section 3.1.
    secure('_submissions._tcp', 'implicit'),
    secure('_submission._tcp', 'starttls'),
    ...files.map(async ([url, source]) => await read(url, source)),
  ])
  const own = joined(configured)
  const all = [...byMx.candidates, ...pop3s, ...pop3, ...own.pop3]
  const candidates = withoutClearText(all).slice(0, candidatesMax)
  const sending = [...byMx.smtp, ...submissions, ...submission, ...own.smtp]
  return { ...byMx, candidates, smtp: sending.slice(0, candidatesMax), silence: answers.silence }
}

const nothing: Configuration = { pop3: [], smtp: [] }

function joined(configurations: readonly Configuration[]): Configuration {
  return {
    pop3: configurations.flatMap(({ pop3 }) => pop3),
    smtp: configurations.flatMap(({ smtp }) => smtp),
  }
}

/** The servers for sending that are worth dialling: those that somebody has named; else the provider's, or the usual names. */
function smtpOf({ smtp }: Findings, pop3: readonly Candidate[], address: Address): Candidate[] {
  const named = smtp.filter(({ tls }) => tls !== 'none')
  if (named.length > 0) return named
  const ofProvider = pop3.flatMap(({ host, source }) => {
    const provider = source === 'guess' ? undefined : providerOfHost(host)
    return provider === undefined ? [] : smtpOffered(provider, address, source)
  })
  if (ofProvider.length > 0) return ofProvider
  const beside = pop3.filter(({ source }) => source !== 'guess').map(({ host }) => host)
  const hosts = new Set([`smtp.${address.domain}`, `mail.${address.domain}`, ...beside.slice(0, 2)])
  const rest = { user: address.whole, source: 'guess', verified: false, note: null, advice: null } as const
  return [...hosts].flatMap((host) => [
    { host, port: 465, tls: 'implicit' as const, ...rest },
    { host, port: 587, tls: 'starttls' as const, ...rest },
  ])
}

/** No honest source offers more, and each of them is dialled. */
const candidatesMax = 2 * discoverLimits.discoverOffersMax

/** @param own the domain itself may be asked. The parent of a host may not: it may be a registry (`co.uk`), where anybody can put an answer. */
function configurationsOf(domain: string, address: Address, own: boolean): readonly (readonly [string, Source])[] {
  const file = 'mail/config-v1.1.xml'
  const whose = `emailaddress=${encodeURIComponent(address.whole)}`
  const database = [`https://autoconfig.thunderbird.net/v1.1/${domain}`, 'thunderbird'] as const
  if (!own) return [database]
  return [
    [`https://autoconfig.${domain}/${file}?${whose}`, 'autoconfig'],
    [`https://${domain}/.well-known/autoconfig/${file}`, 'well-known'],
    database,
  ]
}

/** The domains above a host: `mx1.mail.example.net` -> `mail.example.net`, `example.net`. */
function parentsOf(host: string): string[] {
  const labels = host.split('.')
  return [1, 2].filter((from) => labels.length - from >= 2).map((from) => labels.slice(from).join('.'))
}

/** RFC 6186 section 3.2: lower priority first; a target of "." means that the service is decidedly not offered. */
function servicesOf(records: readonly SrvRecord[], { whole }: Address, tls: Server['tls']): Candidate[] {
  return records
    .toSorted((a, b) => a.priority - b.priority || b.weight - a.weight)
    .slice(0, discoverLimits.discoverOffersMax)
    .flatMap(({ name, port }) => {
      const host = nameOf(name)
      if (host === undefined || port === 0) return []
      return [{ host, port, tls, user: whole, source: 'srv' as const, verified: false, note: null, advice: null }]
    })
}

function exchangesOf(records: readonly MxRecord[]): string[] {
  return records.toSorted((a, b) => a.priority - b.priority).flatMap(({ exchange }) => nameOf(exchange) ?? [])
}

/** Drops servers in clear, unless there are no others. */
function withoutClearText(candidates: readonly Candidate[]): readonly Candidate[] {
  const safe = candidates.filter(({ tls }) => tls !== 'none')
  return safe.length > 0 ? safe : candidates
}

function guesses({ domain, whole }: Address, [exchange]: readonly string[]): Candidate[] {
  const hosts = new Set([
    `pop.${domain}`,
    `pop3.${domain}`,
    `mail.${domain}`,
    ...(exchange === undefined ? [] : [exchange]),
  ])
  const rest = { user: whole, source: 'guess', verified: false, note: null, advice: null } as const
  return [...hosts].flatMap((host) => [
    { host, port: 995, tls: 'implicit' as const, ...rest },
    { host, port: 110, tls: 'starttls' as const, ...rest },
  ])
}
