/**
 * What is whose. A token that is bound to a destination is its owner's: it sees and touches that destination and what
 * belongs to it, and of everything else it is told that there is no such thing. Held here, for every route at once.
 */
import type { FastifyRequest } from 'fastify'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { Webhooks } from '../../src/redis/webhooks.ts'
import type { App } from '../app.ts'
import { badRequest, unknown } from './problems.ts'

export interface OwnersWorld {
  readonly accounts: Accounts
  readonly runs: Runs
  readonly webhooks: Webhooks
}

/** By the part of the path before `:id`: of which destination the one with this id is; undefined: it is not there. */
type Families = Readonly<Record<string, (id: string) => Promise<string | undefined>>>

function familiesOf({ accounts, runs, webhooks }: OwnersWorld): Families {
  const ofAccount = async (id: string) => (await accounts.get(id))?.account.destinationId
  return {
    destinations: async (id) => id,
    accounts: ofAccount,
    runs: async (id) => {
      const run = await runs.get(id)
      return run === null ? undefined : await ofAccount(run.accountId)
    },
    webhooks: async (id) => (await webhooks.get(id))?.webhook.destinationId ?? undefined,
  }
}

/** `accounts` of `/api/v1/accounts/:id/pause`. */
function familyIn(url: string): string | undefined {
  return /([^/]+)\/:id(?:\/|$)/.exec(url)?.[1]
}

/** To be called behind addAuth, and before the routes. */
export function addOwners(app: App, world: OwnersWorld): void {
  const families = familiesOf(world)

  // A route that nobody thought of here does not start.
  app.addHook('onRoute', ({ url, config }) => {
    const family = familyIn(url)
    if (config?.open === true || config?.instance === true || family === undefined) return
    if (families[family] === undefined) throw new Error(`${url}: owners.ts does not know whose ${family} are`)
  })

  app.addHook('onRequest', async ({ principal, routeOptions, params }) => {
    const family = familyIn(routeOptions.url ?? '')
    if (principal?.destinationId === undefined || family === undefined) return
    const { id } = params as { id: string }
    if ((await families[family]?.(id)) !== principal.destinationId) throw unknown(family.slice(0, -1), id)
  })

  // Nothing is put into a destination of others, nor moved there.
  app.addHook('preHandler', async ({ principal, body }) => {
    const named = (body as { readonly destinationId?: unknown } | null | undefined)?.destinationId
    if (principal?.destinationId === undefined || named === undefined || named === principal.destinationId) return
    throw badRequest([
      { pointer: '/destinationId', detail: `must be ${principal.destinationId}, which this token is for` },
    ])
  })
}

/** Of which destination alone things are to be listed; undefined: of all. Null: of none, an owner asked for another's. */
export function listedOf({ principal }: FastifyRequest, asked: string | undefined): string | undefined | null {
  const { destinationId } = principal
  if (destinationId === undefined) return asked
  return asked === undefined || asked === destinationId ? destinationId : null
}
