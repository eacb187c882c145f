/** `/runs`, and the request that makes a run (CONTRACT section 5). */
import type { Socket } from 'node:net'
import type { Redis } from 'ioredis'
import type { AccountId } from '../../src/mail/message.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import { runsPage } from '../../src/redis/run-index.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { App } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { findAccount, findRun } from '../http/found.ts'
import { listedDestination } from '../http/owners.ts'
import { principalOf } from '../http/who.ts'
import { askedWithin } from '../owner-quotas.ts'
import { timeIn } from '../http/time-in.ts'
import { listOf } from '../schemas/answers.ts'
import { Id, Page } from '../schemas/requests.ts'
import * as schemas from '../schemas/runs.ts'

export interface RunsWorld {
  readonly settings: InstanceSettingsStore
  readonly redis: Redis
  readonly accounts: Accounts
  readonly runs: Runs
  readonly queue: PullQueue
}

export async function runRoutes(app: App, world: RunsWorld): Promise<void> {
  const { redis, accounts, runs } = world
  await app.register(pullRoute, world)

  app.get(
    '/runs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'List the runs of all accounts, newest first',
        description:
          'Visits in a row that found nothing to do are one run (checks), in the place of the first of them. A page looks at a bounded number of runs: it may come short of its limit, or empty, and have a next to go on from.',
        querystring: schemas.RunQuery,
        response: { 200: listOf(schemas.AnyRun) },
      },
    },
    async (request) => {
      const { limit, cursor, state, accountId, since } = request.query
      const sinceMs = since === undefined || since === '' ? undefined : timeIn(since)
      const destinationId = listedDestination(request, undefined) ?? undefined
      const wanted = { limit, before: idIn(cursor), state, accountId, sinceMs, destinationId }
      const { items, next } = await runsPage(redis, wanted)
      const records = await accounts.all([...new Set(items.map((run) => run.accountId))])
      const addresses = new Map(records.map(({ account }) => [account.id as string, account.address]))
      const shown = items.map((run) => ({ ...run, address: addresses.get(run.accountId) ?? null }))
      return { items: shown, next: cursorOf(next) }
    },
  )

  app.get(
    '/runs/:id',
    {
      config: { scope: 'read' },
      schema: { operationId: 'readRun', summary: 'Read a run', params: Id, response: { 200: schemas.Run } },
    },
    async ({ params }) => await findRun(runs, params.id),
  )

  app.get(
    '/accounts/:id/runs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listAccountRuns',
        summary: 'List the runs of an account, newest first',
        params: Id,
        querystring: Page,
        response: { 200: listOf(schemas.Run) },
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      await findAccount(accounts, id)
      const { items, next } = await runs.page(id, { limit, before: idIn(cursor) })
      return { items, next: cursorOf(next) }
    },
  )
}

async function pullRoute(app: App, { redis, settings, accounts, runs, queue }: RunsWorld): Promise<void> {
  app.post(
    '/accounts/:id/pull',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'pullAccount',
        summary: 'Check an account now',
        description:
          'Joins its queued or running run, or makes one; paused accounts too. A run that was joined after it had listed the maildrop is followed by one more. With wait: 200 with the ended run, failed or not, or 202 as it stands.',
        problems: ['quota'],
        params: Id,
        querystring: schemas.Pull,
        response: { 200: schemas.Run, 202: schemas.Run },
      },
    },
    async (request, reply) => {
      const { params, query, raw } = request
      const [{ id }, { wait }] = [params, query]
      await findAccount(accounts, id)
      const accountId = id as AccountId
      const asked = await askedWithin(
        { redis, settings },
        principalOf(request),
        { accountId },
        async () => await queue.request(accountId),
      )
      if (wait === 0) return await reply.code(202).send(asked)
      const end = whileThere(raw.socket, async (gone) => await runs.waitForEnd(asked.id, wait * 1000, gone))
      const run = (await end) ?? asked
      // It may have been erased with its account.
      if (run === asked) await findAccount(accounts, id)
      return await reply.code(run.finishedAt === null ? 202 : 200).send(run)
    },
  )
}

/** Waits no longer than the client is there. Its connection may carry many requests. */
async function whileThere<T>(socket: Socket, wait: (gone: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController()
  const leave = () => gone.abort()
  socket.once('close', leave)
  try {
    return await wait(gone.signal)
  } finally {
    socket.off('close', leave)
  }
}
