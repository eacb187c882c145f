/** The DNS and the web, as they are. */
import { Resolver } from 'node:dns/promises'
import { request, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Reach } from '../account/reach.ts'
import { discoverLimits } from './limits.ts'
import { guardOf } from '../net/guard.ts'
import type { Dns, Http } from './discover.ts'

/** @param servers to ask, if not the system's. */
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
  /** How names become addresses, if not as the system does it. */
  readonly lookup?: LookupFunction | undefined
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: string | undefined
  /** All that is asked is asked there. */
  readonly port?: number
}

/** HTTPS alone, by name alone, at one port; redirects are followed by hand, each of them through the same checks. */
export function web({ reach, lookup, ca, port: listens = 443 }: WebOptions): Http {
  const guard = guardOf(reach, lookup)
  const how = { lookup: guard.lookup, port: listens, ...(ca === undefined ? {} : { ca }) }
  return {
    async get(url, { maxOctets, waitMs }) {
      const signal = AbortSignal.timeout(waitMs)
      let next: URL | undefined = new URL(url)
      for (let hops = 0; next !== undefined && hops <= discoverLimits.autoconfigRedirectsMax; hops += 1) {
        const { hostname, protocol, port, username } = next
        const named = isIP(hostname.replace(/^\[|\]$/g, '')) === 0
        if (protocol !== 'https:' || port !== '' || username !== '' || !named) return undefined
        guard.check(hostname, 443)
        const answer = await ask(next, { ...how, signal }, maxOctets)
        if ('body' in answer) return answer.body
        next = answer.location === undefined ? undefined : new URL(answer.location, next)
      }
      return undefined
    },
  }
}

type Answer = { readonly body: string } | { readonly location: string | undefined }

async function ask(url: URL, how: RequestOptions, maxOctets: number): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        ...how,
        agent: false,
        headers: { accept: 'application/xml, text/xml', 'accept-encoding': 'identity', 'user-agent': 'Tributary' },
      },
      (response) => {
        const { statusCode = 0, headers } = response
        response.on('error', reject)
        if (statusCode !== 200) {
          response.destroy()
          resolve({ location: statusCode >= 300 && statusCode < 400 ? headers.location : undefined })
          return
        }
        const pieces: Buffer[] = []
        let octets = 0
        response.on('data', (piece: Buffer) => {
          octets += piece.length
          if (octets <= maxOctets) pieces.push(piece)
          else {
            // Before it is destroyed: all of it may have come, and then that is no error to it.
            reject(new Error(`more than ${maxOctets} octets`))
            asked.destroy()
          }
        })
        response.on('end', () => resolve({ body: Buffer.concat(pieces).toString('utf8') }))
      },
    )
    asked.on('error', reject).end()
  })
}
