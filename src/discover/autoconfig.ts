/**
 * Reads the POP3 and SMTP servers from the configuration files that Mozilla's programs look for (config-v1.1.xml,
 * https://wiki.mozilla.org/Thunderbird:Autoconfiguration). They may come from anybody's web server: an entry that is not fit to be dialled
 * is dropped. htmlparser2 knows no DTD and no entities except XML's own five, and tolerates the mistakes of hosters.
 */
import { Parser } from 'htmlparser2'
import type { TlsMode } from '../account/account.ts'
import { discoverLimits } from './limits.ts'
import { type Address, type Candidate, nameOf, type Source } from './candidate.ts'

const tlsOf: Readonly<Record<string, TlsMode>> = { SSL: 'implicit', STARTTLS: 'starttls', plain: 'none' }

interface Described {
  readonly element: 'incomingServer' | 'outgoingServer'
  readonly fields: Map<string, string>
  readonly ways: string[]
}

export interface Configuration {
  readonly pop3: readonly Candidate[]
  readonly smtp: readonly Candidate[]
}

export function readAutoconfig(xml: string, address: Address, source: Source): Configuration {
  const described = serversIn(xml)
  const of = (element: Described['element']) => candidatesIn(described, element, address, source)
  return { pop3: of('incomingServer'), smtp: of('outgoingServer') }
}

function candidatesIn(
  described: readonly Described[],
  element: Described['element'],
  address: Address,
  source: Source,
): Candidate[] {
  const ofIt = described.filter((server) => server.element === element)
  return ofIt.flatMap(({ fields, ways }) => {
    const filled = (field: string) => fill(fields.get(field) ?? '', address)
    const host = nameOf(filled('hostname'))
    const port = Number(fields.get('port'))
    const tls = tlsOf[fields.get('socketType') ?? '']
    // Some say of the server for sending nothing but where it is.
    const user = filled('username') || (element === 'outgoingServer' ? address.whole : '')
    const fit = Number.isInteger(port) && port >= 1 && port <= 65_535 && /^[^\0-\x1f\x7f]{1,512}$/.test(user)
    if (host === undefined || tls === undefined || !fit) return []
    return [{ host, port, tls, user, source, verified: false, ...noteOf(ways, tls) }]
  })
}

function noteOf(ways: readonly string[], tls: TlsMode): Pick<Candidate, 'note' | 'advice'> {
  if (ways.length > 0 && ways.every((way) => way === 'OAuth2'))
    return { note: oauthNote, advice: { code: 'sign in', provider: null, url: null } }
  if (tls !== 'none') return { note: null, advice: null }
  return { note: 'The password would go there in clear.', advice: { code: 'in clear', provider: null, url: null } }
}

const oauthNote =
  'Its provider says that it takes no password: its owner signs in (auth "oauth2"), by an application that is registered there.'

function fill(text: string, { whole, local, domain }: Address): string {
  return text
    .replaceAll('%EMAILADDRESS%', whole)
    .replaceAll('%EMAILLOCALPART%', local)
    .replaceAll('%EMAILDOMAIN%', domain)
}

function serversIn(xml: string): Described[] {
  const found: Described[] = []
  const told = (name: Described['element']) => found.filter(({ element }) => element === name).length
  const path: string[] = []
  let server: Described | undefined
  let text = ''
  const parser = new Parser(
    {
      onopentag(name, { type }) {
        path.push(name)
        text = ''
        const isAsked = (name === 'incomingServer' && type === 'pop3') || (name === 'outgoingServer' && type === 'smtp')
        if (isAsked) server = { element: name, fields: new Map(), ways: [] }
      },
      ontext(piece) {
        text += piece
      },
      onclosetag(name) {
        path.pop()
        if (name === 'incomingServer' || name === 'outgoingServer') {
          if (server !== undefined && told(server.element) < discoverLimits.discoverOffersMax) found.push(server)
          server = undefined
        } else if (server !== undefined && path.at(-1) === server.element) {
          // <pop3> has children of its own, which are about something else.
          if (name === 'authentication') server.ways.push(text.trim())
          else server.fields.set(name, text.trim())
        }
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
  return found
}
