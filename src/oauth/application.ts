/** An application: what this instance has registered at a provider, so that people can sign in there (CONTRACT section 10). */
import type { Mistake, MistakeRule } from '../account/mistake.ts'
import { isSameHost } from '../account/host.ts'
import { isLoopbackHost } from '../loopback.ts'
import {
  isTenant,
  mayHaveToken,
  type OAuthFlow,
  type OAuthProviderId,
  oauthCloudOf,
  oauthProviders,
} from './providers.ts'

export interface OAuthApplication {
  readonly id: string
  readonly provider: OAuthProviderId
  readonly clientId: string
  /** Microsoft's; null: the usual one. */
  readonly tenant: string | null
  /** Of a custom one; of the others it names a cloud that is not the usual one. */
  readonly issuer: string | null
  /** Null: the provider's. */
  readonly scopes: readonly string[] | null
  /** The mailboxes that it may open without anybody who signs in. */
  readonly addresses: readonly string[]
  /** The mail servers that may be given tokens of a custom one. */
  readonly hosts: readonly string[]
  /** The name of its service account; null: it has none. */
  readonly serviceAccount: string | null
  readonly createdAtMs: number
}

/** The part of the key that Google gives for a service account which is needed here. */
export interface ServiceAccountKey {
  readonly client_email: string
  readonly private_key: string
  readonly private_key_id?: string
}

/** An application with its secrets. */
export interface OpenApplication {
  readonly application: OAuthApplication
  readonly clientSecret: string | null
  readonly serviceAccount: ServiceAccountKey | null
}

/** What may be signed in: a login at a mail server. */
export interface TokenBearer {
  readonly host: string
  readonly user: string
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly tlsVerify: boolean
  readonly tlsFingerprint: string | null
}

/** Checks the rules that a schema cannot express. */
export function applicationMistakes(
  application: OAuthApplication,
  secrets: Omit<OpenApplication, 'application'>,
): Mistake[] {
  const { provider, tenant, issuer } = application
  const mistakes: Mistake[] = []
  const say = (wrong: boolean, pointer: string, detail: string, rule?: MistakeRule) => {
    if (wrong) mistakes.push({ pointer, detail, ...(rule === undefined ? {} : { rule }) })
  }
  say(provider === 'custom' && issuer === null, '/issuer', 'is required of a custom provider', 'required')
  say(
    issuer !== null && !isIssuer(issuer),
    '/issuer',
    'must be an https URL without user, query or fragment; http only on a loopback address',
    'pattern',
  )
  if (provider !== 'custom') {
    const cloud = oauthCloudOf(provider, issuer)
    say(
      cloud === undefined,
      '/issuer',
      `is no cloud of ${oauthProviders[provider].name}; leave it out for the usual one`,
    )
    // The issuer of its ID tokens can be told for such a cloud only if its tenant is known.
    const isNamed = tenant !== null && !['common', 'organizations', 'consumers'].includes(tenant)
    const isOther = provider === 'microsoft' && cloud !== undefined && cloud !== oauthCloudOf(provider)
    say(isOther && !isNamed, '/tenant', 'must name your own tenant in this cloud')
  }
  say(tenant !== null && provider !== 'microsoft', '/tenant', 'is a field of Microsoft alone')
  say(
    tenant !== null && !isTenant(tenant),
    '/tenant',
    'must be the id or the domain of a tenant, or common, organizations or consumers',
    'pattern',
  )
  say(
    application.hosts.length > 0 && provider !== 'custom',
    '/hosts',
    'is a field of a custom provider alone: the others have their own',
  )
  const needsSecret =
    provider !== 'custom' && oauthProviders[provider].secret === 'needed' && secrets.serviceAccount === null
  say(
    needsSecret && secrets.clientSecret === null,
    '/clientSecret',
    'is required: its applications have one',
    'required',
  )
  say(
    secrets.serviceAccount !== null && !['google', 'custom'].includes(provider),
    '/serviceAccount',
    'is a field of Google alone',
  )
  return mistakes
}

function isIssuer(text: string): boolean {
  try {
    const { protocol, hostname, username, password, search, hash } = new URL(text)
    if (username + password + search + hash !== '') return false
    return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
  } catch {
    return false
  }
}

/**
 * Says why a mail server may not be given tokens of an application. They go to the provider's own hosts, over TLS whose certificate is
 * checked: whoever reads one reads the mail.
 *
 * @param isGuarded an owner has chosen the host, and not an admin of the instance.
 */
export function tokenMistakes(
  { provider, issuer, hosts }: OAuthApplication,
  to: TokenBearer,
  isGuarded: boolean,
): Mistake[] {
  const mistakes: Mistake[] = []
  const isChecked = to.tls !== 'none' && (to.tlsVerify || to.tlsFingerprint !== null)
  if (!isChecked && !(provider === 'custom' && !isGuarded && isLoopbackHost(to.host)))
    mistakes.push({
      pointer: to.tls === 'none' ? '/tls' : '/tlsVerify',
      detail: 'must be TLS with a checked certificate: a token that is read on the way opens the mailbox',
    })
  if (provider !== 'custom') {
    const cloud = oauthCloudOf(provider, issuer)
    if (cloud === undefined || !mayHaveToken(cloud, to.host))
      mistakes.push({
        pointer: '/host',
        detail: `is no mail server of ${oauthProviders[provider].name}: only ${(cloud?.hosts ?? []).join(', ')} may be given its tokens`,
      })
  } else if (hosts.length > 0 ? !hosts.some((host) => isSameHost(host, to.host)) : isGuarded) {
    mistakes.push({
      pointer: '/host',
      detail: 'is none of the hosts of this application, and may not be given its tokens',
    })
  }
  return mistakes
}

/** It, and those that are the same registration at its provider. */
export function applicationKinOf(one: OAuthApplication, all: readonly OAuthApplication[]): OAuthApplication[] {
  return all.filter(
    ({ provider, clientId, issuer }) =>
      provider === one.provider && clientId === one.clientId && (provider !== 'custom' || issuer === one.issuer),
  )
}

/** The flows that an application offers. */
export function flowsOf({ provider, serviceAccount }: OAuthApplication): readonly OAuthFlow[] {
  if (provider === 'custom') return ['code', 'device', 'application']
  const { flows } = oauthProviders[provider]
  return provider === 'google' && serviceAccount === null ? flows.filter((flow) => flow !== 'application') : flows
}

/** Whether the application may open this mailbox without anybody who signs in. */
export function isUnattended({ addresses }: OAuthApplication, user: string): boolean {
  return addresses.some((address) => address.toLowerCase() === user.toLowerCase())
}
