/** `/accounts/:id/ledger`: what is known to be stored, found again in the store or taken over (CONTRACT section 6). */
import type { AccountId } from '../src/message.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { PullQueue } from '../src/redis/queue.ts'
import type { App } from './app.ts'
import { unknown } from './problems.ts'
import * as schemas from './schemas.ts'

export interface LedgerWorld {
  readonly accounts: Accounts
  readonly queue: PullQueue
}

export function addLedger(app: App, { accounts, queue }: LedgerWorld): void {
  app.post(
    '/accounts/:id/ledger/rebuild',
    {
      schema: {
        summary: 'Find again what the store holds of an account',
        description:
          'For an account that was registered again after Redis was lost. Reads the trace line of every message in all folders of its destination, Trash too, and records what the ledger does not know, so that the next pull does not fetch it again. Mail that users have deleted for good meanwhile is not found, and comes again if the provider still has it. A run under way ends first. `recovered` counts what was found.',
        params: schemas.Id,
        response: { 202: schemas.Run },
      },
    },
    async ({ params: { id } }, reply) => {
      if ((await accounts.get(id)) === undefined) throw unknown('account', id)
      return await reply.code(202).send(await queue.rebuild(id as AccountId))
    },
  )
}
