/** `/runs/:id/messages`: what a run brought. */
import type { Redis } from 'ioredis'
import { envelopeOf } from '../../src/mail/envelope.ts'
import { arrivalsPage } from '../../src/redis/arrivals.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { App } from '../app.ts'
import { badRequest, unknown } from '../http/problems.ts'
import * as schemas from '../schemas/arrivals.ts'
import { Id, Page } from '../schemas/requests.ts'

export interface ArrivalsWorld {
  readonly redis: Redis
  readonly runs: Runs
}

export function addArrivals(app: App, world: ArrivalsWorld): void {
  app.get(
    '/runs/:id/messages',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listArrived',
        summary: 'List what a run brought, newest first',
        description:
          'Of the newest 1000 messages that the run put into the store, kept for the setting arrivedKeptDays (0: nothing is kept) and no longer than the run; omitted: how many older ones there were.',
        params: Id,
        querystring: Page,
        response: { 200: schemas.Arrivals },
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      const run = await world.runs.get(id)
      if (run === null) throw unknown('run', id)
      const { items, next, omitted } = await arrivalsPage(world.redis, run, { limit, before: placeIn(cursor) })
      const shown = await Promise.all(
        items.map(async ({ storedAtMs, octets, folder, uid, envelope }) => {
          const storedAt = new Date(storedAtMs).toISOString()
          return { storedAt, ...(await envelopeOf(envelope)), size: octets, folder, uid: uid ?? null }
        }),
      )
      return { items: shown, next: next === null ? null : Buffer.from(String(next)).toString('base64url'), omitted }
    },
  )
}

function placeIn(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const place = Buffer.from(cursor, 'base64url').toString('latin1')
  if (!/^\d{1,15}$/.test(place))
    throw badRequest([{ pointer: '/cursor', detail: 'must be the `next` of an earlier page' }])
  return Number(place)
}
