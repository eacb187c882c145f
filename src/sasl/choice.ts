/**
 * Chooses by which way to log in: the strongest that the server offers first, and none that is weaker than what is known of a line that nobody
 * checks. Pure.
 */
import type { ServerLogin } from '../account/account.ts'
import { type AuthMethod, type SaslName, saslNames } from '../account/login.ts'
import type { LoginTrait } from '../account/server-traits.ts'

/** What is known of the ways to log in: of the server where the line is trusted, and otherwise of the account alone. */
export interface LoginMemory {
  has(trait: LoginTrait): boolean
  add(trait: LoginTrait): unknown
}

/** Whether nobody but the server can speak on the line: TLS with a checked certificate, or this machine itself. */
export function isTrustedLine({ host, tls, tlsVerify, tlsFingerprint }: Line): boolean {
  return (tls !== 'none' && (tlsVerify || tlsFingerprint !== null)) || /^(?:127(?:\.\d+){3}|::1|localhost)$/i.test(host)
}

type Line = Pick<ServerLogin, 'host' | 'tls' | 'tlsVerify' | 'tlsFingerprint'>

/** What the server offers. */
export interface Offer {
  /** The names of CAPA's line SASL, or of AUTH= in IMAP. */
  readonly mechanisms: readonly string[]
  /** The greeting has a timestamp for APOP. */
  readonly hasTimestamp: boolean
  /** USER and PASS go in one segment with what follows them, and carry these letters. */
  readonly isUserQuick: boolean
}

/** What is wanted of it, and known. */
export interface Wish {
  readonly auth: AuthMethod
  /** This way alone. */
  readonly sasl: SaslName | null
  /** Nobody but the server can speak on the line: TLS with a checked certificate, or this machine itself. */
  readonly isTrusted: boolean
  readonly traits: Pick<LoginMemory, 'has'>
}

/** Those that do not send the password itself. */
export const provers: readonly SaslName[] = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'APOP']

/** How much a way gives away, the least first. In clear text all are alike. */
const strengths: readonly (readonly SaslName[])[] = [
  ['SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2'],
  ['SCRAM-SHA-1'],
  ['CRAM-MD5'],
  ['APOP'],
  ['PLAIN', 'LOGIN', 'USER'],
]
const rankOf = (way: SaslName) => strengths.findIndex((alike) => alike.includes(way))

/** The least that is taken on a line that nobody checks. */
function floorOf(isTrusted: boolean, traits: Pick<LoginMemory, 'has'>): SaslName | undefined {
  return isTrusted ? undefined : provers.find((name) => traits.has(`${name} works` as LoginTrait))
}

/** Whether something has let this login in, and nothing weaker is taken. */
export function hasFloor(isTrusted: boolean, traits: Pick<LoginMemory, 'has'>): boolean {
  return floorOf(isTrusted, traits) !== undefined
}

/** What the proofs that are stronger than a way have left, where they have let somebody in. */
export function proofsUpTo(way: SaslName): LoginTrait[] {
  return provers.filter((prover) => rankOf(prover) < rankOf(way)).map((prover) => `${prover} works` as LoginTrait)
}

/** The ways to log in, in the order in which they are tried. Empty: the server offers only what is weaker than what has let this account in. */
export function waysOf(offer: Offer, { auth, sasl, isTrusted, traits }: Wish): SaslName[] {
  if (sasl !== null) return [sasl]
  const offered = saslNames.filter((name) => offer.mechanisms.includes(name))
  if (auth === 'oauth2') {
    const tokens = offered.filter((name) => name === 'XOAUTH2' || name === 'OAUTHBEARER').toReversed()
    return tokens.length > 0 ? tokens : ['XOAUTH2']
  }
  const offers = (name: SaslName) => offered.includes(name)
  const clear: SaslName[] = [
    ...(offer.isUserQuick && (offers('PLAIN') || offers('LOGIN')) ? (['USER'] as const) : []),
    ...(['PLAIN', 'LOGIN'] as const).filter(offers),
  ]
  // CVE-2007-1558: who may speak on the line finds out the password by timestamps of their own, and nothing else would prove who they are.
  const apop = offer.hasTimestamp && isTrusted ? (['APOP'] as const) : []
  const strong = (['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5'] as const).filter(offers)
  const all = [...new Set<SaslName>([...strong, ...clear, ...apop, 'USER'])]
  const floor = floorOf(isTrusted, traits)
  return all
    .filter((way) => !traits.has(`no ${way}` as LoginTrait))
    .filter((way) => floor === undefined || rankOf(way) <= rankOf(floor))
}
