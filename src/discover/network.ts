/** Asks the DNS and the web for discovery. */
import { Resolver } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import type { Proxy } from '../account/proxy.ts'
import type { Reach } from '../account/reach.ts'
import { discoverLimits } from './limits.ts'
import { exchange } from '../net/exchange.ts'
import { guardOf } from '../net/guard.ts'
import type { Dns, Http } from './discover.ts'

/** @param servers the name servers to ask, if they are not the system's. */
export function systemDns(servers?: readonly string[]): Dns {
  const resolver = new Resolver({ timeout: discoverLimits.dnsWaitMs, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  return {
    srv: (name) => resolver.resolveSrv(name),
    mx: (name) => resolver.resolveMx(name),
  }
}

export interface WebOptions {
  readonly reach: Reach
  /** The proxy that leads there; undefined: none. Questions to the DNS are asked from here all the same. */
  readonly via?: Proxy | undefined
  /** The resolver of names, if it is not the system's. */
  readonly lookup?: LookupFunction | undefined
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: string | undefined
  /** The port to connect to, whatever the URL says; given by tests. */
  readonly port?: number
}

/** Reads by HTTPS alone, by name alone, at one port. It follows redirects itself, and each of them passes the same checks. */
export function web({ reach, via, lookup, ca, port = 443 }: WebOptions): Http {
  const guard = guardOf(reach, lookup)
  return {
    async get(url, { maxOctets, waitMs }) {
      const endMs = performance.now() + waitMs
      let next: URL | undefined = new URL(url)
      for (let hops = 0; next !== undefined && hops <= discoverLimits.autoconfigRedirectsMax; hops += 1) {
        if (!isPlainHttps(next)) return undefined
        guard.check(next.hostname, 443)
        const { status, headers, body, whole } = await exchange(next, {
          method: 'GET',
          headers: { accept: 'application/xml, text/xml', 'accept-encoding': 'identity' },
          lookup: guard.lookup,
          ...(via === undefined ? {} : { through: { proxy: via, guard } }),
          ca,
          port,
          octetsMax: (of) => (of === 200 ? maxOctets : 0),
          waitMs: endMs - performance.now(),
        })
        if (status === 200) {
          if (!whole) throw new Error(`more than ${maxOctets} octets, or no end of them`)
          return body.toString('utf8')
        }
        const moved = status >= 300 && status < 400 && headers.location !== undefined
        next = moved ? new URL(headers.location ?? '', next) : undefined
      }
      return undefined
    },
  }
}

/** Whether a URL has HTTPS at its usual port, a name as its host, and no user in it. */
function isPlainHttps({ hostname, protocol, port, username }: URL): boolean {
  const isName = isIP(hostname.replace(/^\[|\]$/g, '')) === 0
  return protocol === 'https:' && port === '' && username === '' && isName
}
