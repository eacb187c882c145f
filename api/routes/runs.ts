/** `/runs`, and the request that makes a run (CONTRACT section 5). */
import type { AccountId } from '../../src/mail/message.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { App } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { findAccount, findRun } from '../http/found.ts'
import { listOf } from '../schemas/answers.ts'
import { Id, Page } from '../schemas/requests.ts'
import * as schemas from '../schemas/runs.ts'

export interface RunsWorld {
  readonly accounts: Accounts
  readonly runs: Runs
  readonly queue: PullQueue
}

export async function runRoutes(app: App, { accounts, runs, queue }: RunsWorld): Promise<void> {
  app.post(
    '/accounts/:id/pull',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'pullAccount',
        summary: 'Check an account now',
        description:
          'Joins its queued or running run, or makes one; paused accounts too. With wait: 200 with the ended run, failed or not, or 202 as it stands.',
        params: Id,
        querystring: schemas.Pull,
        response: { 200: schemas.Run, 202: schemas.Run },
      },
    },
    async ({ params: { id }, query: { wait }, raw }, reply) => {
      await findAccount(accounts, id)
      const asked = await queue.request(id as AccountId)
      if (wait === 0) return await reply.code(202).send(asked)
      // The wait ends when the client goes away.
      const gone = new AbortController()
      raw.socket.once('close', () => gone.abort())
      const run = (await runs.waitForEnd(asked.id, wait * 1000, gone.signal)) ?? asked
      return await reply.code(run.finishedAt === null ? 202 : 200).send(run)
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
