/**
 * The providers at which people sign in by OAuth 2.0, as data: endpoints by cloud and tenant, scopes, the hosts that may be given a token.
 * As of November 2026, from the providers' own pages and Thunderbird's list. There is no client id here: each instance registers its own.
 */
import { normalHost } from '../account/host.ts'

export const oauthProviderIds = ['microsoft', 'google', 'fastmail', 'custom'] as const
export type OAuthProviderId = (typeof oauthProviderIds)[number]

/** `code`: RFC 6749 section 4.1 with PKCE; `device`: RFC 8628; `application`: without anybody who signs in. */
export const oauthFlows = ['code', 'device', 'application'] as const
export type OAuthFlow = (typeof oauthFlows)[number]

export interface OAuthEndpoints {
  /** The issuer in ID tokens. At Microsoft `{tenantid}` stands for the tenant of whoever signed in. */
  readonly issuer: string
  readonly authorization: string
  readonly token: string
  /** RFC 8628; null where there is none, or none that gives a token for mail. */
  readonly deviceAuthorization: string | null
  /** RFC 7009; null where there is none. */
  readonly revocation: string | null
}

export interface OAuthScopes {
  readonly pop3: readonly string[]
  readonly imap: readonly string[]
  readonly smtp: readonly string[]
  /** For a refresh token, and for an ID token that says who signed in. */
  readonly identity: readonly string[]
  /** For the flow `application`. */
  readonly application: readonly string[]
}

/** One of the separate worlds that a provider runs: its own endpoints, registrations and mail servers. */
export interface OAuthCloud {
  readonly name: 'worldwide' | 'US government' | 'China (21Vianet)'
  /** The base of its endpoints, by which an application names the cloud (its `issuer`). */
  readonly origin: string
  readonly endpoints: (tenant: string) => OAuthEndpoints
  readonly scopes: OAuthScopes
  /** The mail servers that may be given its tokens: these names, and no others. */
  readonly hosts: readonly string[]
  /** Where an application is registered. */
  readonly portal: string
}

export interface OAuthProvider {
  readonly name: string
  /** The usual one is the first. */
  readonly clouds: readonly [OAuthCloud, ...OAuthCloud[]]
  /** The tenant where an application names none; null where there are no tenants. */
  readonly usualTenant: string | null
  readonly flows: readonly OAuthFlow[]
  /** Whether its applications have a secret. */
  readonly secret: 'needed' | 'possible' | 'none'
  /** Further parameters of the authorization request. */
  readonly authorizationParameters: Readonly<Record<string, string>>
}

interface MicrosoftNames extends Pick<OAuthCloud, 'name' | 'hosts' | 'portal'> {
  readonly login: string
  /** The hosts in the scopes, with and without somebody who signs in. */
  readonly delegated: string
  readonly unattended: string
}

const microsoftCloud = ({ login, delegated, unattended, ...rest }: MicrosoftNames): OAuthCloud => ({
  ...rest,
  origin: `https://${login}`,
  endpoints(tenant) {
    const base = `https://${login}/${encodeURIComponent(tenant)}/oauth2/v2.0`
    return {
      issuer: `https://${login}/{tenantid}/v2.0`,
      authorization: `${base}/authorize`,
      token: `${base}/token`,
      deviceAuthorization: `${base}/devicecode`,
      revocation: null,
    }
  },
  scopes: {
    pop3: [`https://${delegated}/POP.AccessAsUser.All`],
    imap: [`https://${delegated}/IMAP.AccessAsUser.All`],
    smtp: [`https://${delegated}/SMTP.Send`],
    identity: ['offline_access', 'openid', 'profile', 'email'],
    application: [`https://${unattended}/.default`],
  },
})

const microsoft: OAuthProvider = {
  name: 'Microsoft',
  clouds: [
    microsoftCloud({
      name: 'worldwide',
      login: 'login.microsoftonline.com',
      delegated: 'outlook.office.com',
      unattended: 'outlook.office365.com',
      hosts: [
        'outlook.office365.com',
        'outlook.office.com',
        'outlook.live.com',
        'pop-mail.outlook.com',
        'imap-mail.outlook.com',
        'smtp-mail.outlook.com',
        'smtp.office365.com',
      ],
      portal: 'https://entra.microsoft.com',
    }),
    microsoftCloud({
      name: 'US government',
      login: 'login.microsoftonline.us',
      delegated: 'outlook.office365.us',
      unattended: 'outlook.office365.us',
      hosts: ['outlook.office365.us', 'outlook-dod.office365.us', 'smtp.office365.us'],
      portal: 'https://portal.azure.us',
    }),
    microsoftCloud({
      name: 'China (21Vianet)',
      login: 'login.partner.microsoftonline.cn',
      delegated: 'partner.outlook.cn',
      unattended: 'partner.outlook.cn',
      hosts: ['partner.outlook.cn', 'smtp.partner.outlook.cn'],
      portal: 'https://portal.azure.cn',
    }),
  ],
  // Personal accounts, and those of every organization.
  usualTenant: 'common',
  flows: ['code', 'device', 'application'],
  secret: 'possible',
  // Somebody with several accounts is asked which one it is.
  authorizationParameters: { prompt: 'select_account' },
}

const gmail = ['https://mail.google.com/']
const google: OAuthProvider = {
  name: 'Google',
  clouds: [
    {
      name: 'worldwide',
      origin: 'https://accounts.google.com',
      endpoints: () => ({
        issuer: 'https://accounts.google.com',
        authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
        token: 'https://oauth2.googleapis.com/token',
        // Its device flow refuses the scope for mail (invalid_scope).
        deviceAuthorization: null,
        revocation: 'https://oauth2.googleapis.com/revoke',
      }),
      scopes: { pop3: gmail, imap: gmail, smtp: gmail, identity: ['openid', 'email'], application: gmail },
      hosts: [
        'pop.gmail.com',
        'imap.gmail.com',
        'smtp.gmail.com',
        'pop.googlemail.com',
        'imap.googlemail.com',
        'smtp.googlemail.com',
      ],
      portal: 'https://console.cloud.google.com',
    },
  ],
  usualTenant: null,
  flows: ['code', 'application'],
  secret: 'needed',
  // Without both, who has consented before gets no refresh token.
  authorizationParameters: { access_type: 'offline', prompt: 'consent' },
}

const fastmail: OAuthProvider = {
  name: 'Fastmail',
  clouds: [
    {
      name: 'worldwide',
      origin: 'https://api.fastmail.com',
      endpoints: () => ({
        issuer: 'https://api.fastmail.com',
        authorization: 'https://api.fastmail.com/oauth/authorize',
        token: 'https://api.fastmail.com/oauth/refresh',
        deviceAuthorization: null,
        revocation: 'https://api.fastmail.com/oauth/revoke',
      }),
      scopes: {
        pop3: ['https://www.fastmail.com/dev/protocol-pop'],
        imap: ['https://www.fastmail.com/dev/protocol-imap'],
        smtp: ['https://www.fastmail.com/dev/protocol-smtp'],
        // It knows no OpenID Connect, and gives a refresh token unasked.
        identity: [],
        application: [],
      },
      hosts: ['pop.fastmail.com', 'imap.fastmail.com', 'smtp.fastmail.com'],
      portal: 'https://www.fastmail.com/developer/oauth/',
    },
  ],
  usualTenant: null,
  flows: ['code'],
  secret: 'none',
  authorizationParameters: {},
}

/** All but `custom`, whose endpoints its issuer tells (RFC 8414). */
export const oauthProviders: Readonly<Record<Exclude<OAuthProviderId, 'custom'>, OAuthProvider>> = {
  microsoft,
  google,
  fastmail,
}

/** Whether a text can be a tenant: an id, a domain, or `common`, `consumers`, `organizations`. It becomes a part of a path. */
export function isTenant(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text)
}

/** The cloud that an application belongs to; undefined if its issuer is none of the provider's. @param issuer absent: the usual one. */
export function oauthCloudOf(id: Exclude<OAuthProviderId, 'custom'>, issuer?: string | null): OAuthCloud | undefined {
  const { clouds } = oauthProviders[id]
  return issuer === undefined || issuer === null ? clouds[0] : clouds.find(({ origin }) => origin === originOf(issuer))
}

/** Whether a host of mail may be given a token of this cloud. */
export function mayHaveToken({ hosts }: OAuthCloud, host: string): boolean {
  const name = normalHost(host)
  return name !== undefined && hosts.includes(name)
}

/** The provider whose tokens a mail server takes; undefined if none here is known to. */
export function oauthProviderOfHost(host: string): Exclude<OAuthProviderId, 'custom'> | undefined {
  const ids = Object.keys(oauthProviders) as Exclude<OAuthProviderId, 'custom'>[]
  return ids.find((id) => oauthProviders[id].clouds.some((cloud) => mayHaveToken(cloud, host)))
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin
  } catch {
    return undefined
  }
}
