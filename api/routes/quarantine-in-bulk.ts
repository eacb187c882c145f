/** `/quarantine/count`, `/quarantine/retry` and `/quarantine/dismiss`: all that were set aside for a reason, of an account, a mailbox or all. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../src/account/account.ts'
import { timeIn } from '../http/time-in.ts'
import { AskedRuns } from '../../src/redis/asked-runs.ts'
import { QuarantineList, type Settled } from '../../src/redis/quarantine-list.ts'
import type { App } from '../app.ts'
import { cursorOf, entryPlace, placeIn } from '../http/cursor.ts'
import { listedDestination } from '../http/owners.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { type Principal, principalOf } from '../http/who.ts'
import { quotasOf } from '../owner-quotas.ts'
import * as schemas from '../schemas/quarantine.ts'
import { tellDismissed } from '../told-dismissed.ts'
import type { QuarantineWorld } from './quarantine.ts'

export async function quarantineInBulk(app: App, world: QuarantineWorld): Promise<void> {
  const handlers = new BulkHandlers(world)
  app.get('/quarantine/count', countQuarantined, handlers.count)
  app.post('/quarantine/retry', retryAllQuarantined, handlers.retry)
  app.post('/quarantine/dismiss', dismissAllQuarantined, handlers.dismiss)
}

const countQuarantined = route(
  { scope: 'read' },
  {
    operationId: 'countQuarantined',
    summary: 'Count the messages that were set aside',
    description:
      'With the filters of the list. Some 20,000 are looked at in one call: where there are more, add what the next call counts.',
    querystring: schemas.QuarantineCountQuery,
    response: { 200: schemas.QuarantineCount },
  },
)

const goOn =
  'Without a filter it is done for all of them. One call looks at some of them: go on with `next` until it is null; with firstSeenBefore what is set aside meanwhile is left alone.'

const retryAllQuarantined = route(
  { scope: 'operate' },
  {
    operationId: 'retryAllQuarantined',
    summary: 'Try messages again that were set aside',
    description: `Those that the filters of the list leave. Each account has a run at once; one that is paused tries them when it is resumed, and those of an owner that are beyond the owner's runs at their next visit. ${goOn}`,
    body: schemas.SomeQuarantined,
    response: { 200: schemas.Settled },
  },
)

const dismissAllQuarantined = route(
  { scope: 'operate' },
  {
    operationId: 'dismissAllQuarantined',
    summary: 'Let go of messages that were set aside',
    description: `Those that the filters of the list leave. They stay at the provider, and are not fetched again. ${goOn}`,
    body: schemas.SomeQuarantined,
    response: { 200: schemas.Settled },
  },
)

class BulkHandlers {
  readonly #world: QuarantineWorld
  readonly #list: QuarantineList

  constructor(world: QuarantineWorld) {
    this.#world = world
    this.#list = new QuarantineList(world.redis)
  }

  readonly count: HandlerOf<typeof countQuarantined> = async (request) => {
    const { cursor, destinationId: asked, firstSeenBefore, ...wanted } = request.query
    const countedAt = new Date().toISOString()
    const destinationId = listedDestination(request, asked)
    if (destinationId === null) return { messages: 0, next: null, countedAt }
    const beforeMs = firstSeenBefore === undefined ? undefined : timeIn(firstSeenBefore, 'firstSeenBefore')
    const { messages, next } = await this.#list.count(
      { ...wanted, beforeMs, destinationId },
      placeIn(cursor, entryPlace),
    )
    return { messages, next: cursorOf(next), countedAt }
  }

  readonly retry: HandlerOf<typeof retryAllQuarantined> = async (request) => {
    const settled = await this.#settle('retry', request)
    if (settled === undefined) return nothing
    return answered(settled, await this.#ask(principalOf(request), [...settled.accounts.keys()]))
  }

  readonly dismiss: HandlerOf<typeof dismissAllQuarantined> = async (request) => {
    const settled = await this.#settle('dismiss', request)
    if (settled === undefined) return nothing
    await Promise.all(
      [...settled.accounts.keys()].map(async (account) => await tellDismissed(this.#world.redis, account)),
    )
    return answered(settled, 0)
  }

  async #settle(
    deed: 'retry' | 'dismiss',
    request: FastifyRequest<{ Body: schemas.SomeQuarantined }>,
  ): Promise<Settled | undefined> {
    const { limit, cursor, destinationId: asked, firstSeenBefore, ...wanted } = request.body
    const destinationId = listedDestination(request, asked)
    if (destinationId === null) return undefined
    const beforeMs = firstSeenBefore === undefined ? undefined : timeIn(firstSeenBefore, 'firstSeenBefore', 'body')
    const after = placeIn(cursor, entryPlace, 'body')
    return await this.#list.settle(deed, { ...wanted, beforeMs, limit, after, destinationId })
  }

  /** @returns how many runs there are. The wishes are noted: whoever has no run now has one at the next visit. */
  async #ask(principal: Principal, accounts: readonly Account[]): Promise<number> {
    const quotas = await quotasOf(principal, this.#world.settings)
    const asked = new AskedRuns(this.#world.redis)
    let runs = 0
    for (const { id, paused, destinationId } of accounts) {
      if (paused) continue
      const ask = async () => await this.#world.queue.request(id)
      const run =
        quotas === undefined
          ? await ask()
          : await asked.within(quotas.runsMax, { destinationId, accountId: id, task: 'pull' }, ask)
      if (run === undefined) return runs
      runs += 1
    }
    return runs
  }
}

const nothing = { messages: 0, left: 0, accounts: 0, runs: 0, next: null }

function answered({ accounts, left, next }: Settled, runs: number) {
  const messages = [...accounts.values()].reduce((sum, count) => sum + count, 0)
  return { messages, left, accounts: accounts.size, runs, next: cursorOf(next) }
}
