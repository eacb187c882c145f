/** Explains how to set up a mail program for a destination: in fields for people, and in the files that programs read. */
import { createHash } from 'node:crypto'
import { isLoopbackHost } from '../loopback.ts'
import type { TlsMode } from './account.ts'
import type { Destination } from './destination.ts'

/** The name and ports under which the hosted store is reached from outside. */
export interface MailPlaces {
  readonly publicName: string
  readonly imapPort: number
  readonly imapsPort: number
  readonly pop3Port: number
  readonly pop3sPort: number
  /** Where mail programs send; undefined: nowhere. */
  readonly submissionsPort?: number | undefined
  readonly submissionPort?: number | undefined
  /** What keeps other devices from it; undefined: nothing is known. */
  readonly missing?: readonly MissingSetting[]
}

export interface MailServer {
  readonly protocol: 'imap' | 'pop3' | 'smtp'
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
}

/** Why no other device can use what a file for a mail program says; the setting that is missing. */
export const missingSettings = ['TRIBUTARY_MAIL_HOST', 'TRIBUTARY_PUBLIC_NAME', 'TRIBUTARY_TLS_CERT'] as const
export type MissingSetting = (typeof missingSettings)[number]

/** The settings that keep the hosted store from other devices. */
export interface MailReach {
  readonly host: string
  readonly publicName: string
  /** Whether the certificate is one of the operator's: nobody vouches for the one that is made at first. */
  readonly hasCertificate: boolean
}

/** A store elsewhere listens where its operator wants; of ours it is known. */
export function missingFor({ host, publicName, hasCertificate }: MailReach): MissingSetting[] {
  return [
    ...(isLoopbackHost(host) ? (['TRIBUTARY_MAIL_HOST'] as const) : []),
    ...(isLoopbackHost(publicName) ? (['TRIBUTARY_PUBLIC_NAME'] as const) : []),
    ...(hasCertificate ? [] : (['TRIBUTARY_TLS_CERT'] as const)),
  ]
}

export interface Connection {
  readonly login: string
  /** The best server stands first. */
  readonly servers: readonly MailServer[]
  /** Where it sends, with the same login and password: here, also of a mailbox elsewhere, since here are its accounts. The best first. */
  readonly outgoing: readonly MailServer[]
}

/**
 * How anybody's mailbox here is read: whoever asks has shown nothing yet, so it does not depend on whether there is such a login. A login is
 * the whole address, or what stands before the @ of an address at this host.
 */
export function anyConnection(address: string, places: MailPlaces): Connection {
  const at = address.lastIndexOf('@')
  const isHere = address.slice(at + 1).toLowerCase() === places.publicName.toLowerCase()
  return {
    login: isHere ? address.slice(0, at) : address,
    servers: hostedServers(places),
    outgoing: outgoingServers(places),
  }
}

export function connectionOf(destination: Destination, places: MailPlaces): Connection {
  const outgoing = outgoingServers(places)
  if (destination.kind === 'imap') {
    const { host, port, tls, user } = destination
    return { login: user, servers: [{ protocol: 'imap', host, port, tls }], outgoing }
  }
  return { login: destination.login, servers: hostedServers(places), outgoing }
}

function hostedServers({ publicName: host, imapPort, imapsPort, pop3Port, pop3sPort }: MailPlaces): MailServer[] {
  return [
    { protocol: 'imap', host, port: imapsPort, tls: 'implicit' },
    { protocol: 'imap', host, port: imapPort, tls: 'starttls' },
    { protocol: 'pop3', host, port: pop3sPort, tls: 'implicit' },
    { protocol: 'pop3', host, port: pop3Port, tls: 'starttls' },
  ]
}

function outgoingServers({ publicName: host, submissionsPort, submissionPort }: MailPlaces): MailServer[] {
  const server = (port: number | undefined, tls: TlsMode): MailServer[] =>
    port === undefined ? [] : [{ protocol: 'smtp', host, port, tls }]
  return [...server(submissionsPort, 'implicit'), ...server(submissionPort, 'starttls')]
}

/**
 * Makes a profile for Apple's Mail (com.apple.mail.managed). The device asks for the password when the profile is installed.
 *
 * @param identity the address as which it sends; undefined: there is none yet.
 */
export function mobileconfigOf(id: string, { login, servers, outgoing }: Connection, identity?: string): string {
  const { host, port } = imapOf(servers)
  const [sending] = outgoing
  const mail = {
    PayloadType: 'com.apple.mail.managed',
    PayloadVersion: 1,
    PayloadIdentifier: `tributary.${id}.mail`,
    PayloadUUID: uuidOf(`${id} mail`),
    PayloadDisplayName: `${login} (${host})`,
    EmailAccountType: 'EmailTypeIMAP',
    EmailAccountName: login,
    EmailAccountDescription: `${login} (${host})`,
    EmailAddress: identity ?? addressOf(login, host),
    IncomingMailServerAuthentication: 'EmailAuthPassword',
    IncomingMailServerHostName: host,
    IncomingMailServerPortNumber: port,
    IncomingMailServerUseSSL: true,
    IncomingMailServerUsername: login,
    // Mail refuses a profile without an outgoing server.
    ...(sending === undefined
      ? { OutgoingMailServerAuthentication: 'EmailAuthNone', OutgoingMailServerHostName: host }
      : {
          OutgoingMailServerAuthentication: 'EmailAuthPassword',
          OutgoingMailServerHostName: sending.host,
          OutgoingMailServerPortNumber: sending.port,
          OutgoingMailServerUseSSL: true,
          OutgoingMailServerUsername: login,
          OutgoingPasswordSameAsIncomingPassword: true,
        }),
  }
  const profile = {
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: `tributary.${id}`,
    PayloadUUID: uuidOf(id),
    PayloadDisplayName: `Tributary: ${login}`,
    PayloadContent: [mail],
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">${plist(profile)}</plist>
`
}

/**
 * Makes a file in Thunderbird's format (config-v1.1), which other programs read too.
 * @param domain of the addresses that it is for; undefined: the host's.
 */
export function autoconfigOf({ login, servers, outgoing }: Connection, domain?: string): string {
  const { host } = imapOf(servers)
  const lines = [...servers, ...outgoing].map((server) => serverElement(server, login))
  return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${escaped(host)}">
    <domain>${escaped(domain ?? host)}</domain>
    <displayName>Tributary</displayName>
    <displayShortName>Tributary</displayShortName>
${lines.join('\n')}
  </emailProvider>
</clientConfig>
`
}

function serverElement({ protocol, host, port, tls }: MailServer, login: string): string {
  const name = protocol === 'smtp' ? 'outgoingServer' : 'incomingServer'
  return `    <${name} type="${protocol}">
      <hostname>${escaped(host)}</hostname>
      <port>${port}</port>
      <socketType>${{ implicit: 'SSL', starttls: 'STARTTLS', none: 'plain' }[tls]}</socketType>
      <authentication>password-cleartext</authentication>
      <username>${escaped(login)}</username>
    </${name}>`
}

function imapOf(servers: readonly MailServer[]): MailServer {
  const [first] = servers
  if (first === undefined) throw new Error('a destination without a server')
  return first
}

const addressOf = (login: string, host: string) => (login.includes('@') ? login : `${login}@${host}`)

type Plist = string | number | boolean | readonly Plist[] | { readonly [key: string]: Plist }

function plist(value: Plist): string {
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`
  if (typeof value === 'number') return `<integer>${value}</integer>`
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>'
  if (Array.isArray(value)) return `<array>${value.map(plist).join('')}</array>`
  const fields = Object.entries(value as Readonly<Record<string, Plist>>)
  return `<dict>${fields.map(([key, field]) => `<key>${escaped(key)}</key>${plist(field)}`).join('')}</dict>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** The same name gets the same UUID, so that a profile which is installed again replaces the one before. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
