/** `GET /discover`: where the mail of an address can be had by POP3. */
import { addressOf } from '../src/discover/candidate.ts'
import type { Discoveries } from '../src/discover/discoveries.ts'
import type { App } from './app.ts'
import { badRequest, Problem } from './problems.ts'
import * as schemas from './schemas.ts'

export interface DiscoverWorld {
  readonly discoveries: Discoveries
}

export function addDiscover(app: App, { discoveries }: DiscoverWorld): void {
  app.get(
    '/discover',
    {
      config: { scope: 'operate' },
      schema: {
        summary: 'Find where the mail of an address can be had by POP3',
        description:
          'From a list of the biggest providers; else from what the domain (autoconfig, well-known, SRV), Thunderbird and its mail host (MX) say; else by trying the usual names. Takes 8 s at most, and logs in nowhere.',
        querystring: schemas.Discover,
        response: { 200: schemas.Discovered },
      },
    },
    async ({ query }) => {
      const address = addressOf(query.address)
      if (address === undefined)
        throw badRequest([{ pointer: '/address', detail: 'must be an e-mail address such as me@example.net' }])
      const found = await discoveries.of(address)
      if (found === undefined)
        throw new Problem(503, 'Too many addresses are being looked into just now; ask again in some seconds.')
      return { candidates: [...found.candidates], note: found.note }
    },
  )
}
