/**
 * Reads the POP3 servers from the configuration files that Mozilla's programs look for (config-v1.1.xml,
 * https://wiki.mozilla.org/Thunderbird:Autoconfiguration). They may come from anybody's web server: an entry that is not fit to be dialled
 * is dropped. htmlparser2 knows no DTD and no entities except XML's own five, and tolerates the mistakes of hosters.
 */
import { Parser } from 'htmlparser2'
import type { TlsMode } from '../account/account.ts'
import { discoverLimits } from './limits.ts'
import { type Address, type Candidate, nameOf, type Source } from './candidate.ts'

const tlsOf: Readonly<Record<string, TlsMode>> = { SSL: 'implicit', STARTTLS: 'starttls', plain: 'none' }

interface Incoming {
  readonly fields: Map<string, string>
  readonly ways: string[]
}

export function readAutoconfig(xml: string, address: Address, source: Source): Candidate[] {
  return pop3ServersIn(xml).flatMap(({ fields, ways }) => {
    const filled = (field: string) => fill(fields.get(field) ?? '', address)
    const host = nameOf(filled('hostname'))
    const port = Number(fields.get('port'))
    const tls = tlsOf[fields.get('socketType') ?? '']
    const user = filled('username')
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

function pop3ServersIn(xml: string): Incoming[] {
  const found: Incoming[] = []
  const path: string[] = []
  let incoming: Incoming | undefined
  let text = ''
  const parser = new Parser(
    {
      onopentag(name, { type }) {
        path.push(name)
        text = ''
        if (name === 'incomingServer' && type === 'pop3') incoming = { fields: new Map(), ways: [] }
      },
      ontext(piece) {
        text += piece
      },
      onclosetag(name) {
        path.pop()
        if (name === 'incomingServer') {
          if (incoming !== undefined && found.length < discoverLimits.discoverOffersMax) found.push(incoming)
          incoming = undefined
        } else if (incoming !== undefined && path.at(-1) === 'incomingServer') {
          // <pop3> has children of its own, which are about something else.
          if (name === 'authentication') incoming.ways.push(text.trim())
          else incoming.fields.set(name, text.trim())
        }
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
  return found
}
