/** Explains how to set up a mail program for a destination: in fields for people, and in the files that programs read. */
import { createHash } from 'node:crypto'
import type { TlsMode } from './account.ts'
import type { Destination } from './destination.ts'

/** The name and ports under which the hosted store is reached from outside. */
export interface MailPlaces {
  readonly publicName: string
  readonly imapPort: number
  readonly imapsPort: number
  readonly pop3Port: number
  readonly pop3sPort: number
}

export interface MailServer {
  readonly protocol: 'imap' | 'pop3'
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
}

export interface Connection {
  readonly login: string
  /** The best server stands first. */
  readonly servers: readonly MailServer[]
}

export function connectionOf(destination: Destination, places: MailPlaces): Connection {
  if (destination.kind === 'imap') {
    const { host, port, tls, user } = destination
    return { login: user, servers: [{ protocol: 'imap', host, port, tls }] }
  }
  const host = places.publicName
  return {
    login: destination.login,
    servers: [
      { protocol: 'imap', host, port: places.imapsPort, tls: 'implicit' },
      { protocol: 'imap', host, port: places.imapPort, tls: 'starttls' },
      { protocol: 'pop3', host, port: places.pop3sPort, tls: 'implicit' },
      { protocol: 'pop3', host, port: places.pop3Port, tls: 'starttls' },
    ],
  }
}

/** Makes a profile for Apple's Mail (com.apple.mail.managed). The device asks for the password when the profile is installed. */
export function mobileconfigOf(id: string, { login, servers }: Connection): string {
  const { host, port } = imapOf(servers)
  const mail = {
    PayloadType: 'com.apple.mail.managed',
    PayloadVersion: 1,
    PayloadIdentifier: `tributary.${id}.mail`,
    PayloadUUID: uuidOf(`${id} mail`),
    PayloadDisplayName: `${login} (${host})`,
    EmailAccountType: 'EmailTypeIMAP',
    EmailAccountName: login,
    EmailAccountDescription: `${login} (${host})`,
    EmailAddress: addressOf(login, host),
    IncomingMailServerAuthentication: 'EmailAuthPassword',
    IncomingMailServerHostName: host,
    IncomingMailServerPortNumber: port,
    IncomingMailServerUseSSL: true,
    IncomingMailServerUsername: login,
    // Mail refuses a profile without an outgoing server; nothing is sent through this one.
    OutgoingMailServerAuthentication: 'EmailAuthNone',
    OutgoingMailServerHostName: host,
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

/** Makes a file in Thunderbird's format (config-v1.1), which other programs read too. */
export function autoconfigOf({ login, servers }: Connection): string {
  const { host } = imapOf(servers)
  const lines = servers.map(
    ({ protocol, host: name, port, tls }) => `    <incomingServer type="${protocol}">
      <hostname>${escaped(name)}</hostname>
      <port>${port}</port>
      <socketType>${{ implicit: 'SSL', starttls: 'STARTTLS', none: 'plain' }[tls]}</socketType>
      <authentication>password-cleartext</authentication>
      <username>${escaped(login)}</username>
    </incomingServer>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${escaped(host)}">
    <domain>${escaped(host)}</domain>
    <displayName>Tributary</displayName>
    <displayShortName>Tributary</displayShortName>
${lines.join('\n')}
  </emailProvider>
</clientConfig>
`
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
