/** `/stats`: the state of the instance, in one answer that costs the same for a hundred thousand accounts as for one. */
import type { Redis } from 'ioredis'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import { shownHost } from '../../src/account/host.ts'
import { countOf, countsByReason, failingGroups } from '../../src/redis/failing-groups.ts'
import { withIdleButDue } from '../../src/redis/idle-but-due.ts'
import { keys } from '../../src/redis/key-names.ts'
import type { Pauses } from '../../src/redis/pauses.ts'
import type { Sendings } from '../../src/redis/outbox.ts'
import { quarantineCounts } from '../../src/redis/quarantine-index.ts'
import { overdueAccounts } from '../../src/redis/overdue.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { unreadableRecords } from '../../src/redis/unreadable.ts'
import { statusCounts } from '../../src/redis/statuses.ts'
import { openRunCounts, talliesOf } from '../../src/redis/tallies.ts'
import type { App } from '../app.ts'
import { healthOf } from './health.ts'
import { principalOf } from '../http/who.ts'
import { cached } from '../http/cached.ts'
import * as schemas from '../schemas/stats.ts'

export interface StatsWorld {
  readonly redis: Redis
  readonly store: StoreEndpoint
  readonly pauses: Pauses
  readonly sendings: Sendings
}

export async function statRoutes(app: App, { redis, store, pauses, sendings }: StatsWorld): Promise<void> {
  const health = cached(async () => await healthOf(redis, store))
  const paused = cached(async () => (await pauses.lasting(Date.now())).size)
  const overdue = cached(async () => await overdueAccounts(redis))

  failingRoute(app, redis)
  const unreadable = cached(async () => await unreadableRecords(redis), redisLimits.unreadableLookedAtMs)

  app.get(
    '/stats',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readStats',
        summary: 'How it stands',
        description:
          'Mail by hour (48) and day (30), UTC, the oldest first and the present one last; an owner sees what is theirs. A run counts when it has ended.',
        response: { 200: schemas.Stats },
      },
    },
    async (request) => {
      const { destinationId } = principalOf(request)
      const own = destinationId === undefined ? undefined : [destinationId]
      const [
        byStatus,
        byReason,
        needsPerson,
        failingNeedsPerson,
        quarantined,
        open,
        mail,
        total,
        pausedNow,
        found,
        late,
        lost,
        forPerson,
      ] = await Promise.all([
        statusCounts(redis, destinationId),
        countsByReason(redis, destinationId),
        countOf(redis, [keys.needsPerson], destinationId),
        countOf(redis, [keys.needsPerson, keys.accountsAt('failing')], destinationId),
        quarantineCounts(redis, destinationId),
        openRunCounts(redis),
        talliesOf(redis, destinationId, Date.now()),
        own === undefined ? redis.zcard(keys.destinationIds) : own.length,
        own === undefined ? paused() : pausedOf(pauses, own),
        health(),
        overdue(),
        own === undefined ? unreadable() : [],
        sendings.forPerson(destinationId),
      ])
      const ownLate = late.filter((account) => destinationId === undefined || account.destinationId === destinationId)
      const shown = await withIdleButDue(redis, destinationId, byStatus)
      const accounts = Object.values(byStatus).reduce((sum, count) => sum + count, 0)
      return {
        accounts: {
          total: accounts,
          overdue: ownLate.length,
          needsPerson,
          failingNeedsPerson,
          byReason,
          byStatus: shown,
        },
        destinations: { total, paused: pausedNow },
        runs: own === undefined ? open : { running: byStatus.running, waiting: byStatus.waiting },
        outbox: { needsPerson: forPerson.count, destinations: forPerson.destinationIds },
        quarantined,
        mail,
        // Only callers who run the instance are told what is wrong with it.
        health:
          own === undefined
            ? found
            : { ...found, redis: withoutDetail(found.redis), store: withoutDetail(found.store) },
        unreadable: lost,
      }
    },
  )
}

async function pausedOf(pauses: Pauses, ids: readonly string[]): Promise<number> {
  const found = await pauses.of(ids)
  return found.filter((pause) => pause !== undefined && pause.pausedUntilMs > Date.now()).length
}

const withoutDetail = ({ ok }: { readonly ok: boolean }) => ({ ok, detail: null })

function failingRoute(app: App, redis: Redis): void {
  const groups = cached(async () => await failingGroups(redis, undefined))

  app.get(
    '/stats/failing',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listFailingGroups',
        summary: 'The accounts that fail, in groups by why and by server',
        description:
          'At most 100 groups, the largest first, of the first 20,000 accounts that fail. Those of a group are listed by GET /accounts with its reason and host.',
        response: { 200: schemas.FailingGroups },
      },
    },
    async (request) => {
      const { destinationId } = principalOf(request)
      const { items, others } = await (destinationId === undefined ? groups() : failingGroups(redis, destinationId))
      return { items: items.map((group) => ({ ...group, hostUnicode: shownHost(group.host) })), others }
    },
  )
}
