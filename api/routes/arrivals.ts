/** `/runs/:id/messages`: the messages that a run put into the store. */
import type { Redis } from 'ioredis'
import { envelopeOf } from '../../src/mail/envelope.ts'
import { arrivalsPage } from '../../src/redis/arrivals.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { App } from '../app.ts'
import { cursorOf, placeIn } from '../http/cursor.ts'
import { findRun } from '../http/found.ts'
import * as schemas from '../schemas/arrivals.ts'
import { Id, Page } from '../schemas/requests.ts'

export interface ArrivalsWorld {
  readonly redis: Redis
  readonly runs: Runs
}

/** The place of a message in the list of a run: its number. */
const arrivalPlace = /^\d{1,15}$/

export async function arrivalRoutes(app: App, world: ArrivalsWorld): Promise<void> {
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
      const run = await findRun(world.runs, id)
      const place = placeIn(cursor, arrivalPlace)
      const before = place === undefined ? undefined : Number(place)
      const { items, next, omitted } = await arrivalsPage(world.redis, run, { limit, before })
      const views = await Promise.all(
        items.map(async ({ storedAtMs, octets, folder, uid, envelope }) => {
          const storedAt = new Date(storedAtMs).toISOString()
          return { storedAt, ...(await envelopeOf(envelope)), size: octets, folder, uid: uid ?? null }
        }),
      )
      return { items: views, next: cursorOf(next === null ? null : String(next)), omitted }
    },
  )
}
