/** `/accounts/:id/quarantine` (CONTRACT section 6). */
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { OctetBudget } from '../../src/budget.ts'
import { apiLimits } from '../limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { retrieveAgain } from '../../src/pop3/retrieve-again.ts'
import { type QuarantineEntry, recordOf } from '../../src/pull/quarantine.ts'
import type { AccountRecord, Accounts } from '../../src/redis/accounts.ts'
import { Lease } from '../../src/redis/lease.ts'
import { recordsOf } from '../../src/redis/ledger.ts'
import { Quarantine } from '../../src/redis/quarantine.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { spooledMessage } from '../../src/redis/spool.ts'
import type { Seal } from '../../src/seal.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describeAsked } from '../../src/failure/sentences.ts'
import type { App } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { currentReach } from '../http/reach.ts'
import { Problem, unknown } from '../http/problems.ts'
import { File, listOf, Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/quarantine.ts'
import { Id, Page } from '../schemas/requests.ts'
import { Run } from '../schemas/runs.ts'

export interface QuarantineWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly queue: PullQueue
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
}

export function addQuarantine(app: App, { redis, accounts, queue, seal, settings }: QuarantineWorld): void {
  const quarantine = new Quarantine(redis)
  const budget = new OctetBudget(apiLimits.downloadsHeldMax)
  const accountOf = async (id: string): Promise<AccountRecord> => {
    const record = await accounts.get(id)
    if (record === undefined) throw unknown('account', id)
    return record
  }

  app.get(
    '/accounts/:id/quarantine',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listQuarantine',
        summary: 'List the messages of an account that were set aside',
        description: 'They stay at the provider, and are not fetched again by themselves.',
        params: Id,
        querystring: Page,
        response: { 200: listOf(schemas.QuarantineEntry) },
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      const { account } = await accountOf(id)
      const { items, next } = await quarantine.page(account.id, { limit, after: idIn(cursor) })
      return { items: items.map(view), next: cursorOf(next) }
    },
  )

  app.post(
    '/accounts/:id/quarantine/:entry/retry',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'retryQuarantined',
        summary: 'Try a message again that was set aside',
        description: 'In the next run that begins; one that is at work may have passed it, and is followed by another.',
        params: schemas.QuarantineId,
        response: { 202: Run },
      },
    },
    async ({ params: { id, entry } }, reply) => {
      const { account } = await accountOf(id)
      if (!(await quarantine.retry(account.id, entry))) throw unknown('quarantined message', entry)
      return await reply.code(202).send(await queue.request(account.id))
    },
  )

  app.post(
    '/accounts/:id/quarantine/:entry/dismiss',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'dismissQuarantined',
        summary: 'Let go of a message that was set aside',
        description: 'It stays at the provider, and is not fetched again.',
        params: schemas.QuarantineId,
        response: { 204: Nothing },
      },
    },
    async ({ params: { id, entry } }, reply) => {
      const { account } = await accountOf(id)
      if (!(await quarantine.dismiss(account.id, entry))) throw unknown('quarantined message', entry)
      return await reply.code(204).send()
    },
  )

  app.get(
    '/accounts/:id/quarantine/:entry/message',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readQuarantined',
        summary: 'Read a message that was set aside',
        problems: ['gone', 'provider-unavailable', 'maildrop-in-use'],
        description:
          'Retrieved again from the provider, as it comes; neither stored nor deleted. Of a provider that would not show it again its bytes are kept.',
        params: schemas.QuarantineId,
        produces: ['message/rfc822'],
        response: { 200: File },
      },
    },
    async ({ params: { id, entry: entryId } }, reply) => {
      const { account, sealedPassword, ...rest } = await accountOf(id)
      const entry = await quarantine.get(account.id, entryId)
      if (entry === undefined) throw unknown('quarantined message', entryId)
      const kept = entry.spooled && (await spooledMessage(redis, account.id, entry.spooled))
      if (kept) return await reply.type('message/rfc822').send(kept.bytes)
      const known = recordOf(entry, await recordsOf(redis, account.id)) ?? knownOf(entry)
      const password = seal.open(sealedPassword, account.id, 'password')
      const reach = await currentReach(settings, rest, 'pop3')
      const over = new AbortController()
      reply.raw.once('close', () => over.abort())
      const holding = await budget.hold(entry.size, over.signal)
      over.signal.addEventListener('abort', () => holding.release(), { once: true })
      const bytes = await alone(redis, account.id, async (lost) =>
        retrieveAgain({ ...account, password, reach, signal: AbortSignal.any([lost, over.signal]) }, known),
      )
      if (bytes === undefined)
        throw new Problem('gone', `The provider does not list the message of ${entryId} any more.`)
      holding.adjust(bytes.length)
      return await reply.type('message/rfc822').send(bytes)
    },
  )
}

/** While no run visits the maildrop: most let in one session at a time, and the run would fail for ours. */
async function alone<T>(redis: Redis, accountId: AccountId, visit: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const lease = await leaseOf(redis, accountId)
  try {
    return await visit(lease.lost)
  } catch (error) {
    if (error instanceof SessionFailed && error.failure.kind === 'internal')
      throw new Problem('provider-unavailable', error.failure.reason)
    if (error instanceof SessionFailed) throw new Problem('provider-unavailable', describeAsked(error.failure))
    throw error
  } finally {
    await lease.release()
  }
}

/** A run that has ended gives its lease back a moment later. */
async function leaseOf(redis: Redis, accountId: AccountId): Promise<Lease> {
  const endMs = performance.now() + apiLimits.downloadWaitMs
  for (;;) {
    const lease = await Lease.take(redis, accountId, redisLimits.leaseMs)
    if (typeof lease !== 'number') return lease
    if (performance.now() > endMs)
      throw new Problem(
        'maildrop-in-use',
        'Somebody is visiting this maildrop just now, mostly a run; try again when it has ended.',
      )
    await setTimeout(50)
  }
}

function view({ id, uidl, size, firstSeenAt, attempts, reason }: QuarantineEntry) {
  return { id, uidl, size, firstSeenAt, attempts, reason }
}

/** What an entry itself tells, should its record be gone. */
function knownOf({ size, record: { uidl, digest } }: QuarantineEntry) {
  return { uidl: uidl ?? undefined, digest: digest ?? undefined, fingerprint: undefined, size }
}
