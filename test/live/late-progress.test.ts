import { HeavyLane } from '../../workers/heavy-lane.ts'
import { Lane } from '../../workers/lane.ts'
/** A picture of a run under way never takes the place of how the run ended. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { ulid } from 'ulid'
import { OctetBudget } from '../../src/budget.ts'
import { createClock } from '../../src/clock.ts'
import type { AccountId } from '../../src/mail/message.ts'
import type { Maildrop } from '../../src/pull/maildrop-ports.ts'
import type { Store } from '../../src/pull/store-ports.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Pauses } from '../../src/redis/pauses.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { PullQueue } from '../../src/redis/queue.ts'
import { Revocations } from '../../src/redis/revocations.ts'
import { Runs } from '../../src/redis/runs.ts'
import { ServerTraits } from '../../src/redis/server-traits.ts'
import type { Run } from '../../src/runs/run.ts'
import type { Dispatch } from '../../workers/dispatch.ts'
import { makeVisit } from '../../workers/job.ts'
import type { PullWorld } from '../../workers/pull-world.ts'
import { ToldPauses } from '../../workers/told-pauses.ts'
import { startRedis } from '../support/redis.ts'
import { account } from '../support/world.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'worker', () => {})
})
after(async () => {
  redis.disconnect()
  await server.stop()
})

test('a change that comes late leaves a run as it ended, and tells nobody', async () => {
  const runs = new Runs(redis)
  const run = await runs.open(ulid() as AccountId, 'request')
  const running: Run = { ...run, state: 'running', startedAt: run.queuedAt }
  await runs.change(running)
  assert.equal((await runs.get(run.id))?.state, 'running')
  await runs.end({ ...running, state: 'done', finishedAt: run.queuedAt })
  const told = await redis.xlen(keys.events)
  await runs.change({ ...running, listed: 7 })
  assert.deepEqual([(await runs.get(run.id))?.state, await redis.xlen(keys.events)], ['done', told])
  await redis.del(keys.history(run.accountId))
  await runs.change(running)
  assert.equal(await runs.get(run.id), null, 'nor does a record come back that was erased')
  await runs.close()
})

test('a run that breaks while its progress is still to be written leaves nothing to be written', async () => {
  const runs = new Runs(redis)
  const queue = new PullQueue(redis, runs, { onError: () => {} })
  const own = { ...account, id: ulid() as AccountId }
  const maildrop: Partial<Maildrop> = {
    canPeek: true,
    loginDelayMs: 0,
    hidesRetrieved: false,
    list: async () => [],
    quit: async () => ({ confirmed: true }),
    abandon() {},
  }
  const store: Partial<Store> = {
    batch: { messages: 1, octets: 1 },
    takeOver: async () => ({ tokens: new Set(), deliver: async () => {} }),
    finish: async () => {},
  }
  const world: PullWorld = {
    redis,
    sendings: new Sendings(redis),
    sentFolder: async () => 'Sent',
    storeTarget: async () => undefined,
    due: new DueAccounts(redis),
    serverTraits: new ServerTraits(redis),
    runs,
    revocations: new Revocations(redis, () => {}),
    queue,
    accounts: new Accounts(redis),
    pauses: new Pauses(redis),
    clock: createClock(),
    toldPauses: new ToldPauses(),
    stampMs: Date.now,
    log: pino({ level: 'silent' }),
    publicName: 'gather.example.org',
    leaseMs: 10_000,
    heldOctets: () => 0,
    lane: new Lane(),
    budget: new OctetBudget(1),
    heavyBudget: new OctetBudget(1),
    listingBudget: new OctetBudget(1),
    heavyLane: new HeavyLane(),
    load: async () => ({
      account: own,
      sealedPassword: '',
      destination: { destination: { id: 'to' } } as never,
      pause: undefined,
    }),
    async openMaildrop(_account, { traits }) {
      // It is learnt from this session, and Redis takes no word of it: the run breaks behind the session.
      traits.add('one at a time')
      await redis.set(keys.serverTraits, 'no hash')
      return maildrop as Maildrop
    },
    openQuickly: async () => {
      throw new Error('no plan is known')
    },
    openStore: async () => store as Store,
    openTraces: async () => ({ folders: async () => [], open: async () => undefined, close() {} }),
    settings: async () => await new InstanceSettingsStore(redis).get(),
    storeAnswers: async () => true,
    isAskedFor: async () => false,
    isRequested: async () => false,
    stopping: () => false,
  }
  await runs.open(own.id, 'request')
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const claimed = { accountId: own.id, dueMs: Date.now() }
  const dispatch = { end: async (...[, , lease]: Parameters<Dispatch['end']>) => await lease?.release() }
  await assert.rejects(makeVisit(world, dispatch, claimed, new AbortController().signal), /WRONGTYPE/)
  // One from before the run may have ended meanwhile.
  assert.ok(timers() <= before, 'no write is due')
  await redis.unlink(keys.serverTraits)
  await queue.close()
  await runs.close()
})
