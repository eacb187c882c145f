/**
 * Limits owners to what belongs to them. A token that is bound to a destination belongs to that destination's owner: it sees and
 * changes only the destination and what belongs to it; for everything else the answer is that there is no such thing. This file
 * enforces this for every route at once.
 */
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { Sendings } from '../../src/redis/outbox.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { Webhooks } from '../../src/redis/webhooks.ts'
import type { App } from '../app.ts'
import { principalOf } from './who.ts'
import { badRequest, unknown } from './problems.ts'

export interface OwnersWorld {
  readonly accounts: Accounts
  readonly runs: Runs
  readonly webhooks: Webhooks
  readonly sendings: Sendings
}

/** By the part of a path before `:id`: finds the destination to which the record with this id belongs; undefined if there is no such record. */
type Families = Readonly<Record<string, (id: string) => Promise<string | undefined>>>

function familiesOf({ accounts, runs, webhooks, sendings }: OwnersWorld): Families {
  const ofAccount = async (id: string) => (await accounts.get(id))?.account.destinationId
  return {
    destinations: async (id) => id,
    accounts: ofAccount,
    runs: async (id) => {
      const run = await runs.get(id)
      return run === null ? undefined : await ofAccount(run.accountId)
    },
    outbox: async (id) => (await sendings.get(id))?.destinationId,
    webhooks: async (id) => (await webhooks.get(id))?.webhook.destinationId ?? undefined,
  }
}

/** What one of a family is called, where it is not its name without the s: as findSending says it to those who may know. */
const nouns: Readonly<Record<string, string>> = { outbox: 'message in the outbox' }

/** Gives `accounts` for `/api/v1/accounts/:id/pause`. */
function familyIn(url: string): string | undefined {
  return /([^/]+)\/:id(?:\/|$)/.exec(url)?.[1]
}

/** This is registered behind `authentication`, and before the routes of its scope. */
export const ownership = fp(async (app: App, world: OwnersWorld) => {
  const families = familiesOf(world)

  // The server does not start with a route that this file does not know.
  app.addHook('onRoute', ({ url, config }) => {
    const family = familyIn(url)
    if (config?.instance === true || family === undefined) return
    if (families[family] === undefined) throw new Error(`${url}: owners.ts does not know whose ${family} are`)
  })

  app.addHook('onRequest', async (request) => {
    const { destinationId } = principalOf(request)
    const family = familyIn(request.routeOptions.url ?? '')
    if (destinationId === undefined || family === undefined) return
    const { id } = request.params as { id: string }
    if ((await families[family]?.(id)) !== destinationId) throw unknown(nouns[family] ?? family.slice(0, -1), id)
  })

  // An owner puts nothing into another owner's destination, and moves nothing there.
  app.addHook('preHandler', async (request) => {
    const named = (request.body as { readonly destinationId?: unknown } | null | undefined)?.destinationId
    // A file of the documentation that is not there comes here too, from nobody.
    if (named === undefined) return
    const { destinationId } = principalOf(request)
    if (destinationId === undefined || named === destinationId) return
    throw badRequest([{ pointer: '/destinationId', detail: `must be ${destinationId}, which this token is for` }])
  })
})

/** Gives the destination to which a list is narrowed. Undefined: the list shows all. Null: the list is empty, because an owner asked for another owner's destination. */
export function listedDestination(
  request: Pick<FastifyRequest, 'principal'>,
  asked: string | undefined,
): string | undefined | null {
  const { destinationId } = principalOf(request)
  if (destinationId === undefined) return asked
  return asked === undefined || asked === destinationId ? destinationId : null
}
