/** The interface between a run and its process, and how a worker's process provides it. */
import type { Redis } from 'ioredis'
import type { AccountId } from '../src/mail/message.ts'
import { targetOf } from '../src/account/destination.ts'
import type { Account } from '../src/account/account.ts'
import type { InstanceSettings } from '../src/account/instance-settings.ts'
import { OctetBudget } from '../src/budget.ts'
import { type Clock, stamps } from '../src/clock.ts'
import type { Pause } from '../src/failure/consequence.ts'
import { gathered } from '../src/gathered.ts'
import type { StoreTarget } from '../src/imap/connection.ts'
import type { StorePool } from '../src/imap/pool.ts'
import type { AuthorizationServers } from '../src/oauth/authorization-servers.ts'
import { AccessTokens } from '../src/redis/oauth-tokens.ts'
import { withTokens } from './destination-tokens.ts'
import type { Logger } from '../src/log.ts'
import type { Maildrop } from '../src/pull/maildrop-ports.ts'
import type { Store } from '../src/pull/store-ports.ts'
import type { Traces } from '../src/pull/trace-ports.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { type DestinationRecord, Destinations } from '../src/redis/destinations.ts'
import { DueAccounts } from '../src/redis/due.ts'
import { keys } from '../src/redis/key-names.ts'
import { Headroom } from '../src/redis/headroom.ts'
import { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { Lease } from '../src/redis/lease.ts'
import { Sendings } from '../src/redis/outbox.ts'
import { Pauses } from '../src/redis/pauses.ts'
import { withPredecessor } from '../src/redis/predecessors.ts'
import type { PullQueue } from '../src/redis/queue.ts'
import type { Revocations } from '../src/redis/revocations.ts'
import type { Runs } from '../src/redis/runs.ts'
import { ServerTraits } from '../src/redis/server-traits.ts'
import { HeavyLane } from './heavy-lane.ts'
import { Lane } from './lane.ts'
import { workerLimits } from './limits.ts'
import { Maildrops, type PullVisit } from './maildrops.ts'
import type { RunPorts, WorkerOptions } from './options.ts'
import { ToldPauses } from './told-pauses.ts'
import { TraceLane } from './trace-lane.ts'

export interface PullWorld {
  readonly redis: Redis
  readonly due: DueAccounts
  readonly serverTraits: ServerTraits
  readonly runs: Runs
  readonly revocations: Revocations
  readonly accounts: Accounts
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly clock: Clock
  readonly toldPauses: ToldPauses
  /** The time that goes into records. */
  readonly stampMs: () => number
  readonly log: Logger
  readonly publicName: string
  readonly leaseMs: number
  /** The account and its destination; undefined: there is no such account any more. Secrets stay sealed. */
  load(accountId: string): Promise<LoadedAccount | undefined>
  openMaildrop(account: AccountRecord, visit: PullVisit): Promise<Maildrop>
  /**
   * Opens the session of a visit that may find nothing to do (pull/open-visit.ts), by what is known of the server. The known traits are added to
   * `visit.traits`, and those that it learns are written down. A run that goes on in this session is given the same set.
   */
  openQuickly(account: AccountRecord, visit: PullVisit): Promise<Maildrop>
  openStore(
    destination: DestinationRecord,
    lease: Lease,
    signal: AbortSignal,
    account: Pick<Account, 'retention'>,
  ): Promise<Store>
  /** @param isAsked whether somebody waits for the run by now. */
  openTraces(destination: DestinationRecord, signal: AbortSignal, isAsked: () => Promise<boolean>): Promise<Traces>
  /** The name of the folder of sent mail. */
  sentFolder(destination: DestinationRecord, signal: AbortSignal): Promise<string>
  readonly sendings: Sendings
  /** Undefined: the destination is gone. */
  storeTarget(destinationId: string): Promise<StoreTarget | undefined>
  settings(): Promise<InstanceSettings>
  /** Whether the store lets us in. */
  storeAnswers(destinationId: string, signal: AbortSignal): Promise<boolean>
  /** Whether somebody has asked for the visit, before it or since; by the field of its open run. */
  isRequested(field: string): Promise<boolean>
  /** Whether a run of the account is open. */
  isAskedFor(accountId: AccountId): Promise<boolean>
  /** The octets of messages that all runs hold now. */
  heldOctets(): number
  /** One run at a time is in it, of those whose predecessor died. */
  readonly lane: Lane
  /** How long a run waits for it, if it is not the usual time. */
  readonly laneWaitMs?: number | undefined
  /** True once the worker has been asked to stop. */
  stopping(): boolean
  /** How long a scheduled run that has found nothing yet is not shown to people, if it is not the usual time. */
  readonly shownAfterMs?: number | undefined
  /** How long a run waits that was not let in right after a test, if it is not the usual time. */
  readonly afterTestMs?: number | undefined
  /** The room for messages of ordinary mail, and of what is heavy. */
  readonly budget: OctetBudget
  readonly heavyBudget: OctetBudget
  /** The room for what is listed and known of maildrops. */
  readonly listingBudget: OctetBudget
  readonly heavyLane: HeavyLane
  /** The time that a run has, if it is not the usual one. */
  readonly runMs?: number | undefined
  readonly between?: ((accountId: AccountId) => RunPorts) | undefined
}

export interface LoadedAccount extends AccountRecord {
  /** The account that fetched the same mail to the same place before. */
  readonly predecessor?: AccountId | undefined
  readonly destination: DestinationRecord
  /** The destination's pause, if it has not ended. */
  readonly pause: Pause | undefined
}

/** The parts of a worker that its runs share. */
export interface PullParts {
  readonly runs: Runs
  readonly revocations: Revocations
  readonly queue: PullQueue
  readonly pool: StorePool
  readonly servers: AuthorizationServers
  readonly stopping: () => boolean
}

/** A worker of few sessions keeps half of them for what is not heavy. */
function heavyPlacesOf(sessions: number): number {
  return Math.max(1, Math.min(workerLimits.heavyPlaces, Math.floor(sessions / 2)))
}

export function createPullWorld(
  options: WorkerOptions,
  { runs, revocations, queue, pool, servers, stopping }: PullParts,
): PullWorld {
  const { redis, log, seal, clock, publicName, leaseMs, between, proxy } = options
  const accounts = new Accounts(redis)
  const destinations = new Destinations(redis)
  const budget = new OctetBudget(workerLimits.heldOctetsMax)
  const heavyBudget = new OctetBudget(workerLimits.heavyOctetsMax)
  const listingBudget = new OctetBudget(workerLimits.listedOctetsMax)
  const pauses = new Pauses(redis)
  const settings = new InstanceSettingsStore(redis)
  const headroom = new Headroom(redis, { freeOctets: options.redisFree, everyMs: options.headroomEveryMs })
  const accessTokens = new AccessTokens({ ...options, servers, nowMs: () => clock.nowMs() })
  const maildrops = new Maildrops({ ...options, redis, budget, headroom, settings, accessTokens })
  const target = async (destination: DestinationRecord) =>
    withTokens(accessTokens, destination, targetOf(destination, seal, await settings.get(), proxy))
  return {
    redis,
    due: new DueAccounts(redis),
    serverTraits: new ServerTraits(redis),
    runs,
    revocations,
    accounts,
    pauses,
    queue,
    clock,
    toldPauses: new ToldPauses(),
    stampMs: stamps(() => clock.nowMs()),
    log,
    publicName,
    leaseMs,
    heldOctets: () => budget.held + heavyBudget.held,
    lane: new Lane(),
    laneWaitMs: options.laneWaitMs,
    budget,
    heavyBudget,
    listingBudget,
    heavyLane: new HeavyLane(options.heavyPlaces ?? heavyPlacesOf(options.concurrency)),
    stopping,
    between,
    shownAfterMs: options.shownAfterMs,
    afterTestMs: options.afterTestMs,
    runMs: options.runMs,
    async load(accountId) {
      const record = await withPredecessor(redis, accountId)
      const destination = record && (await destinations.get(record.account.destinationId))
      if (record === undefined || destination === undefined) return undefined
      const [pause] = await pauses.of([destination.destination.id])
      const lasts = pause !== undefined && pause.pausedUntilMs > clock.nowMs()
      return { ...record, destination, pause: lasts ? pause : undefined }
    },
    async openMaildrop(record, visit) {
      // What is there now is listed after this login.
      await redis.srem(keys.askedMeanwhile, record.account.id)
      return await maildrops.open(record, visit)
    },
    openQuickly: (record, visit) => maildrops.openQuickly(record, visit),
    sendings: new Sendings(redis),
    async storeTarget(id) {
      const destination = await destinations.get(id)
      return destination && (await target(destination))
    },
    settings: () => settings.get(),
    ...storesOf(pool, target, { leaseMs, destinations }),
    ...wishes(redis),
  }
}

/** What runs need of the stores of their destinations. */
function storesOf(
  pool: StorePool,
  target: (destination: DestinationRecord) => Promise<StoreTarget>,
  { leaseMs, destinations }: { readonly leaseMs: number; readonly destinations: Destinations },
): Pick<PullWorld, 'openStore' | 'openTraces' | 'storeAnswers' | 'sentFolder'> {
  const traceLane = new TraceLane()
  return {
    async openStore(destination, lease, signal, { retention }) {
      // No other run takes over before the lease has ended: a command that is sent now has this long to be carried out.
      const mayCommit = () => lease.holdsFor(leaseMs / 3)
      const run = { staging: lease, mayCommit, signal, looksAfter: retention.mode !== 'keep' }
      return await pool.store(await target(destination), run)
    },
    async sentFolder(destination, signal) {
      const sent = await pool.sentFolder(await target(destination), signal)
      sent.close()
      return sent.folder
    },
    async openTraces(destination, signal, isAsked) {
      const to = await target(destination)
      const store = to.kind === 'hosted' ? to.kind : `${to.host}:${to.port}`
      return await traceLane.open(store, signal, async () => await pool.traces(to, signal), isAsked)
    },
    async storeAnswers(destinationId, signal) {
      const destination = await destinations.get(destinationId)
      if (destination === undefined) return false
      return await pool.traces(await target(destination), signal).then(
        (traces) => (traces.close(), true),
        () => false,
      )
    },
  }
}

/** What somebody has asked for. Many visits ask that at once. */
function wishes(redis: Redis): Pick<PullWorld, 'isRequested' | 'isAskedFor'> {
  return {
    isRequested: gathered(
      async (fields) => (await redis.smismember(keys.asked, ...fields)).map((is) => is === 1),
      workerLimits.askedTogetherMs,
    ),
    isAskedFor: gathered(
      async (ids) => (await redis.hmget(keys.openRuns, ...ids)).map((run) => run !== null),
      workerLimits.askedTogetherMs,
    ),
  }
}
