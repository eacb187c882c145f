/** How an account or an `imap` destination proves who it is, and over what line (CONTRACT section 10). */
import type { Mistake } from './mistake.ts'

/** `implicit` is TLS from the first byte, `starttls` is STLS (RFC 2595) or STARTTLS, and `none` is clear text. */
export const tlsModes = ['implicit', 'starttls', 'none'] as const
export type TlsMode = (typeof tlsModes)[number]

export const authMethods = ['password', 'oauth2'] as const
export type AuthMethod = (typeof authMethods)[number]

/** The names of the SASL registry, the strongest first; `APOP` and `USER` are commands of POP3 alone (RFC 1939). */
export const saslNames = [
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'CRAM-MD5',
  'PLAIN',
  'LOGIN',
  'APOP',
  'USER',
  'XOAUTH2',
  'OAUTHBEARER',
] as const
export type SaslName = (typeof saslNames)[number]

/** The oldest first, by the names that Node has for them. */
export const tlsVersions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
export type TlsVersion = (typeof tlsVersions)[number]

export interface LoginChoices {
  readonly auth: AuthMethod
  /** This mechanism alone; null: the strongest that the server offers. */
  readonly sasl: SaslName | null
  readonly tlsMinVersion: TlsVersion
  /** Small keys and old ciphers are taken. */
  readonly tlsLegacy: boolean
  /** `none`, or a URL without its password, which is stored sealed beside it; null: the instance's. */
  readonly proxy: string | null
  /** The application by which it signs in; null: by none. */
  readonly oauth: { readonly applicationId: string } | null
}

/** They are not stored: a record from before they existed is one that has them all. */
export const loginDefaults: LoginChoices = {
  auth: 'password',
  sasl: null,
  tlsMinVersion: 'TLSv1.2',
  tlsLegacy: false,
  proxy: null,
  oauth: null,
}
const choices = Object.keys(loginDefaults) as (keyof LoginChoices)[]

export function choicesOf(stored: Partial<LoginChoices>): LoginChoices {
  const { auth, sasl, tlsMinVersion, tlsLegacy, proxy, oauth } = { ...loginDefaults, ...stored }
  return { auth, sasl, tlsMinVersion, tlsLegacy, proxy, oauth }
}

/** What is stored: without the choices that are the default. */
export function withoutDefaults<T extends Partial<LoginChoices>>(record: T): T {
  const isDefault = (name: string) =>
    choices.includes(name as keyof LoginChoices) &&
    record[name as keyof T] === loginDefaults[name as keyof LoginChoices]
  return Object.fromEntries(Object.entries(record).filter(([name]) => !isDefault(name))) as T
}

const tokenMechanisms: readonly SaslName[] = ['XOAUTH2', 'OAUTHBEARER']
const pop3Mechanisms: readonly SaslName[] = ['APOP', 'USER']

/** Checks that the choices go together. */
export function choiceMistakes(stored: Partial<LoginChoices>, protocol: 'POP3' | 'IMAP' | 'SMTP'): Mistake[] {
  const { auth, sasl, oauth } = choicesOf(stored)
  const mistakes: Mistake[] = []
  if (sasl !== null && tokenMechanisms.includes(sasl) !== (auth === 'oauth2'))
    mistakes.push({ pointer: '/sasl', detail: `${sasl} is no mechanism of auth "${auth}"` })
  if (sasl !== null && protocol !== 'POP3' && pop3Mechanisms.includes(sasl))
    mistakes.push({ pointer: '/sasl', detail: `${sasl} is a command of POP3; ${protocol} has none` })
  if (auth === 'oauth2' && oauth === null)
    mistakes.push({ pointer: '/oauth', detail: 'is required with auth "oauth2": { "applicationId": "..." }' })
  if (auth !== 'oauth2' && oauth !== null) mistakes.push({ pointer: '/oauth', detail: `is no field of auth "${auth}"` })
  return mistakes
}
