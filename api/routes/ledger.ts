/** `/accounts/:id/ledger`: what is known to be stored, found again in the store or taken over (CONTRACT section 6). */
import { setTimeout } from 'node:timers/promises'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Redis } from 'ioredis'
import type { Account } from '../../src/account/account.ts'
import { uidlHash } from '../../src/mail/header.ts'
import { newRecord } from '../../src/ledger/ledger.ts'
import { type AccountId, type RunId, type ShortHash, type Uidl } from '../../src/mail/message.ts'
import { apiLimits } from '../limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { standing } from '../../src/pull/reconcile.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import { Lease } from '../../src/redis/lease.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import { noCounts } from '../../src/runs/run.ts'
import {
  type StateOwner,
  StateFileUnreadable,
  readForeignState,
  type ForeignStateFormat,
} from '../../src/ledger/foreign-state.ts'
import { type App, newId } from '../app.ts'
import { Problem, unknown } from '../http/problems.ts'
import * as schemas from '../schemas/ledger.ts'
import { Id } from '../schemas/requests.ts'
import { Run } from '../schemas/runs.ts'

export interface LedgerWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly queue: PullQueue
}

/** A run that has just ended gives its lease back a moment later. */
const leaseTries = 10
const leaseTryMs = 100

export function addLedger(app: App, { redis, accounts, queue }: LedgerWorld): void {
  app.post(
    '/accounts/:id/ledger/rebuild',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'rebuildLedger',
        summary: 'Find again what the store holds of an account',
        description:
          'For an account that was registered again after Redis was lost. Reads the trace line of every message in all folders of its destination, Trash too, and records what the ledger does not know, so that the next pull does not fetch it again. Mail that users have deleted for good meanwhile is not found, and comes again if the provider still has it. A run under way ends first. `recovered` counts what was found.',
        params: Id,
        response: { 202: Run },
      },
    },
    async ({ params: { id } }, reply) => {
      if ((await accounts.get(id)) === undefined) throw unknown('account', id)
      return await reply.code(202).send(await queue.rebuild(id as AccountId))
    },
  )

  // Of its own, for the parser: a state file is taken as it lies on disk, under whatever type.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    const whole = { parseAs: 'buffer', bodyLimit: apiLimits.foreignStateOctetsMax } as const
    scope.addContentTypeParser('*', whole, (_request, file, done) => done(null, file))
    scope.withTypeProvider<TypeBoxTypeProvider>().post(
      '/accounts/:id/ledger/import',
      {
        bodyLimit: apiLimits.foreignStateOctetsMax,
        config: { scope: 'admin' },
        schema: {
          operationId: 'importLedger',
          summary: 'Take over what another program has fetched',
          description:
            'The body is the file as it lies on disk: getmail’s oldmail-HOST-PORT-USER, fetchmail’s .fetchids, mpop’s UIDLs file (of the last two the lines of this account’s host and user count). These messages are left where they are: not fetched, not deleted. Register the account with paused: true, and resume it afterwards: its first run would fetch everything.',
          problems: ['busy'],
          consumes: ['application/octet-stream', 'text/plain'],
          params: Id,
          querystring: schemas.LedgerImport,
          response: { 200: schemas.Imported },
        },
      },
      async ({ params: { id }, query: { format }, body }) => {
        const record = await accounts.get(id)
        if (record === undefined) throw unknown('account', id)
        const uidls = await uidlsIn(format, Buffer.isBuffer(body) ? body : Buffer.alloc(0), record.account)
        return { imported: await skipThem(redis, record.account, uidls) }
      },
    )
  })
}

async function uidlsIn(format: ForeignStateFormat, file: Buffer, account: Account): Promise<ReadonlySet<Uidl>> {
  try {
    const { uidls, others } = await readForeignState(format, file, account)
    if (uidls.size > 0) return uidls
    const whose = others.length === 0 ? 'It holds no UIDLs.' : `Its UIDLs are those of ${namesOf(others)}.`
    throw new Problem('malformed', `Nothing in this file is of ${account.user} at ${account.host}. ${whose}`)
  } catch (error) {
    if (!(error instanceof StateFileUnreadable)) throw error
    throw new Problem('malformed', `This is no state file of ${format}: line ${error.line} is ${error.message}.`, [
      { pointer: `/${error.line - 1}`, detail: error.message },
    ])
  }
}

function namesOf(others: readonly StateOwner[]): string {
  const shown = others.slice(0, 10).map(({ user, host }) => `${user} at ${host}`)
  return shown.join(', ') + (others.length > shown.length ? ` and ${others.length - shown.length} more` : '')
}

/** Under the account's lease. Returns how many the ledger did not know. */
async function skipThem(redis: Redis, { id, createdAtMs }: Account, uidls: ReadonlySet<Uidl>): Promise<number> {
  const lease = await leaseOf(redis, id)
  try {
    const ledger = new RedisLedger(redis, lease, Date.now, { id: newId() as RunId, counts: noCounts() })
    const { records, continuity } = await ledger.view()
    const hashes = new Set<ShortHash>()
    for (const uidl of uidls) {
      const hash = uidlHash(uidl)
      if (records.bearing('uidl', hash).length === 0) hashes.add(hash)
    }
    const nowMs = Date.now()
    // No size, no fingerprint: plan.ts learns the size when it is first listed.
    const named = [...hashes].map((uidl) =>
      newRecord('skipped', { uidl, fingerprint: undefined, digest: undefined, size: 0 }, nowMs),
    )
    // What has never run need not be compared with the store for these.
    if (standing(continuity, records.length, createdAtMs) === 'new') await ledger.whole(undefined)
    await ledger.adopt(named)
    return named.length
  } finally {
    await lease.release()
  }
}

async function leaseOf(redis: Redis, id: AccountId): Promise<Lease> {
  for (let tries = 1; ; tries += 1) {
    const lease = await Lease.take(redis, id, redisLimits.leaseMs)
    if (typeof lease !== 'number') return lease
    if (tries === leaseTries) {
      throw new Problem(
        'busy',
        'A run of this account is under way; pause the account, wait for the run to end (GET /accounts/:id), and send the file again.',
      )
    }
    await setTimeout(leaseTryMs)
  }
}
