/** The options with which a worker is started. */
import type { Redis } from 'ioredis'
import type { Proxy } from '../src/account/proxy.ts'
import type { Clock } from '../src/clock.ts'
import type { StoreEndpoint } from '../src/server-urls.ts'
import type { Logger } from '../src/log.ts'
import type { AccountId } from '../src/mail/message.ts'
import type { OAuthFetch } from '../src/oauth/authorization-servers.ts'
import type { Waits } from '../src/pop3/waits.ts'
import type { AccountLedger } from '../src/pull/ledger-ports.ts'
import type { Maildrop } from '../src/pull/maildrop-ports.ts'
import type { Store } from '../src/pull/store-ports.ts'
import type { Outage } from '../src/redis/outage.ts'
import type { Seal } from '../src/seal.ts'
import type { NewsPace } from './news-world.ts'
import type { SendPace } from './outbox-world.ts'

export interface WorkerOptions extends WorkerPatience {
  readonly redis: Redis
  readonly log: Logger
  /** The hosted store. */
  readonly store: StoreEndpoint
  readonly seal: Seal
  readonly clock: Clock
  readonly publicName: string
  /** Where browsers reach this instance: for sentences. */
  readonly publicUrl: string
  /** Tells of a Redis that is away, in place of each error that says no more. */
  readonly outage: Pick<Outage, 'covers'>
  /** The instance's proxy. */
  readonly proxy?: Proxy | undefined
  /** The number of runs that go on at once. */
  readonly concurrency: number
  readonly leaseMs: number
  /** The time for which the job's lock lasts. */
  readonly jobLockMs: number
  /** The free octets on the disk that Redis writes to, if they can be seen. */
  readonly redisFree?: (() => Promise<number | undefined>) | undefined
  /** Where the bodies of what is to be sent lie; undefined: this worker sends nothing. */
  readonly outbox?: string | undefined
  /** Is called once for each run, and stands between the run and the ports that it opens; given by tests. */
  readonly between?: ((accountId: AccountId) => RunPorts) | undefined
}

/** The options whose defaults tests replace. */
export interface WorkerPatience {
  /** The time that a POP3 server may take. */
  readonly waits?: Partial<Waits> | undefined
  /** The time that a store may take to carry out a command of an earlier run. */
  readonly lateCommitMs?: number | undefined
  /** The time that a store may take to store a batch. */
  readonly appendWaitMs?: number | undefined
  /** The time for which a connection to a store may lie idle before it is asked with NOOP. */
  readonly storeFreshMs?: number | undefined
  /** The shortest time between two questions whether Redis has room. */
  readonly headroomEveryMs?: number | undefined
  /** How often copies in Sent and reports are looked for that are due. */
  readonly followUpEveryMs?: number | undefined
  /** How often open runs are looked through for those whose job is gone. */
  readonly reviveEveryMs?: number | undefined
  /** How long a scheduled run that has found nothing yet is not shown to people. */
  readonly shownAfterMs?: number | undefined
  /** How long a run waits that was not let in right after a test. */
  readonly afterTestMs?: number | undefined
  /** The time after which a run ends at the next batch's edge. */
  readonly runMs?: number | undefined
  /** How long a run whose predecessor died waits for its turn to be alone with such runs. */
  readonly laneWaitMs?: number | undefined
  /** The number of runs that do heavy work at once. */
  readonly heavyPlaces?: number | undefined
  readonly news?: Partial<NewsPace> | undefined
  readonly send?: Partial<SendPace> | undefined
  /** How authorization servers are asked. */
  readonly oauthFetch?: OAuthFetch | undefined
}

/** Each function gets a port that a run has opened, and returns the one that the run uses in its place. Tests stand between the two by it. */
export interface RunPorts {
  readonly maildrop?: (opened: Maildrop) => Maildrop
  readonly store?: (opened: Store) => Store
  readonly ledger?: (opened: AccountLedger) => AccountLedger
}
