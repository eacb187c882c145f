/** `GET /discover`: finds the server where the mail of an address can be fetched by POP3. */
import { shownHost } from '../../src/account/host.ts'
import { providerOfDomain, providerOfHost } from '../../src/account/providers.ts'
import { addressOf } from '../../src/discover/candidate.ts'
import { meantDomain } from '../../src/discover/misspelt.ts'
import type { Discoveries } from '../../src/discover/discoveries.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { App } from '../app.ts'
import { principalOf } from '../http/who.ts'
import { currentReach } from '../http/reach.ts'
import { badRequest, Problem } from '../http/problems.ts'
import * as schemas from '../schemas/discover.ts'

export interface DiscoverWorld {
  readonly discoveries: Discoveries
  readonly settings: InstanceSettingsStore
}

export async function discoverRoutes(app: App, { discoveries, settings }: DiscoverWorld): Promise<void> {
  app.get(
    '/discover',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'discover',
        summary: 'Find where the mail of an address can be had by POP3, and where what is sent as it is taken',
        description:
          'From a list of the biggest providers; else from what the domain (autoconfig, well-known, SRV), Thunderbird and its mail host (MX) say; else by trying the usual names. Takes 8 s at most, and logs in nowhere.',
        querystring: schemas.Discover,
        response: { 200: schemas.Discovered },
      },
    },
    async (request) => {
      const address = addressOf(request.query.address)
      if (address === undefined)
        throw badRequest([
          { in: 'query', pointer: '/address', detail: 'must be an e-mail address such as me@example.net' },
        ])
      // If an owner's account may not lead to a host, that host is not dialled to find a server for the owner either.
      const guarded = principalOf(request).destinationId !== undefined
      const [web, pop3, smtp] = await Promise.all([
        currentReach(settings, { guarded }, 'web'),
        currentReach(settings, { guarded }, 'pop3'),
        currentReach(settings, { guarded }, 'smtp'),
      ])
      const found = await discoveries.of(address, { web, pop3, smtp })
      if (found === undefined)
        throw new Problem('too-many-requests', 'Too many addresses are being looked into just now.', [], 5)
      const candidates = found.candidates.map((one) => ({
        ...one,
        hostUnicode: shownHost(one.host),
        guide: providerOfHost(one.host)?.guide ?? null,
      }))
      const guide = providerOfDomain(address.domain)?.guide ?? candidates[0]?.guide ?? null
      const meant = providerOfDomain(address.domain) === undefined ? meantDomain(address.domain) : undefined
      const suggestion = meant === undefined ? null : `${address.local}@${meant}`
      const { note, reason, guess, advice } = found
      const sending = found.smtp.map((one) => ({ ...one, hostUnicode: shownHost(one.host) }))
      return { candidates, smtp: sending, note, reason, suggestion, guess, advice, guide }
    },
  )
}
